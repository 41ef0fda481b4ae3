"""The extra ``evoc``: its layers, its refusals, and its results in a store. Its first use compiles for a while."""

import numpy as np
import pytest

from loopscope.clustering.evoc import evoc
from loopscope.config import ExperimentConfig
from loopscope.engine.clustering import cluster_embeddings, load_clustered
from loopscope.engine.performing import perform_experiment
from loopscope.errors import ClusteringError
from loopscope.models import fakes
from loopscope.models.registry import Registry
from loopscope.store.connection import open_store

pytest.importorskip("evoc")


def motifs():
    """Four far groups, each of four near motifs of twenty vectors."""
    rng = np.random.default_rng(5)
    groups = np.repeat(np.eye(4, 64) * 2, 80, axis=0)
    near = np.repeat(rng.standard_normal((16, 64)) * 0.12, 20, axis=0)
    points = groups + near + 0.01 * rng.standard_normal((320, 64))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def test_layers_go_from_fine_to_coarse_and_are_the_same_again():
    vectors = motifs()
    layers = evoc(vectors, noise_level=0.0)
    again = evoc(vectors, noise_level=0.0)
    assert layers
    numbers = [len(layer.medoid_indices) for layer in layers]
    assert numbers == sorted(numbers, reverse=True)
    for layer, same in zip(layers, again, strict=True):
        assert np.array_equal(layer.labels, same.labels)
        assert ((layer.probabilities >= 0) & (layer.probabilities <= 1)).all()
        assert layer.labels[layer.medoid_indices].tolist() == list(range(len(layer.medoid_indices)))
        for cluster in range(len(layer.medoid_indices)):
            assert len(set((np.flatnonzero(layer.labels == cluster) // 80).tolist())) == 1, "groups are never mixed"


def test_repeats_share_a_label():
    vectors = np.concatenate([motifs(), motifs()[:100]])
    for layer in evoc(vectors):
        assert np.array_equal(layer.labels[320:], layer.labels[:100])


def test_too_few_vectors_are_refused():
    with pytest.raises(ClusteringError, match="found 10 vectors to cluster; expected at least 16, more than n_neigh"):
        evoc(motifs()[::32])


def test_its_layers_are_results_of_a_store(tmp_path):
    config = ExperimentConfig(
        networks=(("FakeText",),),
        prompts=("a fox", "the rain"),
        num_runs=4,
        max_length=50,
        embedding_models=("FakeTextEmbedder",),
    )
    with open_store(tmp_path / "a.db", create=True) as store:
        perform_experiment(config, store, registry=Registry.of(fakes.FakeText, fakes.FakeTextEmbedder))
        done = cluster_embeddings(store, "FakeTextEmbedder", algorithm="evoc", min_cluster_size=4, noise_level=0.0)
        assert done.embeddings == 400
        for layer in (done, *done.coarser):
            assert load_clustered(store, layer.clustering_result_id).clusters == layer.clusters
