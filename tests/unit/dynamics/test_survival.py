import numpy as np
from scipy.stats import CensoredData, ecdf

from loopscope.dynamics.survival import count_by_time, estimate_survival, find_medians


def test_it_is_the_kaplan_meier_curve_of_scipy():
    random = np.random.default_rng(0)
    times, happened = random.integers(0, 30, 200), random.random(200) < 0.6
    counts = [np.bincount(times[kept], minlength=31) for kept in (happened, ~happened)]
    survival, at_risk = estimate_survival(*counts)
    expected = ecdf(CensoredData(uncensored=times[happened], right=times[~happened])).sf.evaluate(np.arange(31))
    known = ~np.isnan(survival)
    np.testing.assert_allclose(survival[known], expected[known], atol=1e-12)
    assert at_risk[0] == 200
    assert np.isnan(survival[30])


def test_weights_are_the_same_as_drawing_again():
    random = np.random.default_rng(1)
    times, happened = random.integers(0, 8, 20), random.random(20) < 0.5
    weights = random.multinomial(20, np.full(20, 0.05), size=3)
    owner = np.arange(20)
    events = [count_by_time(times[kept], owner[kept], (20, 9)) for kept in (happened, ~happened)]
    weighted, _ = estimate_survival(*(weights @ each for each in events))
    for row, weight in zip(weighted, weights, strict=True):
        again = np.repeat(owner, weight)
        drawn = [np.bincount(times[again][kept[again]], minlength=9) for kept in (happened, ~happened)]
        np.testing.assert_allclose(row, estimate_survival(*drawn)[0])


def test_it_stays_at_zero_where_it_happened_to_all_and_is_unknown_where_nobody_is_watched():
    assert estimate_survival([0, 2, 0, 0], [0, 0, 0, 0])[0].tolist() == [1, 0, 0, 0]
    survival = estimate_survival([1, 0, 0], [0, 1, 0])[0]
    assert survival[:2].tolist() == [0.5, 0.5]
    assert np.isnan(survival[2])


def test_the_median_is_where_half_is_reached():
    assert find_medians(np.array([1.0, 0.6, 0.5, np.nan])) == 2
    assert find_medians(np.array([1.0, 0.6, np.nan])) == np.inf
    assert find_medians(np.empty((2, 0))).tolist() == [np.inf, np.inf]
