"""Three models are clustered into one database at once, by threads and by processes: nothing is lost or mixed up."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import func, select

from loopscope.config import ExperimentConfig
from loopscope.engine.clustering import cluster_embeddings
from loopscope.engine.performing import perform_experiment
from loopscope.models import fakes
from loopscope.models.registry import Registry
from loopscope.schemas import Cluster, ClusteringResult, EmbeddingCluster, EmbeddingModel
from loopscope.store.connection import Store, open_store

SETTINGS: dict[str, Any] = {"min_cluster_size": 3, "min_samples": 2, "epsilon": 0.0, "allow_single_cluster": False}
CLUSTER = """
import sys
from loopscope import cluster_embeddings, open_store
with open_store(sys.argv[1]) as store:
    cluster_embeddings(store, sys.argv[2], min_cluster_size=3, min_samples=2, epsilon=0.0, allow_single_cluster=False)
"""


class Backwards(fakes.FakeTextEmbedder):
    """Embeds the text read backwards."""

    name = "Backwards"

    def embed(self, inputs: Any) -> Any:
        return super().embed([text[::-1] for text in inputs])


def perform(location: str) -> list[str]:
    embedders = (fakes.FakeTextEmbedder, Backwards, fakes.FakeImageEmbedder)
    config = ExperimentConfig(
        networks=(("FakePainter", "FakeDescriber"),),
        prompts=("a fox", "the rain"),
        num_runs=3,
        max_length=60,
        embedding_models=tuple(embedder.name for embedder in embedders),
    )
    with open_store(location, create=True) as store:
        perform_experiment(config, store, registry=Registry.of(fakes.FakePainter, fakes.FakeDescriber, *embedders))
    return list(config.embedding_models)


def check(store: Store, models: list[str]) -> None:
    """Each model has one result, of its own embeddings, and each cluster as many as it says."""
    with store.session() as session:
        results = session.execute(
            select(EmbeddingModel.name, func.count(EmbeddingCluster.embedding_id))
            .join(ClusteringResult, ClusteringResult.embedding_model_id == EmbeddingModel.id)
            .join(EmbeddingCluster, EmbeddingCluster.clustering_result_id == ClusteringResult.id)
            .group_by(ClusteringResult.id, EmbeddingModel.name)
        ).all()
        sizes = session.execute(
            select(Cluster.size, func.count())
            .join(EmbeddingCluster, EmbeddingCluster.cluster_id == Cluster.id)
            .group_by(Cluster.id, Cluster.size)
        ).all()
    assert sorted(map(tuple, results)) == sorted((model, 180) for model in models)
    assert all(recorded == counted for recorded, counted in sizes)


def test_by_threads(location: str) -> None:
    models = perform(location)
    with open_store(location) as store:
        alone = [cluster_embeddings(store, model, again=True, **SETTINGS).clusters for model in models]
        with store.transaction() as session:
            for result in session.scalars(select(ClusteringResult)):
                session.delete(result)

    def cluster(model: str) -> int:
        with open_store(location) as own:
            return cluster_embeddings(own, model, **SETTINGS).clusters

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(cluster, models)) == alone
    with open_store(location) as store:
        check(store, models)


def test_by_processes(location: str) -> None:
    models = perform(location)
    started = [
        subprocess.Popen([sys.executable, "-c", CLUSTER, location, model], stderr=subprocess.PIPE, text=True)
        for model in models
    ]
    for process in started:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    with open_store(location) as store:
        check(store, models)
