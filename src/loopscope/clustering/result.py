"""What a clustering algorithm gives: labels, probabilities and medoids, numbered in one way."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loopscope.clustering.medoids import medoid_of
from loopscope.types import OUTLIER, Vectors


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
    """

    labels: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float64]
    medoid_indices: npt.NDArray[np.int64]


def number_clusters(
    vectors: Vectors, labels: npt.NDArray[np.int64], probabilities: npt.NDArray[np.float64]
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
    """
    members = {int(label): np.flatnonzero(labels == label) for label in np.unique(labels[labels != OUTLIER])}
    medoids = {label: int(rows[medoid_of(vectors[rows])]) for label, rows in members.items()}
    order = sorted(members, key=lambda label: (-len(members[label]), medoids[label]))
    numbered = np.full(len(labels), OUTLIER, dtype=np.int64)
    for number, label in enumerate(order):
        numbered[members[label]] = number
    return Clustering(numbered, probabilities, np.array([medoids[label] for label in order], dtype=np.int64))
