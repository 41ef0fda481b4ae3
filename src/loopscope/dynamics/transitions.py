"""Transitions: how often each state leads to each, run by run, a number of steps later.

An outlier is a state of its own. A run of length L has L − lag transitions; none leads out of a run, and none across a
step that is `MISSING`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.sequences import MISSING, Sequences

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Transitions:
    """The transitions of runs.

    Attributes
    ----------
    states
        Shape (k,), int64, ascending: every symbol that occurs; the outlier, −1, is the first where there is one.
    counts
        Sparse, shape (number of runs, k²): in column ``i k + j`` how often each run goes from state i to state j.
    lag
        After how many steps.
    """

    states: Integers
    counts: "csr_array"
    lag: int

    @property
    def n_states(self) -> int:
        """How many states there are."""
        return len(self.states)

    @property
    def pooled(self) -> Numbers:
        """Shape (k, k), float64: the transitions of all runs together."""
        return self._square(np.asarray(self.counts.sum(axis=0)))

    def weigh(self, weights: npt.ArrayLike) -> Numbers:
        """Count with each run as often as a draw of a bootstrap has it.

        Parameters
        ----------
        weights
            Shape (draws, number of runs), as ``resample_runs`` gives it.

        Returns
        -------
        numpy.ndarray
            Shape (draws, k, k), float64.
        """
        return self._square(np.asarray(weights, dtype=np.float64) @ self.counts)

    def _square(self, rows: Any) -> Numbers:
        shape = (*rows.shape[:-1], self.n_states, self.n_states)
        return np.asarray(rows, dtype=np.float64).reshape(shape)


def count_transitions(sequences: Sequences, *, lag: int = 1) -> Transitions:
    """Count what leads to what, run by run.

    Parameters
    ----------
    sequences
        Of any symbols.
    lag
        After how many steps, from 1.

    Raises
    ------
    ValueError
        If the lag is below 1.

    Examples
    --------
    >>> transitions = count_transitions(Sequences.of([[0, 0, -1, 1], [1, 0]]))
    >>> transitions.states.tolist()
    [-1, 0, 1]
    >>> transitions.pooled.astype(int).tolist()
    [[0, 0, 1], [1, 1, 0], [0, 1, 0]]
    """
    from scipy.sparse import coo_array

    states = list_states(sequences)
    run, pair = _find_pairs(sequences, states, lag)
    counted = coo_array((np.ones(len(run)), (run, pair)), shape=(sequences.n_runs, len(states) ** 2))
    return Transitions(states, counted.tocsr(), lag)


def count_pooled(sequences: Sequences, states: Integers, *, lag: int = 1) -> Numbers:
    """Count the transitions of all runs together, fast: what a surrogate is counted by.

    Parameters
    ----------
    states
        Shape (k,), int64, ascending: every symbol that occurs.

    Returns
    -------
    numpy.ndarray
        Shape (k, k), float64.

    Examples
    --------
    >>> count_pooled(Sequences.of([[0, 0, 1]]), np.array([0, 1])).tolist()
    [[1.0, 1.0], [0.0, 0.0]]
    """
    from loopscope.dynamics.counting import count_pairs

    _check_lag(lag)
    number = np.full(states[-1] + 2 if len(states) else 1, -1, dtype=np.int64)
    number[states + 1] = np.arange(len(states))
    return count_pairs(sequences.symbols, sequences.starts, number, len(states), lag, MISSING)


def list_states(sequences: Sequences) -> Integers:
    """List every symbol that occurs, ascending, `MISSING` left out.

    Examples
    --------
    >>> list_states(Sequences.of([[3, -2, -1], [0]])).tolist()
    [-1, 0, 3]
    """
    found = np.unique(sequences.symbols)
    return np.asarray(found[found != MISSING])


def normalise_rows(counts: Numbers) -> Numbers:
    """Turn counts into the probabilities of what follows: each row sums to 1.

    Parameters
    ----------
    counts
        Shape (..., k, k).

    Returns
    -------
    numpy.ndarray
        Shape (..., k, k), float64; NaN in the row of a state that nothing follows.

    Examples
    --------
    >>> normalise_rows(np.array([[1.0, 3.0], [0.0, 0.0]])).tolist()
    [[0.25, 0.75], [nan, nan]]
    """
    total = counts.sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(counts, total, out=np.full_like(counts, np.nan), where=total > 0))


def _check_lag(lag: int) -> None:
    if lag < 1:
        raise ValueError(f"found a lag of {lag}; expected a number of steps from 1")


def _find_pairs(sequences: Sequences, states: Integers, lag: int) -> tuple[Integers, Integers]:
    """Give the run of every transition and its number among the k² possible ones."""
    _check_lag(lag)
    symbols, run = sequences.symbols, sequences.run
    missing = symbols == MISSING
    piece = np.cumsum(missing) + run * (1 + missing.sum())
    known = ~missing[:-lag] & ~missing[lag:] & (piece[:-lag] == piece[lag:])
    number = np.searchsorted(states, symbols)
    return run[:-lag][known], (number[:-lag] * len(states) + number[lag:])[known]
