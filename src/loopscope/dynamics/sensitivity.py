"""Early sensitivity: how fast runs that begin near each other move apart, before the space is used up.

In a bounded space distances stop growing, and a slope over all steps says nothing of the beginning: of the logistic
map it is 0.004 where the exponent is ln 2 = 0.693. So only the steps are used at which pairs are still near.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.divergence import DRAWS, NULLS, SAME, Cohort, Kind, PairCurves, Step, weigh_pairs
from loopscope.dynamics.pair_distances import measure_squared_distances
from loopscope.statistics.estimate import Estimate, make_estimate, no_estimate
from loopscope.statistics.resampling import Runs, resample_runs

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

NEAR: Final = 0.1
"""Pairs are near while their typical distance is below this share of saturation."""
FEWEST_STEPS: Final = 5


@dataclass(frozen=True)
class Sensitivity:
    """How fast pairs move apart.

    Attributes
    ----------
    exponent
        The slope of mean ln d, per step: a finite-time Lyapunov exponent.
    window
        Over how many steps, from the first; where generators take turns, of one turn.
    """

    exponent: Estimate
    window: int


def find_window(curves: PairCurves) -> int:
    """Count the first steps at which the pairs' typical distance, exp(mean ln d), is below a tenth of saturation.

    Saturation is the root mean square distance over the last quarter of the steps.
    """
    known = ~np.isnan(curves.mean_log)
    near = known & (np.exp(np.where(known, curves.mean_log, 0.0)) < NEAR * curves.saturation)
    return int(np.argmin(near)) if not near.all() else len(near)


def estimate_sensitivity(
    steps: Iterable[Step],
    cohort: Cohort,
    group: npt.ArrayLike,
    curves: PairCurves,
    *,
    draws: int = DRAWS,
    nulls: int = NULLS,
    seed: int = 0,
) -> Sensitivity:
    """Estimate the slope of mean ln d while the pairs are near.

    After Rosenstein et al. 1993, doi:10.1016/0167-2789(93)90009-P, with pairs of runs in place of neighbours. Pairs
    that are at distance 0 at one of the steps are left out, since their logarithm is not a number. The window is that
    of the data in every resample and every permutation.

    Parameters
    ----------
    steps
        One after the other, from the first; no more are read than the window has.
    cohort
        Of all runs of the steps.
    group
        The row numbers of the runs whose pairs are meant.
    curves
        Of the same pairs, as `measure_divergence` gives them.
    draws, nulls, seed
        How many resamples and permutations, and where they come from.
    """
    window = find_window(curves)
    rows = np.asarray(group, dtype=np.int64)
    reason = _why_no_window(curves, window)
    if reason is not None:
        return Sensitivity(no_estimate(reason, n_runs=len(rows)), window)
    slopes = _measure_slopes(steps, curves.t[:window], cohort.n_runs)
    chosen = _choose_pairs(cohort, rows, curves.kind)
    own = slopes[np.ix_(rows, rows)]
    growing = chosen & ~np.isnan(own)
    if not growing.any():
        return Sensitivity(no_estimate("every pair is at distance 0 at some step", n_runs=len(rows)), window)
    prompts = np.unique(cohort.prompt[rows], return_inverse=True)[1].astype(np.int64)
    weights = resample_runs(Runs(np.arange(len(rows)), prompts), draws, seed).astype(np.float64)
    a, b = np.nonzero(np.triu(chosen))
    dealt = cohort.permute(nulls if len(curves.null) else 0, seed)[:, rows]
    permuted = [slopes[each[a], each[b]] for each in dealt]
    null = [each[~np.isnan(each)].mean() if (~np.isnan(each)).any() else np.nan for each in permuted]
    left_out = int(chosen.sum() - growing.sum()) // 2
    method = f"slope over the first {window} steps; {curves.method}"
    if left_out:
        method += f"; {left_out} of {int(chosen.sum()) // 2} pairs at distance 0 left out"
    estimate = make_estimate(
        own[growing].mean(), weigh_pairs(own, growing, weights), null, n_runs=len(rows), method=method, extreme="far"
    )
    return Sensitivity(estimate, window)


def _why_no_window(curves: PairCurves, window: int) -> str | None:
    if np.isnan(curves.mean_log).all():
        kind = "of one prompt" if curves.kind == SAME else "of one network with different prompts"
        return f"no two runs {kind} are ever apart"
    if window == 0 and not np.isnan(curves.mean_log[0]):
        share = np.exp(curves.mean_log[0]) / curves.saturation
        return f"the start is saturated: pairs begin at {100 * share:.0f} % of their final distance, not below 10 %"
    if window < FEWEST_STEPS:
        return f"pairs are near at only {window} of the first steps; a slope needs {FEWEST_STEPS}"
    return None


def _measure_slopes(steps: Iterable[Step], moments: Integers, n_runs: int) -> Floats:
    """Shape (n, n): the least-squares slope of each pair's ln d; NaN where it is at distance 0 or not known."""
    centred = moments - moments.mean()
    weights = dict(zip(moments.tolist(), (centred / (centred**2).sum()).tolist(), strict=True))
    slopes = np.zeros((n_runs, n_runs))
    for t, (vectors, known) in zip(range(int(moments[-1]) + 1), steps, strict=False):
        if t in weights:
            logs = np.full((n_runs, n_runs), np.nan)
            squared = measure_squared_distances(vectors[known])
            logs[np.ix_(known, known)] = np.log(squared, out=np.full_like(squared, np.nan), where=squared > 0) / 2
            slopes += weights[t] * logs
    return slopes


def _choose_pairs(cohort: Cohort, rows: Integers, kind: Kind) -> npt.NDArray[np.bool_]:
    same = cohort.prompt[rows][:, None] == cohort.prompt[rows]
    chosen = same if kind == SAME else (cohort.network[rows][:, None] == cohort.network[rows]) & ~same
    np.fill_diagonal(chosen, False)
    return np.asarray(chosen)
