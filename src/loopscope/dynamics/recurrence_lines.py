"""Lines along the diagonals and columns of a recurrence matrix, counted by a compiled loop."""

import numpy as np
import numpy.typing as npt
from numba import njit

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@njit(cache=True, nogil=True)
def count_lines(matrix: Flags, order: Integers, theiler: int) -> tuple[Integers, Integers]:  # pragma: no cover
    """Count diagonal and vertical lines of each length in ``matrix[order][:, order]``.

    Parameters
    ----------
    matrix
        Shape (n, n), bool, symmetric.
    order
        Shape (m,), int64: which rows and columns, in which order.
    theiler
        Pairs nearer than this to the main diagonal are no recurrence, and end a vertical line.

    Returns
    -------
    diagonal, vertical
        Shape (m + 1,), int64: how many lines of each length. Diagonals are those above the main one; columns are whole.
    """
    m = len(order)
    diagonal = np.zeros(m + 1, dtype=np.int64)
    vertical = np.zeros(m + 1, dtype=np.int64)
    along = np.zeros(m, dtype=np.int64)  # how long the line is that each diagonal is in
    for row in range(m):
        of_row = matrix[order[row]]
        stay = 0
        for column in range(m):
            apart = abs(column - row)
            recurs = apart >= theiler and of_row[order[column]]
            vertical[stay] += not recurs
            stay = stay + 1 if recurs else 0
            if column >= row:
                diagonal[along[apart]] += not recurs
                along[apart] = along[apart] + 1 if recurs else 0
        vertical[stay] += 1
    for apart in range(m):
        diagonal[along[apart]] += 1
    diagonal[0] = vertical[0] = 0
    return diagonal, vertical
