import numpy as np
import pytest

from loopscope.dynamics.entropy_rate import bound_predictability, measure_entropy_rate
from loopscope.dynamics.markov_chain import MarkovChain
from loopscope.dynamics.transitions import count_transitions

GOLDEN = (1 + 5**0.5) / 2
SHIFT = np.array([[1 / GOLDEN, 1 / GOLDEN**2], [1.0, 0.0]])


def test_the_golden_mean_shift_has_0_694_bits(simulate):
    assert np.log2(GOLDEN) == pytest.approx(0.694, abs=5e-4)
    assert measure_entropy_rate(MarkovChain.of(SHIFT)) == pytest.approx(np.log2(GOLDEN))
    counts = count_transitions(simulate(SHIFT, 50, 1000, seed=1)).pooled
    assert measure_entropy_rate(MarkovChain.of(counts)) == pytest.approx(np.log2(GOLDEN), abs=0.01)


def test_coins_cycles_and_reducible_chains():
    assert measure_entropy_rate(MarkovChain.of(np.ones((8, 8)))) == pytest.approx(3)
    assert measure_entropy_rate(MarkovChain.of(np.roll(np.eye(5), 1, axis=1))) == 0
    assert np.isnan(measure_entropy_rate(MarkovChain.of(np.eye(2))))


@pytest.mark.parametrize("states", [2, 3, 60])
def test_the_bound_solves_its_equation(states):
    for bits in np.linspace(0.01, np.log2(states) - 0.01, 7):
        best = bound_predictability(bits, states)
        missed = 1 - best
        entropy = -best * np.log2(best) - missed * np.log2(missed)
        assert entropy + missed * np.log2(max(states - 1, 1)) == pytest.approx(bits)
        assert 1 / states <= best <= 1


def test_the_bound_at_its_ends():
    assert bound_predictability(3.0, 8) == 1 / 8
    assert bound_predictability(99.0, 8) == 1 / 8
    assert bound_predictability(0.0, 1) == 1
    assert np.isnan(bound_predictability(np.nan, 8))
    assert np.isnan(bound_predictability(1.0, 0))
