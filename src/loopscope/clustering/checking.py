"""What can be clustered, and by which settings; everything else is refused by name and row."""

import numpy as np
import numpy.typing as npt

from loopscope.clustering.parameters import Metric
from loopscope.errors import ClusteringError
from loopscope.types import UNIT_TOLERANCE, Vectors

BLOCK = 4096


def check_vectors(vectors: Vectors, metric: Metric) -> None:
    """Refuse what is no array of float32 vectors, of unit length for the cosine metric, finite for the Euclidean.

    Raises
    ------
    ClusteringError
        With the first row that is wrong, what is wrong with it, and what to do.
    """
    if not isinstance(vectors, np.ndarray):
        raise ClusteringError(f"found a {type(vectors).__name__}; expected an array: np.asarray(vectors, np.float32)")
    if vectors.ndim != 2 or len(vectors) == 0 or vectors.shape[1] == 0:
        raise ClusteringError(f"found vectors of shape {vectors.shape}; expected (n, dimension) with n at least 1")
    if vectors.dtype != np.float32:
        raise ClusteringError(f"found vectors of {vectors.dtype}; expected float32: vectors.astype(np.float32)")
    if metric not in ("cosine", "euclidean"):
        raise ClusteringError(f'metric is "{metric}"; expected "cosine" or "euclidean"')
    lengths = lengths_of(vectors)
    if metric == "cosine":
        wrong = np.flatnonzero(~(np.abs(lengths - 1) < UNIT_TOLERANCE))
        advice = (
            "expected unit vectors, free of NaN and infinity: divide each vector by its length and leave out those "
            'that are zero or not finite, or cluster with metric="euclidean"'
        )
    else:
        wrong = np.flatnonzero(~np.isfinite(lengths))
        advice = "expected vectors free of NaN and infinity: leave it out, or embed it again"
    if wrong.size:
        row = int(wrong[0])
        others = f"; {wrong.size - 1} more rows are like it" if wrong.size > 1 else ""
        raise ClusteringError(f"row {row} has length {lengths[row]:g}; {advice}{others}")


def lengths_of(vectors: Vectors) -> npt.NDArray[np.float64]:
    """Compute the length of each vector, in float64, which no float32 vector overflows."""
    lengths = np.empty(len(vectors))
    for start in range(0, len(vectors), BLOCK):
        block = vectors[start : start + BLOCK].astype(np.float64)
        lengths[start : start + BLOCK] = np.sqrt(np.einsum("ij,ij->i", block, block))
    return lengths


def check_at_least(name: str, value: int, least: int) -> None:
    """Refuse a number of rows that is too small, or no whole number.

    Raises
    ------
    ClusteringError
        With the value and what was expected.
    """
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
        raise ClusteringError(f"{name} is {value}; expected at least {least}")


def check_epsilon(epsilon: float, metric: Metric) -> None:
    """Refuse an epsilon that is no distance by the metric.

    Raises
    ------
    ClusteringError
        With the value and what was expected.
    """
    if metric == "cosine" and not 0 <= epsilon <= 2:
        raise ClusteringError(f"epsilon is {epsilon}; expected a chord distance from 0 to 2")
    if not 0 <= epsilon < np.inf:
        raise ClusteringError(f"epsilon is {epsilon}; expected a distance, at least 0 and finite")


def check_enough(
    distinct: int, rows: int, n: int, *, min_cluster_size: int, min_samples: int = 1, allow_single_cluster: bool
) -> None:
    """Refuse too few rows, and equal vectors that may not be one cluster.

    Raises
    ------
    ClusteringError
        With how many there are, and how many are needed.
    """
    found = f"found {distinct} distinct among {n} embeddings"
    if distinct == 1 and n >= min_cluster_size:
        if not allow_single_cluster:
            raise ClusteringError(
                f"{found}: all are equal; expected that all may be one cluster: allow a single cluster"
            )
    elif rows < max(min_cluster_size, min_samples):
        needed = f"min_cluster_size = {min_cluster_size}"
        if min_samples > 1:
            needed += f" and min_samples = {min_samples}"
        raise ClusteringError(f"{found}; expected at least as many as {needed}: lower them, or perform more runs")
