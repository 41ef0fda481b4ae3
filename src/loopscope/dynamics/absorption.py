"""Absorption: with which period and since when a run repeats itself to its end.

The period is the smallest p, and the onset the earliest step t0, with x(t + p) = x(t) from t0 to the end of the run,
where at least two periods are seen. A period of one is a fixed point. All other runs are censored: whether they would
have settled later is not known.

A run of deterministic models with one seed is stopped as soon as its network is in a state in which it was before, when
its cycle has been seen once only. That it goes round for ever is not an observation but a proof: what comes next is a
function of the state. Of such a run it is known how many of its last steps ``recur``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.sequences import MISSING, Sequences

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Absorption:
    """Where runs were absorbed.

    Attributes
    ----------
    period
        Shape (number of runs,), int64, in steps: 1 is a fixed point; 0 where a run was not seen to repeat.
    onset
        Shape (number of runs,), int64: from 0; −1 where a run was not seen to repeat.
    length
        Shape (number of runs,), int64: how many steps each run has.
    tail
        Shape (number of runs,), int64: how many of the last ones are known, without a missing one between.
    """

    period: Integers
    onset: Integers
    length: Integers
    tail: Integers

    @property
    def absorbed(self) -> Flags:
        """Shape (number of runs,): whether each run was absorbed."""
        return self.period > 0

    @property
    def judged(self) -> Flags:
        """Shape (number of runs,): whether it ends with two known steps, without which nothing repeats, or by proof."""
        return self.absorbed | (self.tail >= 2)

    @property
    def time(self) -> Integers:
        """Shape (number of runs,), int64: the onset or, for a run that is censored, the last that could be seen."""
        return np.where(self.absorbed, self.onset, np.maximum(self.length - 2, 0))

    def take(self, runs: npt.ArrayLike) -> Self:
        """Keep the runs of these numbers, or those of which these flags are true."""
        chosen = np.asarray(runs)
        return type(self)(self.period[chosen], self.onset[chosen], self.length[chosen], self.tail[chosen])


def find_absorption(sequences: Sequences, recurring: Integers | None = None) -> Absorption:
    """Find the period and the onset of every run.

    Parameters
    ----------
    sequences
        Of any symbols, such as a number for each different text. What comes before a step that is `MISSING` is not
        compared with what comes after it.
    recurring
        Shape (number of runs,), int64: how many of the last steps of a run are proved to come again for ever; 0 where
        nothing is. None of them may be `MISSING`.

    Examples
    --------
    >>> found = find_absorption(Sequences.of([[3, 1, 2, 1, 2, 1], [0, 4, 4], [0, 1, 2]]))
    >>> found.period.tolist(), found.onset.tolist()
    ([2, 1, 0], [1, 1, -1])
    """
    from loopscope.dynamics.periods import find_periods

    known = np.zeros(sequences.n_runs, dtype=np.int64) if recurring is None else recurring
    period, onset = np.zeros((2, sequences.n_runs), dtype=np.int64)
    find_periods(sequences.symbols, sequences.starts, known, MISSING, period, onset)
    return Absorption(period, onset, sequences.lengths, _count_known_at_end(sequences))


def _count_known_at_end(sequences: Sequences) -> Integers:
    if not (sequences.symbols == MISSING).any():
        return sequences.lengths
    place = np.arange(len(sequences))
    last_missing = np.maximum.accumulate(np.append(-1, np.where(sequences.symbols == MISSING, place, -1)))
    since = np.maximum(sequences.starts[:-1], last_missing[sequences.starts[1:]] + 1)
    return np.asarray(sequences.starts[1:] - since)


def continue_cycles(sequences: Sequences, absorption: Absorption) -> Sequences:
    """Let every run that was proved to be absorbed go on until two periods are seen.

    So it is judged as its surrogates are, to which no proof applies.

    Examples
    --------
    >>> sequences = Sequences.of([[5, 0, 1, 2, 0], [1, 1]])
    >>> found = find_absorption(sequences, np.array([3, 0]))
    >>> [run.tolist() for run in continue_cycles(sequences, found)]
    [[5, 0, 1, 2, 0, 1, 2], [1, 1]]
    """
    lacking = np.where(absorption.absorbed, absorption.onset + 2 * absorption.period - absorption.length, 0)
    if not (lacking > 0).any():
        return sequences
    runs: Sequence[Integers] = [
        run if more <= 0 else np.append(run, np.resize(run[-period:], more))
        for run, period, more in zip(sequences, absorption.period.tolist(), lacking.tolist(), strict=True)
    ]
    return Sequences.of(runs, sequences.group)
