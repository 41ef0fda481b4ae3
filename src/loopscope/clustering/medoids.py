"""The medoid of a cluster: the member whose summed distance to the members is smallest.

Sums are bounded by matrix products, first in float32 and then, of the members that may still be it, in float64. Of the
few that are left the distances are computed from differences and added without rounding, so that neither the order of
the rows nor the processor matters.
"""

from math import fsum

import numpy as np
import numpy.typing as npt

from loopscope.clustering.distances.bounds import frame_of
from loopscope.clustering.distances.exact import distances_to
from loopscope.clustering.distances.sums_of_distances import least_among_all, least_among_some
from loopscope.clustering.distances.threads import Workers, working
from loopscope.clustering.parameters import Medoid
from loopscope.clustering.repeats import collapse_repeats
from loopscope.errors import ClusteringError
from loopscope.types import OUTLIER, Vectors

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

SMALL = 1024
"""Up to so many members, bounds in float64 alone are faster."""
ROUNDING = 1e-12
"""Sums that differ by less, relative to the smallest, are equal: more than what rounds off in the distances."""


def medoid_of(vectors: Vectors, *, weights: Floats | None = None, kind: Medoid = "unweighted") -> int:
    """Find the medoid of vectors; ties go to the earliest.

    Parameters
    ----------
    vectors
        Shape (n, dimension), float32, n ≥ 1.
    weights
        Shape (n,), float64, at least 0: how much the distance to each vector counts; for ``"weighted"``.
    kind
        As of :func:`find_medoids`.

    Examples
    --------
    >>> medoid_of(np.array([[0.0], [1.0], [5.0]], dtype=np.float32))
    1
    """
    with working() as workers:
        return _medoid(vectors, np.ones(len(vectors)) if weights is None else weights, kind, workers)


def find_medoids(
    vectors: Vectors,
    labels: Indices,
    probabilities: Floats,
    *,
    kind: Medoid = "unweighted",
    threads: int | None = None,
    block: int | None = None,
) -> Indices:
    """Find the medoid of each cluster, as rows in the order of increasing labels.

    Parameters
    ----------
    vectors
        Shape (n, dimension), float32, in trajectory order.
    labels
        Shape (n,), int64, −1 for outliers.
    probabilities
        Shape (n,), float64.
    kind
        ``"unweighted"``: the member with the smallest sum of distances to all members; ``"weighted"``: of distances
        times the probability of the other member; ``"nearest_to_mean"``: the member nearest to the mean vector.
    threads, block
        As of :func:`loopscope.clustering.tree.linkage.link`.
    """
    if kind not in ("unweighted", "weighted", "nearest_to_mean"):
        raise ClusteringError(f'medoid is "{kind}"; expected "unweighted", "weighted" or "nearest_to_mean"')
    order = np.argsort(labels, kind="stable")
    found, starts = np.unique(labels[order], return_index=True)
    groups = np.split(order, starts[1:])
    with working(threads, block) as workers:
        medoids = [
            rows[_medoid(vectors[rows], probabilities[rows], kind, workers)]
            for label, rows in zip(found.tolist(), groups, strict=True)
            if label != OUTLIER
        ]
    return np.array(medoids, dtype=np.int64)


def _medoid(vectors: Vectors, weights: Floats, kind: Medoid, workers: Workers) -> int:
    if kind == "nearest_to_mean":
        return _nearest_to_mean(vectors)
    if len(vectors) <= 2 and kind == "unweighted":
        return 0
    distinct = collapse_repeats(vectors)
    counted = None if kind == "unweighted" else weights
    weights = np.bincount(distinct.inverse, weights=counted).astype(np.float64)
    points = vectors[distinct.first]
    rows = np.arange(len(points))
    frame = frame_of(points)
    if len(points) > SMALL:
        rows = least_among_all(frame.bound(points, np.float32), weights, workers)
    rows = least_among_some(points, rows, frame, weights)
    if len(rows) > 1:
        rows = rows[_least(points, rows, weights, workers)]
    return int(distinct.first[rows[0]])


def _least(points: Vectors, rows: Indices, weights: Floats, workers: Workers) -> Indices:
    """Find which of some rows have the smallest sum, exactly."""

    def add(first: int, last: int) -> list[float]:
        return [fsum(weights * distances_to(points, points[row])) for row in rows[first:last]]

    sums = np.concatenate(workers.each_chunk(len(rows), add))
    return np.flatnonzero(sums <= sums.min() * (1 + ROUNDING))


def _nearest_to_mean(vectors: Vectors) -> int:
    differences = vectors - vectors.mean(axis=0, dtype=np.float64)
    differences -= differences.mean(axis=0)  # what rounds off in the mean is as large as near-duplicates are apart
    squared = np.einsum("ij,ij->i", differences, differences)
    return int(np.flatnonzero(squared <= squared.min() * (1 + ROUNDING))[0])
