"""Recurrence quantification against cycles, whose lines are known, and noise."""

from dataclasses import astuple

import numpy as np
import pytest

from loopscope.dynamics.recurrence import (
    MEASURES,
    find_recurrences,
    measure_recurrence,
    quantify_recurrences,
)
from loopscope.dynamics.recurrence_lines import count_lines
from loopscope.dynamics.recurrence_surrogates import FirstOrder


@pytest.mark.parametrize(("period", "n"), [(20, 300), (3, 60), (2, 50)])
def test_a_cycle_is_all_lines(period: int, n: int) -> None:
    """DET = 1, Lmax = n − p."""
    points = np.random.default_rng(0).normal(size=(period, 8))
    run = points[np.arange(n) % period]
    found = find_recurrences(run, rate=0.01)
    assert found.radius == 0
    measured = quantify_recurrences(found.matrix)
    assert measured.det == pytest.approx(1, abs=2 / n)
    assert measured.l_max == n - period
    assert measured.rr == pytest.approx(1 / period, abs=period / n)
    assert measured.lam == 0
    assert np.isnan(measured.tt)


def test_a_cycle_computed_by_a_cosine_is_one_too() -> None:
    t = np.arange(300)
    run = np.stack([np.cos(2 * np.pi * t / 20), np.sin(2 * np.pi * t / 20)], axis=1)
    measured = quantify_recurrences(find_recurrences(run, rate=0.04).matrix)
    assert (measured.det, measured.l_max) == (1, 280)


def test_lines_are_counted_as_one_counts_them_by_hand() -> None:
    """Brute force over random matrices, with a Theiler window and a permutation."""

    def lengths(values: np.ndarray) -> list[int]:
        edges = np.diff(np.concatenate([[0], values.astype(int), [0]]))
        return (np.flatnonzero(edges < 0) - np.flatnonzero(edges > 0)).tolist()

    random = np.random.default_rng(1)
    for theiler in (1, 3):
        upper = np.triu(random.random((25, 25)) < 0.4)
        matrix = upper | upper.T
        order = random.permutation(25)
        diagonal, vertical = count_lines(matrix, order, theiler)
        there = matrix[np.ix_(order, order)]
        far = np.abs(np.subtract.outer(np.arange(25), np.arange(25))) >= theiler
        along = [length for k in range(theiler, 25) for length in lengths(np.diagonal(there, k))]
        down = [length for column in (there & far).T for length in lengths(column)]
        assert diagonal.tolist() == np.bincount(along, minlength=26).tolist()
        assert vertical.tolist() == np.bincount(down, minlength=26).tolist()


def test_the_recurrence_rate_is_the_one_asked_for() -> None:
    run = np.random.default_rng(2).normal(size=(200, 5))
    for rate in (0.02, 0.1, 1.0):
        measured = quantify_recurrences(find_recurrences(run, rate=rate, theiler=4).matrix, theiler=4)
        assert measured.rr == pytest.approx(rate, abs=1e-4)


def test_exact_repeats_all_recur() -> None:
    """Half of all pairs are at distance 0: a rate of 5 % cannot choose among them."""
    run = np.tile([[0.0], [1.0]], (20, 1))
    found = find_recurrences(run)
    assert found.radius == 0
    assert quantify_recurrences(found.matrix).rr == pytest.approx(380 / 780)


def test_a_stay_is_a_vertical_line() -> None:
    """Each of six steps recurs with the other five: four columns fall into two lines around the step itself."""
    run = np.array([0.0] * 6 + [10.0 + k for k in range(14)])[:, None]
    measured = quantify_recurrences(find_recurrences(run, rate=0.05).matrix)
    assert measured.lam == pytest.approx(28 / 30)
    assert measured.tt == pytest.approx(28 / 8)


def test_noise_has_few_lines_and_nothing_beyond_its_nulls() -> None:
    found = measure_recurrence(np.random.default_rng(3).normal(size=(200, 20)), nulls=39)
    assert found.measured.det < 0.2
    for measure in ("det", "lam"):
        for null in ("S", "M1"):
            estimate = found.estimate(measure, null)
            assert estimate.null_lower - 0.02 <= estimate.estimate <= estimate.null_upper + 0.02


