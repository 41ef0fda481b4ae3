import numpy as np
import pytest

from loopscope.dynamics.irreversibility import Loops, make_reversible_null, measure_irreversibility, reverse_loops
from loopscope.dynamics.markov_chain import MarkovChain
from loopscope.dynamics.sequences import MISSING, Sequences
from loopscope.dynamics.transitions import count_transitions

RING = 0.7 * np.roll(np.eye(3), 1, axis=1) + 0.1 * np.roll(np.eye(3), -1, axis=1) + 0.2 * np.eye(3)
TWO_BITS = (0.7 - 0.1) * np.log2(7)


def test_the_biased_ring_has_1_684_bits(simulate):
    assert pytest.approx(1.684, abs=5e-4) == TWO_BITS
    assert measure_irreversibility(MarkovChain.of(1e6 * RING)) == pytest.approx(TWO_BITS, abs=1e-4)
    counts = count_transitions(simulate(RING, 100, 1000, seed=3)).pooled
    assert measure_irreversibility(MarkovChain.of(counts)) == pytest.approx(TWO_BITS, abs=0.02)


def test_a_reversible_chain_has_none():
    symmetric = np.array([[5.0, 3, 2], [3, 1, 6], [2, 6, 2]])
    assert measure_irreversibility(MarkovChain.of(symmetric)) == 0
    assert measure_irreversibility(MarkovChain.of(np.array([[2.0, 5], [5, 9]]))) == 0


def test_a_pair_seen_one_way_only_is_finite_or_left_out():
    cycle = MarkovChain.of(100 * np.roll(np.eye(3), 1, axis=1))
    assert measure_irreversibility(cycle) == pytest.approx((100.5 - 0.5) / 101 * np.log2(201), abs=1e-9)
    assert measure_irreversibility(cycle, pseudo_count=0) == 0


def test_transient_states_do_not_count_and_a_reducible_chain_has_no_value():
    counts = np.zeros((4, 4))
    counts[0, 1:] = 5
    counts[1:, 1:] = 1e6 * RING
    assert measure_irreversibility(MarkovChain.of(counts)) == pytest.approx(TWO_BITS, abs=1e-3)
    assert np.isnan(measure_irreversibility(MarkovChain.of(np.eye(2))))


def test_time_the_other_way_round_is_as_irreversible(simulate):
    runs = simulate(RING, 5, 400, seed=5)
    backwards = Sequences.of([run[::-1] for run in runs])
    found = [measure_irreversibility(MarkovChain.of(count_transitions(each).pooled)) for each in (runs, backwards)]
    assert found[0] == pytest.approx(found[1], rel=0.02)


def test_loops_are_turned_round_whole_and_nothing_else_moves():
    runs = Sequences.of([[4, 5, 0, 1, 2, 3, 0, 0, 6, 0, MISSING, 0, 1, 2], [0, 7, 8, 0], [1, 2, 3]])
    loops = Loops.of(runs)
    assert (loops.anchor, loops.n_loops) == (0, 2)
    seen = set()
    for seed in range(40):
        turned = reverse_loops(runs, loops, np.random.default_rng(seed))
        first, second, third = (run.tolist() for run in turned)
        assert first[:3] == [4, 5, 0]
        assert first[6:] == [0, 0, 6, 0, MISSING, 0, 1, 2]
        assert third == [1, 2, 3]
        seen.add((tuple(first[3:6]), tuple(second[1:3])))
    assert seen == {(a, b) for a in ((1, 2, 3), (3, 2, 1)) for b in ((7, 8), (8, 7))}


def test_the_null_keeps_occupancy_and_dwelling(simulate):
    runs = simulate(RING, 3, 200, seed=6)
    [surrogate] = make_reversible_null(runs).draw_all(runs, 1, 0)
    ours, theirs = count_transitions(runs).pooled, count_transitions(surrogate).pooled
    assert (np.diag(ours) == np.diag(theirs)).all()
    assert [np.bincount(run).tolist() for run in runs] == [np.bincount(run).tolist() for run in surrogate]
    assert measure_irreversibility(MarkovChain.of(theirs)) < 0.3


def test_nothing_known_has_no_loops():
    assert Loops.of(Sequences.of([[MISSING], []])).n_loops == 0
