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
    null_lower, null_upper
        Between which values 95 % of the draws from the null lie; NaN where no null was drawn.
    reason
        Why there is no estimate; None where there is one.
    """

    estimate: float
    lower: float
    upper: float
    n_runs: int
    null_mean: float
    null_p: float
    method: str
    null_lower: float = np.nan
    null_upper: float = np.nan
    reason: str | None = None


def no_estimate(reason: str, *, n_runs: int) -> Estimate:
    """Say that there is no estimate, and why: such as one run in a group, or a window longer than every run.

    Examples
    --------
    >>> no_estimate("no run was absorbed", n_runs=3).reason
    'no run was absorbed'
    """
    return Estimate(np.nan, np.nan, np.nan, n_runs, np.nan, np.nan, "", reason=reason)


def make_estimate(
    value: float,
    draws: npt.ArrayLike,
    null: npt.ArrayLike,
    *,
    n_runs: int,
    method: str,
    extreme: Literal["large", "small", "far"] = "large",
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
        As in :class:`Estimate`. The method is added to where draws from the null have no value, and where all draws are
        of one run, which gives no interval.
    extreme
        Whether a null value counts against the estimate when it is as large, when it is as small, or when it is as far
        from the mean of all values, its own among them.
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
    if n_runs == 1 and len(known):
        method = f"{method}; no interval: it comes from one run"
    elif len(known) > 1:
        ends = np.clip(np.percentile(known, INTERVAL) - known.mean() + value, *bounds)
        lower, upper = np.where(np.abs(ends - value) < ROUNDING, value, ends)
    chance = _finite(null)
    if len(chance) < np.size(null):
        method = f"{method}; a value in {len(chance)} of {np.size(null)} draws from the null"
    if not len(chance) or not np.isfinite(value):
        return Estimate(float(value), float(lower), float(upper), n_runs, np.nan, np.nan, method)
    mean = float(chance.mean())
    least, most = (float(end) for end in np.percentile(chance, INTERVAL))
    found, drawn = value, chance
    if extreme == "small":
        found, drawn = -value, -chance
    elif extreme == "far":
        centre = (mean * len(chance) + value) / (len(chance) + 1)  # of all alike, or p would be slightly too small
        found, drawn = abs(value - centre), np.abs(chance - centre)
    p = (1 + int((drawn >= found - ROUNDING).sum())) / (1 + len(chance))
    return Estimate(float(value), float(lower), float(upper), n_runs, mean, p, method, least, most)


def _finite(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    finite: npt.NDArray[np.float64] = array[np.isfinite(array)]
    return finite
