"""Where the null holds, p-values are uniform: of divergence, recoverability, drift, recurrences and change points.

Each p is one of 1/20, 2/20, …, 1. Over simulated data, the share of p-values of at most a must be a, within what 120
or more of them vary by chance.
"""

from collections.abc import Callable

import numpy as np
import pytest

from loopscope.dynamics.change_points import find_change_points
from loopscope.dynamics.divergence import Cohort, Step, measure_divergence
from loopscope.dynamics.divergence_estimates import estimate_divergence
from loopscope.dynamics.drift import measure_group_drift
from loopscope.dynamics.recoverability import estimate_recoverability, measure_recoverability
from loopscope.dynamics.recurrence import measure_recurrence
from loopscope.dynamics.sensitivity import estimate_sensitivity
from loopscope.statistics.estimate import make_estimate

NULLS = 19
REPEATS = 160
PROMPT = np.repeat(np.arange(4), 4)
COHORT = Cohort(np.zeros(16, dtype=np.int64), PROMPT)
EVERYONE = [range(16)]


def wander(seed: int, *, runs: int = 16, steps: int = 8, dimension: int = 6, memory: float = 0.8) -> list[Step]:
    """Runs that do not know of their prompts, and whose steps follow from one another."""
    random = np.random.default_rng(seed)
    at = random.normal(size=(runs, dimension))
    found = []
    for _ in range(steps):
        found.append((at.astype(np.float32), np.ones(runs, dtype=bool)))
        at = memory * at + np.sqrt(1 - memory**2) * random.normal(size=at.shape)
    return found


def p_of_divergence(seed: int) -> float:
    same, _ = measure_divergence(wander(seed), COHORT, EVERYONE, draws=2, nulls=NULLS, seed=seed)[0]
    return estimate_divergence(same).d2_last.null_p


def p_of_divergence_in_a_group(seed: int) -> float:
    same, _ = measure_divergence(wander(seed), COHORT, [range(4)], draws=2, nulls=NULLS, seed=seed)[0]
    return estimate_divergence(same).d2_last.null_p


def p_of_sensitivity(seed: int) -> float:
    """Runs that all begin near one another and part: those of one prompt no faster than others."""
    random = np.random.default_rng(seed)
    apart = random.normal(size=(16, 3))
    known = np.ones(16, dtype=bool)
    steps = []
    for t in range(14):
        steps.append((1e-4 * apart * np.exp(0.8 * min(t, 9)) + 1e-5 * random.normal(size=apart.shape), known))
    same, _ = measure_divergence(steps, COHORT, EVERYONE, draws=2, nulls=NULLS, seed=seed)[0]
    found = estimate_sensitivity(steps, COHORT, range(16), same, draws=2, nulls=NULLS, seed=seed)
    assert found.window >= 5
    return found.exponent.null_p


def p_of_recoverability(seed: int) -> float:
    curve = measure_recoverability(wander(seed, steps=4), COHORT, draws=2, nulls=NULLS, seed=seed)
    return estimate_recoverability(curve).accuracy_last.null_p


def p_of_drift(quantity: int) -> Callable[[int], float]:
    def measure(seed: int) -> float:
        random = np.random.default_rng(seed)
        # For the start: begin anew after the first step, so that nothing is known of it.
        steps = [*wander(seed, steps=1), *wander(seed + 10_000, steps=3, memory=0.0)]
        prompts = random.normal(size=(4, 6)).astype(np.float32)[PROMPT]
        curves = measure_group_drift(
            steps, prompts, np.ones(16, bool), COHORT, EVERYONE, draws=2, nulls=NULLS, seed=seed
        )[0][quantity]
        last = make_estimate(curves.mean[-1], [], curves.null[:, -1], n_runs=16, method="", extreme="small")
        return last.null_p

    return measure


def p_of_recurrence(null: str, memory: float) -> Callable[[int], float]:
    def measure(seed: int) -> float:
        steps = wander(seed, runs=1, steps=60, dimension=20, memory=memory)
        run = np.concatenate([at for at, _ in steps])
        return measure_recurrence(run, rate=0.2, nulls=NULLS, seed=seed).estimate("det", null).null_p

    return measure


def p_of_change_points(seed: int) -> float:
    run = np.random.default_rng(seed).normal(size=(40, 5))
    return find_change_points(run, nulls=NULLS, seed=seed).null_p


@pytest.mark.parametrize(
    "draw",
    [
        pytest.param(p_of_divergence, id="divergence"),
        pytest.param(p_of_divergence_in_a_group, id="divergence of one prompt among all"),
        pytest.param(p_of_sensitivity, id="early sensitivity"),
        pytest.param(p_of_recoverability, id="recoverability"),
        pytest.param(p_of_drift(0), id="drift from the prompt"),
        pytest.param(p_of_drift(1), id="drift from the start"),
        pytest.param(p_of_drift(2), id="step size"),
        pytest.param(p_of_recurrence("S", 0.0), id="recurrences against shuffled steps"),
        pytest.param(p_of_recurrence("M1", 0.6), id="recurrences against one step of memory"),
        pytest.param(p_of_change_points, id="change points"),
    ],
)
def test_p_values_are_uniform_where_the_null_holds(draw: Callable[[int], float]) -> None:
    found = np.array([draw(seed) for seed in range(REPEATS)])
    shares = {at: float((found <= at + 1e-9).mean()) for at in (0.05, 0.1, 0.25, 0.5, 0.75)}
    # Kolmogorov and Smirnov: a distance above 1.63 / sqrt(n) comes up once in a hundred times.
    furthest = max(abs(share - at) for at, share in shares.items())
    assert furthest < 1.63 / np.sqrt(REPEATS), shares
    assert shares[0.05] < 0.05 + 3 * np.sqrt(0.05 * 0.95 / REPEATS), shares
