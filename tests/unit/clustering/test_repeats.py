import numpy as np
import pytest

from loopscope.clustering import hdbscan, repeats
from loopscope.clustering.repeats import collapse_repeats, distinct_rows


def _motifs(sizes, noise=0.02, dimension=64, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((len(sizes), dimension))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    points = np.repeat(centres, sizes, axis=0) + noise * rng.standard_normal((sum(sizes), dimension))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def _with_repeats(vectors, share, seed=3):
    """Add exact repeats until they are a share of all, each about eight times, as a fixed point is."""
    rng = np.random.default_rng(seed)
    added = round(len(vectors) * share / (1 - share))
    settled = rng.choice(len(vectors), max(1, added // 8), replace=False)
    return np.concatenate([vectors, vectors[rng.choice(settled, added)]])


def test_repeats_share_a_label_and_do_not_make_a_cluster():
    vectors = _motifs([30, 30])
    lone = -vectors.mean(axis=0, keepdims=True)
    lone /= np.linalg.norm(lone)
    found = hdbscan(np.concatenate([vectors, np.repeat(lone, 40, axis=0)]), min_cluster_size=5, min_samples=3)
    assert found.labels.tolist() == [0] * 30 + [1] * 30 + [-1] * 40
    assert found.probabilities[60:].tolist() == [0] * 40


def test_six_motifs_with_repeats_are_six_clusters_without_outliers():
    rng = np.random.default_rng(3)
    vectors = _motifs([100] * 6)
    vectors = np.concatenate([vectors, vectors[rng.choice(600, 257)]])
    found = hdbscan(vectors, min_cluster_size=10, min_samples=5)
    assert len(found.medoid_indices) == 6
    assert (found.labels >= 0).all()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.5])
def test_collapsed_repeats_leave_six_motifs_six_clusters(share):
    found = hdbscan(_with_repeats(_motifs([100] * 6), share), min_cluster_size=10, min_samples=5)
    assert len(found.medoid_indices) == 6
    assert (found.labels >= 0).all()


@pytest.mark.parametrize(("share", "most_are_outliers"), [(0.0, False), (0.3, True), (0.5, True)])
def test_repeats_that_count_tear_motifs_apart(share, most_are_outliers):
    vectors = _with_repeats(_motifs([100] * 6), share)
    found = hdbscan(vectors, min_cluster_size=5, min_samples=5, repeats="count")
    assert (len(found.medoid_indices) > 15) == most_are_outliers
    assert ((found.labels[:600] == -1).mean() > 0.5) == most_are_outliers


def test_repeats_are_told_apart_to_the_last_bit():
    one = np.float32(1)
    vectors = np.array([[one], [np.nextafter(one, np.float32(2))], [one]])
    found = collapse_repeats(vectors)
    assert found.first.tolist() == [0, 1]
    assert found.counts.tolist() == [2, 1]


def test_zero_equals_minus_zero():
    assert collapse_repeats(np.array([[0.0, 1.0], [-0.0, 1.0]], np.float32)).counts.tolist() == [2]


def test_vectors_of_one_hash_are_told_apart(monkeypatch):
    monkeypatch.setattr(repeats, "_hashes", lambda vectors: np.zeros(len(vectors), dtype=np.uint64))
    found = collapse_repeats(np.array([[2.0], [1.0], [2.0], [-0.0], [0.0]], np.float32))
    assert found.first.tolist() == [0, 1, 3]
    assert found.inverse.tolist() == [0, 1, 0, 2, 2]


def test_repeats_that_count_are_rows_of_their_own():
    assert distinct_rows(np.ones((3, 2), np.float32), "count").inverse.tolist() == [0, 1, 2]
    assert distinct_rows(np.ones((3, 2), np.float32), "collapse").inverse.tolist() == [0, 0, 0]
