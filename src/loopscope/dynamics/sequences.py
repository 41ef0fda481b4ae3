"""Sequences of symbols, one for each run: what every analysis of labels begins with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from loopscope.statistics.resampling import Runs

Integers = npt.NDArray[np.int64]

MISSING = -2
"""The symbol of a step whose output has no cluster at all: what comes before does not lead to what comes after."""


@dataclass(frozen=True)
class Sequences:
    """The symbols of runs, one run's after the other's, each in the order of its steps.

    Attributes
    ----------
    symbols
        Shape (n,), int64: from 0; `OUTLIER` for an outlier, which is a state like any other, `MISSING` for a step of
        which nothing is known.
    starts
        Shape (number of runs + 1,), int64: the symbols of run r are ``symbols[starts[r]:starts[r + 1]]``.
    group
        Shape (number of runs,), int64: runs of one network and prompt have one number.

    Examples
    --------
    >>> sequences = Sequences.of([[0, 0, 1], [1, 0]])
    >>> sequences.n_runs, sequences.lengths.tolist(), sequences.n_symbols
    (2, [3, 2], 2)
    >>> [run.tolist() for run in sequences]
    [[0, 0, 1], [1, 0]]
    """

    symbols: Integers
    starts: Integers
    group: Integers

    @classmethod
    def of(cls, runs: Sequence[npt.ArrayLike], group: npt.ArrayLike | None = None) -> Self:
        """Put sequences one after the other.

        Parameters
        ----------
        runs
            The symbols of each run: shape (length,), integers from -2.
        group
            Shape (number of runs,): any values that tell networks and prompts apart; by default there is one.

        Raises
        ------
        ValueError
            If a symbol is below `MISSING`.
        """
        parts = [np.asarray(run, dtype=np.int64) for run in runs]
        symbols = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
        if len(symbols) and symbols.min() < MISSING:
            raise ValueError(f"found the symbol {symbols.min()}; expected 0, 1, …, -1 for an outlier or -2 for none")
        starts = np.concatenate([[0], np.cumsum([len(part) for part in parts], dtype=np.int64)]).astype(np.int64)
        if group is None:
            return cls(symbols, starts, np.zeros(len(parts), dtype=np.int64))
        return cls(symbols, starts, np.unique(np.asarray(group), return_inverse=True)[1].astype(np.int64))

    def __len__(self) -> int:
        return len(self.symbols)

    def __iter__(self) -> Iterator[Integers]:
        for run in range(self.n_runs):
            yield self.symbols[self.starts[run] : self.starts[run + 1]]

    @property
    def n_runs(self) -> int:
        """How many runs there are."""
        return len(self.starts) - 1

    @property
    def n_symbols(self) -> int:
        """The largest symbol and one: how many there are, if each occurs."""
        return max(int(self.symbols.max(initial=-1)) + 1, 0)

    @property
    def lengths(self) -> Integers:
        """Shape (number of runs,), int64: how many steps each run has."""
        return np.diff(self.starts)

    @property
    def run(self) -> Integers:
        """Shape (n,), int64: which run each symbol is of."""
        return np.repeat(np.arange(self.n_runs), self.lengths)

    @property
    def runs(self) -> Runs:
        """The runs as `resample_runs` and `permute_across_runs` take them."""
        return Runs(self.run, self.group)

    def replace(self, symbols: Integers) -> Self:
        """Keep the runs, with other symbols: shape (n,), int64."""
        return type(self)(symbols, self.starts, self.group)

    def take(self, runs: npt.ArrayLike) -> Self:
        """Keep the runs of these numbers, in this order; one may be taken several times.

        Examples
        --------
        >>> [run.tolist() for run in Sequences.of([[0, 0, 1], [1, 0]]).take([1, 1])]
        [[1, 0], [1, 0]]
        """
        chosen = np.asarray(runs, dtype=np.int64)
        parts = [self.symbols[self.starts[run] : self.starts[run + 1]] for run in chosen]
        return type(self).of(parts, self.group[chosen])
