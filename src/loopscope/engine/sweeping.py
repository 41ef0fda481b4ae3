"""A sweep over settings of HDBSCAN, of the embeddings of a model; nothing is stored."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import select

from loopscope.clustering.clusterers import Hdbscan
from loopscope.clustering.repeats import collapse_repeats
from loopscope.clustering.trust.sweep import Grid, Setting, sweep_settings
from loopscope.config import nearest
from loopscope.engine.kernels import prepare_kernels
from loopscope.engine.progress import Progress, Silence
from loopscope.engine.trajectories import Trajectories, load_trajectories
from loopscope.errors import ClusteringError
from loopscope.schemas import Run
from loopscope.statistics.resampling import Runs
from loopscope.store.connection import Store

SIZES = (5, 10, 20, 40, 80)
MIN_SAMPLES = (2, 5, 10)
EPSILONS = (0.0, 0.16, 0.32, 0.48, 0.64, 0.8)


@dataclass(frozen=True)
class Sweep:
    """What a sweep found.

    Attributes
    ----------
    n, n_distinct
        How many embeddings were clustered at every setting, and how many of them are distinct.
    settings
        One for each setting, as :func:`loopscope.clustering.trust.sweep.sweep_settings` gives them.
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
    without_prompts: Sequence[str] = (),
    downsample: int = 1,
    allow_single_cluster: bool = True,
    clouds: int = 0,
    seed: int = 0,
    progress: Progress | None = None,
) -> Sweep:
    """Cluster the embeddings of a model by HDBSCAN at every setting of a grid, and store none of it.

    Parameters
    ----------
    store, embedding_model, experiment_ids, without_prompts, downsample
        As for :func:`loopscope.engine.clustering.cluster_embeddings`.
    min_cluster_sizes, epsilons, min_samples
        The grid; by default ``SIZES`` and ``MIN_SAMPLES``, as far as they are at most a quarter of the distinct
        embeddings, and what a clustering has by default, 0.1 % of them.
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
    if without_prompts:
        trajectories = _leave_out(store, trajectories, without_prompts)
    distinct = len(collapse_repeats(trajectories.vectors).first)
    smallest = Hdbscan.resolve({}, distinct)["min_cluster_size"]
    sizes = _default_values(SIZES, smallest, distinct) if min_cluster_sizes is None else min_cluster_sizes
    grid = Grid(sizes, epsilons, min_samples or _default_values(MIN_SAMPLES, smallest, distinct))
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


def _default_values(values: Sequence[int], smallest: int, distinct: int) -> tuple[int, ...]:
    return tuple(sorted({smallest, *(value for value in values if value <= distinct / 4)}))


def _leave_out(store: Store, trajectories: Trajectories, prompts: Sequence[str]) -> Trajectories:
    """Leave out the runs of some initial prompts."""
    with store.session() as session:
        prompt_of = dict(session.execute(select(Run.id, Run.initial_prompt)).all())
    for prompt in prompts:
        if prompt not in prompt_of.values():
            known = nearest(prompt, prompt_of.values())
            raise ClusteringError(f'found no run with the initial prompt "{prompt}"{known}')
    index, runs = trajectories.index, trajectories.runs
    left_out = [run_id for run_id, prompt in prompt_of.items() if prompt in prompts]
    kept = np.flatnonzero(~np.isin(index.run_id, left_out))
    if not len(kept):
        raise ClusteringError("found no embeddings without these prompts; expected some: leave out fewer")
    chosen = Runs.of(index.run_id[kept], runs.group[runs.run[kept]])
    return Trajectories(trajectories.embedding_model, index.take(kept), trajectories.vectors[kept], chosen)
