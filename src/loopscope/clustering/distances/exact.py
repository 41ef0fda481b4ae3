"""Euclidean distances that enter a result: from differences, in float64, in a fixed order of additions.

The difference of two float32 numbers keeps its digits in float64, so near-duplicates keep theirs; the order of the
additions is the same on every machine and symmetric in the two vectors, so equal pairs have equal distances.
"""

import numpy as np
import numpy.typing as npt

from loopscope.clustering.distances.kernels import as_kernels_take, kernel
from loopscope.types import Vectors

LANES = 32
"""Partial sums that are added up side by side, which a processor does many times faster than one after the other."""


@kernel
def squared_distance(one: Vectors, other: Vectors) -> float:
    """Compute the squared distance of two vectors of shape (dimension,), float32."""
    dimension = one.shape[0]
    whole = dimension - dimension % LANES
    partial = np.zeros(LANES)
    for start in range(0, whole, LANES):
        for lane in range(LANES):
            difference = np.float64(one[start + lane]) - np.float64(other[start + lane])
            partial[lane] += difference * difference
    total = 0.0
    for lane in range(LANES):
        total += partial[lane]
    for place in range(whole, dimension):
        difference = np.float64(one[place]) - np.float64(other[place])
        total += difference * difference
    return total


@kernel
def fill_distances(vectors: Vectors, point: Vectors, start: int, end: int, distances: npt.NDArray[np.float64]) -> None:
    """Write the distances of rows ``start`` to ``end`` to a point."""
    for row in range(start, end):
        distances[row] = np.sqrt(squared_distance(vectors[row], point))


def distances_to(vectors: Vectors, point: Vectors) -> npt.NDArray[np.float64]:
    """Compute the distance of each vector to a point.

    Parameters
    ----------
    vectors
        Shape (n, dimension), float32.
    point
        Shape (dimension,), float32.

    Examples
    --------
    >>> distances_to(np.array([[0.0, 0.0], [3.0, 4.0]], dtype=np.float32), np.zeros(2, dtype=np.float32)).tolist()
    [0.0, 5.0]
    """
    distances = np.empty(len(vectors))
    fill_distances(as_kernels_take(vectors), as_kernels_take(point), 0, len(vectors), distances)
    return distances
