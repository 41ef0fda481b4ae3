import numpy as np
import pytest

from loopscope.dynamics.markov_chain import MarkovChain, measure_second_eigenvalue
from loopscope.dynamics.milestoning import as_asked, estimate_transit, find_milestones
from loopscope.dynamics.sequences import MISSING, Sequences
from loopscope.dynamics.transitions import count_transitions

THREE = np.array([[0.90, 0.08, 0.02], [0.06, 0.90, 0.04], [0.01, 0.09, 0.90]])


def timescale(sequences, lag=1):
    return -lag / np.log(measure_second_eigenvalue(MarkovChain.of(count_transitions(sequences, lag=lag).pooled)))


def test_the_last_core_is_carried_on_and_what_comes_before_the_first_is_cut():
    runs = Sequences.of([[-1, -1, 3, -1, -1, 0, -1], [-1, MISSING, 2, MISSING, -1, 1], [1], []])
    found = find_milestones(runs)
    expected = [[-2, -2, 3, 3, 3, 0, 0], [-2, -2, 2, -2, -2, 1], [1], []]
    assert [run.tolist() for run in found.sequences] == expected
    assert found.in_core.tolist() == [2, 2, 1, 0]
    assert found.in_transit.tolist() == [3, 0, 0, 0]
    assert found.lead.tolist() == [2, 2, 0, 0]
    assert (found.in_core + found.in_transit + found.lead).tolist() == [7, 4, 1, 0]


def test_dropping_outliers_halves_a_timescale_and_milestoning_keeps_it(simulate):
    truth = -1 / np.log(np.sort(np.abs(np.linalg.eigvals(THREE)))[-2])
    assert truth == pytest.approx(8.05, abs=0.01)
    clean = simulate(THREE, 4000, 100, seed=1)
    hidden = np.random.default_rng(2).random(len(clean)) < 0.4
    runs = clean.replace(np.where(hidden, -1, clean.symbols))
    dropped = Sequences.of([run[run >= 0] for run in runs])
    assert timescale(clean) == pytest.approx(truth, abs=0.2)
    assert timescale(dropped) == pytest.approx(4.98, abs=0.25)
    milestones = as_asked(runs, milestoning=True)
    assert timescale(milestones, lag=5) == pytest.approx(truth, abs=0.5)


def test_without_being_asked_outliers_stay():
    runs = Sequences.of([[0, -1, 1]])
    assert as_asked(runs, milestoning=False) is runs


def test_the_share_in_transit_has_an_interval_or_a_reason():
    runs = Sequences.of([[0, -1, -1, 0], [-1, 0, 0, 0], [0, 0, 0, -1]])
    found = estimate_transit(runs, draws=100)
    assert found.estimate == pytest.approx(3 / 11)
    assert found.lower < found.estimate < found.upper
    assert (found.n_runs, found.reason) == (3, None)
    nothing = estimate_transit(Sequences.of([[-1, -1], [-1]]), draws=10)
    assert np.isnan(nothing.estimate)
    assert "outliers" in nothing.reason
