"""Runs drawn again, and labels permuted across runs: steps of one run are too much alike to be drawn one by one."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Runs:
    """Which run each of n embeddings is of.

    Attributes
    ----------
    run
        Shape (n,), int64: the number of the run, 0, 1, … without a gap.
    group
        Shape (number of runs,), int64: runs of one network and prompt have one number.
    """

    run: Integers
    group: Integers

    @classmethod
    def of(cls, run: npt.ArrayLike, group: npt.ArrayLike | None = None) -> Self:
        """Give the runs and their groups numbers.

        Parameters
        ----------
        run
            Shape (n,): any values that tell the runs apart.
        group
            Shape (n,): any values that tell networks and prompts apart; by default there is one.

        Examples
        --------
        >>> runs = Runs.of([7, 7, 9, 9], ["a fox", "a fox", "a lake", "a lake"])
        >>> runs.run.tolist(), runs.group.tolist()
        ([0, 0, 1, 1], [0, 1])
        """
        _, first, number = np.unique(np.asarray(run), return_index=True, return_inverse=True)
        if group is None:
            return cls(number.astype(np.int64), np.zeros(len(first), dtype=np.int64))
        _, groups = np.unique(np.asarray(group), return_inverse=True)
        return cls(number.astype(np.int64), groups[first].astype(np.int64))

    @property
    def n_runs(self) -> int:
        """How many runs there are."""
        return len(self.group)

    @property
    def n_alone(self) -> int:
        """How many runs are the only one of their network and prompt."""
        return int((np.bincount(self.group)[self.group] == 1).sum())

    @property
    def described(self) -> str:
        """How :func:`resample_runs` draws them, in words."""
        if self.n_runs < 2:
            return "no interval: one run"
        if not self.n_alone:
            return "bootstrap over runs within network and prompt"
        if self.n_alone == self.n_runs:
            return "bootstrap over runs, one for each network and prompt"
        return "bootstrap over runs within network and prompt, those with one run drawn together"


def resample_runs(runs: Runs, draws: int, seed: int) -> Integers:
    """Draw runs with replacement, as many of each network and prompt as there are.

    Runs that are alone in their network and prompt are drawn from one another: within their own there is no choice.

    Parameters
    ----------
    runs
        The runs.
    draws
        How often all of them are drawn.
    seed
        The same seed gives the same draws.

    Returns
    -------
    numpy.ndarray
        Shape (draws, number of runs): how often each was drawn; no draws where there is one run only.

    Examples
    --------
    >>> resample_runs(Runs.of([0, 1, 2, 3], [0, 0, 1, 1]), 100, seed=0).reshape(100, 2, 2).sum(axis=2).tolist()[0]
    [2, 2]
    """
    if runs.n_runs < 2:
        return np.zeros((0, runs.n_runs), dtype=np.int64)
    random = np.random.default_rng(seed)
    alone = np.bincount(runs.group)[runs.group] == 1
    group = np.where(alone, -1, runs.group)
    weights = np.zeros((draws, runs.n_runs), dtype=np.int64)
    for number in np.unique(group):
        members = np.flatnonzero(group == number)
        equal = np.full(len(members), 1 / len(members))
        weights[:, members] = random.multinomial(len(members), equal, size=draws)
    return weights


def permute_across_runs(runs: Runs, random: np.random.Generator) -> Integers:
    """Deal the sequences of runs out to other runs.

    What each run holds is laid down in the order of steps, run after run in a random order, over the places of all runs
    in their own order. So what follows what within a run stays nearly as it is, and which run it is of is by chance.

    Parameters
    ----------
    runs
        Of embeddings in trajectory order.
    random
        Where the order comes from.

    Returns
    -------
    numpy.ndarray
        Shape (n,), int64: ``labels[order]`` are the permuted labels.

    Examples
    --------
    >>> order = permute_across_runs(Runs.of([0, 0, 1, 1]), np.random.default_rng(4))
    >>> order.tolist()
    [2, 3, 0, 1]
    """
    places = np.argsort(runs.run, kind="stable")
    rank = random.permutation(runs.n_runs)
    order = np.empty(len(places), dtype=np.int64)
    order[places] = np.argsort(rank[runs.run], kind="stable")
    return order


def shuffle_within_runs(runs: Runs, random: np.random.Generator) -> Integers:
    """Shuffle the order of steps within each run.

    Returns
    -------
    numpy.ndarray
        Shape (n,), int64: ``labels[order]`` are the shuffled labels; each run keeps its own.

    Examples
    --------
    >>> order = shuffle_within_runs(Runs.of([0, 1, 0, 1]), np.random.default_rng(0))
    >>> sorted(order[[0, 2]].tolist()), sorted(order[[1, 3]].tolist())
    ([0, 2], [1, 3])
    """
    order = np.empty(len(runs.run), dtype=np.int64)
    order[np.argsort(runs.run, kind="stable")] = np.lexsort((random.random(len(runs.run)), runs.run))
    return order
