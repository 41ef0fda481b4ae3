"""The single-linkage dendrogram of a spanning tree, in which all that joins at one height joins at once.

Mutual reachability makes many equal weights. A dendrogram that joins two at a time depends on the order in which equal
edges come; this one does not.
"""

from typing import NamedTuple

import numpy as np

from loopscope.clustering.distances.kernels import kernel
from loopscope.clustering.tree.edges import Edges, Floats, Indices, root_of


class Dendrogram(NamedTuple):
    """A tree of nodes: the points 0 to n − 1, then what joins, each with two or more children or a repeated point.

    A point that stands for several rows is the only child of a node at its core distance, where its repeats join.

    Attributes
    ----------
    root
        The node of everything.
    size
        Shape (nodes,), int64: how many rows a node holds.
    height
        Shape (nodes,), float64: the distance at which a node's children join; 0 for a point.
    child, sibling
        Shape (nodes,), int64: the first child of a node, and the next child of its parent; −1 for none.
    """

    root: int
    size: Indices
    height: Floats
    child: Indices
    sibling: Indices


def build_dendrogram(tree: Edges, sizes: Indices, core_distances: Floats) -> Dendrogram:
    """Build the dendrogram of a spanning tree.

    Parameters
    ----------
    tree
        The edges by increasing weight, as distances.
    sizes
        Shape (n,), int64: how many rows each point stands for.
    core_distances
        Shape (n,), float64: where the repeats of a point join.

    Examples
    --------
    >>> edges = Edges(np.array([0, 1]), np.array([1, 2]), np.array([1.0, 1.0]))
    >>> dendrogram = build_dendrogram(edges, np.ones(3, dtype=np.int64), np.zeros(3))
    >>> dendrogram.root, dendrogram.size[dendrogram.root], dendrogram.height[dendrogram.root]
    (3, np.int64(3), np.float64(1.0))
    """
    nodes = 3 * len(sizes)
    size, height = np.zeros(nodes, dtype=np.int64), np.zeros(nodes)
    child, sibling = np.full(nodes, -1), np.full(nodes, -1)
    size[: len(sizes)] = sizes
    root = _join_by_height(tree.first, tree.second, tree.weight, core_distances, size, height, child, sibling)
    return Dendrogram(root, size, height, child, sibling)


@kernel
def _join_by_height(
    first: Indices,
    second: Indices,
    weight: Floats,
    core_distances: Floats,
    size: Indices,
    height: Floats,
    child: Indices,
    sibling: Indices,
) -> int:
    points = len(core_distances)
    parent = np.arange(points)
    node_of = np.arange(points)
    last_child = np.full(len(size), -1)
    count = points
    for point in range(points):
        if size[point] > 1:
            child[count] = last_child[count] = point
            size[count], height[count] = size[point], core_distances[point]
            node_of[point] = count
            count += 1
    for edge in range(len(first)):
        one, other = root_of(parent, first[edge]), root_of(parent, second[edge])
        node, joining = node_of[one], node_of[other]
        node_level = node >= points and height[node] == weight[edge]
        joining_level = joining >= points and height[joining] == weight[edge]
        if joining_level and not node_level:
            node, joining, node_level, joining_level = joining, node, joining_level, node_level
        if not node_level:
            child[count] = last_child[count] = node
            size[count], height[count] = size[node], weight[edge]
            node = count
            count += 1
        if joining_level:
            sibling[last_child[node]] = child[joining]
            last_child[node] = last_child[joining]
        else:
            sibling[last_child[node]] = joining
            last_child[node] = joining
        size[node] += size[joining]
        parent[other] = one
        node_of[one] = node
    return int(node_of[root_of(parent, 0)])
