"""Where the null holds, p-values are uniform: simulated data, tested as real ones would be.

A p-value made of ``NULLS`` surrogates is one of 1/(1 + NULLS), 2/(1 + NULLS), …, 1. Ties make it larger, never smaller,
so that where a statistic takes few values only one side is checked.
"""

import numpy as np
import pytest

from loopscope.dynamics.absorption import find_absorption
from loopscope.dynamics.durations import DISPERSION, MEAN, MEDIAN
from loopscope.dynamics.dwell_times import estimate_dwell_times
from loopscope.dynamics.near_cycles import (
    estimate_near_cycles,
    measure_shuffled_symbols,
    measure_symbols,
    measure_vectors,
)
from loopscope.dynamics.nulls import MARKOV, SHUFFLED
from loopscope.dynamics.return_times import estimate_return_times
from loopscope.dynamics.sequences import Sequences
from loopscope.dynamics.settling import MEDIAN_ONSET, SHARE_ABSORBED, draw_absorptions, estimate_settling

NULLS = 39
TRIALS = 250
CHAIN = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.25, 0.05, 0.7]])


def distance_from_uniform(p_values):
    """How far the distribution of p-values ever is above, and below, the discrete uniform one."""
    levels = np.arange(1, NULLS + 2) / (NULLS + 1)
    reached = np.searchsorted(np.sort(p_values), levels + 1e-9) / len(p_values)
    return float((reached - levels).max()), float((levels - reached).max())


BOUND = 1.8 / np.sqrt(TRIALS)
"""Kolmogorov's distance exceeds this in 3 of 1,000 trials; the seed is fixed."""


def walk(random, runs, steps):
    state = random.integers(0, 3, runs)
    path = np.empty((runs, steps), dtype=np.int64)
    for step in range(steps):
        path[:, step] = state
        state = (random.random(runs)[:, None] > CHAIN.cumsum(axis=1)[state]).sum(axis=1)
    return Sequences.of(list(path))


def scatter(random, runs, steps):
    return Sequences.of(list(random.choice(3, (runs, steps), p=[0.5, 0.3, 0.2])))


def test_of_a_markov_chain_m1_is_uniform_and_exact():
    """Whatever the transition probabilities: nothing was fitted."""
    p_values = {"dwell": [], "return": []}
    for trial in range(TRIALS):
        sequences = walk(np.random.default_rng(trial), 6, 50)
        for name, estimate in (("dwell", estimate_dwell_times), ("return", estimate_return_times)):
            for each in estimate(sequences, draws=2, nulls=NULLS, seed=trial):
                if (each.symbol, each.quantity, each.null) == (0, DISPERSION, "M1"):
                    p_values[name].append(each.estimate.null_p)
    for found in p_values.values():
        assert len(found) == TRIALS
        assert max(distance_from_uniform(found)) < BOUND
        assert np.mean(np.array(found) <= 0.1) == pytest.approx(0.1, abs=0.055)


def test_of_steps_in_any_order_s_is_uniform():
    p_values = {"dwell": [], "return": [], "tau": []}
    for trial in range(TRIALS):
        sequences = scatter(np.random.default_rng(trial), 6, 40)
        for name, estimate, quantity in (
            ("dwell", estimate_dwell_times, MEAN),
            ("return", estimate_return_times, DISPERSION),
        ):
            for each in estimate(sequences, draws=2, nulls=NULLS, seed=trial):
                if (each.symbol, each.quantity, each.null) == (0, quantity, "S"):
                    p_values[name].append(each.estimate.null_p)
        tau = measure_symbols(sequences, 2)
        shuffled = measure_shuffled_symbols(sequences, 2, nulls=NULLS, seed=trial)
        p_values["tau"].append(estimate_near_cycles(tau, shuffled, sequences.group, draws=2, seed=0)[1].null_p)
    for name, found in p_values.items():
        above, below = distance_from_uniform(found)
        assert above < BOUND, name
        assert below < (0.2 if name == "tau" else BOUND), name  # its values are few, and tie


def test_of_vectors_in_any_order_s_is_uniform():
    p_values = []
    for trial in range(TRIALS):
        random = np.random.default_rng(trial)
        vectors = random.standard_normal((30, 8)).astype(np.float32)
        tau, shuffled = measure_vectors(vectors, np.ones(30, dtype=bool), 2, nulls=NULLS, random=random)
        found = estimate_near_cycles(tau[None], shuffled[:, None], [0], draws=2, seed=0)
        p_values.append(found[1].null_p)
    assert max(distance_from_uniform(p_values)) < BOUND


@pytest.mark.parametrize(("null", "simulate"), [(SHUFFLED, scatter), (MARKOV, walk)], ids=["S", "M1"])
def test_of_runs_that_settle_by_chance_the_share_is_never_called_more_than_chance_too_often(null, simulate):
    shares, medians = [], []
    for trial in range(TRIALS):
        sequences = simulate(np.random.default_rng(trial), 12, 15)
        drawn = draw_absorptions(sequences, null, NULLS, trial)
        found = estimate_settling(find_absorption(sequences), drawn, null, sequences.group, draws=2, seed=0)
        shares.append(found[SHARE_ABSORBED].null_p)
        if found[MEDIAN_ONSET].reason is None:
            medians.append(found[MEDIAN_ONSET].null_p)
    above, below = distance_from_uniform(shares)
    assert above < BOUND
    assert below < 0.4  # twelve runs have thirteen shares
    assert np.mean(shares) < 0.7
    assert np.mean(np.array(medians) <= 0.1) < 0.16 if len(medians) > 50 else True


def test_the_median_of_stays_is_never_called_unlike_a_chain_too_often():
    p_values = []
    for trial in range(TRIALS):
        sequences = walk(np.random.default_rng(trial), 6, 50)
        for each in estimate_dwell_times(sequences, draws=2, nulls=NULLS, seed=trial):
            if (each.symbol, each.quantity, each.null) == (1, MEDIAN, "M1"):
                p_values.append(each.estimate.null_p)
    assert distance_from_uniform(p_values)[0] < BOUND
    assert min(p_values) < 0.3


def test_a_test_that_should_find_something_does():
    """Power: stays of exactly four steps are no chain of first order."""
    run = np.repeat(np.arange(24) % 3, 4)
    for each in estimate_dwell_times(Sequences.of([run] * 6), draws=2, nulls=NULLS):
        if (each.quantity, each.null) == (DISPERSION, "M1"):
            assert each.estimate.null_p == 1 / (NULLS + 1)
