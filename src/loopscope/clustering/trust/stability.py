"""Which clusters come again when some of the runs are left out (Hennig 2007)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from loopscope.clustering.trust.agreement import count_cells
from loopscope.errors import ClusteringError
from loopscope.statistics.estimate import INTERVAL, Estimate
from loopscope.statistics.resampling import Runs
from loopscope.types import OUTLIER

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Recluster: TypeAlias = Callable[[Integers], Integers]
"""From the rows that are left in to the cluster of each, −1 for an outlier."""

STABLE = 0.75
"""From this mean index on, a cluster is stable."""
PATTERN = 0.6
"""From this mean index on, it is a pattern."""
DISSOLVED = 0.5
"""In a subsample with at most this index, a cluster is dissolved."""


@dataclass(frozen=True)
class ClusterStability:
    """How stable one cluster is.

    Attributes
    ----------
    cluster, size
        Its number and how many embeddings it has.
    jaccard
        The mean over resamples of its Jaccard index with the new cluster that is most like it, on the embeddings in
        common. The interval holds 95 % of the resamples.
    recovered, dissolved
        In which share of the resamples that index is above .75, and at most .5.
    """

    cluster: int
    size: int
    jaccard: Estimate
    recovered: float
    dissolved: float

    @property
    def verdict(self) -> str:
        """What Hennig's rule says of it.

        >>> every = Estimate(0.8, 0.7, 0.9, 10, np.nan, np.nan, "")
        >>> ClusterStability(0, 12, every, 0.9, 0.0).verdict
        'stable'
        """
        if np.isnan(self.jaccard.estimate):
            return "not seen"
        if self.jaccard.estimate >= STABLE:
            return "stable"
        return (
            "a pattern, but not sure which embeddings belong"
            if self.jaccard.estimate >= PATTERN
            else "not to be trusted"
        )


def resample_jaccard(
    labels: Integers,
    runs: Runs,
    recluster: Recluster,
    *,
    resamples: int,
    share: float,
    seed: int,
    told: Callable[[], None] | None = None,
) -> Floats:
    """Leave runs out, cluster again, and find how much of each cluster comes again.

    Parameters
    ----------
    labels
        Shape (n,), int64: the clusters in question, −1 for an outlier.
    runs
        Which run each embedding is of.
    recluster
        The algorithm with the parameters that made the labels.
    resamples
        How often.
    share
        Of the runs that are left in, above 0 and below 1.
    seed
        The same seed leaves the same runs in.
    told
        Called after each resample.

    Returns
    -------
    numpy.ndarray
        Shape (clusters, resamples), in [0, 1]; NaN where no embedding of the cluster was left in.

    Raises
    ------
    ClusteringError
        When the share leaves all runs in, or none.
    """
    random = np.random.default_rng(seed)
    kept = count_left_in(runs.n_runs, share)
    n_clusters = int(labels.max(initial=OUTLIER)) + 1
    found = np.full((n_clusters, resamples), np.nan)
    for number in range(resamples):
        left_in = np.zeros(runs.n_runs, dtype=bool)
        left_in[random.choice(runs.n_runs, kept, replace=False)] = True
        rows = np.flatnonzero(left_in[runs.run])
        found[:, number] = _best_jaccard(labels[rows], recluster(rows), n_clusters)
        if told:
            told()
    return found


def count_left_in(n_runs: int, share: float) -> int:
    """Count the runs that a share of them leaves in.

    Raises
    ------
    ClusteringError
        When that is all of them, or the share is not between 0 and 1.

    Examples
    --------
    >>> count_left_in(10, 0.8)
    8
    """
    kept = max(round(share * n_runs), 1)
    if not 0 < share < 1 or kept >= n_runs:
        raise ClusteringError(
            f"found {n_runs} runs, of which a share of {share:g} is {kept}; expected some runs to be left out: a share "
            "between 0 and 1, such as 0.8, or a clustering of more runs"
        )
    return kept


def summarise_stability(
    labels: Integers, jaccard: Floats, null: Sequence[Floats], *, n_runs: int, share: float
) -> tuple[ClusterStability, ...]:
    """Say how stable each cluster is, beside what the same settings find in noise.

    Parameters
    ----------
    labels
        Shape (n,), int64.
    jaccard
        Shape (clusters, resamples): as :func:`resample_jaccard` gives it.
    null
        The same of Gaussian clouds. Every cloud counts once, however many clusters are found in it: for the null's
        mean by the mean stability of its clusters, 0 where there are none, and for p by the share of its clusters that
        are as stable. So p is at least 1 / (clouds + 1).
    n_runs, share
        As for :func:`resample_jaccard`.
    """
    chance = [_known(_mean(each)) for each in null]
    null_mean = float(np.mean([each.mean() for each in chance])) if chance else np.nan
    method = (
        f"{jaccard.shape[1]} subsamples of {share:.0%} of the runs; null G: {len(null)} Gaussian clouds of the same "
        f"covariance, with {sum(map(len, null))} clusters"
    )
    found = []
    for cluster, each in enumerate(jaccard):
        seen = each[~np.isnan(each)]
        value = float(seen.mean()) if len(seen) else np.nan
        lower, upper = np.percentile(seen, INTERVAL) if len(seen) > 1 else (np.nan, np.nan)
        as_stable = sum(float((of_cloud >= value).mean()) for of_cloud in chance)
        p = (1 + as_stable) / (1 + len(chance)) if chance and len(seen) else np.nan
        estimate = Estimate(value, float(lower), float(upper), n_runs, null_mean, p, method)
        recovered, dissolved = (
            float(part.mean()) if len(seen) else np.nan for part in (seen > STABLE, seen <= DISSOLVED)
        )
        found.append(ClusterStability(cluster, int((labels == cluster).sum()), estimate, recovered, dissolved))
    return tuple(found)


def _known(stability: Floats) -> Floats:
    """Leave out clusters of a cloud that were never seen; one without any has a stability of 0."""
    known: Floats = stability[~np.isnan(stability)]
    return known if len(known) else np.zeros(1)


def _mean(jaccard: Floats) -> Floats:
    counts = (~np.isnan(jaccard)).sum(axis=1)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.nansum(jaccard, axis=1) / counts
    return mean


def _best_jaccard(labels: Integers, again: Integers, n_clusters: int) -> Floats:
    """Find how like the new cluster that it is most like each cluster is; NaN for one without members."""
    cells = count_cells(labels - OUTLIER, again - OUTLIER, n_clusters + 1, int(again.max(initial=OUTLIER)) + 2)
    sizes, again_sizes = cells.sizes_a[:, 0], cells.sizes_b[:, 0]
    inside = cells.take((cells.a > 0) & (cells.b > 0))
    shared = inside.counts[:, 0]
    best = np.where(sizes > 0, 0.0, np.nan)
    np.maximum.at(best, inside.a, shared / (sizes[inside.a] + again_sizes[inside.b] - shared))
    return best[1:]
