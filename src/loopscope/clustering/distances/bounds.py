"""Bounds of all squared distances by one matrix product in float32.

The product is a filter only: what may matter by these bounds is computed again by ``exact.py``.

Write u = 2⁻²⁴ for the unit roundoff of float32. A product of two rows x and y of length d has, in whatever order its
terms are added, an error of at most d·u/(1 − d·u) · |x||y| (Higham 2002, doi:10.1137/1.9780898718027, section 3.1), and
2|x||y| ≤ |x|² + |y|². Rounding the centred and scaled rows to float32 moves a squared distance by no more than
4u(|x|² + |y|²), and the few additions that make a squared distance of the product move it by less than
20u(|x|² + |y|²). So |x|² + |y|² − 2x·y is wrong by less than (d + 32)u · (|x|² + |y|²); each row bears its part of it.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from loopscope.types import Vectors

BLOCK = 4096
ROUNDOFF = {np.dtype(np.float32): 2.0**-24, np.dtype(np.float64): 2.0**-53}
UNDERFLOW = 1e-30
"""More than what products of tiny entries lose below the smallest float32, where the longest row has length 1."""

Real = TypeVar("Real", np.float32, np.float64)


@dataclass(frozen=True)
class Bounds(Generic[Real]):
    """Rows whose products bound the squared distances of vectors.

    The squared distance of rows i and j, times ``scale``², lies between ``lower[i] + lower[j] - 2 * product`` and
    ``upper[i] + upper[j] - 2 * product``.

    Attributes
    ----------
    rows
        Shape (n, dimension): the vectors less their mean, times ``scale``; of length 1 at most.
    lower, upper
        Shape (n,).
    scale
        A power of two, so that neither tiny nor huge vectors leave the range of float32.
    """

    rows: npt.NDArray[Real]
    lower: npt.NDArray[Real]
    upper: npt.NDArray[Real]
    scale: float

    def take(self, rows: npt.NDArray[np.int64]) -> "Bounds[Real]":
        """Give the bounds of some of the rows, in the order asked for."""
        return Bounds(self.rows[rows], self.lower[rows], self.upper[rows], self.scale)


@dataclass(frozen=True)
class Frame:
    """Where the bounds of several sets of vectors have their common origin and unit."""

    origin: npt.NDArray[np.float64]
    scale: float

    def bound(self, vectors: Vectors, dtype: type[Real]) -> Bounds[Real]:
        """Bound the distances of vectors of shape (n, dimension) to all others in this frame."""
        rows = np.empty(vectors.shape, dtype=dtype)
        squares = np.empty(len(vectors))
        for start in range(0, len(vectors), BLOCK):
            block = slice(start, start + BLOCK)
            rows[block] = (vectors[block].astype(np.float64) - self.origin) * self.scale
            exact = rows[block].astype(np.float64)
            squares[block] = np.einsum("ij,ij->i", exact, exact)
        error = (vectors.shape[1] + 32) * ROUNDOFF[rows.dtype]
        lower, upper = squares * (1 - error) - UNDERFLOW, squares * (1 + error) + UNDERFLOW
        return Bounds(rows, lower.astype(dtype), upper.astype(dtype), self.scale)


def frame_of(vectors: Vectors, *others: Vectors) -> Frame:
    """Put the origin at the mean of vectors; of these and others, the one farthest from it has a length from ½ to 1."""
    origin = vectors.mean(axis=0, dtype=np.float64)
    longest = 0.0
    for each in (vectors, *others):
        for start in range(0, len(each), BLOCK):
            centred = each[start : start + BLOCK].astype(np.float64) - origin
            longest = max(longest, float(np.einsum("ij,ij->i", centred, centred).max()))
    _, exponent = np.frexp(np.sqrt(longest))
    return Frame(origin, 2.0 ** -int(exponent))
