"""The exact minimum spanning tree of mutual reachability, in O(block × n) memory.

1. The nearest neighbours of each point give a forest; its components are joined through their densest points, in the
   same way again. The outcome is a spanning tree, hardly heavier than the lightest.
2. An edge is needed only if it is lighter than the heaviest edge on the way between its ends in that spanning tree (the
   cycle property; Tarjan 1983, doi:10.1137/1.9781611970265, chapter 6). With the points in the leaf order of the tree's
   dendrogram the heaviest edge on the way is a running maximum, so that one pass over half of the distance matrix, in
   float32 with bounds of the error, leaves few edges.
3. Those are weighed exactly, and Kruskal's algorithm chooses among them and the edges of the spanning tree.

Weights are squared distances throughout: the larger of both core distances and the distance, squared.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from loopscope.clustering.distances.bounds import Bounds
from loopscope.clustering.distances.column_runs import RUN, above, fill_nearest
from loopscope.clustering.distances.exact import squared_distance
from loopscope.clustering.distances.kernels import kernel
from loopscope.clustering.distances.neighbours import Neighbours, Points, find_neighbours
from loopscope.clustering.distances.threads import Block, Workers
from loopscope.clustering.tree.edges import Edges, Floats, Indices, LeafOrder, leaf_order, lightest_forest
from loopscope.types import Vectors

MOST_EDGES = 8
"""How many edges for each point are held in memory before the lightest of them are chosen."""
NEIGHBOURS = 8
"""How many neighbours the densest points of components are joined through."""


def find_spanning_tree(
    points: Points,
    neighbours: Neighbours,
    *,
    workers: Workers,
    progress: Callable[[float], None] | None = None,
) -> Edges:
    """Find a minimum spanning tree of the mutual reachability of points.

    Parameters
    ----------
    points
        At least one, no two of them equal.
    neighbours
        Those of each point among the points.
    workers
        The threads that do it.
    progress
        Told the share that is done.

    Returns
    -------
    Edges
        One fewer than points, by increasing weight: the squared mutual reachability distance.
    """
    tree = _near_tree(points, neighbours, workers)
    order = leaf_order(len(points), tree)
    ordered, core = points.bounds.take(order.points), neighbours.core_squared[order.points]
    scan = _Scan(points, order, ordered, core)
    parts = [tree]
    for block in workers.products(ordered.rows, ordered.rows, half=True):
        parts += scan.block(block, workers)
        if sum(len(part.weight) for part in parts) > MOST_EDGES * len(points):
            parts = [lightest_forest(len(points), Edges.joined(parts))[0]]
        if progress:
            progress(1 - (1 - block.end / len(points)) ** 2)
    return lightest_forest(len(points), Edges.joined(parts))[0]


def _near_tree(points: Points, neighbours: Neighbours, workers: Workers) -> Edges:
    """Find a spanning tree through nearest neighbours, then those of the densest of each component, and so on."""
    core = neighbours.core_squared
    rows = np.arange(len(points))
    edges = _edges_to(rows, neighbours, core)
    while True:
        forest, component = lightest_forest(len(points), edges)
        if len(forest.weight) == len(points) - 1:
            return forest
        densest = np.lexsort((core, component))
        rows = densest[np.unique(component[densest], return_index=True)[1]]
        chosen = points.take(rows)
        nearest = find_neighbours(chosen, chosen, min_samples=1, kept=NEIGHBOURS, workers=workers)
        edges = Edges.joined([forest, _edges_to(rows, nearest, core)])


def _edges_to(rows: Indices, neighbours: Neighbours, core: Floats) -> Edges:
    """Give the edges between some of the points and the neighbours found among them."""
    first = np.repeat(rows, neighbours.rows.shape[1])
    second = rows[neighbours.rows.ravel()]
    weight = np.maximum(np.maximum(core[first], core[second]), neighbours.squared.ravel())
    apart = first != second
    return Edges(first[apart], second[apart], weight[apart])


class _Scan:
    """Looks for edges lighter than the way through a spanning tree, with the points in its leaf order."""

    def __init__(self, points: Points, order: LeafOrder, ordered: Bounds[np.float32], core: Floats) -> None:
        self.vectors, self.order, self.bounds, self.core = points.vectors, order, ordered, core
        self.gap_before = np.concatenate([[0.0], order.gaps[:-1]])

    def block(self, block: Block, workers: Workers) -> list[Edges]:
        """Look from the points of a block to all later ones."""
        later = slice(block.start, None)
        runs = np.arange(0, len(self.core) - block.start, RUN)
        tree = _Tree(
            self.vectors,
            self.order.points[later],
            self.gap_before[later],
            np.maximum.reduceat(self.gap_before[later], runs),
            self.core[later],
            self.bounds.lower[later],
            self.bounds.scale**2,
        )
        return workers.each_chunk(
            block.end - block.start, lambda first, last: self._chunk(tree, block.products, first, last)
        )

    def _chunk(self, tree: "_Tree", products: npt.NDArray[np.float32], first: int, last: int) -> Edges:
        room = 2 * len(tree.core)
        ends, weights = np.empty((2, room), dtype=np.int64), np.empty(room)
        parts = []
        point = first
        while point < last:
            point, found = _lighter_edges(products, point, last, tree, ends, weights)
            one, other = tree.points[ends[:, :found]]
            parts.append(Edges(one, other, weights[:found].copy()))
        return Edges.joined(parts)


class _Tree(NamedTuple):
    """A spanning tree, as seen from the points of a block: its leaves from the first of the block on."""

    vectors: Vectors
    points: Indices
    gap_before: Floats
    widest: Floats
    """The largest gap before a point of each run."""
    core: Floats
    lower: npt.NDArray[np.float32]
    unit: float
    """What squared distances are multiplied with to be compared with bounds."""


@kernel
def _lighter_edges(
    products: npt.NDArray[np.float32], point: int, last: int, tree: _Tree, ends: Indices, weights: Floats
) -> tuple[int, int]:
    """Look from points of a block until the last, or until the room for edges is used up."""
    found = 0
    nearest = np.empty(len(tree.widest), dtype=np.float32)
    while point < last and found + len(tree.core) - point <= len(weights):
        fill_nearest(products[point], tree.lower, point // RUN, nearest)
        found = _lighter_edges_from(products[point], nearest, point, tree, ends, weights, found)
        point += 1
    return point, found


@kernel
def _lighter_edges_from(
    products: npt.NDArray[np.float32],
    nearest: npt.NDArray[np.float32],
    point: int,
    tree: _Tree,
    ends: Indices,
    weights: Floats,
    found: int,
) -> int:
    """Look from one point to all later ones.

    ``reach`` is the heaviest edge of the tree on the way to the present one. Of two edges to points that the tree joins
    by nothing heavier than the heavier edge only the lighter is kept: the last that was kept leads to ``best``, and
    ``since`` is the heaviest edge of the tree on the way from there to the present one.
    """
    core, own_core, own_lower = tree.core, tree.core[point], tree.lower[point]
    reach, best, best_weight, since = 0.0, -1, np.inf, 0.0
    for run in range((point + 1) // RUN, len(tree.widest)):
        start = max(point + 1, run * RUN)
        widest = max(reach, tree.widest[run])
        if start == run * RUN and (own_core >= widest or nearest[run] + own_lower >= above(widest * tree.unit)):
            reach, since = widest, max(since, tree.widest[run])
            continue
        for later in range(start, min(len(core), (run + 1) * RUN)):
            reach, since = max(reach, tree.gap_before[later]), max(since, tree.gap_before[later])
            larger_core = max(own_core, core[later])
            bound = tree.lower[later] - np.float32(2) * products[later] + own_lower
            if larger_core >= reach or bound >= above(reach * tree.unit):
                continue
            least = max(larger_core, bound / tree.unit)
            if since <= least and best_weight <= least:
                continue
            there = tree.vectors[tree.points[later]]
            weight = max(larger_core, squared_distance(tree.vectors[tree.points[point]], there))
            if weight >= reach or (since <= weight and best_weight <= weight):
                continue
            if best >= 0 and not (since <= best_weight and weight <= best_weight):
                ends[0, found], ends[1, found], weights[found] = point, best, best_weight
                found += 1
            best, best_weight, since = later, weight, 0.0
    if best >= 0:
        ends[0, found], ends[1, found], weights[found] = point, best, best_weight
        found += 1
    return found
