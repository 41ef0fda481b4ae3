"""How long ``loopscope doctor`` takes over a sound database, and how much memory: rows, vectors, medoids, pictures."""

import tempfile
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

import numpy as np
from PIL import Image
from sqlalchemy import insert
from sqlalchemy.orm import Session

from figure import Figure, peak_megabytes, timer
from loopscope.clustering.result import number_clusters
from loopscope.config import ExperimentConfig
from loopscope.engine.doctor.examining import examine
from loopscope.imaging.codec import encode_picture, hash_picture
from loopscope.schemas import Embedding, EmbeddingModel, EmbeddingVector, Experiment, Invocation, Picture, Run
from loopscope.store.clusterings import NewClustering, save_clustering
from loopscope.store.connection import Store, open_store
from loopscope.store.vectors import encode_vectors, load_embedding_index, load_vectors

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RUNS, LENGTH, DIMENSION, MOTIFS = 120, 500, 384, 100
PICTURES = 512


def measure() -> list[Figure]:
    """Measure everything, on SQLite files in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        return measure_clusterings(Path(folder) / "clusterings.db") + measure_pictures(Path(folder) / "pictures.db")


def measure_clusterings(path: Path) -> list[Figure]:
    """Measure three results of one model: 60,000, 60,000 and 20,000 assignments."""
    with open_store(path, create=True) as store:
        add_texts(store)
        with store.session() as session:
            index = load_embedding_index(session, 1)
            vectors = load_vectors(session, 1, index.embedding_id)
        assignments = 0
        for downsample in (1, 1, 3):
            rows = np.flatnonzero(index.rank % downsample == 0)
            assignments += add_clustering(store, index.embedding_id[rows], vectors[rows], rows, downsample)
        with timer() as taken:
            faults = examine(store)
        assert not faults, faults[:3]
    code = (
        "from loopscope.engine.doctor.examining import examine\n"
        "from loopscope.store.connection import open_store\n"
        f"with open_store({str(path)!r}) as store:\n"
        "    assert not examine(store)\n"
    )
    what = f"{len(index):,} × {DIMENSION}, {assignments:,} assignments"
    return [
        Figure(f"doctor: {what}", taken.seconds, "s"),
        Figure(f"doctor: peak memory, {what}", peak_megabytes(code), "MB"),
    ]


def measure_pictures(path: Path) -> list[Figure]:
    """Measure how many slightly noisy pictures of 256 × 256 are held against their hashes in a second."""
    with open_store(path, create=True) as store:
        with store.transaction() as session:
            add_run(session, 1, PICTURES)
            before = None
            for number in range(PICTURES):
                before = add_picture(session, number, before)
        with timer() as taken:
            faults = examine(store)
        assert not faults, faults[:3]
    return [Figure("doctor: pictures of 256 × 256", PICTURES / taken.seconds, "/s")]


def add_texts(store: Store) -> None:
    """Write runs whose texts wander among motifs, a third of them exact repeats of the text before."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((MOTIFS, DIMENSION))
    with store.transaction() as session:
        add_run(session, RUNS, LENGTH)
        session.add(EmbeddingModel(id=1, name="Benchmark", takes="text", dimension=DIMENSION))
        session.flush()
        vectors = np.empty((RUNS, DIMENSION), dtype=np.float32)
        for number in range(LENGTH):
            new = centres[rng.integers(MOTIFS, size=RUNS)] + 0.3 * rng.standard_normal((RUNS, DIMENSION))
            new /= np.linalg.norm(new, axis=1, keepdims=True)
            kept = (rng.random(RUNS) < 1 / 3)[:, None] & (number > 0)
            vectors = np.where(kept, vectors, new).astype(np.float32)
            ids = range(number * RUNS + 1, (number + 1) * RUNS + 1)
            session.execute(insert(Invocation), [text_row(key, number) for key in ids])
            session.execute(
                insert(Embedding), [{"id": i, "invocation_id": i, "embedding_model_id": 1, "seconds": 0.0} for i in ids]
            )
            session.execute(
                insert(EmbeddingVector),
                [{"embedding_id": i, "vector": vector} for i, vector in zip(ids, encode_vectors(vectors), strict=True)],
            )


