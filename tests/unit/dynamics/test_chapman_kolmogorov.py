import numpy as np
import pytest

from loopscope.dynamics.chapman_kolmogorov import check_chapman_kolmogorov, compare_powers
from loopscope.dynamics.sequences import Sequences
from loopscope.dynamics.transitions import count_transitions

SETTINGS = {"draws": 100, "nulls": 39, "seed": 0}


def test_a_chain_passes(simulate):
    tests = check_chapman_kolmogorov(simulate([[0.9, 0.1], [0.2, 0.8]], 40, 200, seed=3), **SETTINGS)
    assert [each.multiple for each in tests] == [2, 3, 4, 5]
    for test in tests:
        assert abs(test.mean_z) < 3
        assert test.mean_difference.null_p > 0.02
        assert abs(test.mean_difference.estimate) < 0.02


def test_a_cycle_is_not_taken_away():
    """A reversible chain would be in its state again after two steps; this one is after three."""
    runs = Sequences.of([[0, 1, 2] * 20] * 4)
    second, third = check_chapman_kolmogorov(runs, multiples=(2, 3), **SETTINGS)
    assert second.staying.observed.tolist() == second.staying.predicted.tolist() == [0, 0, 0]
    assert third.staying.observed.tolist() == third.staying.predicted.tolist() == [1, 1, 1]


def test_what_a_cluster_hides_makes_runs_come_back(simulate):
    """States 0 and 1 look the same: of the pair one is left soon and the other late."""
    hidden = simulate([[0.99, 0.0, 0.01], [0.0, 0.5, 0.5], [0.05, 0.05, 0.9]], 60, 200, seed=1)
    test = check_chapman_kolmogorov(hidden.replace(np.minimum(hidden.symbols, 2) // 2), multiples=(5,), **SETTINGS)[0]
    assert test.mean_z > 5
    assert test.mean_difference.estimate > 0
    assert test.mean_difference.null_p == 1 / 40


def test_runs_that_differ_have_a_large_z_but_pass_m1(simulate):
    fast, slow = (simulate([[1 - p, p], [p, 1 - p]], 30, 200, seed=2) for p in (0.5, 0.02))
    both = Sequences.of([*fast, *slow])
    test = check_chapman_kolmogorov(both, multiples=(3,), **SETTINGS)[0]
    assert test.mean_z > 5
    assert test.mean_difference.null_p > 0.02


def test_one_run_has_no_interval_and_no_z(simulate):
    test = check_chapman_kolmogorov(simulate([[0.9, 0.1], [0.2, 0.8]], 1, 50), multiples=(2,), **SETTINGS)[0]
    assert np.isnan(test.mean_z)
    assert np.isnan(test.mean_difference.lower)
    assert "one run" in test.mean_difference.method


def test_runs_too_short_for_the_multiple_have_a_reason():
    test = check_chapman_kolmogorov(Sequences.of([[0, 1], [1, 0]]), multiples=(2,), **SETTINGS)[0]
    assert test.mean_difference.reason
    assert all(each.reason for each in test.differences)


def test_a_state_that_only_ends_runs_is_in_neither_side():
    runs = Sequences.of([[0, 1, 0, 1, 0, 2]])
    once, later = count_transitions(runs).pooled, count_transitions(runs, lag=2).pooled
    staying = compare_powers(once, later, 2)
    assert staying.observed.tolist()[:2] == staying.predicted.tolist()[:2] == [1, 1]
    assert np.isnan(staying.observed[2])
    with pytest.raises(ValueError, match="found 1 lags"):
        compare_powers(once, later, 1)
