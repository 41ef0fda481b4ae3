"""Where a null holds, its p-values are uniform: over simulated data, in the smallest ones and as a whole.

A p-value of n surrogates is one of 1/(n + 1), …, 1. Equal values count for chance, so that p may be too large, never
too small; statistics that are hardly ever equal must come out uniform on both sides.
"""

from collections.abc import Callable

import numpy as np
import pytest

from loopscope.dynamics.basin_estimates import estimate_basins
from loopscope.dynamics.chain_estimates import estimate_chain
from loopscope.dynamics.chapman_kolmogorov import check_chapman_kolmogorov
from loopscope.dynamics.irreversibility import make_reversible_null, measure_irreversibility
from loopscope.dynamics.markov_chain import MarkovChain
from loopscope.dynamics.memory import estimate_memory
from loopscope.dynamics.motifs import estimate_motifs
from loopscope.dynamics.nulls import SHUFFLED, Null
from loopscope.dynamics.occupancy_estimates import estimate_occupancy
from loopscope.dynamics.sequences import Sequences
from loopscope.dynamics.transition_estimates import estimate_transitions
from loopscope.dynamics.transitions import count_pooled, list_states
from loopscope.statistics.resampling import Runs

NULLS = 19
REPEATS = 300
STICKY = np.array([[0.8, 0.15, 0.05], [0.15, 0.75, 0.1], [0.05, 0.1, 0.85]])
"""Symmetric, and so reversible: what it dwells in has nothing to do with the order of time."""
RING = 0.5 * np.roll(np.eye(3), 1, axis=1) + 0.2 * np.roll(np.eye(3), -1, axis=1) + 0.3 * np.eye(3)


def draw_chain(probability: np.ndarray, n_runs: int, length: int, random: np.random.Generator) -> Sequences:
    """Runs that begin in state 0, far from the stationary law."""
    states = np.zeros((n_runs, length), dtype=np.int64)
    cumulated = probability.cumsum(axis=1)
    cumulated[:, -1] = 1.0
    for step in range(1, length):
        states[:, step] = (random.random(n_runs)[:, None] > cumulated[states[:, step - 1]]).sum(axis=1)
    return Sequences.of(list(states))


def draw_coins(random: np.random.Generator) -> Sequences:
    """Runs whose steps have no order, each with shares of its own, and one of the states an outlier."""
    shares = random.dirichlet(np.ones(4), 6)
    return Sequences.of([random.choice([-1, 0, 1, 2], size=40, p=share) for share in shares])


def gather(p_value: Callable[[np.random.Generator, int], float], repeats: int = REPEATS) -> np.ndarray:
    found = np.array([p_value(np.random.default_rng([2026, number]), number) for number in range(repeats)])
    assert np.isfinite(found).all()
    return found


def is_valid(found: np.ndarray, *, uniform: bool = True) -> None:
    """Check P(p ≤ a) ≤ a for every a that p can be, up to three standard errors; if uniform, from both sides."""
    levels = np.arange(1, NULLS + 1) / (NULLS + 1)
    share = (found[:, None] <= levels + 1e-9).mean(axis=0)
    error = np.sqrt(levels * (1 - levels) / len(found))
    assert (share <= levels + 3.3 * error).all(), dict(zip(levels.round(2), share.round(3), strict=True))
    if uniform:
        assert (share >= levels - 3.3 * error).all(), dict(zip(levels.round(2), share.round(3), strict=True))
        assert np.abs(share - levels).max() < 1.63 / np.sqrt(len(found))  # Kolmogorov's bound at 1 %


@pytest.fixture(scope="module")
def chains() -> list[dict[str, float]]:
    """The p of every number of a chain against null S, of runs that have no order."""
    p_values = []
    for number in range(150):
        runs = draw_coins(np.random.default_rng([2026, number]))
        found = estimate_chain(runs, draws=2, nulls=NULLS, seed=number)
        p_values.append({each.name: each.estimate.null_p for each in found if each.null == "S"})
    return p_values


@pytest.mark.parametrize("quantity", ["gap", "timescale", "h_bits", "predictability", "ep_bits"])
def test_shuffled_order_for_numbers_of_a_chain(chains, quantity):
    is_valid(np.array([each[quantity] for each in chains]))


def test_shuffled_order_for_a_transition():
    def p_value(random, number):
        pairs = estimate_transitions(draw_coins(random), draws=2, nulls=NULLS, seed=number).pairs
        return next((pair.probability.null_p for pair in pairs if (pair.origin, pair.target) == (0, 1)), 1.0)

    is_valid(gather(p_value), uniform=False)


