import numpy as np
import pytest

from loopscope.dynamics.near_cycles import (
    estimate_near_cycles,
    measure_shuffled_symbols,
    measure_symbols,
    measure_vectors,
)
from loopscope.dynamics.sequences import MISSING, Sequences


def of_vectors(vectors, known=None, max_period=3, nulls=0):
    rows = np.asarray(vectors, dtype=np.float32)
    flags = np.ones(len(rows), dtype=bool) if known is None else np.asarray(known)
    return measure_vectors(rows, flags, max_period, nulls=nulls, random=np.random.default_rng(0))


def test_a_two_cycle_gives_one():
    assert measure_symbols(Sequences.of([[5, 7] * 6]), 4).tolist() == [[0, 1, 0, 1]]
    random = np.random.default_rng(0)
    a, b = random.standard_normal((2, 384))
    tau, _ = of_vectors(np.tile([a, b], (8, 1)))
    assert tau[1] == pytest.approx(1, abs=1e-12)
    assert tau[0] < 0.6
    assert tau[2] < 0.6


def test_the_distance_is_half_of_one_minus_the_cosine():
    tau, _ = of_vectors([[1, 0], [0, 3], [-2, 0]], max_period=2)
    assert tau.tolist() == pytest.approx([0.5, 0])


def test_a_step_that_is_missing_is_compared_with_nothing():
    assert measure_symbols(Sequences.of([[1, MISSING, 1, 1]]), 3).tolist() == [[1, 1, 1]]
    assert np.isnan(measure_symbols(Sequences.of([[1, MISSING, 2]]), 1)).all()
    tau, shuffled = of_vectors([[1, 0], [0, 0], [1, 0], [0, 1]], [True, False, True, True], nulls=50)
    assert tau.tolist() == pytest.approx([0.5, 1, 0.5])
    assert set(np.round(shuffled[:, 1], 9).tolist()) == {0.5, 1}


def test_symbols_and_their_vectors_agree_when_shuffled():
    random = np.random.default_rng(1)
    run = random.integers(0, 4, 60)
    sequences = Sequences.of([run])
    tau, shuffled = of_vectors(np.eye(4)[run], nulls=400)
    symbols = measure_symbols(sequences, 3)[0]
    assert tau.tolist() == pytest.approx(((1 + symbols) / 2).tolist())
    drawn = measure_shuffled_symbols(sequences, 3, nulls=400, seed=0)[:, 0]
    assert shuffled.mean(axis=0).tolist() == pytest.approx(((1 + drawn.mean(axis=0)) / 2).tolist(), abs=0.01)
    assert shuffled.std(axis=0).tolist() == pytest.approx((drawn.std(axis=0) / 2).tolist(), rel=0.2)


def test_shuffled_order_is_less_of_a_cycle_but_as_constant():
    sequences = Sequences.of([[0, 1] * 10] * 3 + [[2] * 20] * 3)
    tau = measure_symbols(sequences, 2)
    shuffled = measure_shuffled_symbols(sequences, 2, nulls=99, seed=0)
    cycles = estimate_near_cycles(tau[:3], shuffled[:, :3], [0, 0, 0], draws=50, seed=0)
    assert (cycles[1].estimate, cycles[1].null_p) == (1, 0.01)
    assert cycles[0].null_p == 1
    constant = estimate_near_cycles(tau[3:], shuffled[:, 3:], [0, 0, 0], draws=50, seed=0)
    assert (constant[1].estimate, constant[1].null_p) == (1, 1)


def test_runs_that_are_too_short_are_left_out_and_all_of_them_are_a_reason():
    sequences = Sequences.of([[0, 0, 1], [2]])
    found = estimate_near_cycles(measure_symbols(sequences, 3), np.empty((0, 2, 3)), [0, 1], draws=50, seed=0)
    assert [each.n_runs for each in found] == [1, 1, 0]
    assert found[2].reason == "no run has two steps that are 3 apart"
    assert found[0].reason is None
