"""Distances between all rows, near-duplicates with their digits."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from loopscope.dynamics.pair_distances import measure_squared_distances


def test_distances_are_those_of_scipy() -> None:
    rows = np.random.default_rng(0).normal(size=(40, 16))
    assert measure_squared_distances(rows) == pytest.approx(cdist(rows, rows, "sqeuclidean"), abs=1e-9)


def test_near_duplicates_keep_their_digits_far_from_the_origin() -> None:
    rows = 10 + np.random.default_rng(0).normal(size=(20, 30))
    rows[10:] = rows[:10]
    rows[10:, 3] += 1e-9
    found = np.diagonal(measure_squared_distances(rows), 10)
    assert found == pytest.approx((rows[10:, 3] - rows[:10, 3]) ** 2, rel=1e-9, abs=0)


def test_equal_rows_are_at_exactly_zero() -> None:
    rows = np.repeat(np.random.default_rng(0).normal(size=(5, 384)).astype(np.float32), 3, axis=0)
    found = measure_squared_distances(rows)
    assert (found == 0).sum() == 5 * 9
    assert (measure_squared_distances(rows[:3]) == 0).all()


def test_no_row_has_no_distance() -> None:
    assert measure_squared_distances(np.empty((0, 3))).shape == (0, 0)
