"""A clustering says all that made it, is stored once, and goes only when asked to: on SQLite and PostgreSQL."""

from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import func, select

from loopscope.clustering import registry
from loopscope.config import ExperimentConfig
from loopscope.engine.clustering import cluster_embeddings, load_clustered
from loopscope.engine.performing import perform_experiment
from loopscope.errors import AlreadyClusteredError, ClusteringError, NotFoundError, StoreError
from loopscope.models import fakes
from loopscope.models.registry import Registry
from loopscope.schemas import Cluster, ClusteringResult, EmbeddingCluster, Experiment
from loopscope.store.clusterings import delete_clustering
from loopscope.store.connection import Store
from loopscope.store.deletion import delete_experiment, find_clusterings_of_experiment

MODELS = Registry.of(fakes.FakePainter, fakes.FakeDescriber, fakes.FakeText, fakes.FakeTextEmbedder)
SETTINGS: dict[str, Any] = {"min_cluster_size": 3, "min_samples": 2, "epsilon": 0.0, "allow_single_cluster": False}


def perform(store: Store, *prompts: str, length: int = 12) -> int:
    config = ExperimentConfig(
        networks=(("FakeText",),),
        prompts=prompts,
        num_runs=2,
        max_length=length,
        embedding_models=("FakeTextEmbedder",),
    )
    return perform_experiment(config, store, registry=MODELS).experiment_id


@pytest.fixture
def performed(store: Store) -> Store:
    perform(store, "a fox", "the rain")
    return store


@pytest.fixture
def nested(monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config) -> Any:
    monkeypatch.syspath_prepend(pytestconfig.rootpath / "tests/plugins")
    registry.installed_clusterers.cache_clear()
    yield
    registry.installed_clusterers.cache_clear()


def results(store: Store) -> list[ClusteringResult]:
    with store.session() as session:
        return list(session.scalars(select(ClusteringResult).order_by(ClusteringResult.id)))


def test_all_that_made_a_result_is_recorded(performed: Store) -> None:
    done = cluster_embeddings(performed, "FakeTextEmbedder", without_prompts=["the rain"], downsample=2, **SETTINGS)
    [result] = results(performed)
    assert result.parameters == SETTINGS | {"repeats": "collapse", "metric": "cosine", "medoid": "unweighted"}
    assert result.selection == {
        "experiments": None,
        "without_prompts": ["the rain"],
        "output_type": "text",
        "downsample": 2,
    }
    assert (result.counts["candidates"], result.counts["sampled"]) == (24, 12)
    assert 1 <= result.counts["distinct"] <= 12
    assert {"python", "loopscope", "numpy", "numba"} <= set(result.versions)
    assert {"load", "compute", "describe", "save"} <= set(result.durations or {})
    assert (result.layer, result.layer_group, result.origin) == (None, None, None)
    with performed.session() as session:
        assert session.scalar(select(func.count()).where(ClusteringResult.origin.is_(None))) == 1
    assert done.embeddings == 12


def test_clusters_tell_how_wide_they_are_and_how_much_is_in_them(performed: Store) -> None:
    result_id = cluster_embeddings(performed, "FakeTextEmbedder", **SETTINGS).clustering_result_id
    with performed.session() as session:
        clusters = session.scalars(select(Cluster).where(Cluster.clustering_result_id == result_id)).all()
        probabilities = session.scalars(select(EmbeddingCluster.probability)).all()
    assert clusters
    assert all(probability is not None and 0 <= probability <= 1 for probability in probabilities)
    for cluster in clusters:
        known = cluster.properties
        assert 1 <= known["distinct_outputs"] <= cluster.size
        assert 1 <= known["prompts"] <= known["runs"] <= 4
        if cluster.cluster_id >= 0:
            assert 0 <= known["mean_distance"] <= known["radius"] <= 2
            assert known["epsilon"] == pytest.approx(1 / known["lambda_birth"])
            assert known["lambda_birth"] <= known["lambda_death"]
            assert 0 <= known["persistence"] <= 1


def test_the_same_result_is_not_stored_twice_unless_asked(performed: Store) -> None:
    first = cluster_embeddings(performed, "FakeTextEmbedder", **SETTINGS)
    with pytest.raises(AlreadyClusteredError, match=first.uuid.hex[:8]) as refusal:
        cluster_embeddings(performed, "FakeTextEmbedder", **SETTINGS)
    assert refusal.value.clustering_result_id == first.clustering_result_id
    assert "--again" in str(refusal.value)
    cluster_embeddings(performed, "FakeTextEmbedder", again=True, **SETTINGS)
    cluster_embeddings(performed, "FakeTextEmbedder", **SETTINGS | {"min_samples": 3})
    cluster_embeddings(performed, "FakeTextEmbedder", downsample=2, **SETTINGS)
    perform(performed, "a tree")
    cluster_embeddings(performed, "FakeTextEmbedder", **SETTINGS)
    assert len(results(performed)) == 5
    assert len({result.fingerprint for result in results(performed)}) == 4


def test_a_result_that_is_there_is_read_back(performed: Store) -> None:
    done = cluster_embeddings(performed, "FakeTextEmbedder", **SETTINGS)
    read = load_clustered(performed, done.clustering_result_id)
    assert (read.uuid, read.embeddings, read.clusters, read.outliers) == (
        done.uuid,
        done.embeddings,
        done.clusters,
        done.outliers,
    )
    with pytest.raises(NotFoundError, match="no clustering result 99"):
        load_clustered(performed, 99)


