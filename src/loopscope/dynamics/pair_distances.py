"""Squared distances between all vectors of one step, near-duplicates with their digits."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

NEAR = 1e-6
"""Pairs nearer than this share of the cloud's squared radius are measured again, by their difference."""
_PAIRS_AT_A_TIME = 10_000


def measure_squared_distances(vectors: npt.NDArray[np.floating[Any]]) -> Floats:
    """Measure the squared Euclidean distance between each two rows.

    Products of centred vectors are fast, and lose the digits of what is much nearer than the cloud is wide; such pairs
    are subtracted instead.

    Parameters
    ----------
    vectors
        Shape (n, dimension), float32 or float64.

    Returns
    -------
    numpy.ndarray
        Shape (n, n), float64, symmetric; exactly 0 for equal rows.

    Examples
    --------
    >>> measure_squared_distances(np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 4.0]])).tolist()
    [[0.0, 25.0, 25.0], [25.0, 0.0, 0.0], [25.0, 0.0, 0.0]]
    """
    if not len(vectors):
        return np.zeros((0, 0))
    rows = np.ascontiguousarray(vectors)
    as_bytes = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    _, first, which = np.unique(as_bytes, return_index=True, return_inverse=True)
    distinct = rows[first].astype(np.float64)
    centred = distinct - distinct.mean(axis=0)
    squares = np.einsum("ij,ij->i", centred, centred)
    found = squares[:, None] + squares - 2 * (centred @ centred.T)
    near_a, near_b = np.nonzero(np.triu(found < NEAR * squares.max(), 1))
    for start in range(0, len(near_a), _PAIRS_AT_A_TIME):
        a, b = near_a[start : start + _PAIRS_AT_A_TIME], near_b[start : start + _PAIRS_AT_A_TIME]
        apart = distinct[a] - distinct[b]
        found[a, b] = found[b, a] = np.einsum("ij,ij->i", apart, apart)
    np.fill_diagonal(found, 0)
    return np.asarray(found[np.ix_(which, which)])
