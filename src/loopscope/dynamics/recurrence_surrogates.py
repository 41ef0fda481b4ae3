"""Surrogates of a run with the memory of one step: null M1 for vectors."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

LARGEST_MEMORY = 0.99


@dataclass(frozen=True)
class FirstOrder:
    """A run that only wanders and is drawn back: y(t + 1) = φ y(t) + e, with y the vector less the run's mean.

    φ is one number, fitted by least squares over all dimensions. In a run of n steps it comes out too small: by
    (1 + 3φ)/n in one dimension (Kendall 1954, doi:10.1093/biomet/41.3-4.403), by (1 + φ)/n in many, where only the mean
    that is subtracted matters; by (1 + φ + 2φ/d)/n with d the number of dimensions that vary. The steps e are the run's
    own in another order: drawn with replacement, two that share one would be nearer than any two of the run. Only
    distances are of interest, so that a surrogate is made of inner products.

    Attributes
    ----------
    memory
        φ.
    products
        Shape (2 n, 2 n), float64: inner products of the steps e, then of the vectors y.
    n_moves, n_steps
        How many steps e there are, and how long the run is.
    """

    memory: float
    products: Floats
    n_moves: int
    n_steps: int

    @classmethod
    def of(cls, vectors: npt.NDArray[np.floating[Any]], known: Flags) -> Self:
        """Fit the memory of a run: vectors of shape (steps, dimension), and which are known."""
        y = vectors.astype(np.float64) - vectors[known].mean(axis=0, dtype=np.float64)
        follows = known[1:] & known[:-1]
        before, after = y[:-1][follows], y[1:][follows]
        total = float((before**2).sum())
        memory = float((before * after).sum()) / total if total else 0.0
        inner = y[known] @ y[known].T
        varying = np.trace(inner) ** 2 / (inner**2).sum() if total else 1.0
        bias = (1 + memory + 2 * memory / varying) / max(4, len(inner))
        memory = float(np.clip(memory + bias, -LARGEST_MEMORY, LARGEST_MEMORY))
        moves = after - memory * before
        both = np.concatenate([moves, y[known]])
        return cls(memory, both @ both.T, len(moves), int(known.sum()))

    def draw_distances(self, random: np.random.Generator) -> Floats:
        """Draw a surrogate, and give the distances between its steps: shape (steps, steps)."""
        from scipy.signal import lfilter

        first = self.n_moves + int(random.integers(self.n_steps))
        rounds = -(-(self.n_steps - 1) // self.n_moves)
        moves = np.concatenate([random.permutation(self.n_moves) for _ in range(rounds)])[: self.n_steps - 1]
        drawn = np.concatenate([[first], moves])
        products = self.products[np.ix_(drawn, drawn)]
        for axis in (0, 1):
            products = lfilter([1.0], [1.0, -self.memory], products, axis=axis)
        squares = np.diagonal(products)
        apart: Floats = np.sqrt(np.maximum(squares[:, None] + squares - 2 * products, 0))
        np.fill_diagonal(apart, 0)
        return apart
