"""The scores of agreement against scikit-learn's, which computes them of one pair of label vectors at a time."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from loopscope.clustering.trust.agreement import AdjustedMutualInformation, Cells, adjusted_rand, count_cells


def _partitions(n, clusters, kept, seed=0):
    random = np.random.default_rng(seed)
    a = np.minimum(random.integers(0, clusters, n), random.integers(0, clusters, n))
    return a, np.where(random.random(n) < kept, a, random.integers(0, clusters, n))


def _mutual(cells, n):
    return AdjustedMutualInformation(n, int(max(cells.sizes_a.max(), cells.sizes_b.max())))


@pytest.mark.parametrize(("n", "clusters", "kept"), [(10, 3, 0.5), (300, 5, 0.0), (3000, 80, 0.6), (20_000, 2, 0.9)])
def test_scores_are_those_of_scikit_learn(n, clusters, kept):
    a, b = _partitions(n, clusters, kept)
    cells = count_cells(a, b, clusters, clusters)
    assert adjusted_rand(cells)[0] == pytest.approx(adjusted_rand_score(a, b), abs=1e-12)
    assert _mutual(cells, n)(cells, exact=True)[0] == pytest.approx(adjusted_mutual_info_score(a, b), abs=1e-9)
    assert _mutual(cells, n)(cells)[0] == pytest.approx(adjusted_mutual_info_score(a, b), abs=1e-3)


@pytest.mark.parametrize(
    ("a", "b"), [([0, 0, 0], [1, 1, 1]), ([0, 1, 2], [2, 1, 0]), ([0, 0, 0], [0, 1, 2]), ([0, 0, 1], [0, 0, 0])]
)
def test_trivial_partitions_score_as_in_scikit_learn(a, b):
    cells = count_cells(np.array(a), np.array(b), 3, 3)
    assert adjusted_rand(cells)[0] == adjusted_rand_score(a, b)
    assert _mutual(cells, 3)(cells, exact=True)[0] == pytest.approx(adjusted_mutual_info_score(a, b), abs=1e-12)


def test_a_weighting_is_as_good_as_repeating_what_it_weighs():
    a, b = _partitions(400, 6, 0.5)
    weights = np.random.default_rng(1).integers(0, 4, 400)
    once = count_cells(a, b, 6, 6)
    repeated_a, repeated_b = np.repeat(a, weights), np.repeat(b, weights)
    counts = np.bincount(a * 6 + b, weights=weights, minlength=36)[once.a * 6 + once.b]
    weighted = once.weighted(np.stack([counts, once.counts[:, 0]], axis=1))
    assert adjusted_rand(weighted) == pytest.approx(
        [adjusted_rand_score(repeated_a, repeated_b), adjusted_rand_score(a, b)], abs=1e-12
    )
    n = int(weights.sum())
    assert AdjustedMutualInformation(n, n)(weighted)[0] == pytest.approx(
        adjusted_mutual_info_score(repeated_a, repeated_b), abs=1e-3
    )


def test_many_labels_are_counted_as_few_are(monkeypatch):
    a, b = _partitions(500, 20, 0.3)
    dense = count_cells(a, b, 20, 20)
    monkeypatch.setattr("loopscope.clustering.trust.agreement.DENSE", 10)
    sparse = count_cells(a, b, 20, 20)
    assert np.array_equal(dense.a, sparse.a)
    assert np.array_equal(dense.b, sparse.b)
    assert np.array_equal(dense.counts, sparse.counts)


def test_nothing_compared_is_not_a_number():
    nothing = Cells(np.zeros(0, int), np.zeros(0, int), 2, 2, np.zeros((0, 1)))
    assert np.isnan(adjusted_rand(nothing)[0])
    assert np.isnan(AdjustedMutualInformation(1, 1)(nothing)[0])
