"""The runs that analyses of pairs of runs compare: all of them, or evenly spaced ones where there are too many."""

from typing import Final

import numpy as np
import numpy.typing as npt

from loopscope.data_prep.vector_sequences import VectorSequences
from loopscope.dynamics.divergence import Cohort

Integers = npt.NDArray[np.int64]

MOST_RUNS: Final = 1_000
"""Of more runs than these, evenly spaced ones are compared: there are half a million pairs of so many."""


def choose_runs(sequences: VectorSequences) -> Integers:
    """Choose at most `MOST_RUNS` runs: shape (number chosen,), their row numbers."""
    n_chosen = min(sequences.n_runs, MOST_RUNS)
    every: Integers = np.arange(n_chosen) * sequences.n_runs // max(1, n_chosen)
    return every


def make_cohort(sequences: VectorSequences, chosen: Integers) -> Cohort:
    """Give the networks and prompts of these runs numbers."""
    networks = np.unique(sequences.runs["network"].to_numpy(), return_inverse=True)[1].astype(np.int64)
    return Cohort(networks[chosen], sequences.group[chosen])


def describe_choice(sequences: VectorSequences, chosen: Integers) -> str:
    """Say how many of the runs were chosen, for the end of a method; nothing where all were."""
    return f"; {len(chosen):,} of {sequences.n_runs:,} runs, evenly chosen" if len(chosen) < sequences.n_runs else ""
