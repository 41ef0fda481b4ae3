import numpy as np
import pytest

from loopscope.clustering.optics import optics
from loopscope.errors import ClusteringError


def _motifs(sizes, noise=0.02, dimension=64, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((len(sizes), dimension))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    points = np.repeat(centres, sizes, axis=0) + noise * rng.standard_normal((sum(sizes), dimension))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def test_motifs_are_found_and_numbered_by_size():
    found = optics(_motifs([20, 50, 30]), min_cluster_size=10, min_samples=5, xi=0.2)
    assert np.bincount(found.labels + 1).tolist() == [0, 50, 30, 20]
    assert found.labels[:20].tolist() == [2] * 20
    assert found.probabilities.tolist() == [1.0] * 100
    assert np.isnan(found.persistence).all()
    assert np.isnan(found.lambda_birth).all()


def test_repeats_are_clustered_once_unless_they_count():
    vectors = _motifs([30, 30])
    lone = -vectors.mean(axis=0, keepdims=True)
    lone /= np.linalg.norm(lone)
    repeated = np.concatenate([vectors, np.repeat(lone, 40, axis=0)])
    collapsed = optics(repeated, min_cluster_size=10, min_samples=5, xi=0.2)
    counted = optics(repeated, min_cluster_size=10, min_samples=5, xi=0.2, repeats="count")
    assert len(set(collapsed.labels[60:].tolist())) == 1
    assert len(counted.medoid_indices) == 3
    assert len(collapsed.medoid_indices) == 2


def test_what_is_farther_apart_than_the_bound_is_no_cluster():
    found = optics(_motifs([30, 30]), min_cluster_size=10, min_samples=5, max_distance=1e-6)
    assert (found.labels == -1).all()
    assert found.probabilities.tolist() == [0.0] * 60


@pytest.mark.parametrize(
    ("vectors", "said"),
    [
        (_motifs([4]), "found 4 vectors to cluster; expected at least min_cluster_size = 5 and min_samples = 3"),
        (np.full((10, 3), np.nan, np.float32), "row 0"),
        (np.ones((10, 3), np.float32), "row 0"),
    ],
)
def test_what_cannot_be_clustered_is_refused(vectors, said):
    with pytest.raises(ClusteringError) as refusal:
        optics(vectors, min_cluster_size=5, min_samples=3)
    assert said in str(refusal.value)