def test_the_same_clustering_gives_the_same_result(performed: Store) -> None:
    for _ in range(2):
        cluster_embeddings(performed, "FakeTextEmbedder", again=True, **SETTINGS)
    with performed.session() as session:
        rows = session.execute(
            select(
                EmbeddingCluster.clustering_result_id,
                EmbeddingCluster.embedding_id,
                Cluster.cluster_id,
                Cluster.medoid_embedding_id,
                EmbeddingCluster.probability,
            )
            .join(Cluster, Cluster.id == EmbeddingCluster.cluster_id)
            .order_by(EmbeddingCluster.clustering_result_id, EmbeddingCluster.embedding_id)
        ).all()
    half = len(rows) // 2
    assert [row[1:] for row in rows[:half]] == [row[1:] for row in rows[half:]]


@pytest.mark.usefixtures("nested")
def test_layers_are_results_of_one_group_the_finest_first(performed: Store) -> None:
    done = cluster_embeddings(performed, "FakeTextEmbedder", algorithm="nested", sharpness=2.0)
    fine, coarse = results(performed)
    assert (fine.layer, coarse.layer) == (0, 1)
    assert isinstance(fine.layer_group, UUID)
    assert fine.layer_group == coarse.layer_group
    assert (fine.algorithm, fine.parameters["sharpness"]) == ("nested", 2.0)
    assert (done.uuid, [each.uuid for each in done.coarser]) == (fine.uuid, [coarse.uuid])
    assert done.clusters > 1
    assert done.coarser[0].clusters == 1
    with performed.session() as session:
        properties = session.scalars(select(Cluster.properties).where(Cluster.clustering_result_id == coarse.id)).one()
    assert properties["lambda_birth"] is properties["persistence"] is properties["epsilon"] is None
    with pytest.raises(AlreadyClusteredError):
        cluster_embeddings(performed, "FakeTextEmbedder", algorithm="nested", sharpness=2.0)
    other = cluster_embeddings(performed, "FakeTextEmbedder", **SETTINGS)
    with performed.transaction() as session:
        delete_clustering(session, coarse.id)
    assert [result.uuid for result in results(performed)] == [other.uuid]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"algorithm": "hdbscam"}, 'did you mean "hdbscan"'),
        ({"min_cluster_sise": 3}, 'did you mean "min_cluster_size"'),
        ({"downsample": 0}, "downsample is 0; expected at least 1"),
        ({"without_prompts": ["the rein"]}, 'found no run with the initial prompt "the rein"; did you mean "the rain"'),
        ({"without_prompts": ["the rain", "a fox"]}, "found no embeddings in this selection"),
        ({"min_cluster_size": 500}, "distinct among 48 embeddings; expected at least"),
    ],
)
def test_what_cannot_be_clustered_is_refused_and_leaves_nothing(performed: Store, asked: Any, said: str) -> None:
    with pytest.raises(ClusteringError) as refusal:
        cluster_embeddings(performed, "FakeTextEmbedder", **asked)
    assert said in str(refusal.value)
    assert results(performed) == []


def test_a_save_that_fails_at_any_point_leaves_nothing(performed: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from loopscope.store import clusterings

    for name in ("_save_clusters", "_save_assignments"):
        real = getattr(clusterings, name)

        def fail(*arguments: Any, real: Any = real) -> Any:
            real(*arguments)
            raise OSError("the disk is full")

        with monkeypatch.context() as patched:
            patched.setattr(clusterings, name, fail)
            with pytest.raises(OSError, match="disk is full"):
                cluster_embeddings(performed, "FakeTextEmbedder", **SETTINGS)
        assert results(performed) == []
        with performed.session() as session:
            assert session.scalar(select(func.count()).select_from(EmbeddingCluster)) == 0
            assert session.scalar(select(func.count()).select_from(Cluster)) == 0
    logs = sorted(Path(performed.folder, "logs").glob("clustering_*.log"))[-2:]
    assert all("nothing was saved" in log.read_text() for log in logs)


def test_an_experiment_in_a_clustering_goes_only_with_it(performed: Store) -> None:
    other = perform(performed, "a tree")
    both = cluster_embeddings(performed, "FakeTextEmbedder", **SETTINGS)
    alone = cluster_embeddings(performed, "FakeTextEmbedder", experiment_ids=[other], **SETTINGS)
    with performed.session() as session:
        first = session.scalar(select(func.min(Experiment.id))) or 0
        assert [each.id for each in find_clusterings_of_experiment(session, first)] == [both.clustering_result_id]
    with pytest.raises(StoreError) as refusal, performed.transaction() as session:
        delete_experiment(session, other)
    assert both.uuid.hex[:8] in str(refusal.value)
    assert alone.uuid.hex[:8] in str(refusal.value)
    assert "--with-clusterings" in str(refusal.value)
    with performed.transaction() as session:
        delete_experiment(session, first, with_clusterings=True)
    assert [result.id for result in results(performed)] == [alone.clustering_result_id]
    with performed.session() as session:
        assert session.scalars(select(Experiment.id)).all() == [other]


def test_labels_are_saved_with_their_embeddings(performed: Store) -> None:
    done = cluster_embeddings(performed, "FakeTextEmbedder", **SETTINGS)
    with performed.session() as session:
        sizes = dict(
            session.execute(
                select(Cluster.cluster_id, func.count())
                .join(EmbeddingCluster, EmbeddingCluster.cluster_id == Cluster.id)
                .group_by(Cluster.cluster_id)
            ).all()
        )
        recorded = dict(session.execute(select(Cluster.cluster_id, Cluster.size)).all())
    assert sizes == recorded
    assert sum(sizes.values()) == done.embeddings
    members = [sizes[number] for number in range(done.clusters)]
    assert np.all(np.diff(members) <= 0)
