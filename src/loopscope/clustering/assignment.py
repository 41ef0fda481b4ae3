"""Vectors that came later, placed into the clusters of a clustering that stays as it is."""

import numpy as np
import numpy.typing as npt

from loopscope.clustering.checking import check_at_least, check_vectors
from loopscope.clustering.distances.bounds import frame_of
from loopscope.clustering.distances.kernels import as_kernels_take
from loopscope.clustering.distances.neighbours import Points, find_neighbours
from loopscope.clustering.distances.reachability import find_nearest_reachable
from loopscope.clustering.distances.threads import working
from loopscope.clustering.parameters import Metric, Repeats
from loopscope.clustering.repeats import collapse_repeats
from loopscope.errors import ClusteringError
from loopscope.types import OUTLIER, Vectors

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


def assign_to_nearest_core(
    new_vectors: Vectors,
    vectors: Vectors,
    labels: Indices,
    probabilities: Floats,
    *,
    lambda_birth: Floats,
    lambda_death: Floats,
    min_samples: int,
    repeats: Repeats = "collapse",
    metric: Metric = "cosine",
    threads: int | None = None,
    block: int | None = None,
) -> tuple[Indices, Floats]:
    """Place vectors into the clusters that HDBSCAN found among others, by the nearest core.

    A new vector's core distance is the one it would have if it alone were added: that of its ``min_samples``-th nearest
    vector, itself the first. The fitted vector that is nearest to it by mutual reachability decides; of several a
    member goes before an outlier, then the one at the smaller distance, then the earliest. If it is a member and 1 /
    mutual reachability distance is at least its cluster's ``lambda_birth``, the new vector joins the cluster, with the
    probability that this λ is of ``lambda_death``, at most 1. Otherwise it is an outlier. A vector equal to a fitted
    one gets that one's label and probability. New vectors do not see each other.

    Parameters
    ----------
    new_vectors
        Shape (new, dimension), float32.
    vectors, labels, probabilities
        Shapes (n, dimension), (n,) and (n,): what was clustered, and how.
    lambda_birth, lambda_death
        Shape (number of clusters,), float64: as of :class:`loopscope.clustering.Clustering`.
    min_samples, repeats, metric
        Those of the clustering.
    threads, block
        As of :func:`loopscope.clustering.tree.linkage.link`.

    Returns
    -------
    tuple
        Labels, shape (new,), int64, −1 for an outlier, and probabilities, shape (new,), float64 in [0, 1].

    Raises
    ------
    ClusteringError
        If vectors do not suit the metric or each other.

    References
    ----------
    After ``approximate_predict`` of hdbscan (McInnes, Healy and Astels 2017, doi:10.21105/joss.00205), which looks
    among a few neighbours only and takes a vector into a cluster at any distance within its parent.
    """
    if len(new_vectors) == 0:
        return np.empty(0, dtype=np.int64), np.empty(0)
    for each in (new_vectors, vectors):
        check_vectors(each, metric)
    check_at_least("min_samples", min_samples, 1)
    if new_vectors.shape[1] != vectors.shape[1]:
        raise ClusteringError(
            f"found new vectors of {new_vectors.shape[1]} dimensions; expected {vectors.shape[1]}, as those clustered"
        )
    both = collapse_repeats(np.concatenate([vectors, new_vectors]))
    fitted = both.first[both.first < len(vectors)]
    counts = np.bincount(both.inverse[: len(vectors)], minlength=len(fitted)) if repeats == "count" else None
    points, queries = _in_one_frame(vectors[fitted], as_kernels_take(new_vectors), counts)
    with working(threads, block) as workers:
        core = find_neighbours(points, points, min_samples=min_samples, kept=1, workers=workers).core_squared
        if min_samples == 1:
            query_core = np.zeros(len(queries))
        else:
            query_core = find_neighbours(
                queries, points, min_samples=min_samples - 1, kept=1, workers=workers
            ).core_squared
        nearest, reached = find_nearest_reachable(queries, query_core, points, core, labels[fitted] != OUTLIER, workers)
    density = 1 / np.sqrt(np.maximum(reached, np.finfo(np.float64).tiny))
    found = labels[fitted[nearest]]
    member = found != OUTLIER
    member[member] = density[member] >= lambda_birth[found[member]]
    placed = np.where(member, found, OUTLIER)
    strength = np.zeros(len(queries))
    strength[member] = np.minimum(1.0, density[member] / lambda_death[placed[member]])
    known = both.first[both.inverse[len(vectors) :]]
    equal = known < len(vectors)
    placed[equal], strength[equal] = labels[known[equal]], probabilities[known[equal]]
    return placed, strength


def _in_one_frame(vectors: Vectors, new_vectors: Vectors, counts: Indices | None) -> tuple[Points, Points]:
    """Bound the distances of both with a common origin and unit."""
    frame = frame_of(vectors, new_vectors)
    ones = np.ones(len(vectors), dtype=np.int64)
    points = Points(vectors, frame.bound(vectors, np.float32), ones if counts is None else counts)
    return points, Points(new_vectors, frame.bound(new_vectors, np.float32), np.ones(len(new_vectors), dtype=np.int64))
