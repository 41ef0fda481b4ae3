"""Whether runs of different groups are further apart than runs of one group, from the distances between all runs."""

import numpy as np
import numpy.typing as npt

from loopscope.statistics.estimate import Estimate, make_estimate, no_estimate
from loopscope.statistics.resampling import Runs, permute_across_runs, resample_runs
from loopscope.topology.diagrams import Numbers

DRAWS = 200
NULLS = 99


def contrast_groups(
    distances: Numbers,
    labels: npt.ArrayLike,
    group: npt.ArrayLike,
    *,
    draws: int = DRAWS,
    nulls: int = NULLS,
    seed: int = 0,
) -> Estimate:
    """Estimate the mean distance between runs of different groups, less that within groups.

    Parameters
    ----------
    distances
        Shape (number of runs, number of runs), symmetric.
    labels
        Shape (number of runs,): the group of each.
    group
        Shape (number of runs,): what tells networks and prompts apart, for the bootstrap.
    draws, nulls, seed
        How often runs are drawn again, and the labels permuted across runs (null P: groups make no difference).

    Returns
    -------
    Estimate
        A run that is drawn twice is not compared with itself.

    Examples
    --------
    >>> far = np.array([[0, 1, 9, 9], [1, 0, 9, 9], [9, 9, 0, 1], [9, 9, 1, 0]], dtype=float)
    >>> contrast_groups(far, [0, 0, 1, 1], [0, 0, 1, 1]).estimate
    8.0
    """
    numbers = np.unique(np.asarray(labels), return_inverse=True)[1].astype(np.int64)
    n_runs = len(numbers)
    if reason := _find_reason(distances, numbers):
        return no_estimate(reason, n_runs=n_runs)
    runs = Runs(np.arange(n_runs), np.unique(np.asarray(group), return_inverse=True)[1].astype(np.int64))
    weights = resample_runs(runs, draws, seed).astype(np.float64)
    random = np.random.default_rng(seed)
    null = [
        _contrast(distances, numbers[permute_across_runs(runs, random)], np.ones((1, n_runs)))[0] for _ in range(nulls)
    ]
    return make_estimate(
        float(_contrast(distances, numbers, np.ones((1, n_runs)))[0]),
        _contrast(distances, numbers, weights),
        null,
        n_runs=n_runs,
        method=f"{runs.described}, {draws} draws; null P: labels permuted across runs {nulls} times",
    )


def _find_reason(distances: Numbers, numbers: npt.NDArray[np.int64]) -> str | None:
    sizes = np.bincount(numbers)
    if len(sizes) < 2:
        return "one group: there is nothing between groups"
    if sizes.max() < 2:
        return "one run in each group: there is nothing within groups"
    if not np.isfinite(distances).all():
        return "some distances are infinite: one diagram has more bars that never end"
    return None


def _contrast(distances: Numbers, numbers: npt.NDArray[np.int64], weights: Numbers) -> Numbers:
    """Shape (draws,): between less within; NaN where a draw has only one of them."""
    within = numbers[:, None] == numbers[None, :]
    np.fill_diagonal(within, False)
    between = numbers[:, None] != numbers[None, :]
    return _mean(distances, between, weights) - _mean(distances, within, weights)


def _mean(distances: Numbers, chosen: npt.NDArray[np.bool_], weights: Numbers) -> Numbers:
    pairs = ((weights @ chosen) * weights).sum(axis=1)
    sums = ((weights @ np.where(chosen, distances, 0.0)) * weights).sum(axis=1)
    return np.asarray(np.divide(sums, pairs, out=np.full(len(weights), np.nan), where=pairs > 0))
