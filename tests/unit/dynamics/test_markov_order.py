import numpy as np
import pytest

from loopscope.dynamics.markov_order import estimate_order, hold_out_runs
from loopscope.dynamics.sequences import MISSING, Sequences


def test_coins_chains_and_what_looks_two_steps_back(simulate):
    coins = Sequences.of(list(np.random.default_rng(0).integers(0, 4, (20, 80))))
    chain = simulate([[0.9, 0.1, 0.0], [0.0, 0.9, 0.1], [0.1, 0.0, 0.9]], 20, 80)
    random = np.random.default_rng(1)
    second = np.zeros((20, 80), dtype=np.int64)
    for step in range(2, 80):
        likely = second[:, step - 1] ^ second[:, step - 2] ^ 1
        second[:, step] = np.where(random.random(20) < 0.9, likely, 1 - likely)
    found = [estimate_order(each, draws=50) for each in (coins, chain, Sequences.of(list(second)))]
    assert [each.order.estimate for each in found] == [0, 1, 2]
    assert found[0].bits[0].estimate == pytest.approx(2, abs=0.03)
    entropy = -0.9 * np.log2(0.9) - 0.1 * np.log2(0.1)
    assert found[1].bits[1].estimate == pytest.approx(entropy, abs=0.05)
    assert all(each.order.lower <= each.order.estimate <= each.order.upper for each in found)


def test_no_run_foretells_itself():
    """Two runs of different symbols: what one teaches says nothing of the other."""
    held_out = hold_out_runs(Sequences.of([[0, 1] * 30, [2, 3] * 30]))
    assert held_out.per_step([[1, 1]]).min() > 1.9


def test_the_bits_are_those_of_counting_by_hand():
    runs = Sequences.of([[0, 0, 1, 0, 0], [0, 0, 0, 1, 1]])
    held_out = hold_out_runs(runs, highest=1)
    zeros, steps = 3, 4  # of the other run, among its last four steps
    plain = [(zeros + 0.5) / (steps + 1), (steps - zeros + 0.5) / (steps + 1)]
    assert held_out.steps.tolist() == [4, 4]
    other = {0: 2, 1: 2}  # of the second run's last four steps
    plain = [(other[symbol] + 0.5) / 5 for symbol in (0, 1, 0, 0)]
    assert held_out.bits[0, 0] == pytest.approx(-np.log2(plain).sum())
    after = {(0, 0): (2, 3), (0, 1): (1, 3), (1, 0): (0, 1)}
    chained = [
        (after[pair][0] + (other[pair[1]] + 0.5) / 5) / (after[pair][1] + 1)
        for pair in ((0, 0), (0, 1), (1, 0), (0, 0))
    ]
    assert held_out.bits[0, 1] == pytest.approx(-np.log2(chained).sum())


@pytest.mark.parametrize("runs", [[[0, 1, 0, 1, 0]], [[0, 1], [1, 0]], [[0, 1, MISSING, 0, 1, 0], [1] * 9], []])
def test_too_few_runs_have_a_reason(runs):
    found = estimate_order(Sequences.of(runs), draws=10)
    assert np.isnan(found.order.estimate)
    assert "two runs" in found.order.reason
    assert all(each.reason for each in found.bits)


def test_a_draw_without_a_run_that_is_long_enough_is_left_out():
    order = estimate_order(Sequences.of([[0, 1] * 100, [0, 1] * 100] + [[0]] * 30), draws=200).order
    assert (order.estimate, order.lower, order.upper, order.n_runs) == (1, 1, 1, 2)
