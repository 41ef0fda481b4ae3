"""Embedding vectors of runs, one run's after the other's: what every analysis in the space of a model begins with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from loopscope.types import Vectors

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Trajectories:
    """The vectors that runs went through, each run's in the order of its steps.

    Attributes
    ----------
    vectors
        Shape (n, dimension), float32; a row of zeros where a step has no embedding.
    known
        Shape (n,), bool: whether the step has an embedding.
    starts
        Shape (number of runs + 1,), int64: the steps of run r are ``vectors[starts[r]:starts[r + 1]]``.
    group
        Shape (number of runs,), int64: runs of one network and prompt have one number.

    Examples
    --------
    >>> trajectories = Trajectories.of([[[1, 0], [0, 1]], [[1, 0]]])
    >>> trajectories.n_runs, trajectories.lengths.tolist(), trajectories.dimension
    (2, [2, 1], 2)
    """

    vectors: Vectors
    known: Flags
    starts: Integers
    group: Integers

    @classmethod
    def of(cls, runs: Sequence[npt.ArrayLike], group: npt.ArrayLike | None = None) -> Self:
        """Put runs one after the other.

        Parameters
        ----------
        runs
            The vectors of each run: shape (length, dimension). A row with NaN is a step without an embedding.
        group
            Shape (number of runs,): any values that tell networks and prompts apart; by default there is one.
        """
        parts = [np.asarray(run, dtype=np.float32) for run in runs]
        vectors = np.concatenate(parts)
        known: Flags = ~np.isnan(vectors.sum(axis=1))
        starts = np.concatenate([[0], np.cumsum([len(part) for part in parts], dtype=np.int64)]).astype(np.int64)
        values = np.zeros(len(parts)) if group is None else np.asarray(group)
        numbers = np.unique(values, return_inverse=True)[1].astype(np.int64)
        return cls(np.where(known[:, None], vectors, np.float32(0)), known, starts, numbers)

    def __iter__(self) -> Iterator[tuple[Vectors, Flags]]:
        """Yield the vectors of each run, and which of its steps are known."""
        for start, stop in zip(self.starts[:-1], self.starts[1:], strict=True):
            yield self.vectors[start:stop], self.known[start:stop]

    @property
    def n_runs(self) -> int:
        """How many runs there are."""
        return len(self.starts) - 1

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        return int(self.vectors.shape[1])

    @property
    def lengths(self) -> Integers:
        """Shape (number of runs,), int64: how many steps each run has."""
        return np.diff(self.starts)
