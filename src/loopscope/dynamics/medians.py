"""Medians of times, with intervals and nulls: whole numbers of steps, and infinity where too few have happened."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from loopscope.statistics.estimate import INTERVAL, Estimate

Numbers = npt.NDArray[np.float64]


def estimate_median(
    value: float,
    draws: npt.ArrayLike,
    null: npt.ArrayLike,
    *,
    n_runs: int,
    method: str,
    extreme: Literal["small", "far"],
) -> Estimate:
    """Put the estimate of a median together from its draws, whose percentiles are values that occur.

    Parameters
    ----------
    value
        The median, finite.
    draws, null
        Shape (any,): the same of resampled data, and of surrogates; infinity where half is not reached.
    n_runs, method
        As in :class:`Estimate`; what ends beyond what was seen is told in the method.
    extreme
        Whether a null value counts against it when it is as small, or when it is as far out on either side (twice the
        smaller of the two shares).

    Examples
    --------
    >>> found = estimate_median(4, [3, 4, np.inf], [9, np.inf, np.inf], n_runs=5, method="bootstrap", extreme="small")
    >>> found.lower, found.upper, found.null_p
    (3.0, nan, 0.25)
    >>> found.method
    'bootstrap; the upper end is later than what was seen; in 2 of the surrogates less than half was reached'
    """
    lower, upper = _percentiles(np.asarray(draws, dtype=np.float64))
    if np.isinf(upper):
        method += "; the upper end is later than what was seen"
    chance = np.asarray(null, dtype=np.float64)
    if not len(chance):
        return Estimate(value, *_finite(lower, upper), n_runs, np.nan, np.nan, method)
    unreached = int(np.isinf(chance).sum())
    if unreached:
        method += f"; in {unreached} of the surrogates less than half was reached"
    small, large = ((1 + int(counted.sum())) / (1 + len(chance)) for counted in (chance <= value, chance >= value))
    return Estimate(
        value,
        *_finite(lower, upper),
        n_runs,
        np.nan if unreached else float(chance.mean()),
        small if extreme == "small" else min(1.0, 2 * min(small, large)),
        method,
        *_finite(*_percentiles(chance)),
    )


def _percentiles(values: Numbers) -> tuple[float, float]:
    if len(values) < 2:
        return np.nan, np.nan
    low, high = np.percentile(values, INTERVAL, method="inverted_cdf")  # between infinity and a number is nothing
    return float(low), float(high)


def _finite(low: float, high: float) -> tuple[float, float]:
    return (low if np.isfinite(low) else np.nan, high if np.isfinite(high) else np.nan)
