"""Milestoning: the core that a run visited last, in place of outliers.

Clusters are cores, and outliers are what lies between them. A run between two cores counts as still in the one that it
left (Schütte, Noé, Lu, Sarich and Vanden-Eijnden 2011, doi:10.1063/1.3590108). Leaving outliers out instead makes of
A, outlier, B a step from A to B, and time runs too fast: a timescale of 8 steps becomes one of 5.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.nulls import describe_method
from loopscope.dynamics.sequences import MISSING, Sequences
from loopscope.statistics.estimate import Estimate, make_estimate, no_estimate
from loopscope.statistics.resampling import resample_runs
from loopscope.types import OUTLIER

Integers = npt.NDArray[np.int64]

ALL_OUTLIERS = "no run comes to a cluster: all known steps are outliers"


@dataclass(frozen=True)
class Milestones:
    """The last core visited, at every step.

    Attributes
    ----------
    sequences
        The runs with the last core visited at each step; `MISSING` before the first core, so that nothing leads from
        there, and where the step itself is missing. After a missing step, the next core is a first one again.
    in_core, in_transit, lead
        Shape (number of runs,), int64: steps in a core, outliers after one, and outliers before the first; they sum to
        the known steps of the run.
    """

    sequences: Sequences
    in_core: Integers
    in_transit: Integers
    lead: Integers


def find_milestones(sequences: Sequences) -> Milestones:
    """Carry each core forward over the outliers that follow it.

    Parameters
    ----------
    sequences
        Of any symbols.

    Examples
    --------
    >>> milestones = find_milestones(Sequences.of([[-1, 0, -1, -1, 2], [-1, -1]]))
    >>> [run.tolist() for run in milestones.sequences]
    [[-2, 0, 0, 0, 2], [-2, -2]]
    >>> milestones.in_core.tolist(), milestones.in_transit.tolist(), milestones.lead.tolist()
    ([2, 0], [2, 0], [1, 2])
    """
    symbols, run = sequences.symbols, sequences.run
    place = np.arange(len(symbols))
    last_core = np.maximum.accumulate(np.where(symbols > OUTLIER, place, -1))
    last_missing = np.maximum.accumulate(np.where(symbols == MISSING, place, -1))
    reached = last_core >= np.maximum(sequences.starts[run], last_missing + 1)
    known = symbols != MISSING
    carried = np.where(known & reached, symbols[np.maximum(last_core, 0)], MISSING)
    outlier = symbols == OUTLIER
    counts = (
        np.bincount(run[chosen], minlength=sequences.n_runs).astype(np.int64)
        for chosen in (symbols > OUTLIER, outlier & reached, outlier & ~reached)
    )
    return Milestones(sequences.replace(carried.astype(np.int64)), *counts)


def as_asked(sequences: Sequences, *, milestoning: bool) -> Sequences:
    """Give the sequences as they are, with outliers as a state, or with the last core visited in their place."""
    return find_milestones(sequences).sequences if milestoning else sequences


def estimate_transit(sequences: Sequences, *, draws: int, seed: int = 0) -> Estimate:
    """Estimate the share of steps, from the first core of each run on, that are outliers between or after cores."""
    milestones = find_milestones(sequences)
    reached = milestones.in_core + milestones.in_transit
    n_runs = int((reached > 0).sum())
    if not n_runs:
        return no_estimate(ALL_OUTLIERS, n_runs=sequences.n_runs)
    weights = resample_runs(sequences.runs, draws, seed)
    total = weights @ reached
    drawn = np.divide(weights @ milestones.in_transit, total, out=np.full(len(weights), np.nan), where=total > 0)
    value = float(milestones.in_transit.sum() / reached.sum())
    method = describe_method(sequences.runs, draws)
    return make_estimate(value, drawn, [], n_runs=n_runs, method=method, bounds=(0.0, 1.0))
