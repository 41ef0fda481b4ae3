"""HDBSCAN: clusters as dense regions at any density, the rest as outliers; exact, and the same on every machine."""

from loopscope.clustering.checking import check_at_least, check_enough, check_epsilon, check_vectors
from loopscope.clustering.parameters import Medoid, Metric, Repeats
from loopscope.clustering.repeats import collapse_repeats
from loopscope.clustering.result import Clustering, number_clusters
from loopscope.types import Vectors


def hdbscan(
    vectors: Vectors,
    *,
    min_cluster_size: int,
    min_samples: int,
    epsilon: float = 0.0,
    allow_single_cluster: bool = True,
    repeats: Repeats = "collapse",
    metric: Metric = "cosine",
    medoid: Medoid = "unweighted",
) -> Clustering:
    """Cluster vectors by HDBSCAN with excess of mass (Campello et al. 2013; Malzer and Baum 2020).

    The result is exact and depends neither on the order of the rows (ties between medoids apart) nor on threads or the
    processor. By default exact repeats are clustered once and mapped back, so that a run that has settled does not
    count as a dense region of its own.

    Parameters
    ----------
    vectors
        Shape (n, dimension), float32, in trajectory order; of unit length for the cosine metric.
    min_cluster_size
        The smallest number of vectors that is a cluster, at least 2.
    min_samples
        The neighbour, itself included, whose distance is a vector's core distance, at least 1.
    epsilon
        Clusters that part below this distance are kept together; for the cosine metric a chord distance in [0, 2].
    allow_single_cluster
        Whether everything may be one cluster.
    repeats
        ``"collapse"``: ``min_cluster_size`` and ``min_samples`` are numbers of distinct vectors. ``"count"``: each
        repeat counts, as if all rows were clustered one by one.
    metric
        ``"cosine"``: the chord, the Euclidean distance between unit vectors; ``"euclidean"``: any vectors.
    medoid
        As of :func:`loopscope.clustering.medoids.find_medoids`.

    Returns
    -------
    Clustering
        Labels, probabilities and medoids of all n vectors.

    Raises
    ------
    ClusteringError
        If the vectors do not suit the metric, a setting is out of its range, or there are fewer vectors, of those that
        count, than ``min_cluster_size`` or ``min_samples``.

    References
    ----------
    Campello, Moulavi and Sander 2013, doi:10.1007/978-3-642-37456-2_14; Malzer and Baum 2020,
    doi:10.1109/MFI49285.2020.9235263 (``epsilon``).

    Examples
    --------
    >>> import numpy as np
    >>> angles = np.array([0.0, 0.01, 0.02, 1.5, 1.51, 1.52])
    >>> vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    >>> hdbscan(vectors, min_cluster_size=3, min_samples=1, allow_single_cluster=False).labels.tolist()
    [0, 0, 0, 1, 1, 1]
    """
    check_vectors(vectors, metric)
    check_at_least("min_cluster_size", min_cluster_size, 2)
    check_at_least("min_samples", min_samples, 1)
    check_epsilon(epsilon, metric)
    distinct = len(collapse_repeats(vectors).first)
    rows = len(vectors) if repeats == "count" else distinct
    check_enough(
        distinct,
        rows,
        len(vectors),
        min_cluster_size=min_cluster_size,
        min_samples=min_samples,
        allow_single_cluster=allow_single_cluster,
    )
    from loopscope.clustering.tree.cutting import cut
    from loopscope.clustering.tree.linkage import link

    found = cut(
        link(vectors, min_samples=min_samples, repeats=repeats, metric=metric),
        min_cluster_size=min_cluster_size,
        epsilon=epsilon,
        allow_single_cluster=allow_single_cluster,
    )
    return number_clusters(
        vectors,
        found.labels,
        found.probabilities,
        medoid=medoid,
        persistence=found.persistence,
        lambda_birth=found.lambda_birth,
        lambda_death=found.lambda_death,
    )
