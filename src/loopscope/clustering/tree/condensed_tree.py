"""The condensed tree: of a dendrogram, only the splits into parts that are large enough to be clusters.

λ is 1/distance. Going down from the root, a part smaller than ``min_cluster_size`` falls out of its cluster at the λ of
the split; two or more large parts are new clusters, and one large part is the same cluster going on (Campello,
Moulavi, Zimek and Sander 2015, doi:10.1145/2733381).
"""

from typing import NamedTuple

import numpy as np

from loopscope.clustering.distances.kernels import kernel
from loopscope.clustering.tree.dendrogram import Dendrogram
from loopscope.clustering.tree.edges import Floats, Indices


class CondensedTree(NamedTuple):
    """Clusters within clusters; 0 is the root, and a cluster's number is larger than its parent's.

    Attributes
    ----------
    parent
        Shape (clusters,), int64: −1 for the root.
    birth, death
        Shape (clusters,), float64: the λ at which a cluster parts from its parent, 0 for the root, and the λ at which
        the last of it falls out or it splits.
    stability
        Shape (clusters,), float64: the sum over rows of how long, in λ, they are in the cluster itself.
    point_cluster
        Shape (n,), int64: the last cluster that holds a point.
    point_lambda
        Shape (n,), float64: the λ at which it falls out.
    """

    parent: Indices
    birth: Floats
    death: Floats
    stability: Floats
    point_cluster: Indices
    point_lambda: Floats


def condense(dendrogram: Dendrogram, sizes: Indices, *, min_cluster_size: int, resolution: float) -> CondensedTree:
    """Condense a dendrogram.

    Parameters
    ----------
    dendrogram
        Of n points.
    sizes
        Shape (n,), int64: how many rows each point stands for.
    min_cluster_size
        A number of rows, at least 2.
    resolution
        The smallest distance that is told apart from 0, more than 0: λ is at most its inverse.
    """
    points = len(sizes)
    most = 2 * (int(sizes.sum()) // min_cluster_size) + 2
    parent, size = np.full(most, -1), np.zeros(most, dtype=np.int64)
    birth, death = np.zeros(most), np.zeros(most)
    point_cluster, point_lambda = np.zeros(points, dtype=np.int64), np.zeros(points)
    count = _walk_down(
        *dendrogram, points, min_cluster_size, resolution, parent, size, birth, death, point_cluster, point_lambda
    )
    parent, size, birth, death = parent[:count], size[:count], birth[:count], death[:count]
    stability = _stability(parent, size, birth, sizes, point_cluster, point_lambda)
    return CondensedTree(parent, birth, death, stability, point_cluster, point_lambda)


def _stability(
    parent: Indices, size: Indices, birth: Floats, sizes: Indices, point_cluster: Indices, point_lambda: Floats
) -> Floats:
    """Sum up what leaves each cluster, times how long it was there, in an order that depends on no numbering."""
    cluster = np.concatenate([point_cluster, parent[1:]])
    leaving = np.concatenate([point_lambda, birth[1:]])
    rows = np.concatenate([sizes, size[1:]])
    order = np.lexsort((rows, leaving, cluster))
    stayed = rows[order] * (leaving[order] - birth[cluster[order]])
    return np.bincount(cluster[order], weights=stayed, minlength=len(parent)).astype(np.float64)


@kernel
def _walk_down(
    root: int,
    node_size: Indices,
    height: Floats,
    child: Indices,
    sibling: Indices,
    points: int,
    min_cluster_size: int,
    resolution: float,
    parent: Indices,
    size: Indices,
    birth: Floats,
    death: Floats,
    point_cluster: Indices,
    point_lambda: Floats,
) -> int:
    """Follow the dendrogram down, note where and when each point falls out, and count the clusters."""
    nodes, clusters = np.empty(points + 1, dtype=np.int64), np.empty(points + 1, dtype=np.int64)
    falling = np.empty(len(height), dtype=np.int64)
    nodes[0], clusters[0], waiting, count = root, 0, 1, 1
    size[0] = node_size[root]
    while waiting > 0:
        waiting -= 1
        node, cluster = nodes[waiting], clusters[waiting]
        density = 1 / max(height[node], resolution)
        death[cluster] = max(death[cluster], density)
        large = 0
        part = child[node]
        while part >= 0:
            large += part >= points and node_size[part] >= min_cluster_size
            part = sibling[part]
        part = child[node]
        while part >= 0:
            if part >= points and node_size[part] >= min_cluster_size:
                nodes[waiting], clusters[waiting] = part, cluster
                if large > 1:
                    parent[count], birth[count], size[count] = cluster, density, node_size[part]
                    clusters[waiting] = count
                    count += 1
                waiting += 1
            else:
                _fall_out(part, points, child, sibling, falling, cluster, density, point_cluster, point_lambda)
            part = sibling[part]
    return count


@kernel
def _fall_out(
    part: int,
    points: int,
    child: Indices,
    sibling: Indices,
    falling: Indices,
    cluster: int,
    density: float,
    point_cluster: Indices,
    point_lambda: Floats,
) -> None:
    """Note for each point of a part that it falls out of a cluster."""
    falling[0], waiting = part, 1
    while waiting > 0:
        waiting -= 1
        node = falling[waiting]
        if node < points:
            point_cluster[node], point_lambda[node] = cluster, density
            continue
        below = child[node]
        while below >= 0:
            falling[waiting] = below
            waiting += 1
            below = sibling[below]
