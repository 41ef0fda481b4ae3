"""Which clusters of a condensed tree are taken: excess of mass, then none that part below a distance."""

from math import fsum

import numpy as np
import numpy.typing as npt

from loopscope.clustering.tree.condensed_tree import CondensedTree
from loopscope.clustering.tree.edges import Indices

ROOT = 0
NONE = -1


def select_clusters(tree: CondensedTree, *, epsilon: float, allow_single_cluster: bool) -> Indices:
    """Take the clusters whose stability is at least that of all taken within them.

    Parameters
    ----------
    tree
        Clusters within clusters.
    epsilon
        A distance: a cluster that parts from its parent below it gives way to the first ancestor that parts from its
        own above it; 0 for none to give way.
    allow_single_cluster
        Whether the root may be taken. If it may not, its child is the last to which others give way.

    Returns
    -------
    Indices
        Shape (clusters,), int64: for each cluster the taken one that holds it, itself or an ancestor; −1 if none does.

    References
    ----------
    Campello, Moulavi, Zimek and Sander 2015, doi:10.1145/2733381 (excess of mass); Malzer and Baum 2020,
    doi:10.1109/MFI49285.2020.9235263 (``epsilon``).
    """
    within = _find_taken(tree.parent, _take_stable(tree, allow_single_cluster))
    if epsilon > 0 and within[ROOT] != ROOT:
        taken = np.zeros(len(within), dtype=np.bool_)
        for cluster in np.unique(within[within != NONE]).tolist():
            taken[_give_way(tree, cluster, epsilon, allow_single_cluster)] = True
        within = _find_taken(tree.parent, taken)
    return within


def _give_way(tree: CondensedTree, cluster: int, epsilon: float, allow_single_cluster: bool) -> int:
    """Find the cluster itself or the ancestor that is taken in its stead."""
    if tree.birth[cluster] <= 1 / epsilon:  # by λ: 1 / (1 / distance) need not be the distance
        return cluster
    while True:
        parent = int(tree.parent[cluster])
        if parent == ROOT:
            return ROOT if allow_single_cluster else cluster
        cluster = parent
        if tree.birth[cluster] < 1 / epsilon:
            return cluster


def _take_stable(tree: CondensedTree, allow_single_cluster: bool) -> npt.NDArray[np.bool_]:
    """Take clusters from the leaves up; those within a taken one are overruled by :func:`_find_taken`."""
    taken = np.zeros(len(tree.parent), dtype=np.bool_)
    stability, parent = tree.stability.tolist(), tree.parent.tolist()
    inner: list[list[float]] = [[] for _ in parent]
    for cluster in range(len(parent) - 1, ROOT, -1):
        within = fsum(inner[cluster])
        taken[cluster] = within <= stability[cluster]
        inner[parent[cluster]].append(max(within, stability[cluster]))
    taken[ROOT] = allow_single_cluster and fsum(inner[ROOT]) <= stability[ROOT]
    return taken


def _find_taken(parent: Indices, taken: npt.NDArray[np.bool_]) -> Indices:
    """Find for each cluster the outermost taken one that holds it."""
    within = np.where(taken, np.arange(len(taken)), NONE)
    for cluster in range(1, len(within)):
        if within[parent[cluster]] != NONE:
            within[cluster] = within[parent[cluster]]
    return within
