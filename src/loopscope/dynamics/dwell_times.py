"""Dwell times: for how many steps a run stays in a cluster.

The first stay of a run, and one after a missing step, is left-censored: whether it began there is not seen. The last,
and one before a missing step, is right-censored. Lengths sum to the known steps of the run.

The transition counts fix the mean: it is the number of steps from a cluster over those that leave it, so that null M1
says nothing of it. What M1 tests is the dispersion: whether stays are geometric, as in a chain of first order, or more
regular, or more uneven, so that where a run is does not tell how soon it leaves.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.durations import (
    DISPERSION,
    MEAN,
    MEDIAN,
    DurationEstimate,
    Durations,
    Kind,
    estimate_durations,
)
from loopscope.dynamics.nulls import MARKOV, SHUFFLED
from loopscope.dynamics.sequences import MISSING, Sequences

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

COMPARED: Final = {MEAN: (SHUFFLED,), MEDIAN: (SHUFFLED, MARKOV), DISPERSION: (SHUFFLED, MARKOV)}


@dataclass(frozen=True)
class Stays:
    """Stays of runs in clusters, in trajectory order.

    Attributes
    ----------
    symbol, run
        Shape (n,), int64: the cluster, and the number of the run.
    place
        Shape (n,), int64: where it begins among the symbols of all runs.
    length
        Shape (n,), int64: in steps, from 1.
    left_censored, right_censored
        Shape (n,), bool: whether its beginning, or its end, is not seen.
    """

    symbol: Integers
    run: Integers
    place: Integers
    length: Integers
    left_censored: Flags
    right_censored: Flags


def find_stays(sequences: Sequences) -> Stays:
    """Find every stay.

    Parameters
    ----------
    sequences
        Of any symbols; the outlier is one like any other.

    Examples
    --------
    >>> stays = find_stays(Sequences.of([[0, 0, -1, 0], [2]]))
    >>> stays.symbol.tolist(), stays.length.tolist()
    ([0, -1, 0, 2], [2, 1, 1, 1])
    >>> stays.right_censored.tolist()
    [False, False, True, True]
    """
    from loopscope.dynamics.timing import list_stays

    run, place, length, left, right = list_stays(sequences.symbols, sequences.starts, MISSING)
    return Stays(sequences.symbols[place], run, place, length, left, right)


def find_durations(sequences: Sequences) -> Durations:
    """Find every stay as a duration: after each of its steps but a run's last it is seen whether it ends."""
    stays = find_stays(sequences)
    return Durations(
        stays.symbol, stays.run, stays.length - stays.right_censored, ~stays.right_censored, ~stays.left_censored
    )


def estimate_dwell_times(
    sequences: Sequences, *, draws: int = 200, nulls: int = 99, seed: int = 0
) -> list[DurationEstimate]:
    """Estimate mean, median and dispersion of the stays in each cluster.

    Parameters
    ----------
    sequences
        Of one group of runs.
    draws, nulls, seed
        How often runs are resampled, how many surrogates of each kind are drawn, and from which randomness.

    Examples
    --------
    >>> found = estimate_dwell_times(Sequences.of([[0, 0, 0, 1, 0, 0], [1, 1, 0, 0, 0, 1]]), nulls=0)
    >>> [(each.symbol, each.estimate.estimate) for each in found if each.quantity == "mean"]
    [(0, 3.5), (1, 1.5)]
    """
    from loopscope.dynamics.timing import count_stays

    never_left = "never left: every stay lasts to the end of what was seen"
    kind = Kind(find_durations, count_stays, COMPARED, "stays", never_left)
    return estimate_durations(sequences, kind, draws=draws, nulls=nulls, seed=seed)
