"""How wide clusters are around their medoids."""

from dataclasses import dataclass
from math import fsum

import numpy as np
import numpy.typing as npt

from loopscope.types import Vectors


@dataclass(frozen=True)
class Extents:
    """How wide each cluster is.

    Attributes
    ----------
    radius
        Shape (number of clusters,), float64: the largest distance of a member to the medoid.
    mean_distance
        Shape (number of clusters,), float64: the mean distance of the members, itself among them, to the medoid.
    """

    radius: npt.NDArray[np.float64]
    mean_distance: npt.NDArray[np.float64]


def measure_extents(vectors: Vectors, labels: npt.NDArray[np.int64], medoid_indices: npt.NDArray[np.int64]) -> Extents:
    """Measure the radius and the mean distance to the medoid of each cluster.

    Parameters
    ----------
    vectors
        Shape (n, dimension), float32.
    labels
        Shape (n,), int64.
    medoid_indices
        Shape (number of clusters,), int64: the row of each medoid.

    Examples
    --------
    >>> vectors = np.array([[0.0], [1.0], [3.0]], dtype=np.float32)
    >>> extents = measure_extents(vectors, np.zeros(3, dtype=np.int64), np.array([1]))
    >>> extents.radius.tolist(), extents.mean_distance.tolist()
    ([2.0], [1.0])
    """
    from loopscope.clustering.distances.exact import distances_to

    radius, mean_distance = np.empty(len(medoid_indices)), np.empty(len(medoid_indices))
    for number, medoid in enumerate(medoid_indices):
        distances = distances_to(vectors[labels == number], vectors[medoid])
        radius[number], mean_distance[number] = distances.max(), fsum(distances) / len(distances)
    return Extents(radius, mean_distance)
