"""EVoC: clusters of embedding vectors in layers from fine to coarse, by the package ``evoc``."""

from importlib.util import find_spec

import numpy as np

from loopscope.clustering.checking import check_vectors
from loopscope.clustering.parameters import Medoid, Repeats
from loopscope.clustering.repeats import distinct_rows
from loopscope.clustering.result import Clustering, number_clusters
from loopscope.errors import ClusteringError
from loopscope.types import Vectors


def evoc_is_installed() -> bool:
    """Tell whether the package ``evoc`` can be imported."""
    return find_spec("evoc") is not None


def evoc(
    vectors: Vectors,
    *,
    noise_level: float = 0.5,
    min_cluster_size: int = 5,
    min_samples: int = 5,
    n_neighbors: int = 15,
    n_epochs: int = 50,
    max_layers: int = 10,
    min_similarity: float = 0.2,
    seed: int = 0,
    repeats: Repeats = "collapse",
    medoid: Medoid = "unweighted",
) -> tuple[Clustering, ...]:
    """Cluster unit vectors by EVoC: a neighbour graph, laid out in few dimensions, clustered at several granularities.

    It is approximate: another order of the rows, another seed or another machine may give other clusters.

    Parameters
    ----------
    vectors
        Shape (n, dimension), float32, rows of unit length, in trajectory order.
    noise_level
        From 0, cluster as much as can be, to 1, leave out what is not surely in a cluster.
    min_cluster_size
        The fewest distinct vectors that are a cluster of the finest layer, at least 2.
    min_samples
        How many neighbours make a place dense, at least 1.
    n_neighbors
        How many neighbours the graph joins each vector to, at least 2.
    n_epochs
        How long the layout is improved.
    max_layers
        The most layers there may be.
    min_similarity
        Layers that are more alike than this (Jaccard, in [0, 1]) count as one.
    seed
        Of its randomness.
    repeats, medoid
        As of :func:`hdbscan`.

    Returns
    -------
    tuple of Clustering
        The layers, the finest first; probabilities are EVoC's membership strengths, persistence and lambdas NaN.

    Raises
    ------
    ClusteringError
        If the vectors are not unit vectors, or there are too few distinct ones.

    References
    ----------
    Tutte Institute, https://github.com/TutteInstitute/evoc.
    """
    check_vectors(vectors, "cosine")
    distinct = distinct_rows(vectors, repeats)
    needed = max(min_cluster_size, min_samples, n_neighbors) + 1
    if len(distinct.first) < needed:
        raise ClusteringError(
            f"found {len(distinct.first)} vectors to cluster; expected at least {needed}, more than n_neighbors = "
            f"{n_neighbors}, min_cluster_size = {min_cluster_size} and min_samples = {min_samples}: lower them, or "
            "perform more runs"
        )
    from evoc import EVoC

    fitted = EVoC(
        noise_level=noise_level,
        base_min_cluster_size=min_cluster_size,
        min_samples=min_samples,
        n_neighbors=n_neighbors,
        n_epochs=n_epochs,
        max_layers=max_layers,
        min_similarity_threshold=min_similarity,
        random_state=seed,
    ).fit(vectors[distinct.first])
    layers = zip(fitted.cluster_layers_, fitted.membership_strength_layers_, strict=True)
    return tuple(
        number_clusters(
            vectors,
            np.asarray(labels, dtype=np.int64)[distinct.inverse],
            np.clip(np.asarray(strengths, dtype=np.float64), 0, 1)[distinct.inverse],
            medoid=medoid,
        )
        for labels, strengths in layers
    )
