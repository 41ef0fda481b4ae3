import numpy as np
import pytest

from loopscope.topology.persistence_entropy import NO_BARS, ONE_BAR, summarise_bars


def test_equal_bars_have_entropy_one_whatever_their_number_and_births():
    for n in (2, 7, 100):
        births = np.arange(n, dtype=float)
        assert summarise_bars(np.column_stack([births, births + 0.25])).entropy == pytest.approx(1)


def test_entropy_is_shannon_s_as_a_share_of_the_logarithm_of_the_number():
    summary = summarise_bars(np.array([[0, 0.75], [0.5, 0.75]]))
    expected = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25)) / np.log(2)
    assert summary.entropy == pytest.approx(expected)
    assert (summary.n_bars, summary.total_persistence, summary.largest_persistence) == (2, 1.0, 0.75)


def test_a_bar_that_never_ends_is_counted_apart():
    with_it = summarise_bars(np.array([[0, 1.0], [0, 1.0], [0, np.inf]]))
    assert (with_it.entropy, with_it.n_bars, with_it.n_essential) == (1.0, 2, 1)
    assert with_it.total_persistence == 2


@pytest.mark.parametrize(
    ("points", "reason", "n_bars"),
    [([[0, np.inf]], NO_BARS, 0), (np.empty((0, 2)), NO_BARS, 0), ([[0.1, 0.5], [0, np.inf]], ONE_BAR, 1)],
)
def test_without_two_bars_the_reason_is_said(points, reason, n_bars):
    summary = summarise_bars(np.array(points, dtype=float).reshape(-1, 2))
    assert np.isnan(summary.entropy)
    assert (summary.reason, summary.n_bars) == (reason, n_bars)


def test_scale_does_not_matter():
    points = np.random.default_rng(1).random((20, 2)).cumsum(axis=1)
    assert summarise_bars(points).entropy == pytest.approx(summarise_bars(points * 1000).entropy)
