"""A number with its uncertainty and with what chance alone would give, as every analysis reports it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

INTERVAL = (2.5, 97.5)
"""The percentiles between which an interval lies: 95 % of the draws."""
ROUNDING = 1e-12
"""Values that differ by less are equal: sums in another order."""


@dataclass(frozen=True)
class Estimate:
    """One estimate.

    Attributes
    ----------
    estimate
        The value, NaN where there is nothing to compute it from.
    lower, upper
        The ends of its 95 % interval; NaN where one run is all there is.
    n_runs
        From how many runs it comes.
    null_mean
        What it is on average where the null holds; NaN where no null was drawn.
    null_p
        The share of draws from the null that are as extreme, the estimate itself counted as one.
    method
        How interval and null were made.
    """

    estimate: float
    lower: float
    upper: float
    n_runs: int
    null_mean: float
    null_p: float
    method: str


def make_estimate(
    value: float,
    draws: npt.ArrayLike,
    null: npt.ArrayLike,
    *,
    n_runs: int,
    method: str,
    extreme: Literal["large", "far"] = "large",
    bounds: tuple[float, float] = (-np.inf, np.inf),
) -> Estimate:
    """Put an estimate together from its draws.

    The interval lies between percentiles of the draws, moved by as much as their mean is off the estimate: a run that
    is drawn twice agrees with itself, so that draws are more orderly than the data that they are of.

    Parameters
    ----------
    value
        The estimate.
    draws
        Shape (any,): the same of resampled data; NaN where it could not be computed.
    null
        Shape (any,): the same of data without the effect; empty where there is no null.
    n_runs, method
        As in :class:`Estimate`.
    extreme
        Whether a null value counts against the estimate when it is as large, or when it is as far from the null's mean.
    bounds
        Between which values the ends must lie.

    Examples
    --------
    >>> found = make_estimate(0.8, [0.8, 0.9, 1.0], [0.1, 0.0, -0.1], n_runs=4, method="")
    >>> round(found.lower, 3), round(found.upper, 3), found.null_p
    (0.705, 0.895, 0.25)
    """
    known = _finite(draws)
    lower, upper = np.nan, np.nan
    if len(known) > 1:
        ends = np.clip(np.percentile(known, INTERVAL) - known.mean() + value, *bounds)
        lower, upper = np.where(np.abs(ends - value) < ROUNDING, value, ends)
    chance = _finite(null)
    if not len(chance) or not np.isfinite(value):
        return Estimate(float(value), float(lower), float(upper), n_runs, np.nan, np.nan, method)
    mean = float(chance.mean())
    found, drawn = (value, chance) if extreme == "large" else (abs(value - mean), np.abs(chance - mean))
    p = (1 + int((drawn >= found - ROUNDING).sum())) / (1 + len(chance))
    return Estimate(float(value), float(lower), float(upper), n_runs, mean, p, method)


def _finite(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    finite: npt.NDArray[np.float64] = array[np.isfinite(array)]
    return finite
