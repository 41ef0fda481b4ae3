import numpy as np
import pytest

from loopscope.dynamics.medians import estimate_median


def estimate(value, null, extreme="small", draws=(1, 2, 3)):
    return estimate_median(value, draws, null, n_runs=4, method="bootstrap", extreme=extreme)


def test_a_null_that_is_the_same_counts_against_it():
    assert estimate(3, [3, 3, 3]).null_p == 1
    assert estimate(3, [3, 4, 5]).null_p == 0.5
    assert estimate(3, [4, 5, np.inf]).null_p == 0.25


def test_far_out_is_on_either_side():
    assert estimate(3, [4] * 9, "far").null_p == pytest.approx(0.2)
    assert estimate(5, [4] * 9, "far").null_p == pytest.approx(0.2)
    assert estimate(4, [3, 4, 5], "far").null_p == 1
    assert estimate(9, [np.inf] * 19, "far").null_p == pytest.approx(0.1)


def test_ends_are_values_that_occur_and_infinity_is_told():
    found = estimate(2, [], draws=[1, 1, 4, np.inf])
    assert (found.lower, np.isnan(found.upper)) == (1, True)
    assert found.method == "bootstrap; the upper end is later than what was seen"
    assert np.isnan(found.null_p)
    assert np.isnan(estimate(2, [], draws=[]).lower)
    assert estimate(2, [3, 5, 7]).null_mean == 5
    assert np.isnan(estimate(2, [3, np.inf]).null_mean)
