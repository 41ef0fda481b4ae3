"""Memory: what the state before tells of the next one that the present one does not tell.

It is the conditional mutual information I(next; before | now), in bits a step: 0 for a Markov chain of first order, and
above 0 in any finite data. Against surrogates with the same transitions (M1) it is an exact test of the order (Pethel
and Hahs 2014, doi:10.1016/j.physd.2013.12.001).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.milestoning import as_asked
from loopscope.dynamics.nulls import MARKOV, describe_method
from loopscope.dynamics.sequences import MISSING, Sequences
from loopscope.dynamics.transitions import list_states
from loopscope.statistics.estimate import Estimate, make_estimate, no_estimate
from loopscope.statistics.resampling import resample_runs

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

LARGEST_TABLE = 10_000_000
"""Cells; triples of more states than that are sorted instead."""
DRAWS_AT_A_TIME = 16


def measure_memory(sequences: Sequences) -> float:
    """Measure the conditional mutual information of next and previous state, given the present one.

    Returns
    -------
    float
        Bits a step, from 0; NaN where no run has three known steps in a row.

    Examples
    --------
    What follows 0 or 1 is told by what was before it, and by nothing else: one bit a step.

    >>> round(measure_memory(Sequences.of([[0, 0, 1, 1] * 500])), 2)
    1.0
    """
    states = list_states(sequences)
    if len(states) ** 3 <= LARGEST_TABLE:
        return _measure_in_table(sequences, states)
    triples = Triples.of(sequences)
    return float(triples.measure(np.ones((1, sequences.n_runs)))[0])


@dataclass(frozen=True)
class Triples:
    """Three steps in a row: how often each run has each.

    Attributes
    ----------
    counts
        Sparse, shape (number of runs, number of different triples).
    first, last, middle
        Shape (number of different triples,), int64: the number of the triple's first two states, its last two states,
        and its middle state.
    """

    counts: "csr_array"
    first: Integers
    last: Integers
    middle: Integers

    @classmethod
    def of(cls, sequences: Sequences) -> "Triples":
        """Count the triples of each run."""
        from scipy.sparse import coo_array

        states = list_states(sequences)
        size = max(len(states), 1)
        place = find_steps(sequences, 2)
        number = np.searchsorted(states, sequences.symbols)
        before, now, then = (number[place - back] for back in (2, 1, 0))
        triple, column = np.unique((before * size + now) * size + then, return_inverse=True)
        run = sequences.run[place]
        counted = coo_array((np.ones(len(run)), (run, column)), shape=(sequences.n_runs, len(triple)))
        first, last, middle = (
            np.unique(part, return_inverse=True)[1].astype(np.int64)
            for part in (triple // size, triple % size**2, triple // size % size)
        )
        return cls(counted.tocsr(), first, last, middle)

    def measure(self, weights: npt.ArrayLike) -> Numbers:
        """Measure the memory with each run as often as a draw of a bootstrap has it: shape (draws,), in bits a step."""
        weights = np.asarray(weights, dtype=np.float64)
        parts = [np.empty(0)]
        for start in range(0, len(weights), DRAWS_AT_A_TIME):
            drawn = np.asarray(weights[start : start + DRAWS_AT_A_TIME] @ self.counts)
            parts.append(np.array([self._measure_one(counts) for counts in drawn]))
        return np.concatenate(parts)

    def _measure_one(self, counts: Numbers) -> float:
        pooled = (
            np.bincount(group, weights=counts).astype(np.float64) for group in (self.first, self.last, self.middle)
        )
        first, last, middle = (_sum_of_logs(each) for each in pooled)
        total = counts.sum()
        return float((_sum_of_logs(counts) - first - last + middle) / total) if total else np.nan


def estimate_memory(
    sequences: Sequences, *, milestoning: bool = False, draws: int, nulls: int, seed: int = 0
) -> Estimate:
    """Estimate the memory of runs, against null M1: chains of first order with the very transitions of each run."""
    runs = as_asked(sequences, milestoning=milestoning)
    triples = Triples.of(runs)
    n_runs = int((np.diff(triples.counts.indptr) > 0).sum())
    if not n_runs:
        return no_estimate("no run has three known steps in a row", n_runs=0)
    value = float(triples.measure(np.ones((1, sequences.n_runs)))[0])
    drawn = triples.measure(resample_runs(sequences.runs, draws, seed))
    chance = [
        measure_memory(as_asked(each, milestoning=milestoning)) for each in MARKOV.draw_all(sequences, nulls, seed)
    ]
    method = describe_method(sequences.runs, draws, MARKOV, nulls)
    return make_estimate(value, drawn, chance, n_runs=n_runs, method=method, bounds=(0.0, np.inf))


def find_steps(sequences: Sequences, before: int) -> Integers:
    """Find the steps before which so many known ones stand in the same run without a hole, and are known themselves.

    Examples
    --------
    >>> find_steps(Sequences.of([[0, 1, 2, -2, 3, 4], [5, 6]]), 1).tolist()
    [1, 2, 5, 7]
    """
    place = np.arange(len(sequences))
    last_missing = np.maximum.accumulate(np.where(sequences.symbols == MISSING, place, -1))
    since = np.maximum(sequences.starts[sequences.run], last_missing + 1)
    return np.flatnonzero(place - before >= since)


def _measure_in_table(sequences: Sequences, states: Integers) -> float:
    from loopscope.dynamics.counting import count_triples

    number = np.full(states[-1] + 2 if len(states) else 1, -1, dtype=np.int64)
    number[states + 1] = np.arange(len(states))
    table = count_triples(sequences.symbols, sequences.starts, number, len(states), MISSING)
    total = table.sum()
    if not total:
        return np.nan
    first, last, middle = (_sum_of_logs(table.sum(axis=axis)) for axis in (2, 0, (0, 2)))
    return float((_sum_of_logs(table) - first - last + middle) / total)


def _sum_of_logs(counts: Numbers) -> float:
    some = counts[counts > 0]
    return float((some * np.log2(some)).sum())
