"""A small database whose every row is known, for the contract that SQLite and PostgreSQL keep alike.

Two experiments of three runs::

    run 1  Paint→Describe  "a fox"   seed 1     image text image text image text
    run 2  Paint→Describe  "a lake"  fresh      image text image text image
    run 3  Turn            "a tree"  seed 2     image image

Invocations and embeddings are numbered in this order: the invocations of run 1 are 1 to 6, of run 2 are 7 to 11, of
run 3 are 12 and 13, and the embedding of an invocation has its number. ``TextModel`` is model 1, ``ImageModel`` 2.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy.orm import Session

from loopscope.schemas import (
    Embedding,
    EmbeddingModel,
    EmbeddingVector,
    Experiment,
    FailedAttempt,
    Invocation,
    PersistenceDiagram,
    Picture,
    PromptEmbedding,
    Run,
)
from loopscope.store.clusterings import NewClustering, save_clustering
from loopscope.store.connection import Store

NOW = datetime(2026, 5, 4, 3, 2, 1, 123456, tzinfo=UTC)
TEXT_VECTORS = {2: (1, 0, 0, 0), 4: (1, 0, 0, 0), 6: (0, 1, 0, 0), 8: (0, 0, 1, 0), 10: (0, 0, 0.6, 0.8)}
IMAGE_VECTORS = {1: (1, 0), 3: (0.6, 0.8), 5: (1, 0), 7: (0, 1), 9: (0, 1), 11: (-1, 0), 12: (1, 0), 13: (1, 0)}


def add_sample(session: Session) -> None:
    for number in (1, 2):
        session.add(
            Experiment(id=number, uuid=UUID(int=number << 120), config={"n": number}, config_hash="h", created_at=NOW)
        )
    session.add(EmbeddingModel(id=1, name="TextModel", takes="text", dimension=4))
    session.add(EmbeddingModel(id=2, name="ImageModel", takes="image", dimension=2))
    session.flush()
    add_run(session, 1, experiment_id=1, number=0, initial_prompt="a fox", seed=1, stop_reason="length")
    add_run(session, 2, experiment_id=1, number=1, initial_prompt="a lake", stream=7)
    add_run(session, 3, experiment_id=2, number=0, initial_prompt="a tree", seed=2, stop_reason="cycle", period=1)
    kinds = {1: "image text image text image text", 2: "image text image text image", 3: "image image"}
    key = 0
    for run_id, types in kinds.items():
        for sequence_number, output_type in enumerate(types.split()):
            key += 1
            add_invocation(session, key, run_id, sequence_number, output_type)
    for model_id, vectors in ((1, TEXT_VECTORS), (2, IMAGE_VECTORS)):
        for embedding_id, vector in vectors.items():
            add_embedding(session, embedding_id, embedding_id, model_id, vector)
    for run_id, vector in ((1, (0, 1, 0, 0)), (2, (0, 0, 1, 0))):
        session.add(PromptEmbedding(run_id=run_id, embedding_model_id=1, vector=stored(vector)))
    session.add(
        PersistenceDiagram(
            run_id=1,
            embedding_model_id=1,
            dimension=0,
            n_unique=2,
            points=np.array([[0, 0.5], [0, np.inf]], dtype="<f8").tobytes(),
            started_at=NOW,
            finished_at=NOW,
        )
    )
    session.add(
        FailedAttempt(
            run_id=1, sequence_number=2, model="Paint", attempt=1, cause="no", started_at=NOW, finished_at=NOW
        )
    )


def add_run(session: Session, run_id: int, **columns: Any) -> None:
    network = ["Turn"] if run_id == 3 else ["Paint", "Describe"]
    session.add(Run(id=run_id, uuid=UUID(int=run_id << 124), network=network, max_length=6, **columns))
    session.flush()


def add_invocation(session: Session, key: int, run_id: int, sequence_number: int, output_type: str) -> None:
    picture = output_type == "image"
    if picture:
        session.add(Picture(id=key, media_type="image/png", width=8, height=8, data=b"picture %d" % key))
        session.flush()
    session.add(
        Invocation(
            id=key,
            run_id=run_id,
            sequence_number=sequence_number,
            model="Paint" if picture else "Describe",
            input_invocation_id=key - 1 if sequence_number else None,
            output_type=output_type,
            output_text=None if picture else f"text {key}",
            picture_id=key if picture else None,
            output_hash=f"{key:032x}",
            attempts=1,
            seconds=0.5,
            started_at=NOW,
            finished_at=NOW,
        )
    )
    session.flush()


def add_embedding(
    session: Session, embedding_id: int, invocation_id: int, model_id: int, vector: Sequence[float]
) -> None:
    session.add(Embedding(id=embedding_id, invocation_id=invocation_id, embedding_model_id=model_id, seconds=0.25))
    session.flush()
    session.add(EmbeddingVector(embedding_id=embedding_id, vector=stored(vector)))
    session.flush()


def stored(vector: Sequence[float]) -> bytes:
    return np.array(vector, dtype="<f4").tobytes()


def new_clustering(
    labels: dict[int, int], medoids: Sequence[int] = (), *, model_id: int = 1, last: int = 13, **columns: Any
) -> NewClustering:
    """A clustering of these embeddings, by their labels."""
    return NewClustering(
        embedding_model_id=model_id,
        algorithm=columns.get("algorithm", "hdbscan"),
        parameters=columns.get("parameters", {"min_cluster_size": 2, "min_samples": 1, "epsilon": 0.4}),
        downsample=columns.get("downsample", 1),
        selection={"experiment_ids": None},
        counts={"candidates": 5},
        versions={"python": "3"},
        last_embedding_id=last,
        started_at=NOW,
        finished_at=NOW,
        embedding_ids=np.array(list(labels), dtype=np.int64),
        labels=np.array(list(labels.values()), dtype=np.int64),
        medoid_embedding_ids=np.array(medoids, dtype=np.int64),
        properties=tuple({"rank": rank} for rank, _ in enumerate(medoids)),
    )


@pytest.fixture
def clustering() -> Callable[..., NewClustering]:
    """Make a clustering of some embeddings: ``clustering({embedding_id: label}, medoids)``."""
    return new_clustering


@pytest.fixture
def filled(store: Store) -> Store:
    """The sample on either database, with one clustering result of its texts: 2 and 4 in cluster 0, 8 alone in 1."""
    fill(store)
    return store


@pytest.fixture
def fill_store() -> Callable[[Store], None]:
    """Put the sample into a database."""
    return fill


def fill(store: Store) -> None:
    with store.transaction() as session:
        add_sample(session)
    with store.transaction() as session:
        save_clustering(session, new_clustering({2: 0, 4: 0, 6: -1, 8: 1, 10: -1}, [2, 8]))
