import numpy as np
import pytest

from loopscope.dynamics.sequences import MISSING, Sequences
from loopscope.dynamics.transitions import count_pooled, count_transitions, list_states, normalise_rows
from loopscope.statistics.resampling import resample_runs

RUNS = Sequences.of([[0, -1, 2, 2], [2], [], [0, 1, MISSING, 1, 0]], [0, 0, 1, 1])


def test_a_run_of_length_l_has_l_less_1_transitions_and_the_outlier_is_a_state():
    transitions = count_transitions(Sequences.of([[0, -1, 2, 2], [2], [], [0, 1]]))
    assert transitions.states.tolist() == [-1, 0, 1, 2]
    assert transitions.counts.sum(axis=1).tolist() == [3, 0, 0, 1]
    expected = np.zeros((4, 4))
    for origin, target in ((0, -1), (-1, 2), (2, 2), (0, 1)):
        expected[origin + 1, target + 1] += 1
    assert transitions.pooled.tolist() == expected.tolist()


def test_an_outlier_between_is_never_left_out():
    transitions = count_transitions(Sequences.of([[0, -1, 1]]))
    assert transitions.pooled[1, 2] == 0
    assert transitions.pooled.sum() == 2


def test_nothing_leads_out_of_a_run_nor_across_a_missing_step():
    transitions = count_transitions(RUNS)
    pairs = {(-1, 2), (0, -1), (2, 2), (0, 1), (1, 0)}
    found = {(transitions.states[i], transitions.states[j]) for i, j in np.argwhere(transitions.pooled)}
    assert found == pairs
    assert count_transitions(RUNS, lag=2).counts.sum(axis=1).tolist() == [2, 0, 0, 0]


@pytest.mark.parametrize("lag", [1, 2, 3, 9])
def test_both_ways_of_counting_agree(lag):
    random = np.random.default_rng(lag)
    runs = Sequences.of([random.integers(-2, 5, size) for size in (0, 1, 2, 7, 40, 3)])
    transitions = count_transitions(runs, lag=lag)
    assert (count_pooled(runs, transitions.states, lag=lag) == transitions.pooled).all()


def test_weighing_runs_is_counting_runs_drawn_again():
    weights = resample_runs(RUNS.runs, 5, seed=0)
    transitions = count_transitions(RUNS)
    for drawn, counts in zip(weights, transitions.weigh(weights), strict=True):
        again = RUNS.take(np.repeat(np.arange(RUNS.n_runs), drawn))
        assert (count_pooled(again, transitions.states) == counts).all()


def test_a_row_never_left_is_not_a_number():
    rows = normalise_rows(np.array([[1.0, 1.0], [0.0, 0.0]]))
    assert rows[0].tolist() == [0.5, 0.5]
    assert np.isnan(rows[1]).all()


def test_nothing_at_all_and_a_wrong_lag():
    assert count_transitions(Sequences.of([])).pooled.shape == (0, 0)
    assert count_pooled(Sequences.of([[MISSING]]), list_states(Sequences.of([[MISSING]]))).shape == (0, 0)
    for count in (lambda: count_transitions(RUNS, lag=0), lambda: count_pooled(RUNS, list_states(RUNS), lag=0)):
        with pytest.raises(ValueError, match="found a lag of 0"):
            count()