def add_run(session: Session, runs: int, length: int) -> None:
    """Write an experiment of as many whole runs."""
    config = ExperimentConfig(
        networks=(("Model",),), prompts=("a prompt",), seeds=tuple(range(runs)), max_length=length
    )
    content = config.model_dump(mode="json")
    session.add(Experiment(id=1, config=content, config_hash=config.content_hash, created_at=NOW))
    session.flush()
    session.execute(
        insert(Run),
        [
            {
                "id": number + 1,
                "experiment_id": 1,
                "number": number,
                "network": ["Model"],
                "initial_prompt": "a prompt",
                "seed": number,
                "max_length": length,
                "stop_reason": "length",
            }
            for number in range(runs)
        ],
    )


def text_row(key: int, number: int) -> dict[str, object]:
    """Make the row of a text output."""
    said = f"a red apple under a grey peacock near {key} pineapples on a violet background"
    row = invocation_row(key, (key - 1) % RUNS + 1, number, key - RUNS if number else None)
    digest = blake2b(said.encode(), digest_size=16).hexdigest()
    return {**row, "output_type": "text", "output_text": said, "output_hash": digest}


def add_picture(session: Session, number: int, before: int | None) -> int:
    """Write an invocation that gave a picture, and return its id."""
    rng = np.random.default_rng(number)
    ramp = np.add.outer(np.arange(256), np.arange(256))[:, :, None] // 2
    image = Image.fromarray(np.clip(ramp + rng.integers(0, 8, (256, 256, 3)), 0, 255).astype(np.uint8))
    encoded = encode_picture(image)
    key = number + 1
    session.add(
        Picture(id=key, media_type=encoded.media_type, width=encoded.width, height=encoded.height, data=encoded.data)
    )
    session.flush()
    row = invocation_row(key, 1, number, before)
    session.execute(
        insert(Invocation), {**row, "output_type": "image", "picture_id": key, "output_hash": hash_picture(image)}
    )
    return key


def invocation_row(key: int, run_id: int, number: int, before: int | None) -> dict[str, object]:
    """Make what the rows of all outputs share."""
    return {
        "id": key,
        "run_id": run_id,
        "sequence_number": number,
        "model": "Model",
        "input_invocation_id": before,
        "attempts": 1,
        "seconds": 0.1,
        "started_at": NOW,
        "finished_at": NOW,
    }


def add_clustering(
    store: Store, embedding_ids: np.ndarray, vectors: np.ndarray, rows: np.ndarray, downsample: int
) -> int:
    """Write a clustering by the nearest of a few directions, with true medoids; return how many were assigned."""
    directions = np.random.default_rng(1).standard_normal((DIMENSION, MOTIFS // 2)).astype(np.float32)
    labels = np.argmax(vectors @ directions, axis=1).astype(np.int64)
    labels[rows % 5 == 0] = -1
    found = number_clusters(vectors, labels, np.where(labels < 0, 0.0, 1.0))
    with store.transaction() as session:
        save_clustering(
            session,
            NewClustering(
                embedding_model_id=1,
                algorithm="benchmark",
                parameters={"medoid": "unweighted"},
                downsample=downsample,
                selection={"experiments": None},
                counts={"candidates": RUNS * LENGTH, "sampled": len(rows)},
                versions={},
                last_embedding_id=RUNS * LENGTH,
                started_at=NOW,
                finished_at=NOW,
                embedding_ids=embedding_ids,
                labels=found.labels,
                medoid_embedding_ids=embedding_ids[found.medoid_indices],
                properties=[{} for _ in found.medoid_indices],
                probabilities=found.probabilities,
            ),
        )
    return len(rows)


def main() -> None:
    """Print every figure."""
    for figure in measure():
        print(f"{figure.name:60} {figure.value:8.3f} {figure.unit}")


if __name__ == "__main__":
    main()
