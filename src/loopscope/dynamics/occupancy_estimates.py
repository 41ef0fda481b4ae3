"""The occupancy of groups of runs, each share with its interval and what chance would give."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loopscope.dynamics.dealing import Members, deal_runs, describe_dealing
from loopscope.dynamics.occupancy import PARTS, Integers, Numbers, Occupancy, count_occupancy
from loopscope.dynamics.sequences import Sequences
from loopscope.statistics.estimate import Estimate, make_estimate, no_estimate
from loopscope.statistics.resampling import resample_runs


@dataclass(frozen=True)
class GroupOccupancy:
    """The occupancy of a group of runs.

    Attributes
    ----------
    states
        Shape (k,), int64, ascending: every state of all groups.
    counts
        Shape (1 + parts, k), int64: known steps of whole runs, then of each part.
    shares
        The share of each state in whole runs, then in each part.
    """

    states: Integers
    counts: Integers
    shares: tuple[tuple[Estimate, ...], ...]


def estimate_occupancy(
    sequences: Sequences, groups: Sequence[Members], *, parts: int = PARTS, draws: int, nulls: int, seed: int = 0
) -> list[GroupOccupancy]:
    """Estimate the share of each state, in whole runs and in each part of them, for each group.

    Parameters
    ----------
    sequences
        All runs.
    groups
        The numbers of the runs of each group.
    parts
        Into how many equal parts each run is cut.
    draws, nulls, seed
        Of the bootstrap over runs, and of null P: runs dealt out to the groups.
    """
    occupancy = count_occupancy(sequences, parts=parts)
    dealt = deal_runs(sequences.n_runs, groups, nulls, seed)
    found = []
    for members, by_chance in zip(groups, dealt, strict=True):
        mine = Occupancy(occupancy.states, occupancy.counts[members])
        runs = sequences.take(members).runs
        values = mine.shares(np.ones((1, len(members))))[0]
        drawn, chance = mine.shares(resample_runs(runs, draws, seed)), occupancy.shares(by_chance)
        known = mine.counts.sum(axis=2)
        n_runs = [int((known.sum(axis=1) > 0).sum()), *(known > 0).sum(axis=0).tolist()]
        method = describe_dealing(runs, draws, len(by_chance))
        shares = tuple(
            tuple(
                _estimate(values[part, state], drawn[:, part, state], chance[:, part, state], n_runs[part], method)
                for state in range(len(occupancy.states))
            )
            for part in range(1 + parts)
        )
        counts = np.concatenate([mine.counts.sum(axis=(0, 1))[None], mine.counts.sum(axis=0)])
        found.append(GroupOccupancy(occupancy.states, counts, shares))
    return found


def _estimate(value: float, drawn: Numbers, chance: Numbers, n_runs: int, method: str) -> Estimate:
    if not np.isfinite(value):
        return no_estimate("no run has a known step in this part: the runs are too short", n_runs=n_runs)
    return make_estimate(float(value), drawn, chance, n_runs=n_runs, method=method, extreme="far", bounds=(0.0, 1.0))
