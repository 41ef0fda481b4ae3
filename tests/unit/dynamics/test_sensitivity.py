"""Early sensitivity against maps and flows whose exponents are known."""

import numpy as np
import pytest

from loopscope.dynamics.divergence import Cohort, PairCurves, Step, measure_divergence
from loopscope.dynamics.sensitivity import Sensitivity, estimate_sensitivity, find_window


def measure(states: list[np.ndarray], n_twins: int, *, at: slice = slice(None)) -> tuple[Sensitivity, PairCurves]:
    """Run r and run n_twins + r begin near each other: they are of one prompt."""
    known = np.ones(2 * n_twins, dtype=bool)
    steps: list[Step] = [(state, known) for state in states[at]]
    cohort = Cohort(np.zeros(2 * n_twins, dtype=np.int64), np.tile(np.arange(n_twins), 2))
    same, _ = measure_divergence(steps, cohort, [range(2 * n_twins)], draws=60, nulls=39)[0]
    return estimate_sensitivity(steps, cohort, range(2 * n_twins), same, draws=60, nulls=39), same


def logistic(steps: int, apart: float = 1e-9, n_twins: int = 60) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    x = random.random(n_twins) * 0.98 + 0.01
    state = np.concatenate([x, x + apart])[:, None]
    states = []
    for _ in range(steps):
        states.append(state)
        state = 4 * state * (1 - state)
    return states


def lorenz(steps: int, n_twins: int = 50, every: int = 50, dt: float = 0.01) -> list[np.ndarray]:
    def flow(v: np.ndarray) -> np.ndarray:
        x, y, z = v.T
        return np.stack([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z], axis=1)

    def go(v: np.ndarray) -> np.ndarray:
        a = flow(v)
        b = flow(v + dt / 2 * a)
        c = flow(v + dt / 2 * b)
        return v + dt / 6 * (a + 2 * b + 2 * c + flow(v + dt * c))

    random = np.random.default_rng(0)
    state = random.normal(size=(n_twins, 3)) + np.array([0, 0, 25])
    for _ in range(2000):
        state = go(state)
    state = np.concatenate([state, state + 1e-9 * random.normal(size=state.shape)])
    states = []
    for _ in range(steps):
        states.append(state)
        for _ in range(every):
            state = go(state)
    return states


def test_the_logistic_map_has_the_exponent_ln_2() -> None:
    found, _ = measure(logistic(60), 60)
    assert found.exponent.estimate == pytest.approx(np.log(2), abs=0.02)
    assert found.exponent.lower < np.log(2) < found.exponent.upper
    assert found.exponent.null_p == pytest.approx(1 / 40)
    assert 20 < found.window < 30
    assert "over the first" in found.exponent.method


def test_a_slope_over_all_steps_of_a_bounded_space_says_nothing() -> None:
    """The trap: long after saturation the slope of ln d over all steps is nearly 0."""
    found, curves = measure(logistic(600, n_twins=20), 20)
    whole = np.polyfit(curves.t, curves.mean_log, 1)[0]
    assert whole < 0.02
    assert found.exponent.estimate == pytest.approx(np.log(2), abs=0.05)


def test_the_lorenz_system_has_its_largest_exponent() -> None:
    """0.906 for each unit of time; a step is half of one."""
    found, _ = measure(lorenz(60), 50)
    assert found.exponent.estimate / 0.5 == pytest.approx(0.906, abs=0.05)
    assert found.window > 20


def test_a_saturated_start_has_no_exponent() -> None:
    found, _ = measure(logistic(60), 60, at=slice(40, None))
    assert "the start is saturated" in found.exponent.reason
    assert found.window == 0


def test_a_window_of_four_steps_is_too_short() -> None:
    states = logistic(60)
    window = find_window(measure(states, 60)[1])
    found, _ = measure(states, 60, at=slice(window - 4, None))
    assert found.window == 4
    assert "only 4 of the first steps" in found.exponent.reason
    found, _ = measure(states, 60, at=slice(window - 5, None))
    assert found.exponent.reason is None


def test_pairs_at_distance_0_are_left_out_and_counted() -> None:
    states = logistic(60)
    states = [np.concatenate([state[:60], state[:10], state[70:]]) for state in states]
    found, _ = measure(states, 60)
    assert found.exponent.estimate == pytest.approx(np.log(2), abs=0.02)
    assert "10 of 60 pairs at distance 0 left out" in found.exponent.method


def test_runs_that_never_part_have_no_exponent() -> None:
    states = [np.concatenate([state[:60], state[:60]]) for state in logistic(30)]
    found, _ = measure(states, 60)
    assert found.exponent.reason == "no two runs of one prompt are ever apart"
