import numpy as np
import pytest

from loopscope.clustering import hdbscan
from loopscope.clustering.assignment import assign_to_nearest_core
from loopscope.errors import ClusteringError

SETTINGS = {"min_samples": 4, "metric": "cosine"}


def _assign(new, vectors, found, **settings):
    return assign_to_nearest_core(
        new,
        vectors,
        found.labels,
        found.probabilities,
        lambda_birth=found.lambda_birth,
        lambda_death=found.lambda_death,
        **(SETTINGS | settings),
    )


def _one_by_one(new, vectors, found, repeats):
    """Place each vector by the definition, with whole distance matrices."""
    rows = np.arange(len(vectors)) if repeats == "count" else np.unique(vectors, axis=0, return_index=True)[1]
    points = vectors[rows].astype(np.float64)
    core = np.sort(np.linalg.norm(points[:, None] - points, axis=2), axis=1)[:, 3]
    labels, probabilities = [], []
    for vector in new.astype(np.float64):
        distances = np.linalg.norm(points - vector, axis=1)
        reach = np.maximum(np.maximum(np.sort(distances)[2], core), distances)
        nearest = np.lexsort((distances, found.labels[rows] == -1, reach))[0]
        label = found.labels[rows[nearest]]
        joins = label >= 0 and 1 / reach[nearest] >= found.lambda_birth[label]
        labels.append(label if joins else -1)
        probabilities.append(min(1, 1 / reach[nearest] / found.lambda_death[label]) if joins else 0)
    return labels, probabilities


@pytest.mark.parametrize("repeats", ["collapse", "count"])
@pytest.mark.parametrize("seed", range(3))
def test_each_is_placed_by_the_nearest_core(walks, repeats, seed):
    vectors, new = walks(400, 24, seed=seed), np.concatenate([walks(500, 24, seed=seed)[401:], walks(20, 24, seed=9)])
    found = hdbscan(vectors, min_cluster_size=8, min_samples=4, repeats=repeats)
    labels, probabilities = _assign(new, vectors, found, repeats=repeats)
    expected_labels, expected_probabilities = _one_by_one(new, vectors, found, repeats)
    assert len(set(expected_labels)) > 2
    assert -1 in expected_labels
    assert labels.tolist() == expected_labels
    np.testing.assert_allclose(probabilities, expected_probabilities, rtol=1e-9)


@pytest.mark.parametrize("repeats", ["collapse", "count"])
def test_what_equals_a_fitted_vector_gets_its_label_and_probability(walks, repeats):
    vectors = walks(300)
    found = hdbscan(vectors, min_cluster_size=8, min_samples=4, repeats=repeats)
    labels, probabilities = _assign(vectors[::-1], vectors, found, repeats=repeats)
    assert (labels == found.labels[::-1]).all()
    assert (probabilities == found.probabilities[::-1]).all()


def test_neither_threads_nor_blocks_nor_order_change_where_a_vector_goes(walks):
    vectors, new = walks(300), walks(80, seed=0)[:80] * np.float32(0.9999)
    found = hdbscan(vectors, min_cluster_size=8, min_samples=4)
    labels, probabilities = _assign(new, vectors, found)
    for threads, block in ((1, None), (2, 3), (2, 1000)):
        again = _assign(new, vectors, found, threads=threads, block=block)
        assert (again[0] == labels).all()
        assert (again[1] == probabilities).all()
    backwards = _assign(new[::-1], vectors, found)
    assert (backwards[0][::-1] == labels).all()
    assert (backwards[1][::-1] == probabilities).all()


def test_of_equally_near_cores_a_member_decides():
    vectors = np.array([[0.0], [1.0], [2.0], [10.0]], np.float32)
    new = np.array([[6.0]], np.float32)
    labels, probabilities = assign_to_nearest_core(
        new,
        vectors,
        np.array([0, 0, 0, -1]),
        np.array([1.0, 1.0, 1.0, 0.0]),
        lambda_birth=np.array([0.25]),
        lambda_death=np.array([1.0]),
        min_samples=1,
        metric="euclidean",
    )
    assert labels.tolist() == [0]
    assert probabilities.tolist() == [0.25]


def test_a_vector_farther_than_the_cluster_reaches_is_an_outlier():
    vectors = np.array([[0.0], [1.0], [2.0]], np.float32)
    labels, probabilities = assign_to_nearest_core(
        np.array([[6.5]], np.float32),
        vectors,
        np.zeros(3, dtype=np.int64),
        np.ones(3),
        lambda_birth=np.array([0.25]),
        lambda_death=np.array([1.0]),
        min_samples=1,
        metric="euclidean",
    )
    assert labels.tolist() == [-1]
    assert probabilities.tolist() == [0]


def test_nothing_new_is_nothing_to_place(walks):
    vectors = walks(100)
    labels, probabilities = _assign(vectors[:0], vectors, hdbscan(vectors, min_cluster_size=5, min_samples=4))
    assert len(labels) == len(probabilities) == 0


def test_vectors_of_another_length_are_refused(walks):
    vectors = walks(100)
    found = hdbscan(vectors, min_cluster_size=5, min_samples=4)
    with pytest.raises(ClusteringError, match="found new vectors of 20 dimensions; expected 48, as those clustered"):
        _assign(walks(10, 20), vectors, found)