def test_a_cycle_is_beyond_both_nulls() -> None:
    points = np.random.default_rng(4).normal(size=(7, 20))
    run = points[np.arange(100) % 7] + 0.1 * np.random.default_rng(5).normal(size=(100, 20))
    found = measure_recurrence(run, rate=0.1, nulls=39)
    assert found.estimate("det", "S").null_p == pytest.approx(1 / 40)
    assert found.estimate("det", "M1").null_p == pytest.approx(1 / 40)


def test_wandering_is_beyond_shuffled_steps_but_not_beyond_one_step_of_memory() -> None:
    random = np.random.default_rng(6)
    run = np.zeros((160, 20))
    for t in range(1, 160):
        run[t] = 0.9 * run[t - 1] + random.normal(size=20)
    found = measure_recurrence(run[60:], nulls=39)
    assert found.estimate("det", "S").null_p == pytest.approx(1 / 40)
    assert found.estimate("det", "M1").null_p > 0.1


def test_a_surrogate_has_the_distances_of_its_recursion() -> None:
    """Inner products filtered along both axes are those of filtered vectors."""
    random = np.random.default_rng(7)
    run = np.cumsum(random.normal(size=(30, 4)), axis=0)
    surrogate = FirstOrder.of(run, np.ones(30, dtype=bool))
    distances = surrogate.draw_distances(np.random.default_rng(8))
    again = np.random.default_rng(8)
    y = run - run.mean(axis=0)
    moves = y[1:] - surrogate.memory * y[:-1]
    at = [y[again.integers(30)]]
    for move in again.permutation(29):
        at.append(surrogate.memory * at[-1] + moves[move])
    expected = np.linalg.norm(np.array(at)[:, None] - np.array(at), axis=2)
    assert distances == pytest.approx(expected, abs=1e-6)


def test_the_memory_of_a_process_is_found() -> None:
    random = np.random.default_rng(9)
    run = np.zeros((200, 30))
    for t in range(1, 200):
        run[t] = 0.7 * run[t - 1] + random.normal(size=30)
    assert FirstOrder.of(run, np.ones(200, dtype=bool)).memory == pytest.approx(0.7, abs=0.03)


def test_a_missing_step_is_no_recurrence_and_keeps_its_place() -> None:
    run = np.tile(np.arange(4.0), 10)[:, None]
    known = np.ones(40, dtype=bool)
    known[17] = False
    found = find_recurrences(run, known)
    assert not found.matrix[17].any()
    assert found.matrix[16, 20]
    measured = measure_recurrence(run, known, nulls=5)
    assert measured.n_steps == 39
    assert measured.n_unique == 4
    assert measured.measured.rr == pytest.approx(found.matrix[np.triu_indices(40, 1)].sum() / (39 * 38 / 2))


def test_what_cannot_be_measured_says_why() -> None:
    short = measure_recurrence(np.zeros((9, 2)))
    assert short.reason == "only 9 steps; recurrences need 10"
    assert all(short.estimate(name, "S").reason == short.reason for name in MEASURES)
    assert "need 32" in measure_recurrence(np.zeros((20, 2)), theiler=30).reason
    still = measure_recurrence(np.zeros((20, 2)), nulls=9)
    assert (still.measured.rr, still.n_unique) == (1, 1)
    assert still.measured.det == 189 / 190
    assert still.estimate("det", "S").null_p == 1
    no_lines = measure_recurrence(np.arange(12.0)[:, None] ** 3, nulls=3, rate=0.01)
    assert no_lines.estimate("l", "S").reason == "no lines of 2 steps"
    assert not np.isnan(astuple(still.measured)).all()


@pytest.mark.parametrize("settings", [{"rate": 0.0}, {"rate": 1.5}, {"theiler": 0}])
def test_settings_out_of_range_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected a rate in"):
        find_recurrences(np.zeros((20, 2)), **settings)


@pytest.mark.parametrize(("n", "said"), [(1, "only 1 step;"), (2, "only 2 steps;")])
def test_a_run_that_is_too_short_is_counted_in_words(n, said):
    from loopscope.dynamics.change_points import find_change_points

    assert said in find_change_points(np.eye(n, 3)).reason
