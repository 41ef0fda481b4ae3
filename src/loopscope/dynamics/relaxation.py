"""Exponential relaxation fitted to many curves at once: y(t) = y∞ − (y∞ − y0) e^(−t/τ)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FEWEST_STEPS = 5
"""A curve of fewer steps has no time scale of its own: three numbers are fitted."""
FASTEST = 0.2
"""The smallest τ, in steps: below it, all is over at the second step."""
SLOWEST = 10.0
"""The largest τ, in lengths of the curve."""
_GRID = 120
_GOLDEN = (5**0.5 - 1) / 2
_REFINEMENTS = 30


@dataclass(frozen=True)
class Relaxation:
    """The fits of k curves.

    Attributes
    ----------
    first, last
        Shape (k,), float64: y0 and y∞, in the unit of the curves; NaN where nothing could be fitted.
    tau
        Shape (k,), float64: τ, in the unit of the times.
    r2
        Shape (k,), float64: the share of the curve's variance that the fit explains; NaN for a constant curve.
    """

    first: Floats
    last: Floats
    tau: Floats
    r2: Floats

    def at(self, times: Floats) -> Floats:
        """Give the fitted curves at these times: shape (k, number of times)."""
        left = np.exp(-np.asarray(times) / self.tau[:, None])
        return np.asarray(self.last[:, None] - (self.last - self.first)[:, None] * left)


def fit_relaxation(curves: npt.ArrayLike, times: npt.ArrayLike) -> Relaxation:
    """Fit an exponential relaxation to each curve by least squares.

    For a given τ the best y0 and y∞ have a closed form, so that only τ is searched (variable projection; Golub and
    Pereyra 1973, doi:10.1137/0710036): over a grid, then by golden sections. Hundreds of resampled curves take
    milliseconds, and no start has to be guessed.

    Parameters
    ----------
    curves
        Shape (k, number of times); a curve with NaN is not fitted.
    times
        Shape (number of times,), increasing.

    Examples
    --------
    >>> times = np.arange(30)
    >>> fit = fit_relaxation([3 - 2 * np.exp(-times / 4.0)], times)
    >>> [round(float(value[0]), 6) for value in (fit.first, fit.last, fit.tau, fit.r2)]
    [1.0, 3.0, 4.0, 1.0]
    """
    values = np.asarray(curves, dtype=np.float64)
    moments = np.asarray(times, dtype=np.float64)
    first, last, tau, r2 = np.full((4, len(values)), np.nan)
    whole = ~np.isnan(values).any(axis=1)
    if len(moments) < FEWEST_STEPS or not whole.any():
        return Relaxation(first, last, tau, r2)
    moments = moments - moments[0]
    y = values[whole]
    grid = np.geomspace(FASTEST, SLOWEST * moments[-1], _GRID)
    best = _residuals_on_grid(y, moments, grid).argmin(axis=0)
    step = np.log(grid[1] / grid[0])
    low, high = np.log(grid[best]) - step, np.log(grid[best]) + step
    for _ in range(_REFINEMENTS):
        width = (high - low) * _GOLDEN
        a, b = high - width, low + width
        left = _solve(y, moments, np.exp(a))[2] < _solve(y, moments, np.exp(b))[2]
        low, high = np.where(left, low, a), np.where(left, b, high)
    tau[whole] = np.clip(np.exp((low + high) / 2), grid[0], grid[-1])
    last[whole], first[whole], residual = _solve(y, moments, tau[whole])
    total = ((y - y.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    varies = total > 1e-12 * (y**2).sum(axis=1)
    r2[whole] = np.where(varies, 1 - residual / np.where(varies, total, 1.0), np.nan)
    return Relaxation(first, last, tau, r2)


def _residuals_on_grid(y: Floats, times: Floats, grid: Floats) -> Floats:
    """Shape (number of τ, k): what is left of each curve's squares."""
    centred = y - y.mean(axis=1, keepdims=True)
    decay = np.exp(-times / grid[:, None])
    decay -= decay.mean(axis=1, keepdims=True)
    decay /= np.linalg.norm(decay, axis=1, keepdims=True)
    return np.asarray((centred**2).sum(axis=1) - (decay @ centred.T) ** 2)


def _solve(y: Floats, times: Floats, tau: Floats) -> tuple[Floats, Floats, Floats]:
    """Give y∞, y0 and the squares left, each of shape (k,), for one τ for each curve."""
    decay = np.exp(-times / tau[:, None])
    centre, mean = decay.mean(axis=1), y.mean(axis=1)
    varying = decay - centre[:, None]
    slope = ((y - mean[:, None]) * varying).sum(axis=1) / (varying**2).sum(axis=1)
    last = mean - slope * centre
    left = y - last[:, None] - slope[:, None] * decay
    return last, last + slope, (left**2).sum(axis=1)
