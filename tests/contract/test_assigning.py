"""Embeddings that came later are placed beside a result, which stays as it was: on SQLite and on PostgreSQL alike."""

from typing import Any

import pytest
from sqlalchemy import insert, select, text, update

from loopscope.config import ExperimentConfig
from loopscope.engine.assigning import assign_later_embeddings
from loopscope.engine.clustering import cluster_embeddings
from loopscope.engine.performing import perform_experiment
from loopscope.errors import ClusteringError, NotFoundError
from loopscope.models import fakes
from loopscope.models.registry import Registry
from loopscope.schemas import Cluster, ClusteringResult, EmbeddingCluster, Invocation, LaterAssignment
from loopscope.schemas import Embedding as EmbeddingRow
from loopscope.store.connection import Store
from loopscope.store.deletion import delete_experiment

SETTINGS: dict[str, Any] = {"min_cluster_size": 3, "min_samples": 2, "epsilon": 0.0, "allow_single_cluster": False}


def perform(store: Store, prompt: str) -> int:
    config = ExperimentConfig(
        networks=(("FakeText",),),
        prompts=(prompt,),
        num_runs=3,
        max_length=20,
        embedding_models=("FakeTextEmbedder",),
    )
    models = Registry.of(fakes.FakeText, fakes.FakeTextEmbedder)
    return perform_experiment(config, store, registry=models).experiment_id


@pytest.fixture
def clustered(store: Store) -> tuple[Store, int]:
    perform(store, "a fox")
    return store, cluster_embeddings(store, "FakeTextEmbedder", **SETTINGS).clustering_result_id


def everything_fitted(store: Store) -> list[Any]:
    with store.session() as session:
        tables = (ClusteringResult, Cluster, EmbeddingCluster)
        return [session.execute(select(table.__table__).order_by(text("1, 2"))).all() for table in tables]


def test_what_came_later_is_placed_and_the_result_stays(clustered: tuple[Store, int]) -> None:
    store, result_id = clustered
    before = everything_fitted(store)
    assert assign_later_embeddings(store, result_id).members == 0
    perform(store, "the rain")
    done = assign_later_embeddings(store, result_id)
    assert done.members + done.outliers == 60
    assert done.members > 0
    assert everything_fitted(store) == before
    again = assign_later_embeddings(store, result_id)
    assert (again.members, again.outliers) == (0, 0)
    with store.session() as session:
        placed = session.scalars(select(LaterAssignment)).all()
        [last] = session.scalars(select(ClusteringResult.last_embedding_id)).all()
    assert len(placed) == 60
    assert all(each.embedding_id > last for each in placed)
    assert all((each.cluster_id is None) == (each.probability == 0) for each in placed)


def test_an_output_seen_before_is_placed_where_it_was(clustered: tuple[Store, int]) -> None:
    """The fake texts come from 512 triples of words, so that some of them come again."""
    store, result_id = clustered
    perform(store, "the rain")
    assign_later_embeddings(store, result_id)
    text_of = select(EmbeddingRow.id, Invocation.output_text).join(
        Invocation, Invocation.id == EmbeddingRow.invocation_id
    )
    with store.session() as session:
        texts = dict(session.execute(text_of).all())
        outlier = session.scalar(select(Cluster.id).where(Cluster.cluster_id == -1))
        fitted = {
            texts[each.embedding_id]: (None if each.cluster_id == outlier else each.cluster_id, each.probability)
            for each in session.scalars(select(EmbeddingCluster))
        }
        later = {
            texts[each.embedding_id]: (each.cluster_id, each.probability)
            for each in session.scalars(select(LaterAssignment))
        }
    seen = set(fitted) & set(later)
    assert seen
    assert {each: later[each] for each in seen} == {each: fitted[each] for each in seen}


def test_an_experiment_that_came_later_is_deleted_with_its_places(clustered: tuple[Store, int]) -> None:
    store, result_id = clustered
    later = perform(store, "the rain")
    assign_later_embeddings(store, result_id)
    before = everything_fitted(store)
    with store.transaction() as session:
        delete_experiment(session, later)
    with store.session() as session:
        assert session.scalars(select(LaterAssignment)).all() == []
    assert everything_fitted(store) == before


def test_what_cannot_be_assigned_to_is_refused(clustered: tuple[Store, int]) -> None:
    store, result_id = clustered
    perform(store, "the rain")
    optics = cluster_embeddings(store, "FakeTextEmbedder", algorithm="optics", min_cluster_size=5, min_samples=3)
    with pytest.raises(ClusteringError, match="is of optics; expected one of hdbscan"):
        assign_later_embeddings(store, optics.clustering_result_id)
    with pytest.raises(NotFoundError, match="no clustering result 99"):
        assign_later_embeddings(store, 99)
    with store.transaction() as session:
        session.execute(update(Cluster).where(Cluster.cluster_id >= 0).values(properties={}))
    with pytest.raises(ClusteringError, match="perform it once more with --again"):
        assign_later_embeddings(store, result_id)


def test_the_database_refuses_a_place_in_a_cluster_of_another_result(clustered: tuple[Store, int]) -> None:
    store, result_id = clustered
    other = cluster_embeddings(store, "FakeTextEmbedder", again=True, **SETTINGS)
    perform(store, "the rain")
    with store.session() as session:
        cluster = session.scalar(select(Cluster.id).where(Cluster.clustering_result_id == other.clustering_result_id))
        model, newest = session.execute(
            select(EmbeddingRow.embedding_model_id, EmbeddingRow.id).order_by(EmbeddingRow.id.desc())
        ).first() or (0, 0)
        now = session.scalar(select(ClusteringResult.started_at).limit(1))
    row = {
        "clustering_result_id": result_id,
        "embedding_id": newest,
        "cluster_id": cluster,
        "embedding_model_id": model,
        "probability": 0.5,
        "assigned_at": now,
    }
    for wrong in ({}, {"cluster_id": None, "probability": 1.5}, {"cluster_id": None, "embedding_model_id": model + 1}):
        with pytest.raises(Exception, match=r"(?i)constraint|violates"), store.transaction() as session:
            session.execute(insert(LaterAssignment), [row | wrong])
