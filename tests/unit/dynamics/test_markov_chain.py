import numpy as np
import pytest

from loopscope.dynamics.markov_chain import (
    MarkovChain,
    known_kernel,
    measure_mixing_time,
    measure_second_eigenvalue,
)

CYCLE = np.roll(np.eye(3), 1, axis=1)


@pytest.mark.parametrize(("a", "b"), [(0.1, 0.3), (0.5, 0.5), (0.02, 0.9), (0.7, 0.8)])
def test_the_chain_of_two_states_is_known(a, b):
    chain = MarkovChain.of(1000 * np.array([[1 - a, a], [b, 1 - b]]))
    second = 1 - a - b
    assert np.allclose(chain.stationary, [b / (a + b), a / (a + b)])
    assert measure_second_eigenvalue(chain) == pytest.approx(abs(second), abs=1e-9)
    time = measure_mixing_time(chain)
    distance = chain.stationary.max() * abs(second) ** np.arange(200)
    assert time == np.flatnonzero(distance <= 0.25)[0]


def test_the_mixing_time_is_that_of_stepping_one_by_one():
    random = np.random.default_rng(0)
    for size in (3, 8):
        probability = random.dirichlet(np.full(size, 0.3), size) * 0.05 + 0.95 * np.eye(size)
        chain = MarkovChain.of(probability)
        power, steps = np.eye(size), 0
        while 0.5 * np.abs(power - chain.stationary).sum(axis=1).max() > 0.25:
            power, steps = power @ chain.kernel, steps + 1
        assert measure_mixing_time(chain) == steps > 10


def test_a_reducible_chain_has_a_law_for_each_closed_class_and_no_single_one():
    counts = np.array([[5.0, 5, 5, 0], [0, 9, 0, 0], [0, 0, 2, 6], [0, 0, 6, 2]])
    chain = MarkovChain.of(counts)
    assert chain.n_closed == 2
    assert chain.closed[chain.classes].tolist() == [False, True, True, True]
    assert chain.stationary.tolist() == pytest.approx([0, 1, 0.5, 0.5])
    assert "reducible: 2 closed classes" in chain.why_not_one_law
    assert np.isnan(measure_mixing_time(chain))
    assert np.isnan(measure_second_eigenvalue(chain))


def test_transient_states_leave_one_law():
    chain = MarkovChain.of(np.array([[1.0, 1.0], [0.0, 3.0]]))
    assert chain.why_not_mixing is None
    assert chain.stationary.tolist() == [0, 1]
    assert measure_second_eigenvalue(chain) == pytest.approx(0.5)
    assert measure_mixing_time(chain) == 2


@pytest.mark.parametrize(("kernel", "period"), [(CYCLE, 3), (np.array([[0, 1.0], [1, 0]]), 2), (CYCLE + np.eye(3), 1)])
def test_a_periodic_chain_says_so_and_keeps_its_law(kernel, period):
    chain = MarkovChain.of(kernel)
    assert chain.period == period
    assert np.allclose(chain.stationary, 1 / len(kernel))
    assert (chain.why_not_mixing is None) == (period == 1)
    if period > 1:
        assert f"multiples of {period} steps" in chain.why_not_mixing
        assert np.isnan(measure_mixing_time(chain))


def test_a_chain_is_not_made_reversible():
    chain = MarkovChain.of(0.9 * CYCLE + 0.1 * np.eye(3))
    flow = chain.stationary[:, None] * chain.kernel
    assert flow[0, 1] == pytest.approx(0.3)
    assert flow[1, 0] == 0


def test_a_state_that_only_ends_runs_is_not_called_closed():
    # 0 and 1 lead to each other, once to 2, which leads once to 3, where the run ends.
    chain = MarkovChain.of(np.array([[4.0, 4, 0, 0], [4, 3, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]]))
    assert chain.known.tolist() == [True, True, False, False]
    assert chain.classes.tolist() == [0, 0, -1, -1]
    assert chain.closed.tolist() == [True]
    assert np.isnan(chain.stationary[2:]).all()
    assert chain.kernel[1].tolist() == pytest.approx([4 / 7, 3 / 7, 0, 0])


def test_kernels_of_many_draws_are_those_of_each():
    random = np.random.default_rng(3)
    counts = random.integers(0, 2, (20, 5, 5)).astype(float)
    together = known_kernel(counts)
    assert all((together[draw] == known_kernel(counts[draw])).all() for draw in range(20))


@pytest.mark.parametrize(
    ("counts", "reason"),
    [(np.zeros((0, 0)), "no step"), (np.zeros((2, 2)), "no step"), (np.ones((1, 1)), "one state only")],
)
def test_no_chain_and_a_chain_of_one_state(counts, reason):
    chain = MarkovChain.of(counts)
    assert reason in chain.why_not_mixing
    assert np.isnan(measure_mixing_time(chain))


def test_deeptime_agrees():
    markov = pytest.importorskip("deeptime.markov")
    msm = pytest.importorskip("deeptime.markov.msm")
    probability = np.random.default_rng(1).dirichlet(np.ones(6), 6)
    oracle, chain = msm.MarkovStateModel(probability), MarkovChain.of(probability)
    assert np.allclose(chain.stationary, oracle.stationary_distribution)
    assert measure_second_eigenvalue(chain) == pytest.approx(np.exp(-1 / oracle.timescales()[0]))
    counts = np.random.default_rng(2).integers(0, 2, (9, 9))
    components = markov.tools.estimation.connected_sets(counts.astype(float))
    chain = MarkovChain.of(counts.astype(float))
    if chain.known.all():
        ours = {frozenset(np.flatnonzero(chain.classes == each)) for each in range(len(chain.closed))}
        assert ours == {frozenset(each) for each in components}
