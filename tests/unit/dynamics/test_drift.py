"""Drift against known answers."""

import doctest

import numpy as np
import pytest

from loopscope.dynamics import drift
from loopscope.dynamics.divergence import Cohort
from loopscope.dynamics.drift import average_others, deal_other_prompts, measure_group_drift, one_minus_cosine


@pytest.mark.parametrize("degrees", [0, 30, 60, 90, 120, 180])
def test_a_rotation_by_a_known_angle(degrees: float) -> None:
    angle = np.radians(degrees)
    turned = np.array([[np.cos(angle), np.sin(angle)]], dtype=np.float32)
    found = one_minus_cosine(np.array([[1, 0]], dtype=np.float32), turned)
    assert found == pytest.approx([1 - np.cos(angle)], abs=1e-7)


def test_length_does_not_matter() -> None:
    assert one_minus_cosine(np.array([[3, 0]], dtype=np.float32), np.array([[0, 7]], dtype=np.float32)) == [1]


def test_near_duplicates_keep_their_digits() -> None:
    """1 − cos of a small angle a is a²/2, which 1 minus a rounded cosine cannot tell from 0."""
    small = np.array([[1, 1e-6]], dtype=np.float32)
    assert one_minus_cosine(np.array([[1, 0]], dtype=np.float32), small) == pytest.approx([5e-13], rel=1e-3)


def test_equal_rows_are_at_exactly_zero() -> None:
    rows = np.random.default_rng(0).standard_normal((50, 384)).astype(np.float32)
    assert not one_minus_cosine(rows, rows.copy()).any()


def test_the_example_in_the_docstring() -> None:
    assert doctest.testmod(drift).failed == 0


def test_orthogonal_vectors_are_at_1_and_not_at_the_length_of_their_chord() -> None:
    """The trap: 1.414 is a chord."""
    a, b = np.eye(2, dtype=np.float32)[:1], np.eye(2, dtype=np.float32)[1:]
    assert one_minus_cosine(a, b) == [1]
    assert np.linalg.norm(a - b) == pytest.approx(1.414, abs=1e-3)


def rotating(degrees: float, *, steps: int = 5) -> list:
    """Two runs that turn by this angle at every step, from prompts at right angles."""
    found = []
    for t in range(steps):
        angle = np.radians(degrees * (t + 1)) + np.array([0, np.pi / 2])
        found.append((np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32), np.ones(2, dtype=bool)))
    return found


def two_prompts() -> Cohort:
    return Cohort(np.zeros(2, dtype=np.int64), np.arange(2))


def test_runs_that_turn_drift_by_their_angle() -> None:
    prompts = np.eye(2, dtype=np.float32)
    [[prompt, start, step]] = measure_group_drift(rotating(20), prompts, np.ones(2, bool), two_prompts(), [[0, 1]])
    angles = np.radians(20 * np.arange(1, 6))
    assert prompt.mean == pytest.approx(1 - np.cos(angles), abs=1e-6)
    assert start.mean == pytest.approx(1 - np.cos(angles - np.radians(20)), abs=1e-6)
    assert np.isnan(step.mean[0])
    assert step.mean[1:] == pytest.approx([1 - np.cos(np.radians(20))] * 4, abs=1e-6)


def test_the_null_is_the_other_prompt() -> None:
    """Run 0 from the prompt of run 1: cos(90° − a); run 1 from that of run 0: cos(90° + a); 1 on average."""
    prompts = np.eye(2, dtype=np.float32)
    [[prompt, _, _]] = measure_group_drift(rotating(20), prompts, np.ones(2, bool), two_prompts(), [[0, 1]], nulls=7)
    assert prompt.null == pytest.approx(np.ones((7, 5)), abs=1e-6)
    assert "another prompt" in prompt.method


def test_a_missing_step_is_gone_over_and_a_late_start_is_a_start() -> None:
    steps = rotating(10)
    steps[0] = (np.zeros_like(steps[0][0]), np.zeros(2, dtype=bool))
    steps[3] = (np.zeros_like(steps[3][0]), np.array([True, False]) & False)
    [[_, start, step]] = measure_group_drift(steps, np.eye(2, dtype=np.float32), np.ones(2, bool), two_prompts(), [[0]])
    assert start.n_runs.tolist() == [0, 1, 1, 0, 1]
    assert start.mean[[1, 2, 4]] == pytest.approx(1 - np.cos(np.radians([0, 10, 30])), abs=1e-6)
    assert step.mean[[2, 4]] == pytest.approx(1 - np.cos(np.radians([10, 20])), abs=1e-6)


def test_nobody_is_dealt_a_run_of_the_same_prompt_or_of_another_network() -> None:
    cohort = Cohort(np.repeat([0, 1], [10, 5]), np.array([0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 4, 4]))
    dealt = deal_other_prompts(cohort, 300, seed=0)
    assert (cohort.network[dealt] == cohort.network).all()
    assert (np.sort(dealt, axis=1) == np.arange(15)).all()
    assert (cohort.prompt[dealt[:, :10]] != cohort.prompt[:10]).all()
    assert {*dealt[:, 0].tolist()} == {5, 6, 7, 8, 9}


def test_one_prompt_has_nothing_unrelated() -> None:
    cohort = Cohort(np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64))
    assert len(deal_other_prompts(cohort, 9, seed=0)) == 0
    assert np.isnan(average_others(np.eye(3, dtype=np.float32), np.ones(3, bool), cohort)).all()


def test_what_is_unrelated_comes_from_known_runs_of_other_prompts_only() -> None:
    cohort = Cohort(np.array([0, 0, 0, 1]), np.array([0, 1, 1, 2]))
    vectors = np.array([[1, 0], [0, 1], [7, 7], [5, 0]], dtype=np.float32)
    found = average_others(vectors, np.array([True, True, False, True]), cohort)
    assert found[:3].tolist() == [[0, 1], [1, 0], [1, 0]]
    assert np.isnan(found[3]).all()
