from fractions import Fraction

import numpy as np
import pytest

from loopscope.clustering import medoids
from loopscope.clustering.distances import sums_of_distances
from loopscope.clustering.extents import measure_extents
from loopscope.clustering.medoids import find_medoids, medoid_of
from loopscope.errors import ClusteringError


def _sums(vectors, weights=None):
    points = vectors.astype(np.float64)
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    return distances @ (np.ones(len(points)) if weights is None else weights)


@pytest.fixture(params=["bounds in float64", "bounds in float32 first"])
def stages(request, monkeypatch):
    if request.param != "bounds in float64":
        monkeypatch.setattr(medoids, "SMALL", 2)
        monkeypatch.setattr(sums_of_distances, "COLUMNS", 50)
        monkeypatch.setattr(sums_of_distances, "ROWS", 3)


@pytest.mark.usefixtures("stages")
@pytest.mark.parametrize("seed", range(5))
def test_a_medoid_has_the_smallest_sum_of_distances(walks, seed):
    vectors = walks(170, seed=seed)
    assert medoid_of(vectors) == np.argmin(_sums(vectors))


@pytest.mark.usefixtures("stages")
def test_a_weighted_medoid_counts_distances_by_probability(walks):
    vectors = walks(150)
    weights = np.random.default_rng(0).uniform(size=150) ** 4
    assert medoid_of(vectors, weights=weights, kind="weighted") == np.argmin(_sums(vectors, weights))
    assert medoid_of(vectors) != np.argmin(_sums(vectors, weights))


@pytest.mark.usefixtures("stages")
def test_a_medoid_of_near_duplicates_is_exact():
    rng = np.random.default_rng(0)
    vectors = (rng.standard_normal(40) + 1e-6 * rng.standard_normal((90, 40))).astype(np.float32)
    assert medoid_of(vectors) == np.argmin(_sums(vectors))


def test_the_member_nearest_to_the_mean_may_be_another():
    vectors = np.array([[0.0], [1.0], [2.0], [20.0], [6.0]], np.float32)
    assert medoid_of(vectors) == 2
    assert medoid_of(vectors, kind="nearest_to_mean") == 4


def test_a_medoid_counts_repeats_and_ties_go_to_the_earliest():
    line = np.array([[0.0], [1.0], [2.0], [2.0], [2.0]], np.float32)
    assert medoid_of(line) == 2
    assert medoid_of(np.array([[1.0], [0.0]], np.float32)) == 0


@pytest.mark.usefixtures("stages")
@pytest.mark.parametrize("n", [3, 9, 17, 50])
def test_a_medoid_of_a_simplex_is_its_first_corner(n):
    assert medoid_of(np.eye(n, dtype=np.float32)) == 0


@pytest.mark.usefixtures("stages")
def test_sums_that_differ_by_rounding_alone_tie():
    vector = np.random.default_rng(2).standard_normal(45).astype(np.float32)
    assert medoid_of(np.stack([np.roll(vector, shift) for shift in range(45)])) == 0


@pytest.mark.parametrize("kind", ["unweighted", "weighted", "nearest_to_mean"])
def test_neither_the_order_of_rows_nor_threads_nor_blocks_change_medoids(walks, kind, monkeypatch):
    monkeypatch.setattr(medoids, "SMALL", 10)
    vectors, labels = walks(300), np.repeat([3, -1, 0], 100)
    probabilities = np.random.default_rng(0).uniform(size=300)
    found = find_medoids(vectors, labels, probabilities, kind=kind)
    assert labels[found].tolist() == [0, 3]
    other = find_medoids(vectors, labels, probabilities, kind=kind, threads=2, block=9)
    assert other.tolist() == found.tolist()
    order = np.random.default_rng(1).permutation(300)
    permuted = order[find_medoids(vectors[order], labels[order], probabilities[order], kind=kind)]
    assert (vectors[permuted] == vectors[found]).all()


def test_an_unknown_kind_of_medoid_is_refused(walks):
    with pytest.raises(ClusteringError, match='medoid is "mean"; expected "unweighted", "weighted" or'):
        find_medoids(walks(10), np.zeros(10, dtype=np.int64), np.ones(10), kind="mean")


def test_extents_are_measured_from_the_medoid(walks):
    vectors, labels = walks(60), np.repeat([1, 0, -1], 20)
    extents = measure_extents(vectors, labels, np.array([25, 3]))
    for number, medoid in enumerate([25, 3]):
        distances = np.linalg.norm(vectors[labels == number].astype(float) - vectors[medoid], axis=1)
        assert extents.radius[number] == pytest.approx(distances.max(), rel=1e-12)
        assert extents.mean_distance[number] == pytest.approx(distances.mean(), rel=1e-12)


@pytest.mark.parametrize("seed", [0, 1, 5792])  # in the last, two are as near, but for what rounds off in the mean
def test_the_nearest_to_the_mean_of_near_duplicates_is_exact(seed):
    rng = np.random.default_rng(seed)
    vectors = (0.3 + 3e-8 * rng.integers(0, 3, (9, 3))).astype(np.float32)
    exact = [[Fraction(float(value)) for value in row] for row in vectors]
    mean = [sum(column) / 9 for column in zip(*exact, strict=True)]
    squared = [sum((value - middle) ** 2 for value, middle in zip(row, mean, strict=True)) for row in exact]
    assert medoid_of(vectors, kind="nearest_to_mean") == squared.index(min(squared))
