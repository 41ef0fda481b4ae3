"""How fast the store is: vectors and clusters out of it, a clustering into it, and how much room its keys take."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from figure import Figure, timer
from loopscope.data_prep import load_cluster_properties_df, load_clusters_df, load_medoids_df
from loopscope.schemas import (
    Embedding,
    EmbeddingModel,
    EmbeddingVector,
    Experiment,
    Invocation,
    Run,
)
from loopscope.store.clusterings import NewClustering, save_clustering
from loopscope.store.connection import Store, open_store
from loopscope.store.vectors import encode_vectors, load_embedding_index, load_vectors

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PROPERTIES = {
    "radius": 0.51234567,
    "mean_distance": 0.2345678,
    "persistence": 0.1234567,
    "lambda_birth": 2.3456789,
    "lambda_death": 4.5678912,
    "epsilon": 0.4263158,
    "distinct_outputs": 210,
    "runs": 34,
    "prompts": 12,
}


def measure() -> list[Figure]:
    """Measure everything, on SQLite files in a temporary folder."""
    figures = []
    for runs in (280, 2_800):
        with fresh_store() as store:
            fill(store, runs=runs, length=500, dimension=8)
            figures += measure_clusterings(store, scale=runs / 280)
    with fresh_store() as store:
        fill(store, runs=400, length=500, dimension=768)
        figures += measure_vectors(store)
    return figures


def measure_clusterings(store: Store, scale: float = 1) -> list[Figure]:
    """Measure saving and loading a clustering of every embedding, and the room that it takes."""
    with store.session() as session:
        index = load_embedding_index(session, 1)
    before = size(store)
    clustering = synthetic_clustering(index.embedding_id, clusters=round(400 * scale))
    with timer() as saving, store.transaction() as session:
        save_clustering(session, clustering)
    grown = (size(store) - before) / 1e6
    assignments = f"{len(index):,} assignments"
    at_most = {"save": 1.5 * scale, "load": 0.5 * scale, "grow": 6 * scale}
    return [
        Figure(f"store: save_clustering, {assignments}", saving.seconds, "s", at_most=at_most["save"]),
        Figure(
            f"store: load_clusters_df, {assignments}",
            best(lambda: load_frame(store, load_clusters_df)),
            "s",
            at_most=at_most["load"],
        ),
        Figure(
            f"store: load_clusters_df, one run of {assignments}",
            best(lambda: load_frame(store, load_clusters_df, include_unclustered=True, run_id=7)),
            "s",
        ),
        Figure(f"store: load_medoids_df, {assignments}", best(lambda: load_frame(store, load_medoids_df)), "s"),
        Figure(
            f"store: load_cluster_properties_df, {assignments}",
            best(lambda: load_frame(store, load_cluster_properties_df)),
            "s",
        ),
        Figure(f"store: growth by {assignments}", grown, "MB", at_most=at_most["grow"]),
    ]


def measure_vectors(store: Store) -> list[Figure]:
    """Measure finding every embedding of a model and reading its vectors, all and every tenth."""
    with store.session() as session:
        index = load_embedding_index(session, 1)
    tenth = index.take(np.arange(0, len(index), 10))
    shape = f"{len(index):,} × 768"
    return [
        Figure(f"store: load_embedding_index, {len(index):,}", best(lambda: load_index(store)), "s"),
        Figure(f"store: load_vectors, {shape}", best(lambda: load(store, index.embedding_id)), "s", at_most=0.6),
        Figure(f"store: load_vectors, every tenth of {shape}", best(lambda: load(store, tenth.embedding_id)), "s"),
    ]


def fill(store: Store, *, runs: int, length: int, dimension: int) -> None:
    """Write an experiment of text outputs and one embedding of each, in lockstep order as a real one has them."""
    rng = np.random.default_rng(0)
    with store.transaction() as session:
        add_runs(session, runs, dimension)
        for sequence_number in range(length):
            ids = range(sequence_number * runs + 1, (sequence_number + 1) * runs + 1)
            session.execute(insert(Invocation), [invocation(i, runs, sequence_number) for i in ids])
            session.execute(
                insert(Embedding),
                [{"id": i, "invocation_id": i, "embedding_model_id": 1, "seconds": 0.0} for i in ids],
            )
            vectors = rng.standard_normal((runs, dimension), dtype=np.float32)
            stored = encode_vectors(vectors)
            session.execute(
                insert(EmbeddingVector),
                [{"embedding_id": i, "vector": vector} for i, vector in zip(ids, stored, strict=True)],
            )


def add_runs(session: Session, runs: int, dimension: int) -> None:
    """Write the experiment, its runs and the embedding model."""
    session.add(Experiment(id=1, config={}, config_hash="", created_at=NOW))
    session.add(EmbeddingModel(id=1, name="Benchmark", takes="text", dimension=dimension))
    session.flush()
    session.execute(
        insert(Run),
        [
            {
                "id": i + 1,
                "experiment_id": 1,
                "number": i,
                "network": ["Pictograms", "Describe"],
                "initial_prompt": f"prompt {i % 20}",
                "seed": i,
                "max_length": 1000,
            }
            for i in range(runs)
        ],
    )


def invocation(key: int, runs: int, sequence_number: int) -> dict[str, object]:
    """Make the row of a text output."""
    return {
        "id": key,
        "run_id": (key - 1) % runs + 1,
        "sequence_number": sequence_number,
        "model": "Describe",
        "input_invocation_id": key - runs if sequence_number else None,
        "output_type": "text",
        "output_text": f"a red apple under a grey peacock near {key % 997} pineapples on a violet background",
        "output_hash": f"{key:032x}",
        "attempts": 1,
        "seconds": 0.1,
        "started_at": NOW,
        "finished_at": NOW,
    }


def synthetic_clustering(embedding_ids: np.ndarray, clusters: int) -> NewClustering:
    """Make a clustering whose embeddings are dealt out to clusters, one in five to the outliers."""
    labels = np.random.default_rng(1).integers(-clusters // 4, clusters, len(embedding_ids))
    labels = np.where(labels < 0, -1, labels).astype(np.int64)
    numbers, firsts = np.unique(labels, return_index=True)
    medoids = embedding_ids[firsts[numbers >= 0]]
    probabilities = np.where(labels < 0, 0, np.random.default_rng(2).random(len(labels)))
    return NewClustering(
        embedding_model_id=1,
        algorithm="hdbscan",
        parameters={"min_cluster_size": 20, "min_samples": 5, "epsilon": 0.4},
        downsample=1,
        selection={},
        counts={},
        versions={},
        last_embedding_id=int(embedding_ids.max()),
        started_at=NOW,
        finished_at=NOW,
        embedding_ids=embedding_ids,
        labels=labels,
        medoid_embedding_ids=medoids,
        properties=[PROPERTIES] * clusters,
        outlier_properties={"distinct_outputs": 9, "runs": 9, "prompts": 9},
        probabilities=probabilities,
        durations={"load": 1.0, "compute": 2.0},
    )


def load_frame(store: Store, load: Callable[..., object], **options: object) -> None:
    """Load a frame."""
    with store.session() as session:
        load(session, **options)


def load_index(store: Store) -> None:
    """Find every embedding."""
    with store.session() as session:
        load_embedding_index(session, 1)


def load(store: Store, embedding_ids: np.ndarray) -> None:
    """Read vectors."""
    with store.session() as session:
        load_vectors(session, 1, embedding_ids)


def size(store: Store) -> int:
    """Count the bytes of an SQLite database."""
    with store.session() as session:
        pages, page = (session.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("page_count", "page_size"))
    return int(pages * page)


@contextmanager
def fresh_store() -> Iterator[Store]:
    """Open a new SQLite database in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "benchmark.db", create=True) as store:
        yield store


def best(work: Callable[[], None], times: int = 3) -> float:
    """Measure the seconds of the fastest of a few times, after one that warms up."""
    work()
    seconds = []
    for _ in range(times):
        with timer() as taken:
            work()
        seconds.append(taken.seconds)
    return min(seconds)


def main() -> None:
    """Print every figure."""
    for figure in measure():
        print(f"{figure.name:50} {figure.value:8.3f} {figure.unit:3} {figure.target:8} {figure.met}")


if __name__ == "__main__":
    main()
