import numpy as np

from loopscope.topology.diagrams import compute_persistence_diagram
from loopscope.topology.gaussian_null import MEASURES, draw_gaussian_null, measure_bars
from loopscope.topology.persistence_entropy import summarise_bars


def test_a_circle_has_a_longer_loop_than_any_cloud():
    angles = 2 * np.pi * np.arange(40) / 40
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    null = draw_gaussian_null(circle, nulls=19, seed=0, metric="euclidean")
    loops = compute_persistence_diagram(circle, metric="euclidean").points[1]
    assert summarise_bars(loops).largest_persistence > 2 * null.of(1, "largest_persistence").max()


def test_repeats_count_once():
    points = np.random.default_rng(0).normal(size=(12, 5))
    once = draw_gaussian_null(points, nulls=3, seed=4)
    twice = draw_gaussian_null(np.concatenate([points, points[::-1]]), nulls=3, seed=4)
    np.testing.assert_array_equal(once.values, twice.values)
    assert once.of(0, "n_bars").tolist() == [11, 11, 11]


def test_one_point_has_a_null_without_bars():
    null = draw_gaussian_null(np.ones((4, 3)), nulls=2, seed=0)
    assert np.isnan(null.of(1, "entropy")).all()
    assert null.of(0, "n_bars").tolist() == [0, 0]


def test_measures_are_in_their_order():
    summary = summarise_bars(np.array([[0, 1.0], [0, 3.0]]))
    assert dict(zip(MEASURES, measure_bars(summary), strict=True)) == {
        "entropy": summary.entropy,
        "n_bars": 2,
        "total_persistence": 4,
        "largest_persistence": 3,
    }
