"""Vectors to cluster, as generative loops make them."""

from collections.abc import Callable

import numpy as np
import pytest

from loopscope.types import Vectors


def make_walks(n: int = 600, dimension: int = 48, seed: int = 0) -> Vectors:
    """Make unit vectors that dwell near a few directions, wander between them, and repeat themselves at times."""
    rng = np.random.default_rng(seed)
    centres = _unit(rng.standard_normal((7, dimension)) + 0.6)
    widths = rng.uniform(0.1, 0.7, len(centres))
    vectors = np.empty((n, dimension))
    state, step = 0, np.zeros(dimension)
    for row in range(n):
        if rng.random() < 0.05:
            state = int(rng.integers(len(centres)))
        if row and rng.random() < 0.1:
            vectors[row] = vectors[row - 1]
            continue
        step = 0.8 * step + 0.6 * rng.standard_normal(dimension)
        vectors[row] = centres[state] + widths[state] * step / np.sqrt(dimension)
    return _unit(vectors).astype(np.float32)


def _unit(points: np.ndarray) -> np.ndarray:
    return points / np.linalg.norm(points, axis=1, keepdims=True)


@pytest.fixture(scope="session")
def walks() -> Callable[..., Vectors]:
    """Make vectors of loops: ``walks(n, dimension, seed)``."""
    return make_walks
