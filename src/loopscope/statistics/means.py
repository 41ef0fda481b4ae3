"""The mean over runs of what was measured of each, with its interval and its null."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from loopscope.statistics.estimate import Estimate, make_estimate, no_estimate
from loopscope.statistics.resampling import Runs, resample_runs


def estimate_mean(
    values: npt.ArrayLike,
    group: npt.ArrayLike,
    *,
    null: npt.ArrayLike | None = None,
    null_said: str = "",
    draws: int,
    seed: int,
    extreme: Literal["large", "small", "far"] = "large",
    reason: str = "",
) -> Estimate:
    """Estimate the mean of one value a run.

    Parameters
    ----------
    values
        Shape (number of runs,); runs where it is NaN are left out.
    group
        Shape (number of runs,): what tells networks and prompts apart, for the bootstrap.
    null
        Shape (number of nulls, number of runs): the same values where the null holds.
    null_said
        What the null is, for ``method``.
    draws, seed
        How often runs are drawn again; the same seed gives the same draws.
    extreme
        As in :func:`loopscope.statistics.estimate.make_estimate`.
    reason
        What is said where no run has a value.

    Examples
    --------
    >>> found = estimate_mean([1.0, 2.0, np.nan, 3.0], [0, 0, 0, 0], draws=100, seed=0)
    >>> found.estimate, found.n_runs
    (2.0, 3)
    """
    every = np.asarray(values, dtype=np.float64)
    known = np.isfinite(every)
    if not known.any():
        return no_estimate(reason or "no run has a value", n_runs=0)
    chosen = every[known]
    numbers = np.unique(np.asarray(group)[known], return_inverse=True)[1].astype(np.int64)
    runs = Runs(np.arange(len(chosen)), numbers)
    weights = resample_runs(runs, draws, seed)
    drawn = weights @ chosen / len(chosen)
    chance = np.empty(0) if null is None else _mean_of_known(np.asarray(null, dtype=np.float64)[:, known])
    said = f"{runs.described}, {draws} draws" if len(weights) else runs.described
    method = f"{said}; {null_said}" if null_said else said
    return make_estimate(float(chosen.mean()), drawn, chance, n_runs=len(chosen), method=method, extreme=extreme)


def _mean_of_known(null: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Shape (number of nulls,): of the runs that have a value in it; NaN where none has."""
    known = np.isfinite(null)
    counts = known.sum(axis=1)
    sums = np.where(known, null, 0.0).sum(axis=1)
    return np.asarray(np.divide(sums, counts, out=np.full(len(null), np.nan), where=counts > 0))
