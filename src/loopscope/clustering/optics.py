"""OPTICS: clusters as valleys of the reachability plot, leaning on scikit-learn."""

import warnings

import numpy as np

from loopscope.clustering.checking import check_vectors
from loopscope.clustering.parameters import Medoid, Metric, Repeats
from loopscope.clustering.repeats import distinct_rows
from loopscope.clustering.result import Clustering, number_clusters
from loopscope.errors import ClusteringError
from loopscope.types import OUTLIER, Vectors


def optics(
    vectors: Vectors,
    *,
    min_cluster_size: int,
    min_samples: int,
    max_distance: float | None = None,
    xi: float = 0.05,
    repeats: Repeats = "collapse",
    metric: Metric = "cosine",
    medoid: Medoid = "unweighted",
) -> Clustering:
    """Cluster vectors by OPTICS (Ankerst et al. 1999), clusters taken where the reachability plot is steep.

    Unlike :func:`hdbscan` it depends on the order of the rows, and takes memory and time for every pair of vectors.

    Parameters
    ----------
    vectors
        Shape (n, dimension), float32, in trajectory order; of unit length unless ``metric`` is ``"euclidean"``.
    min_cluster_size
        The fewest distinct vectors that are a cluster, at least 2.
    min_samples
        How many neighbours, itself included, make a vector a core, at least 2.
    max_distance
        Vectors farther apart are no neighbours; by default there is no bound.
    xi
        How steep the plot is at the edge of a cluster, in (0, 1).
    repeats, metric, medoid
        As of :func:`hdbscan`.

    Returns
    -------
    Clustering
        A member has the probability 1: OPTICS knows no degrees. Persistence and lambdas are NaN.

    Raises
    ------
    ClusteringError
        If the vectors cannot be clustered by this metric, or there are fewer distinct vectors than a cluster needs.

    References
    ----------
    Ankerst, Breunig, Kriegel and Sander 1999, doi:10.1145/304181.304187.
    """
    check_vectors(vectors, metric)
    distinct = distinct_rows(vectors, repeats)
    points = vectors[distinct.first]
    needed = max(min_cluster_size, min_samples)
    if len(points) < needed:
        raise ClusteringError(
            f"found {len(points)} vectors to cluster; expected at least min_cluster_size = {min_cluster_size} and "
            f"min_samples = {min_samples}: lower them, or perform more runs"
        )
    from sklearn.cluster import OPTICS

    algorithm = OPTICS(
        min_samples=min_samples,
        min_cluster_size=min_cluster_size,
        max_eps=np.inf if max_distance is None else max_distance,
        xi=xi,
        metric="euclidean",
    )
    with warnings.catch_warnings():  # that all are outliers is an answer
        warnings.filterwarnings("ignore", "All reachability values are inf")
        fitted = algorithm.fit(points)
    labels = fitted.labels_.astype(np.int64)[distinct.inverse]
    return number_clusters(vectors, labels, (labels != OUTLIER).astype(np.float64), medoid=medoid)
