"""Two clusterings of the same embeddings compared: as a whole, and cluster by cluster."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loopscope.clustering.trust.agreement import AdjustedMutualInformation, Cells, adjusted_rand, count_cells
from loopscope.errors import ClusteringError
from loopscope.statistics.estimate import Estimate, make_estimate
from loopscope.statistics.resampling import Runs, permute_across_runs, resample_runs
from loopscope.types import OUTLIER

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

AT_A_TIME = 50
"""So many draws are weighed at once."""


@dataclass(frozen=True)
class Agreement:
    """How far two clusterings agree as a whole.

    Attributes
    ----------
    n
        How many embeddings were compared.
    ari, ami
        Adjusted Rand index and adjusted mutual information: 1 for equal clusterings, 0 on average for unrelated ones.
    """

    n: int
    ari: Estimate
    ami: Estimate


@dataclass(frozen=True)
class ClusterMatch:
    """A cluster with that of the other clustering which it is most like.

    Attributes
    ----------
    cluster
        Its number.
    size
        How many of its embeddings were compared.
    best
        The number of the other cluster; None where all its embeddings are outliers there.
    best_size, shared
        How many of the other's embeddings were compared, and how many are in both.
    jaccard
        How many are in both, as a share of those in either. Its null is the best match there is by chance.
    """

    cluster: int
    size: int
    best: int | None
    best_size: int
    shared: int
    jaccard: Estimate


@dataclass(frozen=True)
class Comparison:
    """Two clusterings, A and B, compared.

    Attributes
    ----------
    with_outliers
        The outliers of each taken as one more group.
    without_outliers
        Of the embeddings that are in a cluster of both.
    matches_of_a, matches_of_b
        Each cluster of A that was compared, with its best in B, and back; in the order of their numbers.
    """

    with_outliers: Agreement
    without_outliers: Agreement
    matches_of_a: tuple[ClusterMatch, ...]
    matches_of_b: tuple[ClusterMatch, ...]


def compare_clusterings(
    a: Integers, b: Integers, runs: Runs, *, draws: int = 500, permutations: int = 200, seed: int = 0
) -> Comparison:
    """Compare two clusterings of the same embeddings.

    Parameters
    ----------
    a, b
        Shape (n,), int64: the cluster of each embedding in either, −1 for an outlier.
    runs
        Which run each embedding is of.
    draws
        How often the runs are drawn for the intervals.
    permutations
        How often the clusters of B are permuted across runs for the null; there is none where one run is all.
    seed
        The same seed gives the same intervals and nulls.

    Raises
    ------
    ClusteringError
        When there is nothing to compare, or the arrays do not fit each other.

    References
    ----------
    Hubert and Arabie 1985, doi:10.1007/BF01908075; Vinh, Epps and Bailey 2010, JMLR 11, 2837.

    Examples
    --------
    >>> labels = np.array([0, 0, 1, 1, -1, -1])
    >>> found = compare_clusterings(labels, labels, Runs.of([0, 0, 0, 1, 1, 1]))
    >>> found.with_outliers.ari.estimate, found.without_outliers.n, found.matches_of_a[1].jaccard.estimate
    (1.0, 4, 1.0)
    """
    if not len(a) or a.shape != b.shape or a.shape != runs.run.shape:
        raise ClusteringError(
            f"found {len(a)} labels in A, {len(b)} in B and {len(runs.run)} runs; expected as many of each, at least 1"
        )
    n_a, n_b = int(a.max()) + 2, int(b.max()) + 2
    cells = count_cells(a - OUTLIER, b - OUTLIER, n_a, n_b)
    weights = resample_runs(runs, draws, seed)
    permuted = _permuted_cells(a, b, n_a, n_b, runs, permutations, seed)
    method = f"{runs.described} ({draws} draws); null P: B's clusters permuted across runs ({permutations} times)"
    if runs.n_runs < 2:
        method = "no interval and no null: one run"
    comparing = _Comparing(cells, method, runs.n_runs)
    for counts in _resampled_counts(cells, a - OUTLIER, b - OUTLIER, runs, weights):
        comparing.add_draws(cells.weighted(counts))
    for chance in permuted:
        comparing.add_null(chance)
    return comparing.finish()


class _Comparing:
    """The scores of the data, of each draw and of each permutation, as they come."""

    def __init__(self, cells: Cells, method: str, n_runs: int) -> None:
        self._cells, self._method, self._n_runs = cells, method, n_runs
        self._measures = [_Measures(cells, inside) for inside in (False, True)]
        self._sides = [_Matching(cells), _Matching(_turned(cells))]

    def add_draws(self, cells: Cells) -> None:
        for measures in self._measures:
            measures.add(cells, measures.draws)
        for side, each in zip(self._sides, (cells, _turned(cells)), strict=True):
            side.draws.append(side.score(each))

    def add_null(self, cells: Cells) -> None:
        for measures in self._measures:
            measures.add(cells, measures.null)
        for side, each in zip(self._sides, (cells, _turned(cells)), strict=True):
            side.null.append(_best_jaccard(each))

    def finish(self) -> Comparison:
        whole, inside = (measures.finish(self._n_runs, self._method) for measures in self._measures)
        of_a, of_b = (side.finish(self._n_runs, self._method) for side in self._sides)
        return Comparison(whole, inside, of_a, of_b)


class _Measures:
    """ARI and AMI, with the outliers as groups or of what is inside clusters of both."""

    def __init__(self, cells: Cells, inside: bool) -> None:
        self._inside = inside
        chosen = self._choose(cells)
        self._n = int(chosen.totals[0])
        largest = max(int(chosen.sizes_a.max(initial=1)), int(chosen.sizes_b.max(initial=1)))
        self._mutual = AdjustedMutualInformation(max(self._n, 1), 2 * largest)
        self._found = adjusted_rand(chosen)[0], self._mutual(chosen, exact=True)[0]
        self.draws: list[Floats] = []
        self.null: list[Floats] = []

    def add(self, cells: Cells, scores: list[Floats]) -> None:
        chosen = self._choose(cells)
        scores.append(np.stack([adjusted_rand(chosen), self._mutual(chosen)]))

    def finish(self, n_runs: int, method: str) -> Agreement:
        draws, null = (np.concatenate([np.empty((2, 0)), *each], axis=1) for each in (self.draws, self.null))
        ari, ami = (
            make_estimate(self._found[row], draws[row], null[row], n_runs=n_runs, method=method, bounds=(-1, 1))
            for row in (0, 1)
        )
        return Agreement(self._n, ari, ami)

    def _choose(self, cells: Cells) -> Cells:
        return cells.take((cells.a > 0) & (cells.b > 0)) if self._inside else cells


class _Matching:
    """The Jaccard index of each cluster of one side with the cluster of the other that is most like it."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._best, self._found = _best_matches(cells)
        self.draws: list[Floats] = []
        self.null: list[Floats] = []

    def score(self, cells: Cells) -> Floats:
        """Score the matches that were found, weighted otherwise: shape (clusters, weightings)."""
        scores = np.zeros((cells.n_a, cells.counts.shape[1]))
        matched = np.flatnonzero(self._best >= 0)
        at = self._best[matched]
        shared = cells.counts[at]
        with np.errstate(invalid="ignore"):
            scores[matched] = shared / (cells.sizes_a[cells.a[at]] + cells.sizes_b[cells.b[at]] - shared)
        scores[(cells.sizes_a == 0)] = np.nan
        return scores

    def finish(self, n_runs: int, method: str) -> tuple[ClusterMatch, ...]:
        draws, null = (np.concatenate([np.empty((self._cells.n_a, 0)), *each], axis=1) for each in self._all())
        sizes_a, sizes_b = self._cells.sizes_a[:, 0], self._cells.sizes_b[:, 0]
        matches = []
        for group in np.flatnonzero(sizes_a[1:] > 0) + 1:
            at = int(self._best[group])
            found = float(self._found[group, 0])
            other = int(self._cells.b[at]) if at >= 0 else None
            matches.append(
                ClusterMatch(
                    cluster=int(group) + OUTLIER,
                    size=int(sizes_a[group]),
                    best=None if other is None else other + OUTLIER,
                    best_size=0 if other is None else int(sizes_b[other]),
                    shared=0 if other is None else int(self._cells.counts[at, 0]),
                    jaccard=make_estimate(
                        found, draws[group], null[group], n_runs=n_runs, method=method, bounds=(0, 1)
                    ),
                )
            )
        return tuple(matches)

    def _all(self) -> tuple[list[Floats], list[Floats]]:
        return self.draws, self.null


