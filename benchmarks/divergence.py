"""What dynamics in the space of a model cost: 50 runs of 200 steps in 384 dimensions, and one run of 1,000 steps."""

import numpy as np

from figure import Figure, timer
from loopscope.dynamics.change_points import find_change_points
from loopscope.dynamics.divergence import Cohort, Step, measure_divergence
from loopscope.dynamics.divergence_estimates import estimate_divergence
from loopscope.dynamics.drift import measure_group_drift
from loopscope.dynamics.recoverability import measure_recoverability
from loopscope.dynamics.recurrence import find_recurrences, measure_recurrence, quantify_recurrences

RUNS, STEPS, DIMENSION = 50, 200, 384
LONG = 1_000


def measure() -> list[Figure]:
    """Measure each analysis with 200 resamples and 99 nulls."""
    steps = _wander(RUNS, STEPS)
    cohort = Cohort(np.zeros(RUNS, dtype=np.int64), np.arange(RUNS) % 5)
    everyone = [np.arange(RUNS)]
    size = f"{RUNS} runs × {STEPS} steps × {DIMENSION}"
    with timer() as diverging:
        for curves in measure_divergence(steps, cohort, everyone)[0]:
            estimate_divergence(curves)
    with timer() as recovering:
        measure_recoverability(steps, cohort)
    with timer() as drifting:
        measure_group_drift(steps, steps[0][0], steps[0][1], cohort, everyone)
    return [
        Figure(f"divergence: {size}, 200 draws, 99 nulls", diverging.seconds, "s", at_most=30),
        Figure(f"recoverability: {size}, 200 draws, 99 nulls", recovering.seconds, "s", at_most=30),
        Figure(f"drift: {size}, 200 draws, 99 nulls", drifting.seconds, "s", at_most=30),
        *_one_run(),
    ]


def _one_run() -> list[Figure]:
    run = np.concatenate([vectors for vectors, _ in _wander(1, LONG)])
    quantify_recurrences(find_recurrences(run[:20]).matrix)  # compiled
    with timer() as recurring:
        quantify_recurrences(find_recurrences(run).matrix)
    with timer() as beside_nulls:
        measure_recurrence(run)
    with timer() as changing:
        find_change_points(run)
    size = f"one run of {LONG:,} steps × {DIMENSION}"
    return [
        Figure(f"recurrences: {size}", recurring.seconds, "s", at_most=1),
        Figure(f"recurrences: {size}, 99 nulls of two kinds", beside_nulls.seconds, "s", at_most=10),
        Figure(f"change points: {size}, 99 nulls", changing.seconds, "s", at_most=10),
    ]


def _wander(runs: int, steps: int) -> list[Step]:
    random = np.random.default_rng(0)
    at = random.normal(size=(runs, DIMENSION))
    found = []
    for _ in range(steps):
        found.append((at.astype(np.float32), np.ones(runs, dtype=bool)))
        at = 0.9 * at + 0.4 * random.normal(size=at.shape)
    return found
