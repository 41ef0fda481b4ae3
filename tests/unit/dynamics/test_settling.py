import numpy as np
import pytest

from loopscope.dynamics.absorption import find_absorption
from loopscope.dynamics.nulls import MARKOV, SHUFFLED
from loopscope.dynamics.sequences import Sequences
from loopscope.dynamics.settling import (
    MEDIAN_ONSET,
    QUANTITIES,
    SHARE_ABSORBED,
    SHARE_AT_FIXED_POINT,
    SHARE_IN_CYCLE,
    draw_absorptions,
    estimate_settling,
    estimate_survival_curve,
)
from loopscope.statistics.estimate import Estimate


def estimate(runs, null=SHUFFLED, nulls=99, group=None, curve=False):
    sequences = Sequences.of(runs, group)
    drawn = draw_absorptions(sequences, null, nulls, 0)
    how = estimate_survival_curve if curve else estimate_settling
    return how(find_absorption(sequences), drawn, null, sequences.group, draws=200, seed=0)


def never(start):
    return list(range(start, start + 20))


SETTLE = [[*range(k), *[100] * (20 - k)] for k in (3, 4, 5, 6)]
CYCLE = [[*range(9), *[7, 8] * 6]]


def test_shares_and_the_median_are_those_of_the_runs():
    found = estimate([*SETTLE, *CYCLE, never(0)])
    assert found[SHARE_ABSORBED].estimate == pytest.approx(5 / 6)
    assert found[SHARE_AT_FIXED_POINT].estimate == pytest.approx(4 / 6)
    assert found[SHARE_IN_CYCLE].estimate == pytest.approx(1 / 6)
    assert found[MEDIAN_ONSET].estimate == 5
    assert all(each.n_runs == 6 for each in found.values())
    assert found[SHARE_ABSORBED].lower < 5 / 6 < found[SHARE_ABSORBED].upper


def test_shuffled_order_does_not_settle_so_soon_nor_so_often():
    found = estimate([*SETTLE, *CYCLE, never(0)])
    assert found[SHARE_ABSORBED].null_p <= 0.05
    assert found[MEDIAN_ONSET].null_p == 0.01
    assert "null S: 99 shuffles of the steps within each run" in found[SHARE_ABSORBED].method
    assert "of the surrogates less than half was reached" in found[MEDIAN_ONSET].method


def test_a_chain_of_first_order_explains_a_fixed_point_that_is_never_left():
    found = estimate(SETTLE, MARKOV)
    assert found[SHARE_ABSORBED].null_p == 1
    assert found[SHARE_ABSORBED].null_mean == 1


def test_where_all_runs_agree_the_interval_is_binomial_and_says_so():
    all_of_them = estimate(SETTLE)[SHARE_ABSORBED]
    assert (all_of_them.lower, all_of_them.upper) == (pytest.approx(0.025**0.25), 1)
    none_of_them = estimate([never(0), never(100)])[SHARE_ABSORBED]
    assert (none_of_them.lower, none_of_them.upper) == (0, pytest.approx(1 - 0.025**0.5))
    assert none_of_them.method.startswith("exact binomial interval")
    assert "null S" in none_of_them.method


def test_a_median_that_is_not_reached_has_a_reason():
    found = estimate([*SETTLE[:1], never(0), never(30)])
    assert np.isnan(found[MEDIAN_ONSET].estimate)
    assert "fewer than half" in found[MEDIAN_ONSET].reason


def test_runs_of_one_step_do_not_count():
    assert estimate([*SETTLE, [1], []])[SHARE_ABSORBED].n_runs == 4
    found = estimate([[1], []])
    assert {each.reason for each in found.values()} == {"no run ends with two known steps: nothing can repeat"}
    (only,) = estimate([[1]], curve=True)
    assert only.estimate.reason


def test_one_run_has_no_interval():
    found = estimate(SETTLE[:1])
    assert np.isnan(found[SHARE_ABSORBED].lower)
    assert found[SHARE_ABSORBED].method.startswith("no interval: one run")
    assert np.isnan(found[MEDIAN_ONSET].upper)


def test_a_null_estimate_always_has_a_reason_and_another_never():
    for runs in ([*SETTLE, never(0)], [never(0)], [[1]], [[1, 1], [2]], SETTLE):
        found = estimate(runs, nulls=9)
        assert set(found) == set(QUANTITIES)
        estimates: list[Estimate] = [
            *found.values(),
            *(point.estimate for point in estimate(runs, nulls=9, curve=True)),
        ]
        assert all(np.isnan(each.estimate) == (each.reason is not None) for each in estimates)


def test_the_curve_falls_at_the_onsets_and_counts_who_is_at_risk():
    curve = estimate([*SETTLE, never(0)], curve=True)
    assert [point.n_absorbed for point in curve[:8]] == [0, 0, 0, 1, 1, 1, 1, 0]
    assert [point.n_at_risk for point in curve[:8]] == [5, 5, 5, 5, 4, 3, 2, 1]
    assert curve[6].estimate.estimate == pytest.approx(0.2)
    assert curve[6].estimate.null_p == 0.01
    assert curve[-1].step == 18
    assert curve[6].estimate.null_lower > 0.5


def test_the_interval_covers_the_share_of_the_models_runs():
    """Runs settle with probability 0.6; intervals of 95 % cover it about so often."""
    random = np.random.default_rng(2)
    covered = 0
    for _ in range(200):
        settled = random.random(30) < 0.6
        runs = [[*range(8), *([50] * 4 if each else range(60, 64))] for each in settled]
        found = estimate(runs, nulls=0)[SHARE_ABSORBED]
        covered += found.lower <= 0.6 <= found.upper
    assert 0.88 <= covered / 200 <= 0.99
