"""What holds of dynamics in the space of a model whatever the vectors are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from loopscope.dynamics.change_points import find_change_points
from loopscope.dynamics.divergence import Cohort, measure_divergence
from loopscope.dynamics.drift import deal_other_prompts, one_minus_cosine
from loopscope.dynamics.recurrence import find_recurrences, measure_recurrence, quantify_recurrences

NUMBERS = st.integers(-8, 8).map(float)
RUNS = arrays(np.float64, st.tuples(st.integers(12, 30), st.integers(1, 4)), elements=NUMBERS)


@given(RUNS, st.sampled_from([0.05, 0.2, 1.0]), st.integers(1, 4))
def test_the_measures_of_recurrences_stay_within_their_bounds(run: np.ndarray, rate: float, theiler: int) -> None:
    found = find_recurrences(run, rate=rate, theiler=theiler)
    measured = quantify_recurrences(found.matrix, theiler=theiler)
    assert (found.matrix == found.matrix.T).all()
    assert rate <= measured.rr + 1e-9
    assert measured.rr <= 1
    assert 0 <= measured.det <= 1
    assert 0 <= measured.lam <= 1
    assert measured.l_max <= len(run) - theiler
    if measured.l_max:
        assert 2 <= measured.l <= measured.l_max
        assert 0 <= measured.entr <= np.log(len(run))


@given(RUNS)
def test_a_run_backwards_has_the_same_diagonal_lines(run: np.ndarray) -> None:
    forwards, backwards = (measure_recurrence(each, nulls=0).measured for each in (run, run[::-1]))
    assert (forwards.rr, forwards.det, forwards.l_max) == pytest.approx((backwards.rr, backwards.det, backwards.l_max))


@given(RUNS)
def test_change_points_part_a_run_into_segments_of_two_steps_or_more(run: np.ndarray) -> None:
    found = find_change_points(run, nulls=3)
    edges = [0, *(each.step for each in found.found), len(run)]
    assert (np.diff(edges) >= 2).all()
    assert bool(found.found) == (found.reason is None)


@given(arrays(np.int64, st.integers(2, 12), elements=st.integers(0, 3)), st.integers(0, 5))
def test_prompts_are_dealt_out_once_each(prompt: np.ndarray, seed: int) -> None:
    cohort = Cohort(np.zeros(len(prompt), dtype=np.int64), prompt)
    dealt = deal_other_prompts(cohort, 5, seed)
    several = len(np.unique(prompt)) > 1
    assert len(dealt) == (5 if several else 0)
    assert all(sorted(each) == list(range(len(prompt))) for each in dealt.tolist())
    if several and np.bincount(prompt).max() <= len(prompt) // 2:
        assert (prompt[dealt] != prompt).all()


@given(arrays(np.float64, (6, 3), elements=NUMBERS), st.permutations(range(6)))
def test_divergence_does_not_depend_on_the_order_of_runs(at: np.ndarray, order: list[int]) -> None:
    prompt = np.array([0, 0, 0, 1, 1, 2])
    known = np.ones(6, dtype=bool)
    curves = [
        measure_divergence([(at[rows], known)], Cohort(np.zeros(6, dtype=np.int64), prompt[rows]), [range(6)], nulls=0)[
            0
        ]
        for rows in (np.arange(6), np.array(order))
    ]
    for kind in (0, 1):
        assert curves[0][kind].d2 == pytest.approx(curves[1][kind].d2)
    pairs = [each.d2[0] * each.n_pairs[0] for each in curves[0]]
    assert sum(pairs) == pytest.approx(sum(((at[a] - at[b]) ** 2).sum() for a in range(6) for b in range(a)))


@given(arrays(np.float32, (5, 3), elements=st.integers(1, 9).map(float)), st.floats(0.01, 100))
def test_drift_does_not_depend_on_lengths(vectors: np.ndarray, length: float) -> None:
    found = one_minus_cosine(vectors, vectors[::-1].copy())
    assert one_minus_cosine(vectors * np.float32(length), vectors[::-1].copy()) == pytest.approx(found, abs=1e-6)
    assert (found >= 0).all()
    assert (found <= 2).all()
