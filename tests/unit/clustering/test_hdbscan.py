import numpy as np
import pytest

from loopscope.clustering import hdbscan
from loopscope.errors import ClusteringError


def _motifs(sizes, noise=0.02, dimension=64, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((len(sizes), dimension))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    points = np.repeat(centres, sizes, axis=0) + noise * rng.standard_normal((sum(sizes), dimension))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def test_motifs_are_found_and_numbered_by_size():
    found = hdbscan(_motifs([20, 50, 30]), min_cluster_size=5, min_samples=3)
    assert np.bincount(found.labels).tolist() == [50, 30, 20]
    assert found.labels[:20].tolist() == [2] * 20
    assert found.probabilities.min() > 0


def test_a_medoid_is_the_member_nearest_to_all_of_its_cluster():
    vectors = _motifs([20, 50])
    found = hdbscan(vectors, min_cluster_size=5, min_samples=3)
    for number, medoid in enumerate(found.medoid_indices):
        members = np.flatnonzero(found.labels == number)
        distances = np.linalg.norm(vectors[members][:, None].astype(float) - vectors[members], axis=2).sum(axis=1)
        assert medoid == members[np.argmin(distances)]


def test_clusters_of_one_size_are_numbered_by_their_medoid():
    found = hdbscan(_motifs([15, 15, 15]), min_cluster_size=5, min_samples=3)
    assert found.labels.tolist() == [0] * 15 + [1] * 15 + [2] * 15


def test_epsilon_keeps_near_clusters_together():
    angles = np.concatenate([np.linspace(0, 0.05, 20), np.linspace(0.3, 0.35, 20), np.linspace(2, 2.05, 20)])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    apart = hdbscan(vectors, min_cluster_size=5, min_samples=3)
    together = hdbscan(vectors, min_cluster_size=5, min_samples=3, epsilon=0.5)
    assert len(apart.medoid_indices) == 3
    assert len(together.medoid_indices) == 2


def test_equal_embeddings_are_one_cluster_led_by_the_first():
    found = hdbscan(np.repeat(_motifs([1]), 12, axis=0), min_cluster_size=5, min_samples=2)
    assert found.labels.tolist() == [0] * 12
    assert found.medoid_indices.tolist() == [0]


def test_points_spread_evenly_are_all_outliers():
    found = hdbscan(np.eye(30, dtype=np.float32), min_cluster_size=5, min_samples=3, allow_single_cluster=False)
    assert (found.labels == -1).all()
    assert found.medoid_indices.size == 0


@pytest.mark.parametrize(
    ("vectors", "settings", "said"),
    [
        (_motifs([4]), {}, "found 4 distinct among 4 embeddings; expected at least as many as min_cluster_size = 5"),
        (np.zeros((10, 3), np.float32), {}, "row 0 has length 0; expected unit vectors"),
        (np.full((10, 3), np.nan, np.float32), {}, "row 0 has length nan"),
        (np.diag([1, 1, 0, 1, 0]).astype(np.float32), {}, "row 2 has length 0; expected unit vectors"),
        (np.diag([1, 1, 0, 1, 0]).astype(np.float32), {}, "leave out those that are zero or not finite"),
        (np.diag([1, np.nan, 2]).astype(np.float32), {"metric": "euclidean"}, "row 1 has length nan; expected vectors"),
        (np.zeros((0, 3), np.float32), {}, "found vectors of shape"),
        (
            np.repeat(_motifs([1]), 9, axis=0),
            {"allow_single_cluster": False},
            "all are equal; expected that all may be",
        ),
        (_motifs([10]), {"min_cluster_size": 1}, "min_cluster_size is 1; expected at least 2"),
        (_motifs([10]), {"min_samples": 0}, "min_samples is 0; expected at least 1"),
        (_motifs([10]), {"epsilon": 3.0}, "epsilon is 3.0; expected a chord distance from 0 to 2"),
        (_motifs([10]), {"epsilon": np.inf, "metric": "euclidean"}, "epsilon is inf; expected a distance, at least 0"),
        (_motifs([10]), {"epsilon": np.nan}, "epsilon is nan; expected"),
        (_motifs([10]), {"medoid": "mean"}, 'medoid is "mean"; expected "unweighted", "weighted" or'),
        (_motifs([10]), {"repeats": "keep"}, 'repeats is "keep"; expected "collapse" or "count"'),
        (
            np.repeat(_motifs([3]), 3, axis=0),
            {"repeats": "count", "min_samples": 10},
            "found 3 distinct among 9 embeddings; expected at least as many as min_cluster_size = 5",
        ),
    ],
)
def test_what_cannot_be_clustered_is_refused(vectors, settings, said):
    with pytest.raises(ClusteringError) as refusal:
        hdbscan(vectors, **({"min_cluster_size": 5, "min_samples": 2} | settings))
    assert said in str(refusal.value)
