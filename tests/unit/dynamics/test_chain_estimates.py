import numpy as np
import pytest

from loopscope.dynamics.chain_estimates import estimate_chain
from loopscope.dynamics.sequences import MISSING, Sequences
from loopscope.dynamics.transition_estimates import estimate_transitions

SETTINGS = {"draws": 60, "nulls": 39, "seed": 0}
STICKY = np.array([[0.9, 0.1], [0.3, 0.7]])


def by_name(quantities):
    return {(each.name, each.null): each.estimate for each in quantities}


def test_every_number_of_a_known_chain(simulate):
    found = by_name(estimate_chain(simulate(STICKY, 60, 200, seed=4), **SETTINGS))
    entropy = 0.75 * 0.468996 + 0.25 * 0.881291
    known = {"gap": 0.4, "timescale": -1 / np.log(0.6), "t_mix": 3, "h_bits": entropy, "ep_bits": 0.0}
    for name, value in known.items():
        estimate = found[name, "S"]
        assert estimate.estimate == pytest.approx(value, abs=0.15)
        assert estimate.lower <= estimate.estimate <= estimate.upper
        assert estimate.reason is None
    for name in ("gap", "timescale", "h_bits", "predictability"):
        assert found[name, "S"].null_p == 1 / 40
    assert found["ep_bits", "R"].null_p > 0.02


def test_a_longer_lag_stands_against_first_order(simulate):
    found = by_name(estimate_chain(simulate(STICKY, 30, 200, seed=4), lag=2, **SETTINGS))
    assert found["timescale", "M1"].estimate == pytest.approx(-1 / np.log(0.6), abs=0.3)
    assert found["timescale", "M1"].null_p > 0.02
    assert found["timescale", "S"].null_p == 1 / 40
    assert {null for _, null in found} == {"S", "M1", "R"}


def test_an_irreversible_ring_is_told_from_a_reversible_chain(simulate):
    ring = 0.7 * np.roll(np.eye(3), 1, axis=1) + 0.1 * np.roll(np.eye(3), -1, axis=1) + 0.2 * np.eye(3)
    found = by_name(estimate_chain(simulate(ring, 40, 60, seed=1), **SETTINGS))
    assert found["ep_bits", "R"].null_p == 1 / 40
    assert found["ep_bits", "R"].lower < 1.684 < found["ep_bits", "R"].upper


@pytest.mark.parametrize(
    ("runs", "without", "reason"),
    [
        ([[0] * 9, [1] * 9], ["gap", "timescale", "t_mix", "h_bits", "predictability", "ep_bits"], "reducible"),
        ([[0, 1] * 9] * 3, ["gap", "timescale", "t_mix"], "periodic"),
        ([[-1] * 9] * 3, ["gap", "timescale", "t_mix"], "one state"),
        ([[0], [1]], ["gap", "timescale", "t_mix", "h_bits", "predictability", "ep_bits"], "no step"),
        ([[0, MISSING, 1]], ["h_bits"], "no step"),
        ([], ["h_bits"], "no step"),
    ],
)
def test_what_cannot_be_computed_has_a_reason(runs, without, reason):
    quantities = estimate_chain(Sequences.of(runs), **SETTINGS)
    for each in quantities:
        assert np.isnan(each.estimate.estimate) == (each.estimate.reason is not None)
        if each.name in without:
            assert reason in each.estimate.reason


def test_one_run_has_a_value_and_no_interval(simulate):
    found = by_name(estimate_chain(simulate(STICKY, 1, 200), **SETTINGS))["h_bits", "S"]
    assert np.isfinite(found.estimate)
    assert np.isnan(found.lower)
    assert "no interval: one run" in found.method
    assert found.n_runs == 1


def test_draws_without_one_law_are_told():
    """Only one run of three joins the two states: without it the chain is reducible."""
    runs = Sequences.of([[0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 0, 1]])
    found = by_name(estimate_chain(runs, draws=200, nulls=9))["h_bits", "S"]
    assert "of 200 draws" in found.method


def test_intervals_hold_the_truth(simulate):
    held = 0
    for seed in range(40):
        found = by_name(estimate_chain(simulate(STICKY, 25, 60, seed=100 + seed), draws=100, nulls=0))["gap", "S"]
        held += found.lower <= 0.4 <= found.upper
    assert held >= 34


def test_transitions_have_intervals_classes_and_nulls(simulate):
    found = estimate_transitions(simulate(STICKY, 20, 100), **SETTINGS)
    assert [(pair.origin, pair.target) for pair in found.pairs] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert sum(pair.count for pair in found.pairs) == 20 * 99
    for pair in found.pairs:
        probability = pair.probability
        assert probability.estimate == pytest.approx(STICKY[pair.origin, pair.target], abs=0.06)
        assert probability.lower < probability.estimate < probability.upper
        assert probability.null_p == 1 / 40
    assert found.class_runs.tolist() == [20]


def test_a_cluster_never_left_and_one_left_by_one_run():
    found = estimate_transitions(Sequences.of([[0, 0, 0, 1], [0, 2, 0, 0]]), **SETTINGS)
    pairs = {(pair.origin, pair.target): pair.probability for pair in found.pairs}
    assert "nothing is known" in pairs[1, None].reason
    assert np.isnan(pairs[1, None].estimate)
    assert np.isnan(pairs[2, 0].lower)
    assert "no interval: it comes from one run" in pairs[2, 0].method
    assert np.isfinite(pairs[0, 0].lower)
