"""scikit-learn's HDBSCAN is the oracle: equal where no distances tie, alike where the order of ties matters."""

import numpy as np
import pytest
from sklearn.cluster import HDBSCAN
from sklearn.metrics import adjusted_rand_score

from loopscope.clustering import hdbscan
from loopscope.clustering.tree.linkage import link


def _scikit_learn(vectors, **settings):
    settings["cluster_selection_epsilon"] = settings.pop("epsilon", 0.0)
    return HDBSCAN(**settings, copy=True).fit(vectors.astype(np.float64))


def _renumbered(labels):
    first = {label: number for number, label in enumerate(dict.fromkeys(labels[labels >= 0].tolist()))}
    return [first.get(label, -1) for label in labels.tolist()]


def _clouds(seed, n=250):
    rng = np.random.default_rng(seed)
    dimension, clouds = int(rng.choice([2, 3, 8, 40])), int(rng.integers(1, 6))
    centres = rng.standard_normal((clouds, dimension)) * rng.choice([1, 3, 10])
    widths = rng.choice([0.1, 0.3, 1], clouds)
    cloud = rng.integers(clouds, size=n)
    return (centres[cloud] + rng.standard_normal((n, dimension)) * widths[cloud, None]).astype(np.float32)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("epsilon", "single"), [(0.0, True), (0.0, False), (0.5, True), (0.5, False), (2.0, True)])
def test_without_ties_labels_and_probabilities_are_equal(seed, epsilon, single):
    vectors = _clouds(seed)
    settings = {"min_cluster_size": 3 + seed, "min_samples": 1, "epsilon": epsilon, "allow_single_cluster": single}
    found = hdbscan(vectors, **settings, metric="euclidean")
    expected = _scikit_learn(vectors, **settings)
    assert _renumbered(found.labels) == _renumbered(expected.labels_)
    np.testing.assert_allclose(found.probabilities, expected.probabilities_, atol=1e-9)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("min_cluster_size", "min_samples", "epsilon"), [(8, 3, 0.0), (14, 14, 0.4), (25, 5, 0.2)])
def test_with_ties_labels_are_alike_and_trees_weigh_the_same(walks, seed, min_cluster_size, min_samples, epsilon):
    vectors = walks(700, seed=seed)
    settings = {"min_cluster_size": min_cluster_size, "min_samples": min_samples, "epsilon": epsilon}
    found = hdbscan(vectors, **settings, repeats="count")
    expected = _scikit_learn(vectors, **settings, allow_single_cluster=True)
    assert adjusted_rand_score(found.labels, expected.labels_) >= 0.97
    linkage = link(vectors, min_samples=min_samples, repeats="count")
    weight = linkage.tree.weight.sum() + ((linkage.sizes - 1) * linkage.core_distances).sum()
    assert weight == pytest.approx(expected._single_linkage_tree_["value"].sum(), rel=1e-6)


def test_near_duplicates_are_clustered_as_the_oracle_does():
    rng = np.random.default_rng(0)
    centres = np.repeat(rng.standard_normal((20, 30)), 15, axis=0)
    vectors = (centres + 1e-6 * rng.standard_normal(centres.shape)).astype(np.float32)
    settings = {"min_cluster_size": 5, "min_samples": 1, "allow_single_cluster": False}
    found = hdbscan(vectors, **settings, metric="euclidean")
    assert _renumbered(found.labels) == _renumbered(_scikit_learn(vectors, **settings).labels_)
    assert len(found.medoid_indices) >= 20


@pytest.mark.parametrize("far", [1e6, 1e9, 1e30])
def test_one_vector_far_away_leaves_the_others_as_they_are(far):
    rng = np.random.default_rng(0)
    near = np.concatenate([rng.normal(centre, 0.1, (30, 2)) for centre in (0, 10, 1000)])
    vectors = np.concatenate([near, [[far, 0]]]).astype(np.float32)
    settings = {"min_cluster_size": 5, "min_samples": 3, "allow_single_cluster": False}
    found = hdbscan(vectors, **settings, metric="euclidean")
    alone = hdbscan(vectors[:-1], **settings, metric="euclidean")
    assert len(found.medoid_indices) == 3
    assert found.labels[-1] == -1
    assert (found.labels[:-1] == alone.labels).all()
    np.testing.assert_allclose(found.probabilities[:-1], alone.probabilities)
