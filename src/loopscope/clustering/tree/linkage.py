"""Everything about vectors that does not depend on how clusters are cut from them: one tree, cut as often as asked."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loopscope.clustering.checking import check_at_least, check_vectors, lengths_of
from loopscope.clustering.distances.bounds import frame_of
from loopscope.clustering.distances.kernels import as_kernels_take
from loopscope.clustering.distances.neighbours import Points, find_neighbours
from loopscope.clustering.distances.threads import working
from loopscope.clustering.parameters import Metric, Repeats
from loopscope.clustering.repeats import DistinctRows, collapse_repeats
from loopscope.clustering.tree.dendrogram import Dendrogram, build_dendrogram
from loopscope.clustering.tree.edges import Edges
from loopscope.clustering.tree.spanning_tree import find_spanning_tree
from loopscope.errors import ClusteringError
from loopscope.types import Vectors

KEPT_NEIGHBOURS = 16
"""How many neighbours of each vector the first spanning tree is looked for among."""
FLOAT32_STEP = 2.0**-23


@dataclass(frozen=True)
class Linkage:
    """The minimum spanning tree of mutual reachability, exact.

    Attributes
    ----------
    repeats
        The distinct among the n vectors.
    sizes
        Shape (distinct,), int64: how many rows each distinct vector stands for; 1 where repeats are collapsed.
    core_distances
        Shape (distinct,), float64: within which ``min_samples`` rows lie, the vector's own among them.
    tree
        The edges by increasing weight, one fewer than distinct vectors: their mutual reachability distance.
    dendrogram
        What joins at which distance.
    resolution
        The smallest distance that is told apart from 0: float32's step, 2⁻²³, at the length of the longest vector, or
        by the Euclidean metric half the smallest height of the dendrogram above 0, if that is less.
    metric
        ``"cosine"`` or ``"euclidean"``.
    """

    repeats: DistinctRows
    sizes: npt.NDArray[np.int64]
    core_distances: npt.NDArray[np.float64]
    tree: Edges
    dendrogram: Dendrogram
    resolution: float
    metric: Metric


def link(
    vectors: Vectors,
    *,
    min_samples: int,
    repeats: Repeats = "collapse",
    metric: Metric = "cosine",
    threads: int | None = None,
    block: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Linkage:
    """Find the minimum spanning tree of the mutual reachability of vectors.

    The distances are exact, and the outcome depends neither on the order of the rows nor on ``threads``, ``block`` or
    the processor. Memory is O((block + min_samples) × n).

    Parameters
    ----------
    vectors
        Shape (n, dimension), float32; of unit length for the cosine metric.
    min_samples
        The neighbour, itself included, whose distance is a vector's core distance, at least 1.
    repeats
        ``"collapse"`` takes each distinct vector once, ``"count"`` as often as it occurs.
    metric
        ``"cosine"``: the chord, the Euclidean distance between unit vectors; ``"euclidean"``: any vectors.
    threads
        By default as many as this process may use cores.
    block
        How many rows of the distance matrix are in memory at a time; by default at most 128 MiB.
    progress
        Told the share that is done.

    Raises
    ------
    ClusteringError
        If the vectors do not suit the metric, or there are fewer than ``min_samples``.

    References
    ----------
    Campello, Moulavi and Sander 2013, doi:10.1007/978-3-642-37456-2_14.
    """
    check_vectors(vectors, metric)
    check_at_least("min_samples", min_samples, 1)
    if repeats not in ("collapse", "count"):
        raise ClusteringError(f'repeats is "{repeats}"; expected "collapse" or "count"')
    distinct = collapse_repeats(vectors)
    sizes = distinct.counts if repeats == "count" else np.ones_like(distinct.counts)
    if sizes.sum() < min_samples and len(sizes) > 1:
        raise ClusteringError(f"found {sizes.sum()} vectors; expected at least as many as min_samples = {min_samples}")
    everything = len(distinct.first) == len(vectors)
    chosen = as_kernels_take(vectors if everything else vectors[distinct.first])
    points = Points(chosen, frame_of(chosen).bound(chosen, np.float32), sizes)
    tell = progress or _nobody
    with working(threads, block) as workers:
        neighbours = find_neighbours(
            points,
            points,
            min_samples=min_samples,
            kept=KEPT_NEIGHBOURS,
            workers=workers,
            progress=lambda share: tell(share * 2 / 3),
        )
        tree = find_spanning_tree(points, neighbours, workers=workers, progress=lambda share: tell((2 + share) / 3))
    tree = tree._replace(weight=np.sqrt(tree.weight))
    core_distances = np.sqrt(neighbours.core_squared)
    dendrogram = build_dendrogram(tree, sizes, core_distances)
    return Linkage(distinct, sizes, core_distances, tree, dendrogram, _resolution(chosen, dendrogram, metric), metric)


def _resolution(vectors: Vectors, dendrogram: Dendrogram, metric: Metric) -> float:
    step = FLOAT32_STEP * (float(lengths_of(vectors).max()) or 1.0)
    if metric == "cosine":
        return step
    heights = dendrogram.height[dendrogram.height > 0]  # a vector far away must not make others equal
    return float(heights.min(initial=2 * step)) / 2


def _nobody(share: float) -> None:
    """Tell nobody."""
