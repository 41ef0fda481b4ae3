"""Exact repeats among vectors: loops give the same output again, and its embedding is the same to the bit."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loopscope.types import Vectors


@dataclass(frozen=True)
class Repeats:
    """The distinct rows among n rows.

    Attributes
    ----------
    first
        Shape (distinct,), int64, increasing: the first row of each distinct vector.
    inverse
        Shape (n,), int64: which of ``first`` each row equals.
    counts
        Shape (distinct,), int64: how often each distinct vector occurs.
    """

    first: npt.NDArray[np.int64]
    inverse: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]


def collapse_repeats(vectors: Vectors) -> Repeats:
    """Find the rows that are equal to the bit.

    Parameters
    ----------
    vectors
        Shape (n, dimension), float32.

    Examples
    --------
    >>> repeats = collapse_repeats(np.array([[2.0], [1.0], [2.0]], dtype=np.float32))
    >>> repeats.first.tolist(), repeats.inverse.tolist(), repeats.counts.tolist()
    ([0, 1], [0, 1, 0], [2, 1])
    """
    rows = np.ascontiguousarray(vectors)
    keys = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    _, first, inverse, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return Repeats(first[order], rank[inverse], counts[order])
