import numpy as np
import pytest

from loopscope.dynamics.basin_estimates import estimate_basins, find_wilson_interval
from loopscope.dynamics.basins import cross_tabulate, find_last_symbols, measure_dependence
from loopscope.dynamics.sequences import MISSING, Sequences
from loopscope.statistics.resampling import Runs

SETTINGS = {"draws": 50, "nulls": 99}


def runs_of(prompts):
    return Runs(np.arange(len(prompts)), np.asarray(prompts))


def test_the_last_known_symbol():
    runs = Sequences.of([[], [0, 1], [2, -1], [3, MISSING], [MISSING], []])
    assert find_last_symbols(runs).tolist() == [MISSING, 1, -1, 3, MISSING, MISSING]
    assert find_last_symbols(Sequences.of([])).tolist() == []


def test_prompts_that_decide_and_prompts_that_do_not():
    prompts = np.repeat(np.arange(4), 10)
    decided = estimate_basins(prompts + 5, prompts, runs_of(prompts), **SETTINGS)
    assert decided.prompt_bits.estimate == pytest.approx(2)
    assert decided.prompt_bits.null_p == 0.01
    assert [(cell.prompt, cell.state, cell.count, cell.total) for cell in decided.cells] == [
        (number, number + 5, 10, 10) for number in range(4)
    ]
    assert decided.cells[0].share.lower == pytest.approx(0.722, abs=1e-3)
    free = estimate_basins(np.tile(np.arange(2), 20), prompts, runs_of(prompts), **SETTINGS)
    assert free.prompt_bits.estimate == 0
    assert free.prompt_bits.null_p == 1


def test_counts_of_each_prompt_sum_to_its_runs():
    random = np.random.default_rng(0)
    prompts, last = random.integers(0, 5, 60), random.integers(-2, 4, 60)
    found = estimate_basins(last, prompts, runs_of(prompts), **SETTINGS)
    for prompt in range(5):
        cells = [cell for cell in found.cells if cell.prompt == prompt]
        known = int(((prompts == prompt) & (last != MISSING)).sum())
        assert sum(cell.count for cell in cells) == known == cells[0].total


@pytest.mark.parametrize(
    ("last", "prompts", "reason"),
    [([MISSING], [0], "no run"), ([1, 2], [0, 0], "one prompt"), ([1, 2, 3], [0, 1, 2], "every prompt has one run")],
)
def test_what_cannot_be_told_has_a_reason(last, prompts, reason):
    found = estimate_basins(np.array(last), np.array(prompts), runs_of(prompts), **SETTINGS)
    assert np.isnan(found.prompt_bits.estimate)
    assert reason in found.prompt_bits.reason
    assert all(cell.share.reason is None for cell in found.cells)


def test_bits_and_tables():
    table = cross_tabulate(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), [[1, 1, 1, 1], [3, 0, 0, 3]])
    assert table.tolist() == [[[1, 1], [1, 1]], [[3, 0], [0, 3]]]
    assert measure_dependence(table) == pytest.approx([0, 1])
    assert np.isnan(measure_dependence(np.zeros((2, 2))))


def test_wilson_s_interval():
    assert find_wilson_interval(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)
    assert find_wilson_interval(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
