"""A cached frame is given again only while the database holds the very same: on SQLite and on PostgreSQL alike."""

import inspect

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sqlalchemy import update

from loopscope.data_prep.cache import cached, cached_in
from loopscope.data_prep.clusters import load_clusters_df
from loopscope.data_prep.drift import load_drift_df
from loopscope.schemas import (
    EmbeddingCluster,
    EmbeddingVector,
    Invocation,
    PersistenceDiagram,
    PromptEmbedding,
    Run,
)


@pytest.fixture
def calls():
    return []


@pytest.fixture
def load_labels(calls):
    @cached
    def load_labels_df(session, clustering_result_id, experiment_id=None, *, draws=200):
        calls.append(draws)
        return load_clusters_df(session, clustering_result_id)

    return load_labels_df


@pytest.fixture
def load_vectors(calls):
    @cached
    def load_vectors_df(session, embedding_model=None, experiment_id=None):
        calls.append(embedding_model)
        return load_drift_df(session, embedding_model, experiment_id)

    return load_vectors_df


def load(store, folder, loader, *args, **settings):
    with store.session() as session, cached_in(folder):
        return loader(session, *args, **settings)


def change(store, statement):
    with store.transaction() as session:
        session.execute(statement)


def test_a_frame_is_computed_once(filled, tmp_path, calls, load_labels, load_vectors):
    first = load(filled, tmp_path, load_labels, 1)
    assert_frame_equal(load(filled, tmp_path, load_labels, clustering_result_id=1, draws=200), first, check_exact=True)
    vectors = load(filled, tmp_path, load_vectors, None)
    assert_frame_equal(load(filled, tmp_path, load_vectors), vectors, check_exact=True)
    assert len(calls) == 2
    load(filled, tmp_path, load_labels, 1, draws=100)
    load(filled, tmp_path, load_labels, 1, 1)
    load(filled, tmp_path, load_vectors, "TextModel")
    assert len(calls) == 5


def test_without_a_cache_nothing_is_kept(filled, tmp_path, calls, load_labels):
    before = set(tmp_path.iterdir())
    load(filled, None, load_labels, 1)
    with cached_in(tmp_path / "cache"):
        load(filled, None, load_labels, 1)
    load(filled, None, load_labels, 1)
    assert len(calls) == 3
    assert {path.suffix for path in set(tmp_path.iterdir()) - before} <= {".db-wal", ".db-shm"}


CHANGES = {
    "a text": (
        update(Invocation).where(Invocation.id == 2).values(output_text="another", output_hash="f" * 32),
        "both",
    ),
    "a prompt": (update(Run).where(Run.id == 1).values(initial_prompt="a bear"), "both"),
    "how a run ended": (update(Run).where(Run.id == 2).values(stop_reason="cycle", period=2), "both"),
    "an assignment": (
        update(EmbeddingCluster).where(EmbeddingCluster.embedding_id == 10).values(cluster_id=2),
        "labels",
    ),
    "a vector": (
        update(EmbeddingVector)
        .where(EmbeddingVector.embedding_id == 4)
        .values(vector=np.array([0, 0, 0, 1], dtype="<f4").tobytes()),
        "vectors",
    ),
    "a prompt's vector": (
        update(PromptEmbedding)
        .where(PromptEmbedding.run_id == 2)
        .values(vector=np.array([0, 0, 0, 1], dtype="<f4").tobytes()),
        "vectors",
    ),
    "a diagram": (update(PersistenceDiagram).values(points=np.array([[0.0, 0.7]], dtype="<f8").tobytes()), "vectors"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_another_content_is_computed_anew(filled, tmp_path, calls, load_labels, load_vectors, what):
    statement, reads = CHANGES[what]
    load(filled, tmp_path, load_labels, 1)
    load(filled, tmp_path, load_vectors)
    change(filled, statement)
    calls.clear()
    labels = load(filled, tmp_path, load_labels, 1)
    vectors = load(filled, tmp_path, load_vectors)
    assert len(calls) == (2 if reads == "both" else 1)
    assert (200 in calls) == (reads != "vectors")
    assert_frame_equal(labels, load(filled, None, load_labels, 1), check_exact=True)
    assert_frame_equal(vectors, load(filled, None, load_vectors), check_exact=True)


def test_a_loader_that_takes_a_store_reads_the_vectors_of_its_clustering(filled, tmp_path, calls):
    @cached
    def load_something_df(store, clustering_result_id, *, progress=None):
        calls.append(clustering_result_id)
        return pl.DataFrame({"a": [1]})

    with cached_in(tmp_path):
        load_something_df(filled, 1)
        load_something_df(filled, 1, progress=object())
        assert len(calls) == 1
        change(filled, CHANGES["a vector"][0])
        load_something_df(filled, 1)
    assert len(calls) == 2


def test_a_cached_loader_looks_as_it_did(load_labels):
    assert load_labels.__name__ == "load_labels_df"
    assert next(iter(inspect.signature(load_labels).parameters)) == "session"
