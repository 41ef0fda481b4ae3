"""Relaxations fitted to curves, against scipy and against curves of which they are known."""

import numpy as np
import pytest
from scipy.optimize import curve_fit

from loopscope.dynamics.relaxation import FASTEST, SLOWEST, fit_relaxation


def relax(t: np.ndarray, first: float, last: float, tau: float) -> np.ndarray:
    return last - (last - first) * np.exp(-t / tau)


@pytest.mark.parametrize(("first", "last", "tau"), [(0.0, 2.0, 3.0), (5.0, 1.0, 0.7), (1.0, 1.1, 40.0)])
def test_a_curve_without_noise_is_fitted_exactly(first: float, last: float, tau: float) -> None:
    t = np.arange(60.0)
    fit = fit_relaxation([relax(t, first, last, tau)], t)
    assert (fit.first[0], fit.last[0], fit.tau[0]) == pytest.approx((first, last, tau), rel=1e-4, abs=1e-6)
    assert fit.r2[0] == pytest.approx(1)


def test_noisy_curves_are_fitted_as_scipy_fits_them() -> None:
    random = np.random.default_rng(0)
    t = np.arange(50.0)
    curves = relax(t, 0.5, 2.0, 6.0) + random.normal(0, 0.1, (20, 50))
    fit = fit_relaxation(curves, t)
    for number, curve in enumerate(curves):
        (first, last, tau), _ = curve_fit(relax, t, curve, p0=[0.5, 2.0, 6.0])
        assert (fit.first[number], fit.last[number], fit.tau[number]) == pytest.approx((first, last, tau), rel=1e-4)


def test_a_curve_that_only_rises_is_at_the_limit() -> None:
    t = np.arange(20.0)
    assert fit_relaxation([t], t).tau[0] == pytest.approx(SLOWEST * 19)
    assert fit_relaxation([[0.0, *[1.0] * 19]], t).tau[0] == pytest.approx(FASTEST, rel=0.2)


def test_what_cannot_be_fitted_is_not_a_number() -> None:
    assert np.isnan(fit_relaxation([[1.0, 2.0, 3.0, 4.0]], np.arange(4)).tau).all()
    fit = fit_relaxation([[1.0] * 9, [1.0, np.nan, *[2.0] * 7]], np.arange(9))
    assert np.isnan(fit.r2).all()
    assert np.isnan(fit.tau[1])
    assert fit_relaxation(np.empty((0, 9)), np.arange(9)).tau.shape == (0,)
