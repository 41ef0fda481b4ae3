"""Runs dealt out to groups by chance: null P of whatever is counted run by run."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.nulls import PERMUTED, describe_method
from loopscope.statistics.resampling import Runs

Integers = npt.NDArray[np.int64]
Members = Sequence[int] | Integers
"""The numbers of the runs of a group."""


def deal_runs(n_runs: int, groups: Sequence[Members], nulls: int, seed: int) -> list[Integers]:
    """Deal whole runs out to groups, as many to each as it has.

    Parameters
    ----------
    n_runs
        How many runs there are.
    groups
        The numbers of the runs of each group; of one group alone nothing can be dealt out.
    nulls
        How often.
    seed
        The same seed gives the same deals.

    Returns
    -------
    list of numpy.ndarray
        For each group, shape (nulls, number of runs), int64: 1 where the run is dealt to it; no rows for one group.

    Examples
    --------
    >>> first, second = deal_runs(4, [[0, 1], [2, 3]], 2, seed=0)
    >>> first.tolist(), (first + second).tolist()
    ([[1, 0, 0, 1], [0, 1, 0, 1]], [[1, 1, 1, 1], [1, 1, 1, 1]])
    """
    random = np.random.default_rng([seed, 1])  # not the stream of the bootstrap
    dealt = [np.zeros((nulls if len(groups) > 1 else 0, n_runs), dtype=np.int64) for _ in groups]
    places = [np.asarray(members, dtype=np.int64) for members in groups]
    everyone = np.concatenate(places) if places else np.empty(0, dtype=np.int64)
    for number in range(nulls if len(groups) > 1 else 0):
        shuffled = random.permutation(everyone)
        taken = 0
        for rows, members in zip(dealt, places, strict=True):
            rows[number, shuffled[taken : taken + len(members)]] = 1
            taken += len(members)
    return dealt


def describe_dealing(runs: Runs, draws: int, nulls: int) -> str:
    """Say how interval and null were made; of one group there is no null.

    Examples
    --------
    >>> describe_dealing(Runs.of([0, 1]), 200, 0)
    'bootstrap over runs within network and prompt, 200 draws; no null: one group, so that nothing can be dealt out'
    """
    if nulls:
        return describe_method(runs, draws, PERMUTED, nulls)
    return f"{describe_method(runs, draws)}; no null: one group, so that nothing can be dealt out"
