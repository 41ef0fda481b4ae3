"""A sweep over settings of HDBSCAN, of the embeddings of a model; nothing is stored."""

from collections.abc import Sequence
from dataclasses import dataclass

from loopscope.clustering.clusterers import Hdbscan
from loopscope.clustering.repeats import collapse_repeats
from loopscope.clustering.sweep import Grid, Setting, sweep_settings
from loopscope.engine.kernels import prepare_kernels
from loopscope.engine.progress import Progress, Silence
from loopscope.engine.trajectories import load_trajectories
from loopscope.store.connection import Store

SIZES = (5, 9, 15, 26, 46, 80)
EPSILONS = (0.0, 0.16, 0.32, 0.48, 0.64, 0.8)


@dataclass(frozen=True)
class Sweep:
    """What a sweep found.

    Attributes
    ----------
    n, n_distinct
        How many embeddings were clustered at every setting, and how many of them are distinct.
    settings
        One for each setting, as :func:`loopscope.clustering.sweep.sweep_settings` gives them.
    """

    n: int
    n_distinct: int
    settings: tuple[Setting, ...]


def sweep_clusterings(
    store: Store,
    embedding_model: str,
    *,
    min_cluster_sizes: Sequence[int] | None = None,
    epsilons: Sequence[float] = EPSILONS,
    min_samples: Sequence[int] = (),
    experiment_ids: Sequence[int] | None = None,
    downsample: int = 1,
    allow_single_cluster: bool = True,
    clouds: int = 0,
    seed: int = 0,
    progress: Progress | None = None,
) -> Sweep:
    """Cluster the embeddings of a model by HDBSCAN at every setting of a grid, and store none of it.

    Parameters
    ----------
    store, embedding_model, experiment_ids, downsample
        As for :func:`loopscope.engine.clustering.cluster_embeddings`.
    min_cluster_sizes, epsilons, min_samples
        The grid; ``min_samples`` is by default what a clustering has by default, 0.1 % of the distinct embeddings, and
        sizes are ``SIZES``, as far as they are at most a quarter of the distinct embeddings.
    allow_single_cluster
        Whether everything may be one cluster.
    clouds
        How many Gaussian clouds of the same covariance are clustered alike, for the null of the outlier share.
    seed
        The same seed gives the same numbers.
    progress
        Told of each linking and each setting.

    Raises
    ------
    ClusteringError
        When there are no such embeddings, or they cannot be clustered at a setting.
    """
    progress = progress or Silence()
    trajectories = load_trajectories(store, embedding_model, experiment_ids, downsample)
    distinct = len(collapse_repeats(trajectories.vectors).first)
    sizes = _default_sizes(distinct) if min_cluster_sizes is None else min_cluster_sizes
    grid = Grid(sizes, epsilons, min_samples or (Hdbscan.resolve({}, distinct)["min_samples"],))
    prepare_kernels(progress)
    progress.begin("linkings and settings", len(grid) + len(set(grid.min_samples)) * (1 + clouds))
    found = sweep_settings(
        trajectories.vectors,
        trajectories.runs,
        grid,
        allow_single_cluster=allow_single_cluster,
        clouds=clouds,
        seed=seed,
        told=lambda: progress.advance(1),
    )
    return Sweep(len(trajectories.vectors), distinct, found)


def _default_sizes(distinct: int) -> tuple[int, ...]:
    return tuple(size for size in SIZES if size <= distinct / 4) or (2,)
