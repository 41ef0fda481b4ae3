"""What holds for the persistence diagrams of any points."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopscope.store.persistence_diagrams import decode_points, encode_points
from loopscope.topology.diagrams import compute_persistence_diagram
from loopscope.topology.distances import ORDERS, measure_distance
from loopscope.topology.persistence_entropy import summarise_bars


@st.composite
def points(draw, most=20):
    """Give points of three dimensions, some of them equal and many distances tied."""
    count = draw(st.integers(1, most))
    steps = draw(st.sampled_from((1, 2, 1000)))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return np.round(random.normal(size=(count, 3)) * steps) / steps


@st.composite
def bars(draw, most=8):
    count = draw(st.integers(0, most))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return np.sort(np.round(random.random((count, 2)), draw(st.sampled_from((1, 3, 15)))), axis=1)


@given(points())
@settings(max_examples=60, deadline=None)
def test_components_are_as_many_as_distinct_points_and_one_never_ends(cloud):
    diagram = compute_persistence_diagram(cloud, metric="euclidean")
    assert len(diagram.points[0]) == diagram.n_unique == len(np.unique(cloud + 0.0, axis=0))
    assert np.isinf(diagram.points[0][:, 1]).sum() == 1
    assert np.isfinite(diagram.points[1]).all()
    for found in diagram.points:
        assert (found[:, 0] < found[:, 1]).all()


@given(points(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_order_and_repeats_of_points_do_not_matter(cloud, random):
    rows = [random.randrange(len(cloud)) for _ in range(5)] + random.sample(range(len(cloud)), len(cloud))
    one = compute_persistence_diagram(cloud, metric="euclidean")
    other = compute_persistence_diagram(cloud[rows], metric="euclidean")
    assert one.n_unique == other.n_unique
    for a, b in zip(one.points, other.points, strict=True):
        np.testing.assert_allclose(a, b)


@given(points(), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_a_small_move_of_the_points_is_a_small_move_of_the_bars(cloud, seed):
    """Stability: the bottleneck distance is at most twice the largest move (Chazal et al. 2014)."""
    move = 0.01 * np.random.default_rng(seed).normal(size=cloud.shape)
    one = compute_persistence_diagram(cloud, metric="euclidean")
    other = compute_persistence_diagram(cloud + move, metric="euclidean")
    largest = np.linalg.norm(move, axis=1).max()
    for a, b in zip(one.points, other.points, strict=True):
        assert measure_distance(a, b, order=np.inf).distance <= 2 * largest + 1e-9


@pytest.mark.parametrize("order", ORDERS)
@given(bars(), bars(), bars())
@settings(max_examples=40, deadline=None)
def test_distances_are_a_metric(order, a, b, c):
    def far(one, other):
        return measure_distance(one, other, order=order).distance

    assert far(a, a) == pytest.approx(0, abs=1e-12)
    assert far(a, b) == pytest.approx(far(b, a), abs=1e-8)
    assert far(a, c) <= far(a, b) + far(b, c) + 1e-8


@given(bars(), bars())
@settings(max_examples=60, deadline=None)
def test_the_bottleneck_is_the_smallest_of_the_distances(a, b):
    w1, w2, bottleneck = (measure_distance(a, b, order=order).distance for order in ORDERS)
    assert bottleneck <= w2 + 1e-8
    assert w2 <= w1 + 1e-8


@given(bars(most=20))
@settings(max_examples=60, deadline=None)
def test_entropy_is_a_share_or_has_a_reason(found):
    summary = summarise_bars(found)
    assert (summary.reason is None) == (0 <= summary.entropy <= 1)
    assert summary.largest_persistence <= summary.total_persistence + 1e-12


@given(bars(most=20))
@settings(max_examples=30, deadline=None)
def test_stored_bars_are_read_as_they_were(found):
    np.testing.assert_array_equal(decode_points(encode_points(found)), found)
