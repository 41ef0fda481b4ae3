import numpy as np
import pytest

from loopscope.topology.distances import GROUND_METRIC, measure_all_distances, measure_distance

EARLY, LATE = np.array([[0.0, 0.1]]), np.array([[0.8, 0.9]])


@pytest.mark.parametrize(("order", "expected"), [(1, 0.1), (2, 0.05 * np.sqrt(2)), (np.inf, 0.05)])
def test_bars_of_one_length_at_different_places_are_apart(order, expected):
    """The trap: a comparison of sorted lifetimes gives 0."""
    lifetimes = [np.sort(np.diff(bars, axis=1).ravel()) for bars in (EARLY, LATE)]
    np.testing.assert_allclose(lifetimes[0], lifetimes[1])
    found = measure_distance(EARLY, LATE, order=order)
    assert found.distance == pytest.approx(expected, rel=1e-8)
    assert (found.order, found.ground_metric) == (order, GROUND_METRIC)


@pytest.mark.parametrize("order", [1, 2, np.inf])
def test_a_bar_that_moves_a_little_is_as_far_as_it_moved(order):
    moved = measure_distance(np.array([[0.0, 1.0]]), np.array([[0.1, 1.05]]), order=order)
    assert moved.distance == pytest.approx(0.1, rel=1e-8)


@pytest.mark.parametrize("order", [1, 2, np.inf])
def test_against_an_assignment_by_hand(order):
    """Every matching of two small diagrams with the diagonal, by scipy."""
    from scipy.optimize import linear_sum_assignment

    random = np.random.default_rng(3)
    a, b = (np.sort(random.random((n, 2)), axis=1) for n in (4, 3))
    cost = np.zeros((7, 7))
    cost[:4, :3] = np.abs(a[:, None] - b[None]).max(axis=2)
    cost[:4, 3:] = ((a[:, 1] - a[:, 0]) / 2)[:, None]
    cost[4:, :3] = ((b[:, 1] - b[:, 0]) / 2)[None]
    if order == np.inf:
        limits = np.unique(cost)
        expected = next(limit for limit in limits if (cost > limit)[linear_sum_assignment(cost > limit)].sum() == 0)
    else:
        expected = (cost**order)[linear_sum_assignment(cost**order)].sum() ** (1 / order)
    assert measure_distance(a, b, order=order).distance == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("order", [1, 2, np.inf])
def test_bars_that_never_end_are_matched_by_birth(order):
    a, b = np.array([[0, 0.3], [0.0, np.inf]]), np.array([[0, 0.3], [0.2, np.inf]])
    found = measure_distance(a, b, order=order)
    assert found.distance == pytest.approx(0.2)
    assert found.n_essential == 1


@pytest.mark.parametrize("order", [1, 2, np.inf])
def test_another_number_of_bars_that_never_end_is_infinitely_far(order):
    found = measure_distance(np.array([[0, np.inf]]), EARLY, order=order)
    assert (found.distance, found.n_essential) == (np.inf, 0)


@pytest.mark.parametrize("order", [1, 2, np.inf])
def test_empty_diagrams_and_empty_bars_are_no_matter(order):
    nothing, on_the_diagonal = np.empty((0, 2)), np.array([[0.5, 0.5]])
    assert measure_distance(nothing, nothing, order=order).distance == 0
    assert measure_distance(nothing, on_the_diagonal, order=order).distance == 0
    assert measure_distance(EARLY, nothing, order=order).distance == pytest.approx(0.05)


def test_an_unknown_order_is_refused():
    with pytest.raises(ValueError, match="found the order 3; expected 1 or 2, or infinity"):
        measure_distance(EARLY, LATE, order=3)


def test_all_distances_are_those_of_the_pairs():
    bars = [EARLY, LATE, np.empty((0, 2)), np.array([[0.0, 0.4], [0.1, 0.2]])]
    found = measure_all_distances(bars, order=1, workers=2)
    expected = [[measure_distance(a, b).distance for b in bars] for a in bars]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
