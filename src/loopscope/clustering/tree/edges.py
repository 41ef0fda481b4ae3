"""Edges between points, and the lightest spanning forest among them (Kruskal 1956, doi:10.2307/2033241)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from loopscope.clustering.distances.kernels import kernel

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Edges(NamedTuple):
    """Edges between points: both ends, int64, and the weight, float64, each of shape (edges,)."""

    first: Indices
    second: Indices
    weight: Floats

    @staticmethod
    def joined(parts: Sequence["Edges"]) -> "Edges":
        """Put edges together."""
        return Edges(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def lightest_forest(points: int, edges: Edges) -> tuple[Edges, Indices]:
    """Choose the edges of a lightest spanning forest.

    Returns
    -------
    tuple
        The chosen edges by increasing weight, and for each point a point that stands for its component.

    Examples
    --------
    >>> triangle = Edges(np.array([0, 1, 0]), np.array([1, 2, 2]), np.array([3.0, 1.0, 2.0]))
    >>> forest, component = lightest_forest(4, triangle)
    >>> forest.weight.tolist(), len(set(component.tolist()))
    ([1.0, 2.0], 2)
    """
    order = np.argsort(edges.weight, kind="stable")
    chosen = np.empty(max(points - 1, 0), dtype=np.int64)
    component = np.arange(points)
    chosen = chosen[: _join(edges.first, edges.second, order, component, chosen)]
    return Edges(edges.first[chosen], edges.second[chosen], edges.weight[chosen]), component


@kernel
def root_of(parent: Indices, point: int) -> int:
    """Find the point that stands for a point's component, and shorten the way to it."""
    while parent[point] != point:
        parent[point] = parent[parent[point]]
        point = parent[point]
    return point


@kernel
def _join(first: Indices, second: Indices, order: Indices, parent: Indices, chosen: Indices) -> int:
    count = 0
    for edge in order:
        if count == len(chosen):
            break
        one, other = root_of(parent, first[edge]), root_of(parent, second[edge])
        if one != other:
            parent[max(one, other)] = min(one, other)
            chosen[count] = edge
            count += 1
    for point in range(len(parent)):
        parent[point] = root_of(parent, point)
    return count


class LeafOrder(NamedTuple):
    """The points of a spanning tree in an order that makes the way between any two of them a run of merges.

    Attributes
    ----------
    points
        Shape (n,), int64: all points; those that lighter edges join stand together.
    gaps
        Shape (n,), float64: the weight of the edge that joins each to the next one's side, infinity for the last. The
        heaviest edge on the way between two points is the largest gap from the earlier up to before the later.
    """

    points: Indices
    gaps: Floats


def leaf_order(points: int, tree: Edges) -> LeafOrder:
    """Order the points of a spanning tree, whose edges come by increasing weight.

    Examples
    --------
    >>> order = leaf_order(3, Edges(np.array([0, 0]), np.array([2, 1]), np.array([1.0, 5.0])))
    >>> order.points.tolist(), order.gaps.tolist()
    ([0, 2, 1], [1.0, 5.0, inf])
    """
    order, gaps = np.empty(points, dtype=np.int64), np.full(points, np.inf)
    _order_leaves(tree.first, tree.second, tree.weight, order, gaps)
    return LeafOrder(order, gaps)


@kernel
def _order_leaves(first: Indices, second: Indices, weight: Floats, order: Indices, gaps: Floats) -> None:
    points = len(order)
    parent = np.arange(points)
    head = np.arange(points)
    tail = np.arange(points)
    following = np.full(points, -1)
    gap_after = np.full(points, np.inf)
    for edge in range(len(first)):
        one, other = root_of(parent, first[edge]), root_of(parent, second[edge])
        following[tail[one]] = head[other]
        gap_after[tail[one]] = weight[edge]
        tail[one] = tail[other]
        parent[other] = one
    point = head[root_of(parent, 0)]
    for place in range(points):
        order[place] = point
        gaps[place] = gap_after[point]
        point = following[point]
