import numpy as np
import pytest

from loopscope.topology.diagrams import compute_persistence_diagram
from loopscope.topology.sliding_window import score_sliding_windows


def sine(steps, period, dimension=8, noise=0.0, seed=0):
    random = np.random.default_rng(seed)
    plane = np.linalg.qr(random.normal(size=(dimension, 2)))[0]
    angles = 2 * np.pi * np.arange(steps) / period
    points = np.column_stack([np.cos(angles), np.sin(angles)]) @ plane.T
    return points + noise * random.normal(size=points.shape) / np.sqrt(dimension)


def test_a_sine_is_a_loop_and_a_shuffled_one_is_not():
    found = score_sliding_windows(sine(150, 25, noise=0.2), window=12, nulls=39)
    assert found.score > 0.7
    assert found.score > 2 * found.null.max()
    assert len(found.null) == 39


def test_a_straight_walk_is_no_loop():
    line = np.outer(np.arange(60), np.ones(4)) + 0.01 * np.random.default_rng(0).normal(size=(60, 4))
    assert score_sliding_windows(line).score < 0.1


def test_the_score_is_that_of_windows_laid_side_by_side():
    """By hand: windows as long vectors, less their mean, of unit length, through the usual diagram."""
    points = sine(40, 13, noise=0.5, seed=2)
    windows = np.array(
        [(points[start : start + 6] - points[start : start + 6].mean(axis=0)).ravel() for start in range(35)]
    )
    loops = compute_persistence_diagram(windows).points[1]
    expected = (loops[:, 1] - loops[:, 0]).max() / np.sqrt(3)
    assert score_sliding_windows(points, window=6).score == pytest.approx(expected, rel=1e-9)


def test_exact_repeats_and_a_run_that_stands_still_are_scored():
    cycle = np.tile(sine(20, 20), (4, 1))
    assert score_sliding_windows(cycle, window=10).score > 0.8
    assert score_sliding_windows(np.ones((30, 3))).score == 0
    settled = np.concatenate([sine(20, 7), np.repeat(sine(1, 7), 20, axis=0)])
    assert 0 <= score_sliding_windows(settled).score <= 1


def test_turning_and_scaling_and_moving_change_nothing():
    points = sine(50, 17, noise=0.3)
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(8, 8)))[0]
    moved = 3.0 * points @ turn + 7.0
    assert score_sliding_windows(moved).score == pytest.approx(score_sliding_windows(points).score, rel=1e-6)


def test_too_short_a_run_has_a_reason():
    found = score_sliding_windows(sine(10, 5), window=8, nulls=5)
    assert np.isnan(found.score)
    assert found.reason == "10 steps are too few for windows of 8: at least 11"
    assert len(found.null) == 0
    assert score_sliding_windows(sine(11, 5), window=8).reason is None


def test_of_many_windows_evenly_spaced_ones_are_taken():
    few = score_sliding_windows(sine(400, 40), window=20, most_windows=50)
    assert few.n_windows == 50
    assert few.score > 0.7


@pytest.mark.parametrize(
    ("settings", "said"), [({"window": 1}, "window of 1"), ({"most_windows": 3}, "at most 3 windows")]
)
def test_settings_that_say_nothing_are_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        score_sliding_windows(sine(30, 10), **settings)


def test_the_same_seed_gives_the_same_shuffles():
    points = sine(40, 10, noise=0.2)
    null = [score_sliding_windows(points, nulls=3, seed=seed).null for seed in (1, 1, 2)]
    assert null[0].tolist() == null[1].tolist() != null[2].tolist()


def test_the_order_is_what_is_scored():
    """A static diagram of the same points knows nothing of it."""
    points = sine(60, 20)
    order = np.random.default_rng(0).permutation(60)
    assert score_sliding_windows(points[order]).score < 0.5 * score_sliding_windows(points).score
