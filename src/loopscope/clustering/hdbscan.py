"""HDBSCAN of unit vectors: clusters as dense regions at any density, the rest as outliers."""

import numpy as np

from loopscope.clustering.repeats import collapse_repeats
from loopscope.clustering.result import Clustering, number_clusters
from loopscope.errors import ClusteringError
from loopscope.types import UNIT_TOLERANCE, Vectors


def hdbscan(
    vectors: Vectors,
    *,
    min_cluster_size: int,
    min_samples: int,
    epsilon: float = 0.0,
    allow_single_cluster: bool = True,
) -> Clustering:
    """Cluster unit vectors by HDBSCAN with excess of mass (Campello et al. 2013; Malzer and Baum 2020).

    Exact repeats are clustered once and mapped back, so that a run that has settled does not count as a dense region
    of its own: ``min_cluster_size`` and ``min_samples`` are numbers of distinct vectors.

    Parameters
    ----------
    vectors
        Shape (n, dimension), float32, rows of unit length, in trajectory order.
    min_cluster_size
        The smallest number of distinct vectors that is a cluster, at least 2.
    min_samples
        The neighbour, itself included, whose distance is a vector's core distance, at least 1.
    epsilon
        Clusters that part below this chord distance, in [0, 2], are kept together.
    allow_single_cluster
        Whether everything may be one cluster.

    Returns
    -------
    Clustering
        Labels, probabilities and medoids of all n vectors.

    Raises
    ------
    ClusteringError
        If the vectors are not unit vectors, a setting is out of its range, or there are fewer distinct vectors than
        ``min_cluster_size``.

    References
    ----------
    Campello, Moulavi and Sander 2013, doi:10.1007/978-3-642-37456-2_14; Malzer and Baum 2020,
    doi:10.1109/MFI49285.2020.9235263 (``epsilon``).

    Examples
    --------
    >>> angles = np.array([0.0, 0.01, 0.02, 1.5, 1.51, 1.52])
    >>> vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    >>> hdbscan(vectors, min_cluster_size=3, min_samples=1, allow_single_cluster=False).labels.tolist()
    [0, 0, 0, 1, 1, 1]
    """
    _check(vectors, min_cluster_size, min_samples, epsilon)
    distinct = collapse_repeats(vectors)
    if len(distinct.first) == 1 and allow_single_cluster and len(vectors) >= min_cluster_size:
        return number_clusters(vectors, np.zeros(len(vectors), dtype=np.int64), np.ones(len(vectors)))
    if len(distinct.first) < max(min_cluster_size, min_samples):
        raise ClusteringError(_too_few(len(distinct.first), len(vectors), min_cluster_size, min_samples))
    from sklearn.cluster import HDBSCAN

    fitted = HDBSCAN(
        min_cluster_size=min_cluster_size,
        min_samples=min_samples,
        cluster_selection_epsilon=epsilon,
        allow_single_cluster=allow_single_cluster,
        copy=True,
    ).fit(vectors[distinct.first].astype(np.float64))
    labels = fitted.labels_.astype(np.int64)[distinct.inverse]
    return number_clusters(vectors, labels, fitted.probabilities_.astype(np.float64)[distinct.inverse])


def _too_few(distinct: int, n: int, min_cluster_size: int, min_samples: int) -> str:
    found = f"found {distinct} distinct among {n} embeddings"
    if distinct == 1 and n >= min_cluster_size:
        return f"{found}: all are equal; expected that all may be one cluster: allow a single cluster"
    return (
        f"{found}; expected at least as many as min_cluster_size = {min_cluster_size} and min_samples = {min_samples}: "
        "lower them, or perform more runs"
    )


def _check(vectors: Vectors, min_cluster_size: int, min_samples: int, epsilon: float) -> None:
    if vectors.ndim != 2 or len(vectors) == 0:
        raise ClusteringError(f"found vectors of shape {vectors.shape}; expected (n, dimension) with n at least 1")
    wrong = np.flatnonzero(~(np.abs(np.linalg.norm(vectors, axis=1) - 1) < UNIT_TOLERANCE))
    if wrong.size:
        length = np.linalg.norm(vectors[wrong[0]])
        raise ClusteringError(f"row {wrong[0]} has length {length:g}; expected unit vectors, free of NaN and infinity")
    for name, value, least in (("min_cluster_size", min_cluster_size, 2), ("min_samples", min_samples, 1)):
        if value < least:
            raise ClusteringError(f"{name} is {value}; expected at least {least}")
    if not 0 <= epsilon <= 2:
        raise ClusteringError(f"epsilon is {epsilon}; expected a chord distance from 0 to 2")
