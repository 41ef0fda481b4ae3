"""Motifs: in how few clusters runs are, and in how few they end.

Outliers are no cluster: they count neither among the clusters nor towards the effective number, but a run that ends in
one is a run that no cluster covers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.basins import find_last_symbols
from loopscope.dynamics.dealing import Members, deal_runs, describe_dealing
from loopscope.dynamics.occupancy import count_occupancy, measure_coverage, measure_effective_number
from loopscope.dynamics.sequences import MISSING, Sequences
from loopscope.statistics.estimate import Estimate, make_estimate, no_estimate
from loopscope.statistics.resampling import resample_runs
from loopscope.types import OUTLIER

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

ALL_OUTLIERS = "no known step is in a cluster: all are outliers"
NO_LAST_STEP = "no run has a known step"


@dataclass(frozen=True)
class Motifs:
    """What runs are in, counted run by run.

    Attributes
    ----------
    steps
        Shape (number of runs, number of clusters), int64: steps in each cluster.
    ends
        Shape (number of runs, number of clusters), int64: 1 for the cluster of the last known step.
    ended
        Shape (number of runs,), int64: 1 for a run that has a known step.
    """

    steps: Integers
    ends: Integers
    ended: Integers

    @classmethod
    def of(cls, sequences: Sequences) -> "Motifs":
        """Count the steps and the ends of runs."""
        occupancy = count_occupancy(sequences, parts=1)
        clusters = occupancy.states > OUTLIER
        last = find_last_symbols(sequences)
        ends = last[:, None] == occupancy.states[clusters]
        return cls(occupancy.counts[:, 0, clusters], ends.astype(np.int64), (last != MISSING).astype(np.int64))

    def take(self, members: Members) -> "Motifs":
        """Keep the runs of these numbers."""
        rows = np.asarray(members, dtype=np.int64)
        return Motifs(self.steps[rows], self.ends[rows], self.ended[rows])

    def measure(self, weights: npt.ArrayLike) -> tuple[Numbers, Numbers, Numbers]:
        """Weigh runs, and measure.

        Parameters
        ----------
        weights
            Shape (draws, number of runs).

        Returns
        -------
        tuple of numpy.ndarray
            The effective number of clusters at all steps and at the last ones, shape (draws,), and the share of runs
            that end in the k clusters where most end, shape (draws, number of clusters), for k from 1.

        Examples
        --------
        >>> motifs = Motifs.of(Sequences.of([[0, 1], [0, 1], [1, 0], [0, -1]]))
        >>> [each.round(2).tolist() for each in motifs.measure([[1, 1, 1, 1]])]
        [[1.98], [1.89], [[0.5, 0.75]]]
        """
        drawn = np.asarray(weights, dtype=np.float64)
        ends = drawn @ self.ends
        coverage = measure_coverage(ends, drawn @ self.ended)
        return measure_effective_number(drawn @ self.steps), measure_effective_number(ends), coverage


@dataclass(frozen=True)
class MotifEstimates:
    """How few clusters a group of runs is in: the effective numbers, and the coverage for k from 1."""

    n_effective: Estimate
    n_effective_at_end: Estimate
    coverage: tuple[Estimate, ...]


def estimate_motifs(
    sequences: Sequences, groups: Sequence[Members], *, draws: int, nulls: int, seed: int = 0
) -> list[MotifEstimates]:
    """Estimate how few clusters each group of runs is in.

    Parameters
    ----------
    sequences
        All runs.
    groups
        The numbers of the runs of each group.
    draws, nulls, seed
        Of the bootstrap over runs, and of null P: runs dealt out to the groups.
    """
    motifs = Motifs.of(sequences)
    dealt = deal_runs(sequences.n_runs, groups, nulls, seed)
    found = []
    for members, by_chance in zip(groups, dealt, strict=True):
        mine = motifs.take(members)
        runs = sequences.take(members).runs
        value = mine.measure(np.ones((1, len(members))))
        drawn, chance = mine.measure(resample_runs(runs, draws, seed)), motifs.measure(by_chance)
        n_runs = int(mine.ended.sum())
        method = describe_dealing(runs, draws, len(by_chance))
        numbers = [_estimate(value[part][0], drawn[part], chance[part], n_runs, method, np.inf) for part in (0, 1)]
        coverage = tuple(
            _estimate(value[2][0, k], drawn[2][:, k], chance[2][:, k], n_runs, method, 1.0)
            for k in range(value[2].shape[1])
        )
        found.append(MotifEstimates(numbers[0], numbers[1], coverage))
    return found


def _estimate(value: float, drawn: Numbers, chance: Numbers, n_runs: int, method: str, most: float) -> Estimate:
    if not np.isfinite(value):
        return no_estimate(ALL_OUTLIERS if n_runs else NO_LAST_STEP, n_runs=n_runs)
    least = 1.0 if most > 1 else 0.0
    return make_estimate(float(value), drawn, chance, n_runs=n_runs, method=method, extreme="far", bounds=(least, most))