def _best_matches(cells: Cells) -> tuple[Integers, Floats]:
    """Find the cell in which each cluster of A meets the cluster of B that it is most like, −1 for none, and how like.

    Of equals the one with the lower number is taken.
    """
    between, jaccard = _jaccard(cells)
    a, b = cells.a[between], cells.b[between]
    order = np.lexsort((-b, jaccard, a))  # the last of each cluster is its best
    best = np.full(cells.n_a, -1, dtype=np.int64)
    best[a[order]] = between[order]
    found = np.zeros((cells.n_a, 1))
    found[a[order], 0] = jaccard[order]
    return best, found


def _best_jaccard(cells: Cells) -> Floats:
    """Find how like the cluster of B that it is most like each cluster of A is: shape (clusters, 1)."""
    between, jaccard = _jaccard(cells)
    found = np.zeros(cells.n_a)
    np.maximum.at(found, cells.a[between], jaccard)
    return found[:, None]


def _jaccard(cells: Cells) -> tuple[Integers, Floats]:
    """Compute the Jaccard index of the clusters of each cell that has no outliers, and name those cells."""
    between = np.flatnonzero((cells.a > 0) & (cells.b > 0))
    shared = cells.counts[between, 0]
    jaccard = shared / (cells.sizes_a[cells.a[between], 0] + cells.sizes_b[cells.b[between], 0] - shared)
    return between, jaccard


def _resampled_counts(cells: Cells, a: Integers, b: Integers, runs: Runs, weights: Integers) -> Iterator[Floats]:
    """Count the cells in draws of the runs, a few draws at a time: shape (cells, draws)."""
    from scipy.sparse import csr_array

    codes = cells.a * cells.n_b + cells.b
    cell = np.searchsorted(codes, a * cells.n_b + b)
    by_run = csr_array((np.ones(len(cell)), (cell, runs.run)), shape=(len(codes), runs.n_runs))
    for start in range(0, len(weights), AT_A_TIME):
        yield by_run @ weights[start : start + AT_A_TIME].T.astype(np.float64)


def _permuted_cells(
    a: Integers, b: Integers, n_a: int, n_b: int, runs: Runs, permutations: int, seed: int
) -> Iterator[Cells]:
    random = np.random.default_rng((seed, 1))
    for _ in range(permutations if runs.n_runs > 1 else 0):
        yield count_cells(a - OUTLIER, b[permute_across_runs(runs, random)] - OUTLIER, n_a, n_b)


def _turned(cells: Cells) -> Cells:
    return Cells(cells.b, cells.a, cells.n_b, cells.n_a, cells.counts)
