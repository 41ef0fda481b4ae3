import numpy as np
import pytest

from loopscope.statistics.means import estimate_mean


def test_runs_without_a_value_are_left_out():
    found = estimate_mean([1, np.nan, 3], [0, 0, 0], draws=50, seed=0)
    assert (found.estimate, found.n_runs, found.reason) == (2, 2, None)
    assert found.lower <= 2 <= found.upper


def test_no_value_at_all_has_a_reason():
    found = estimate_mean([np.nan, np.nan], [0, 0], draws=50, seed=0, reason="no bars")
    assert np.isnan(found.estimate)
    assert (found.reason, found.n_runs) == ("no bars", 0)


def test_one_run_has_a_value_and_no_interval():
    found = estimate_mean([4.0], [0], draws=50, seed=0)
    assert (found.estimate, found.method) == (4, "no interval: one run")
    assert np.isnan(found.lower)


def test_the_null_is_the_mean_of_the_same_runs():
    null = np.array([[1.0, 100.0, 3.0], [5.0, 100.0, np.nan]])
    found = estimate_mean([9, np.nan, 9], [0, 0, 0], null=null, null_said="null X", draws=50, seed=0)
    assert found.null_mean == pytest.approx((2 + 5) / 2)
    assert found.null_p == pytest.approx(1 / 3)
    assert found.method.endswith("null X")


def test_the_interval_is_of_runs_within_groups():
    """Groups differ and runs of a group do not: nothing is uncertain."""
    found = estimate_mean([1, 1, 5, 5], [0, 0, 1, 1], draws=100, seed=0)
    assert (found.lower, found.upper) == (3, 3)
