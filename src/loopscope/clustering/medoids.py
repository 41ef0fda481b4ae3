"""The medoid of a set of vectors: the member whose summed distance to the members is smallest."""

import numpy as np

from loopscope.clustering.repeats import collapse_repeats
from loopscope.types import Vectors

BLOCK = 1024
ROUNDING = 1e-12
"""Sums that differ by less, relative to the smallest, are equal: float64 adds them up in whatever order."""


def medoid_of(vectors: Vectors) -> int:
    """Find the row whose summed Euclidean distance to all rows is smallest; ties go to the earliest.

    Distances are computed from differences in float64, so that near-duplicates keep their digits. Memory is
    O(block × n).

    Parameters
    ----------
    vectors
        Shape (n, dimension), float32, n ≥ 1.

    Examples
    --------
    >>> medoid_of(np.array([[0.0], [1.0], [5.0]], dtype=np.float32))
    1
    """
    from scipy.spatial.distance import cdist

    distinct = collapse_repeats(vectors)
    points = vectors[distinct.first].astype(np.float64)
    sums = np.concatenate(
        [cdist(points[start : start + BLOCK], points) @ distinct.counts for start in range(0, len(points), BLOCK)]
    )
    nearest = np.flatnonzero(sums <= sums.min() * (1 + ROUNDING))
    return int(distinct.first[nearest[0]])