def test_first_order_for_a_transition_over_two_steps():
    def p_value(random, number):
        runs = draw_chain(RING, 5, 60, random)
        pairs = estimate_transitions(runs, lag=2, draws=2, nulls=NULLS, seed=number).pairs
        return next(pair.probability.null_p for pair in pairs if (pair.origin, pair.target) == (0, 0))

    is_valid(gather(p_value), uniform=False)


@pytest.mark.parametrize("probability", [STICKY, RING])
def test_first_order_for_memory(probability):
    def p_value(random, number):
        return estimate_memory(draw_chain(probability, 5, 60, random), draws=2, nulls=NULLS, seed=number).null_p

    is_valid(gather(p_value))


def test_first_order_for_the_chapman_kolmogorov_test():
    def p_value(random, number):
        runs = draw_chain(RING, 5, 60, random)
        [test] = check_chapman_kolmogorov(runs, multiples=(3,), draws=2, nulls=NULLS, seed=number)
        return test.mean_difference.null_p

    is_valid(gather(p_value), uniform=False)


def p_of_irreversibility(runs: Sequences, seed: int, null: Null | None = None) -> float:
    null = null or make_reversible_null(runs)
    states = list_states(runs)
    value = measure_irreversibility(MarkovChain.of(count_pooled(runs, states)))
    drawn = [
        measure_irreversibility(MarkovChain.of(count_pooled(each, states))) for each in null.draw_all(runs, NULLS, seed)
    ]
    return (1 + sum(each >= value - 1e-12 for each in drawn)) / (NULLS + 1)


def walk_round(n_states: int, staying: float) -> np.ndarray:
    """A reversible walk on a ring: one or two states on or back, each as likely."""
    steps = np.eye(n_states)
    around = sum(np.roll(steps, shift, axis=1) for shift in (-2, -1, 1, 2))
    return staying * steps + (1 - staying) / 4 * around


def test_turned_loops_are_the_null_of_a_reversible_chain_wherever_it_begins():
    walk = walk_round(6, 0.5)
    is_valid(gather(lambda random, number: p_of_irreversibility(draw_chain(walk, 10, 80, random), number)))


@pytest.mark.parametrize(("n_runs", "length"), [(5, 60), (1, 300)])
def test_few_loops_make_p_too_large_and_never_too_small(n_runs, length):
    found = gather(lambda random, number: p_of_irreversibility(draw_chain(STICKY, n_runs, length, random), number))
    is_valid(found, uniform=False)


def test_turned_loops_are_the_null_of_runs_that_differ():
    """Two reversible chains, pooled: each keeps its own law."""
    fast, slow = walk_round(6, 0.2), walk_round(6, 0.8)[::-1, ::-1]

    def p_value(random, number):
        runs = Sequences.of([*draw_chain(fast, 4, 80, random), *draw_chain(slow, 4, 80, random)])
        return p_of_irreversibility(runs, number)

    is_valid(gather(p_value), uniform=False)


def test_shuffled_order_is_not_the_null_of_a_reversible_chain_that_dwells():
    """Its p is far too large: an irreversible chain that dwells would not be found."""
    walk = walk_round(12, 0.8)
    found = gather(lambda random, number: p_of_irreversibility(draw_chain(walk, 10, 80, random), number, SHUFFLED), 60)
    assert found.mean() > 0.85


def test_turned_loops_find_a_ring():
    found = gather(lambda random, number: p_of_irreversibility(draw_chain(RING, 5, 60, random), number), 60)
    assert (found <= 0.05).mean() > 0.9


def draw_alike(random: np.random.Generator) -> tuple[Sequences, list[np.ndarray]]:
    """Runs of unequal lengths that differ, in two groups that do not."""
    runs = [random.choice(4, size=random.integers(10, 40), p=random.dirichlet(np.ones(4))) for _ in range(24)]
    return Sequences.of(runs), [np.arange(10), np.arange(10, 24)]


def test_runs_dealt_out_for_occupancy():
    def p_value(random, number):
        runs, groups = draw_alike(random)
        return estimate_occupancy(runs, groups, draws=2, nulls=NULLS, seed=number)[0].shares[0][1].null_p

    is_valid(gather(p_value))


def test_runs_dealt_out_for_motifs():
    def p_value(random, number):
        runs, groups = draw_alike(random)
        return estimate_motifs(runs, groups, draws=2, nulls=NULLS, seed=number)[0].n_effective.null_p

    is_valid(gather(p_value))


def test_ends_dealt_out_for_what_prompts_tell():
    def p_value(random, number):
        prompts = np.repeat(np.arange(5), 8)
        last = random.choice(6, size=40, p=random.dirichlet(np.ones(6)))
        runs = Runs(np.arange(40), prompts)
        return estimate_basins(last, prompts, runs, draws=2, nulls=NULLS, seed=number).prompt_bits.null_p

    is_valid(gather(p_value), uniform=False)
