"""Runs of Markov chains whose every number is known."""

from collections.abc import Callable

import numpy as np
import pytest

from loopscope.dynamics.sequences import Sequences


def simulate_chain(
    probability: np.ndarray, n_runs: int, length: int, *, seed: int, start: int | None = None
) -> np.ndarray:
    """Shape (n_runs, length): each run begins in its stationary law, or in ``start``."""
    random = np.random.default_rng(seed)
    law = np.linalg.matrix_power(probability, 4096)[0]
    states = np.empty((n_runs, length), dtype=np.int64)
    states[:, 0] = random.choice(len(law), size=n_runs, p=law / law.sum()) if start is None else start
    cumulated = probability.cumsum(axis=1)
    cumulated[:, -1] = 1.0
    for step in range(1, length):
        states[:, step] = (random.random(n_runs)[:, None] > cumulated[states[:, step - 1]]).sum(axis=1)
    return states


@pytest.fixture(scope="session")
def simulate() -> Callable[..., Sequences]:
    """``simulate(probability, n_runs, length, seed=0)``: sequences of one network and prompt."""

    def of_chain(probability, n_runs, length, *, seed=0, start=None):
        return Sequences.of(list(simulate_chain(np.asarray(probability), n_runs, length, seed=seed, start=start)))

    return of_chain
