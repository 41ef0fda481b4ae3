"""Clusters cut from a linkage: cheap, so that many settings can be tried on one."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loopscope.clustering.checking import check_at_least, check_enough, check_epsilon
from loopscope.clustering.tree.condensed_tree import CondensedTree, condense
from loopscope.clustering.tree.edges import Indices
from loopscope.clustering.tree.linkage import Linkage
from loopscope.clustering.tree.selection import NONE, ROOT, select_clusters
from loopscope.types import OUTLIER

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cut:
    """Clusters of the n vectors of a linkage, numbered by their first member.

    Attributes
    ----------
    labels
        Shape (n,), int64: −1 for an outlier.
    probabilities
        Shape (n,), float64 in [0, 1]: the λ at which a vector falls out of its cluster, relative to the cluster's
        ``lambda_death``; 0 for an outlier.
    persistence
        Shape (clusters,), float64 in [0, 1]: the stability Σ (λ − λ of birth) over the members, with λ that at which a
        member falls out and at most ``lambda_death``, divided by the number of members and ``lambda_death``. The root
        is born at 0.
    lambda_birth, lambda_death
        Shape (clusters,), float64: the range of λ = 1/distance in which the cluster exists. For the root, taken as the
        single cluster, it begins with the smallest λ at which a vector is still a member.
    """

    labels: npt.NDArray[np.int64]
    probabilities: Floats
    persistence: Floats
    lambda_birth: Floats
    lambda_death: Floats


def cut(linkage: Linkage, *, min_cluster_size: int, epsilon: float = 0.0, allow_single_cluster: bool = True) -> Cut:
    """Cut clusters from a linkage by excess of mass, none parting from another below ``epsilon``.

    Parameters
    ----------
    linkage
        Of n vectors.
    min_cluster_size
        The smallest number of rows, as the linkage counts them, that is a cluster, at least 2.
    epsilon
        Clusters that part below this distance are kept together; for the cosine metric in [0, 2].
    allow_single_cluster
        Whether everything may be one cluster.

    Raises
    ------
    ClusteringError
        If a setting is out of its range, there are fewer rows than ``min_cluster_size``, or all vectors are equal and
        no single cluster is allowed.

    References
    ----------
    Persistence is ``cluster_persistence_`` of McInnes, Healy and Astels 2017, doi:10.21105/joss.00205, with each
    cluster's own λ of death in the place of the largest of all.
    """
    check_at_least("min_cluster_size", min_cluster_size, 2)
    check_epsilon(epsilon, linkage.metric)
    distinct, sizes = linkage.repeats, linkage.sizes
    if len(distinct.first) == 1:
        sizes = distinct.counts
    check_enough(
        len(sizes),
        int(sizes.sum()),
        len(distinct.inverse),
        min_cluster_size=min_cluster_size,
        allow_single_cluster=allow_single_cluster,
    )
    if len(distinct.first) == 1:
        tree = _of_equals(linkage.resolution, sizes)
    else:
        tree = condense(linkage.dendrogram, sizes, min_cluster_size=min_cluster_size, resolution=linkage.resolution)
    within = select_clusters(tree, epsilon=epsilon, allow_single_cluster=allow_single_cluster)
    return _cut_out(linkage, tree, within, sizes, epsilon)


def _of_equals(resolution: float, sizes: Indices) -> CondensedTree:
    """Make the condensed tree of equal vectors: one cluster, up to the largest λ there is."""
    end = np.array([1 / resolution])
    return CondensedTree(np.array([NONE]), np.zeros(1), end, end * sizes, np.zeros(1, dtype=np.int64), end)


def _cut_out(linkage: Linkage, tree: CondensedTree, within: Indices, sizes: Indices, epsilon: float) -> Cut:
    cluster = within[tree.point_cluster]
    birth = tree.birth.copy()
    if within[ROOT] == ROOT:
        birth[ROOT] = 1 / max(epsilon, linkage.resolution) if epsilon > 0 else tree.death[ROOT]
        cluster = np.where(tree.point_lambda >= birth[ROOT], ROOT, NONE)
    taken, first, number = np.unique(cluster, return_index=True, return_inverse=True)
    order = np.argsort(np.where(taken == NONE, -1, first))
    rank = np.empty(len(taken), dtype=np.int64)
    rank[order] = np.arange(len(taken)) - (NONE in taken)
    labels = rank[number]
    chosen = taken[order][taken[order] != NONE]
    death = tree.death[cluster]
    share = np.where(cluster == NONE, 0.0, np.minimum(tree.point_lambda, death) / death)
    return Cut(
        labels=labels[linkage.repeats.inverse],
        probabilities=share[linkage.repeats.inverse],
        persistence=_persistence(tree, chosen, labels, share, sizes),
        lambda_birth=birth[chosen],
        lambda_death=tree.death[chosen],
    )


def _persistence(tree: CondensedTree, chosen: Indices, labels: Indices, share: Floats, sizes: Indices) -> Floats:
    """Give the mean over members of the share of their cluster's λ range that they are in it."""
    order = np.lexsort((sizes, share, labels))
    order = order[labels[order] != OUTLIER]
    total = np.bincount(labels[order], weights=sizes[order] * share[order], minlength=len(chosen))
    members = np.bincount(labels[order], weights=sizes[order], minlength=len(chosen))
    return np.clip(total / members - tree.birth[chosen] / tree.death[chosen], 0.0, 1.0)
