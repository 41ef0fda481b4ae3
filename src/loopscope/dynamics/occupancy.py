"""Occupancy: which share of their steps runs are in each cluster, and how many clusters that is in effect."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.sequences import MISSING, Sequences
from loopscope.dynamics.transitions import list_states

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

PARTS = 10
"""Into how many equal parts a run is cut."""


@dataclass(frozen=True)
class Occupancy:
    """How often runs are in each state, by the part of the run.

    Attributes
    ----------
    states
        Shape (k,), int64, ascending: every symbol that occurs; the outlier, −1, is the first where there is one.
    counts
        Shape (number of runs, parts, k), int64: known steps.
    """

    states: Integers
    counts: Integers

    def shares(self, weights: npt.ArrayLike) -> Numbers:
        """Weigh runs, and divide by the known steps of each part.

        Parameters
        ----------
        weights
            Shape (draws, number of runs).

        Returns
        -------
        numpy.ndarray
            Shape (draws, 1 + parts, k), float64, first of whole runs; NaN where no run has a known step in a part.
        """
        runs, parts, states = self.counts.shape
        counts = (np.asarray(weights, dtype=np.float64) @ self.counts.reshape(runs, -1)).reshape(-1, parts, states)
        return normalise_shares(np.concatenate([counts.sum(axis=1, keepdims=True), counts], axis=1))


def count_occupancy(sequences: Sequences, *, parts: int = PARTS, states: Integers | None = None) -> Occupancy:
    """Count the steps in each state, run by run and part by part.

    Step t of a run of L steps is in part ⌊parts · t / L⌋, so that a run of fewer steps than parts leaves some empty.

    Parameters
    ----------
    parts
        Into how many equal parts each run is cut.
    states
        Every symbol that occurs, ascending; by default they are looked for.

    Examples
    --------
    >>> occupancy = count_occupancy(Sequences.of([[0, 0, 1, -1], [1, 1]]), parts=2)
    >>> occupancy.states.tolist(), occupancy.shares([[1, 1]])[0].round(2).tolist()
    ([-1, 0, 1], [[0.17, 0.33, 0.5], [0.0, 0.67, 0.33], [0.33, 0.0, 0.67]])
    """
    states = list_states(sequences) if states is None else states
    symbols, run, lengths = sequences.symbols, sequences.run, sequences.lengths
    step = np.arange(len(symbols)) - sequences.starts[run]
    part = parts * step // np.maximum(lengths[run], 1)
    known = symbols != MISSING
    cell = ((run * parts + part) * len(states) + np.searchsorted(states, symbols))[known]
    shape = (sequences.n_runs, parts, len(states))
    return Occupancy(states, np.bincount(cell, minlength=int(np.prod(shape))).reshape(shape).astype(np.int64))


def normalise_shares(counts: Numbers) -> Numbers:
    """Divide counts by their sum along the last axis; NaN where it is 0."""
    total = counts.sum(axis=-1, keepdims=True)
    shape = np.broadcast_shapes(counts.shape, total.shape)
    return np.asarray(np.divide(counts, total, out=np.full(shape, np.nan), where=total > 0))


def measure_effective_number(counts: Numbers) -> Numbers:
    """Measure e^H, the number of equally common kinds with the same entropy (Hill 1973, doi:10.2307/1934352).

    Parameters
    ----------
    counts
        Shape (..., k): how often there is each kind.

    Returns
    -------
    numpy.ndarray
        Shape (...), float64, from 1 to k; NaN where there is nothing.

    Examples
    --------
    >>> measure_effective_number(np.array([[5.0, 5.0, 5.0, 5.0], [7.0, 0.0, 0.0, 0.0]])).round(6).tolist()
    [4.0, 1.0]
    """
    share = normalise_shares(np.asarray(counts, dtype=np.float64))
    logs = np.zeros_like(share)
    np.log(share, out=logs, where=share > 0)
    return np.where(np.sum(counts, axis=-1) > 0, np.exp(-(share * logs).sum(axis=-1)), np.nan)


def measure_coverage(counts: Numbers, whole: npt.ArrayLike) -> Numbers:
    """Measure which share the k largest kinds have together, for k from 1 on.

    Parameters
    ----------
    counts
        Shape (..., kinds).
    whole
        Shape (...): of how many it is the share.

    Returns
    -------
    numpy.ndarray
        Shape (..., kinds), float64, rising; NaN where the whole is 0.

    Examples
    --------
    >>> measure_coverage(np.array([1.0, 6.0, 2.0]), 10).tolist()
    [0.6, 0.8, 0.9]
    """
    largest = np.cumsum(-np.sort(-counts, axis=-1), axis=-1)
    total = np.asarray(whole, dtype=np.float64)[..., None]
    return np.asarray(np.divide(largest, total, out=np.full(largest.shape, np.nan), where=total > 0))
