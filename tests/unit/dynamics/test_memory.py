import numpy as np
import pytest

from loopscope.dynamics import memory
from loopscope.dynamics.memory import Triples, estimate_memory, measure_memory
from loopscope.dynamics.sequences import MISSING, Sequences


def test_memory_is_conditional_mutual_information():
    rng = np.random.default_rng(0)
    runs = Sequences.of([rng.integers(-2, 3, size) for size in (30, 2, 1, 0, 77)])
    counts = {}
    for run in runs:
        for before, now, then in zip(run, run[1:], run[2:], strict=False):
            if MISSING not in (before, now, then):
                counts[before, now, then] = counts.get((before, now, then), 0) + 1
    total = sum(counts.values())
    bits = 0.0
    for (before, now, then), number in counts.items():
        first = sum(n for key, n in counts.items() if key[:2] == (before, now))
        last = sum(n for key, n in counts.items() if key[1:] == (now, then))
        middle = sum(n for key, n in counts.items() if key[1] == now)
        bits += number / total * np.log2(number * middle / first / last)
    assert measure_memory(runs) == pytest.approx(bits)
    assert Triples.of(runs).measure([[1] * 5]) == pytest.approx([bits])


def test_many_states_are_sorted_rather_than_tabled(monkeypatch):
    runs = Sequences.of([np.random.default_rng(1).integers(0, 9, 300)])
    tabled = measure_memory(runs)
    monkeypatch.setattr(memory, "LARGEST_TABLE", 1)
    assert measure_memory(runs) == pytest.approx(tabled)


def test_weights_draw_runs_again():
    runs = Sequences.of([np.random.default_rng(seed).integers(0, 3, 50) for seed in range(4)])
    weights = np.array([[2, 0, 1, 1], [0, 4, 0, 0]])
    drawn = [measure_memory(runs.take(np.repeat(np.arange(4), weight))) for weight in weights]
    assert Triples.of(runs).measure(weights) == pytest.approx(drawn)


def test_what_looks_two_steps_back_is_found_and_a_chain_is_not(simulate):
    second_order = Sequences.of([[0, 0, 1, 1] * 15] * 6)
    found = estimate_memory(second_order, draws=20, nulls=19)
    assert found.estimate == pytest.approx(1, abs=0.01)
    assert found.null_p == 0.05
    first_order = estimate_memory(simulate([[0.8, 0.2], [0.3, 0.7]], 6, 60), draws=20, nulls=19)
    assert first_order.null_p > 0.05
    assert abs(first_order.estimate - first_order.null_mean) < 0.02


def test_runs_too_short_have_a_reason():
    found = estimate_memory(Sequences.of([[0, 1], [1]]), draws=5, nulls=5)
    assert np.isnan(found.estimate)
    assert "three known steps" in found.reason
