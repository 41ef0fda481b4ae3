"""Change points against runs that change where it is known, and noise."""

from itertools import pairwise

import numpy as np
import pytest
from ruptures import KernelCPD

from loopscope.dynamics.change_points import PENALTY, find_change_points, measure_gains


def jumping(*, dimension: int = 50, steps: int = 150, size: float = 1.0, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    run = random.normal(size=(steps, dimension))
    run[40:100] += size * random.normal(size=dimension)
    run[100:] += size * random.normal(size=dimension)
    return run


def test_jumps_at_40_and_100_of_150_are_found() -> None:
    found = find_change_points(jumping())
    assert [each.step for each in found.found] == [40, 100]
    assert all(each.gain > found.penalty and each.null_p == 0.01 for each in found.found)
    assert found.reason is None
    assert found.null_p == 0.01


@pytest.mark.parametrize("dimension", [8, 50, 384])
def test_none_is_found_in_noise(dimension: int) -> None:
    for seed in range(10):
        found = find_change_points(np.random.default_rng(seed).normal(size=(150, dimension)), nulls=0)
        assert found.found == ()
        assert "no change point gains more than the penalty" in found.reason


def test_the_penalty_can_be_reached_at_every_length() -> None:
    """The trap: all the scatter there is, n (1 − κ), must be worth more than a penalty."""
    for steps in (20, 30, 60, 1_000):
        run = np.repeat([0.0, 1.0], steps // 2)[:, None] * np.ones(384)
        found = find_change_points(run + 1e-3 * np.random.default_rng(0).normal(size=run.shape), nulls=0)
        assert [each.step for each in found.found] == [steps // 2]


def test_the_unit_does_not_matter() -> None:
    once, larger = find_change_points(jumping(), nulls=9), find_change_points(1e3 * jumping(), nulls=9)
    assert [each.step for each in once.found] == [each.step for each in larger.found]
    assert once.best_gain == pytest.approx(larger.best_gain)


def test_segments_are_those_of_ruptures_and_gains_are_its_costs() -> None:
    run = jumping(dimension=6, size=1.2, seed=3)
    squared = ((run[:, None] - run) ** 2).sum(axis=2)
    gamma = 1 / np.median(squared[squared > 0])
    detector = KernelCPD(kernel="rbf", min_size=2, params={"gamma": gamma}).fit(run)
    expected = detector.predict(pen=PENALTY * np.log(150))[:-1]
    found = find_change_points(run, nulls=0)
    assert [each.step for each in found.found] == expected
    kernel = np.exp(-gamma * squared)

    def cost(cuts: list[int]) -> float:
        edges = [0, *cuts, 150]
        return sum(b - a - kernel[a:b, a:b].sum() / (b - a) for a, b in pairwise(edges))

    for place, gain in enumerate(measure_gains(kernel, expected)):
        without = expected[:place] + expected[place + 1 :]
        assert gain == pytest.approx(cost(without) - cost(expected))
    gains = [cost([]) - cost([cut]) for cut in range(2, 149)]
    assert found.best_gain == pytest.approx(max(gains))
    assert found.best_step == 2 + int(np.argmax(gains))


def test_missing_steps_are_passed_over_and_keep_their_numbers() -> None:
    known = np.ones(150, dtype=bool)
    known[[5, 6, 70]] = False
    run = jumping()
    run[~known] = 0
    found = find_change_points(run, known, nulls=0)
    assert [each.step for each in found.found] == [40, 100]
    assert found.n_steps == 147


def test_what_cannot_be_looked_for_says_why() -> None:
    assert find_change_points(np.zeros((40, 3))).reason == "every output is the same"
    short = find_change_points(np.random.default_rng(0).normal(size=(9, 3)))
    assert short.reason == "only 9 steps; change points need 10"
    assert np.isnan(short.penalty)
    with pytest.raises(ValueError, match="expected more than 0"):
        find_change_points(jumping(), penalty=0)


def test_no_change_point_is_missing_that_gains_more_than_the_penalty_where_outputs_repeat_exactly() -> None:
    random = np.random.default_rng(5)
    near = 0
    for _ in range(800):
        kinds = int(random.integers(2, 5))
        at = random.normal(size=(kinds, 2))[random.integers(0, kinds, int(random.integers(10, 40)))]
        changes = find_change_points(at, nulls=0)
        assert bool(changes.found) or not changes.best_gain > changes.penalty
        assert all(each.gain > changes.penalty for each in changes.found)
        near += abs(changes.best_gain - changes.penalty) < 0.01
    assert near > 0
