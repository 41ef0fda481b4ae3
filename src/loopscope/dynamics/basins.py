"""Basins: in which cluster runs end, and what their prompt tells of it."""

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.sequences import MISSING, Sequences

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


def find_last_symbols(sequences: Sequences) -> Integers:
    """Find the last known symbol of each run: shape (number of runs,), int64; `MISSING` where it has none.

    Examples
    --------
    >>> find_last_symbols(Sequences.of([[0, 1, -1], [2, -2], []])).tolist()
    [-1, 2, -2]
    """
    known = sequences.symbols != MISSING
    place = np.maximum.accumulate(np.where(known, np.arange(len(known)), -1))
    last = np.full(sequences.n_runs, MISSING, dtype=np.int64)
    some = sequences.lengths > 0
    reached = place[sequences.starts[1:][some] - 1]
    own = reached >= sequences.starts[:-1][some]
    last[np.flatnonzero(some)[own]] = sequences.symbols[reached[own]]
    return last


def cross_tabulate(rows: Integers, columns: Integers, weights: npt.ArrayLike) -> Numbers:
    """Count pairs, each as often as a draw has it.

    Parameters
    ----------
    rows, columns
        Shape (n,), int64, from 0.
    weights
        Shape (draws, n).

    Returns
    -------
    numpy.ndarray
        Shape (draws, number of rows, number of columns), float64.

    Examples
    --------
    >>> cross_tabulate(np.array([0, 0, 1]), np.array([0, 1, 1]), [[1, 1, 2]]).tolist()
    [[[1.0, 1.0], [0.0, 2.0]]]
    """
    weights = np.asarray(weights, dtype=np.float64)
    shape = (int(rows.max(initial=-1)) + 1, int(columns.max(initial=-1)) + 1)
    cell = rows * shape[1] + columns
    flat = [np.bincount(cell, weights=drawn, minlength=shape[0] * shape[1]) for drawn in weights]
    return np.array(flat, dtype=np.float64).reshape(len(weights), *shape)


def measure_dependence(table: Numbers) -> Numbers:
    """Measure how many bits rows tell of columns: their mutual information.

    Parameters
    ----------
    table
        Shape (..., rows, columns): counts.

    Returns
    -------
    numpy.ndarray
        Shape (...), float64, from 0 to the entropy of the columns; NaN of an empty table.

    Examples
    --------
    >>> measure_dependence(np.array([[[4.0, 0.0], [0.0, 4.0]], [[2.0, 2.0], [2.0, 2.0]]])).tolist()
    [1.0, 0.0]
    """
    total = table.sum(axis=(-2, -1))
    rows, columns = (_sum_of_logs(table.sum(axis=axis)) for axis in (-1, -2))
    cells = _sum_of_logs(table.reshape(*table.shape[:-2], -1))
    whole = _sum_of_logs(total[..., None])
    bits = np.divide(cells - rows - columns + whole, total, out=np.full(total.shape, np.nan), where=total > 0)
    return np.asarray(np.maximum(bits, 0.0))


def _sum_of_logs(counts: Numbers) -> Numbers:
    logs = np.zeros_like(counts)
    np.log2(counts, out=logs, where=counts > 0)
    return np.asarray((counts * logs).sum(axis=-1))
