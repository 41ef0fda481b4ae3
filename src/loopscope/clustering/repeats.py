"""Exact repeats among vectors: loops give the same output again, and its embedding is the same to the bit."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from loopscope.types import Vectors

BLOCK = 4096


@dataclass(frozen=True)
class DistinctRows:
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


def collapse_repeats(vectors: Vectors) -> DistinctRows:
    """Find the rows that are equal to the bit; 0 and −0 are equal.

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
    repeats = _group(_hashes(vectors))
    if _all_equal_their_first(vectors, repeats):
        return repeats
    rows = np.ascontiguousarray(vectors + np.float32(0))
    return _group(rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel())


def distinct_rows(vectors: Vectors, repeats: Literal["collapse", "count"]) -> DistinctRows:
    """Find the rows to cluster one by one: the distinct ones, or all where each repeat counts.

    Examples
    --------
    >>> distinct_rows(np.ones((3, 2), dtype=np.float32), "count").first.tolist()
    [0, 1, 2]
    """
    if repeats == "collapse":
        return collapse_repeats(vectors)
    rows = np.arange(len(vectors))
    return DistinctRows(rows, rows, np.ones(len(vectors), dtype=np.int64))


def _hashes(vectors: Vectors) -> npt.NDArray[np.uint64]:
    """Hash the bits of each row: a sum of products with odd numbers, modulo 2⁶⁴."""
    factors = np.random.default_rng(0).integers(2**63, size=vectors.shape[1], dtype=np.uint64) * np.uint64(2)
    factors += np.uint64(1)
    hashes = np.empty(len(vectors), dtype=np.uint64)
    for start in range(0, len(vectors), BLOCK):
        block = np.ascontiguousarray(vectors[start : start + BLOCK] + np.float32(0))
        hashes[start : start + BLOCK] = block.view(np.uint32).astype(np.uint64) @ factors
    return hashes


def _all_equal_their_first(vectors: Vectors, repeats: DistinctRows) -> bool:
    """Tell whether equal hashes mean equal rows, as they nearly always do."""
    rows = np.arange(len(vectors))
    repeated = rows[repeats.first[repeats.inverse] != rows]
    for start in range(0, len(repeated), BLOCK):
        block = repeated[start : start + BLOCK]
        one, other = (vectors[each] + np.float32(0) for each in (block, repeats.first[repeats.inverse[block]]))
        if (one.view(np.uint32) != other.view(np.uint32)).any():
            return False
    return True


def _group(keys: npt.NDArray[np.uint64] | npt.NDArray[np.void]) -> DistinctRows:
    """Group rows by equal keys, in the order of the first of each."""
    _, first, inverse, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return DistinctRows(first[order], rank[inverse], counts[order])
