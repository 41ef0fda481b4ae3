"""What a clustering algorithm gives: labels, probabilities and medoids, numbered in one way."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loopscope.clustering.parameters import Medoid
from loopscope.types import OUTLIER, Vectors

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Clustering:
    """A partition of n vectors into clusters 0, 1, … by decreasing size (ties by medoid), and outliers.

    Attributes
    ----------
    labels
        Shape (n,), int64: the cluster of each vector, −1 for an outlier.
    probabilities
        Shape (n,), float64 in [0, 1]: how strongly each vector belongs to its cluster; 0 for an outlier.
    medoid_indices
        Shape (number of clusters,), int64: the row of each cluster's medoid, in the order of the labels.
    persistence
        Shape (number of clusters,), float64 in [0, 1]: the share of its range of λ = 1/distance through which a
        cluster keeps its members, Σ (λ − ``lambda_birth``) / (size × ``lambda_death``) with λ that at which a member
        leaves; see :class:`loopscope.clustering.tree.cutting.Cut`. NaN where the algorithm knows none.
    lambda_birth, lambda_death
        Shape (number of clusters,), float64: the range of λ in which a cluster exists; NaN likewise.
    """

    labels: npt.NDArray[np.int64]
    probabilities: Floats
    medoid_indices: npt.NDArray[np.int64]
    persistence: Floats
    lambda_birth: Floats
    lambda_death: Floats


def number_clusters(
    vectors: Vectors,
    labels: npt.NDArray[np.int64],
    probabilities: Floats,
    *,
    medoid: Medoid = "unweighted",
    persistence: Floats | None = None,
    lambda_birth: Floats | None = None,
    lambda_death: Floats | None = None,
) -> Clustering:
    """Find the medoids and number the clusters by decreasing size, ties by the row of the medoid.

    Parameters
    ----------
    vectors
        Shape (n, dimension), float32, in trajectory order.
    labels
        Shape (n,), int64: any numbers that tell the clusters apart, −1 for outliers.
    probabilities
        Shape (n,), float64.
    medoid
        As of :func:`loopscope.clustering.medoids.find_medoids`.
    persistence, lambda_birth, lambda_death
        Shape (number of clusters,), float64, in the order of increasing labels; by default NaN.
    """
    from loopscope.clustering.medoids import find_medoids

    found = np.unique(labels[labels != OUTLIER])
    sizes = np.array([np.count_nonzero(labels == label) for label in found], dtype=np.int64)
    medoids = find_medoids(vectors, labels, probabilities, kind=medoid)
    order = np.lexsort((medoids, -sizes))
    numbered = np.full(len(labels), OUTLIER, dtype=np.int64)
    member = labels != OUTLIER
    numbered[member] = np.argsort(order)[np.searchsorted(found, labels[member])]

    def in_order(values: Floats | None) -> Floats:
        return np.full(len(order), np.nan) if values is None else values[order]

    return Clustering(
        labels=numbered,
        probabilities=probabilities,
        medoid_indices=medoids[order],
        persistence=in_order(persistence),
        lambda_birth=in_order(lambda_birth),
        lambda_death=in_order(lambda_death),
    )
