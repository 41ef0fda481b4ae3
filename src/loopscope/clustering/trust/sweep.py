"""HDBSCAN over a grid of settings: vectors are linked once for each ``min_samples``, and clusters cut many times."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import numpy.typing as npt

from loopscope.clustering.checking import check_at_least, check_epsilon, check_vectors
from loopscope.clustering.parameters import Metric, Repeats
from loopscope.clustering.repeats import distinct_rows
from loopscope.clustering.tree.cutting import cut
from loopscope.clustering.tree.linkage import Linkage, link
from loopscope.clustering.trust.agreement import adjusted_rand, count_cells
from loopscope.clustering.trust.noise import gaussian_cloud
from loopscope.errors import ClusteringError
from loopscope.statistics.estimate import Estimate, make_estimate
from loopscope.statistics.resampling import Runs, resample_runs
from loopscope.types import OUTLIER, Vectors

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """Which settings are tried: every size with every epsilon, for every ``min_samples``.

    Attributes
    ----------
    min_cluster_sizes, epsilons, min_samples
        Values of the parameters of :func:`loopscope.clustering.hdbscan`, each at least one.
    """

    min_cluster_sizes: Sequence[int]
    epsilons: Sequence[float]
    min_samples: Sequence[int]

    def __len__(self) -> int:
        return len(self.min_cluster_sizes) * len(self.epsilons) * len(self.min_samples)


@dataclass(frozen=True)
class Setting:
    """What one setting gives.

    Attributes
    ----------
    min_cluster_size, min_samples, epsilon
        The setting.
    n_clusters
        How many clusters there are.
    outlier_share
        The share of embeddings that are outliers; its interval is over runs, the labels as they are.
    largest_cluster
        The share of embeddings in the largest cluster.
    ari_to_smaller_size
        The adjusted Rand index with the labels at the next smaller size of the grid, all else equal, the outliers as a
        group; NaN at the smallest size.
    ari_to_smaller_epsilon
        The same with the next smaller epsilon.
    """

    min_cluster_size: int
    min_samples: int
    epsilon: float
    n_clusters: int
    outlier_share: Estimate
    largest_cluster: float
    ari_to_smaller_size: float
    ari_to_smaller_epsilon: float

    @property
    def ari_to_neighbour(self) -> float:
        """The smaller of the two indices, that there is: how much the nearest smaller settings change."""
        known = [each for each in (self.ari_to_smaller_size, self.ari_to_smaller_epsilon) if not np.isnan(each)]
        return min(known, default=np.nan)


def sweep_settings(
    vectors: Vectors,
    runs: Runs,
    grid: Grid,
    *,
    repeats: Repeats = "collapse",
    metric: Metric = "cosine",
    allow_single_cluster: bool = True,
    clouds: int = 0,
    draws: int = 500,
    seed: int = 0,
    told: Callable[[], None] | None = None,
) -> tuple[Setting, ...]:
    """Cluster at every setting of a grid.

    Parameters
    ----------
    vectors
        Shape (n, dimension), float32.
    runs
        Which run each is of.
    grid
        The settings.
    repeats, metric, allow_single_cluster
        As of :func:`loopscope.clustering.hdbscan`, at all settings.
    clouds
        How many Gaussian clouds of the same covariance are clustered alike for the null of the outlier share; each
        costs as much as the vectors.
    draws
        How often the runs are drawn for the intervals.
    seed
        The same seed gives the same numbers.
    told
        Called after each setting, and before that after each linking.

    Returns
    -------
    tuple of Setting
        By ``min_samples``, ``min_cluster_size`` and ``epsilon``, each ascending.

    Raises
    ------
    ClusteringError
        Before anything is linked: when the grid is empty, a setting is out of its range, or there are too few vectors
        for one.

    References
    ----------
    Hubert and Arabie 1985, doi:10.1007/BF01908075.
    """
    check_vectors(vectors, metric)
    _check_grid(grid, vectors, repeats, metric)
    tell = told or _nobody
    weights = resample_runs(runs, draws, seed)
    found: list[Setting] = []
    for min_samples in sorted(set(grid.min_samples)):
        linkages = []
        for number in range(-1, clouds):
            of = vectors if number < 0 else gaussian_cloud(vectors, seed=seed + number, unit=metric == "cosine")
            linkages.append(link(of, min_samples=min_samples, repeats=repeats, metric=metric))
            tell()
        found += _cut_all(linkages, runs, weights, grid, min_samples, allow_single_cluster, tell)
    return tuple(found)


def _check_grid(grid: Grid, vectors: Vectors, repeats: Repeats, metric: Metric) -> None:
    """Refuse a grid of which some setting could not be clustered, so that no other is computed in vain."""
    if not len(grid):
        raise ClusteringError("found no setting in the grid; expected at least one of each parameter")
    check_at_least("min_cluster_size", min(grid.min_cluster_sizes), 2)
    check_at_least("min_samples", min(grid.min_samples), 1)
    for epsilon in grid.epsilons:
        check_epsilon(epsilon, metric)
    rows = len(distinct_rows(vectors, repeats).first)
    if rows == 1:
        raise ClusteringError(
            f"found {len(vectors)} equal embeddings; expected some that differ, or nothing is to sweep"
        )
    for name, values in (("min_cluster_size", grid.min_cluster_sizes), ("min_samples", grid.min_samples)):
        if max(values) > rows:
            counted = "embeddings" if repeats == "count" else "distinct embeddings"
            raise ClusteringError(
                f"the grid has {name} up to {max(values)}, but there are {rows} {counted}; expected at most {rows}"
            )


def _cut_all(
    linkages: Sequence[Linkage],
    runs: Runs,
    weights: Integers,
    grid: Grid,
    min_samples: int,
    allow_single_cluster: bool,
    tell: Callable[[], None],
) -> Iterator[Setting]:
    sizes, epsilons = sorted(set(grid.min_cluster_sizes)), sorted(set(grid.epsilons))
    before: dict[tuple[int, float], Integers] = {}
    for (row, size), (column, epsilon) in product(enumerate(sizes), enumerate(epsilons)):
        labels, *null = (
            cut(each, min_cluster_size=size, epsilon=epsilon, allow_single_cluster=allow_single_cluster).labels
            for each in linkages
        )
        setting = Setting(
            min_cluster_size=size,
            min_samples=min_samples,
            epsilon=epsilon,
            n_clusters=int(labels.max(initial=OUTLIER)) + 1,
            outlier_share=share_of_outliers(labels == OUTLIER, runs, weights, [each == OUTLIER for each in null]),
            largest_cluster=_largest(labels),
            ari_to_smaller_size=np.nan,
            ari_to_smaller_epsilon=np.nan,
        )
        if row:
            setting = replace(setting, ari_to_smaller_size=_agreement(before.pop((sizes[row - 1], epsilon)), labels))
        if column:
            setting = replace(setting, ari_to_smaller_epsilon=_agreement(before[size, epsilons[column - 1]], labels))
        before[size, epsilon] = labels
        tell()
        yield setting


def share_of_outliers(
    outlier: npt.NDArray[np.bool_], runs: Runs, weights: Integers, null: Sequence[npt.NDArray[np.bool_]]
) -> Estimate:
    """Estimate the share of outliers, with an interval over runs and a null of Gaussian clouds.

    Parameters
    ----------
    outlier
        Shape (n,): whether each embedding is one.
    runs
        Which run each is of.
    weights
        Shape (draws, runs): as :func:`resample_runs` gives it.
    null
        The same of each cloud. Of a single one there is a mean but no p, which could only be 1/2 or 1.
    """
    of_run = np.bincount(runs.run, minlength=runs.n_runs)
    outliers = np.bincount(runs.run, weights=outlier, minlength=runs.n_runs)
    method = f"{runs.described} ({len(weights)} draws), the labels as they are"
    said = f"null G: {len(null)} Gaussian clouds of the same covariance, p at least 1/{len(null) + 1}"
    if len(null) == 1:
        said = "null G: one Gaussian cloud of the same covariance, too few for a p"
    estimate = make_estimate(
        float(outlier.mean()),
        (weights @ outliers) / (weights @ of_run),
        [float(each.mean()) for each in null],
        n_runs=runs.n_runs,
        method=f"{method}; {said if null else 'no null'}",
        extreme="far",
        bounds=(0, 1),
    )
    return replace(estimate, null_p=np.nan) if len(null) == 1 else estimate


def _agreement(a: Integers, b: Integers) -> float:
    cells = count_cells(a - OUTLIER, b - OUTLIER, int(a.max()) + 2, int(b.max()) + 2)
    return float(adjusted_rand(cells)[0])


def _largest(labels: Integers) -> float:
    sizes = np.bincount(labels[labels != OUTLIER], minlength=1)
    return float(sizes.max() / len(labels))


def _nobody() -> None:
    """Tell nobody."""
