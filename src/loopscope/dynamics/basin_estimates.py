"""Where the runs of each prompt end, each share with its interval and what chance would give."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.basins import cross_tabulate, measure_dependence
from loopscope.dynamics.nulls import PERMUTED
from loopscope.dynamics.sequences import MISSING
from loopscope.statistics.estimate import Estimate, make_estimate, no_estimate
from loopscope.statistics.resampling import Runs, resample_runs

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

NORMAL = 1.959964
"""Standard deviations to either side that hold 95 % of a normal law."""


@dataclass(frozen=True)
class Basin:
    """The runs of one prompt that end in one state.

    Attributes
    ----------
    prompt
        The number of the prompt.
    state
        The last known state of these runs.
    count, total
        How many they are, of how many of this prompt.
    share
        Of the runs of this prompt.
    """

    prompt: int
    state: int
    count: int
    total: int
    share: Estimate


@dataclass(frozen=True)
class Basins:
    """Where the runs of a group end.

    Attributes
    ----------
    cells
        By prompt and state: those with a run.
    prompt_bits
        How many bits the prompt tells of the state in which a run ends.
    """

    cells: tuple[Basin, ...]
    prompt_bits: Estimate


def estimate_basins(last: Integers, prompts: Integers, runs: Runs, *, draws: int, nulls: int, seed: int = 0) -> Basins:
    """Estimate where runs end, by prompt.

    Runs are the unit, and each ends once, so that the interval of a share is Wilson's (1927,
    doi:10.1080/01621459.1927.10502953): a bootstrap of two runs that end alike would be sure of them. That of the bits
    is a bootstrap over runs.

    Parameters
    ----------
    last
        Shape (number of runs,), int64, as :func:`loopscope.dynamics.basins.find_last_symbols` gives it.
    prompts
        Shape (number of runs,), int64: the number of each run's prompt.
    runs
        The runs and their networks and prompts.
    draws, nulls, seed
        Of the bootstrap over runs, and of null P: last states dealt out to the runs.
    """
    ended = np.flatnonzero(last != MISSING)
    if not len(ended):
        return Basins((), no_estimate("no run has a known step", n_runs=0))
    states, column = np.unique(last[ended], return_inverse=True)
    names, row = np.unique(prompts[ended], return_inverse=True)
    everyone = np.ones((1, len(ended)))
    table = cross_tabulate(row, column, everyone)[0]
    random = np.random.default_rng([seed, 1])
    several = nulls if len(names) > 1 else 0
    dealt = [cross_tabulate(row, random.permutation(column), everyone)[0] for _ in range(several)]
    chance = np.array(dealt, dtype=np.float64).reshape(-1, *table.shape)
    said = f"null {PERMUTED.name}: {several} permutations of the last states across runs"
    said = said if several else "no null: one prompt, so that nothing can be dealt out"
    cells = []
    for i, j in np.argwhere(table > 0).tolist():
        share = _estimate_share(table[i], chance[:, i], j, said)
        cells.append(Basin(int(names[i]), int(states[j]), int(table[i, j]), int(table[i].sum()), share))
    if len(names) < 2 or table.sum(axis=1).max() < 2:
        reason = "there is one prompt" if len(names) < 2 else "every prompt has one run: nothing tells it from chance"
        return Basins(tuple(cells), no_estimate(reason, n_runs=len(ended)))
    own = Runs(np.arange(len(ended)), runs.group[ended])
    drawn = measure_dependence(cross_tabulate(row, column, resample_runs(own, draws, seed)))
    bits = make_estimate(
        float(measure_dependence(table)),
        drawn,
        measure_dependence(chance),
        n_runs=len(ended),
        method=f"{own.described}, {draws} draws; {said}",
        bounds=(0.0, np.inf),
    )
    return Basins(tuple(cells), bits)


def _estimate_share(counts: Numbers, chance: Numbers, column: int, said: str) -> Estimate:
    total = int(counts.sum())
    value = float(counts[column] / total)
    interval = find_wilson_interval(int(counts[column]), total)
    method = f"Wilson's interval over runs; {said}"
    estimate = make_estimate(value, [], chance[:, column] / total, n_runs=total, method=method)
    return replace(estimate, lower=interval[0], upper=interval[1])


def find_wilson_interval(count: int, total: int) -> tuple[float, float]:
    """Find between which shares 95 % of the time a share lies of which so many of so many were seen.

    Examples
    --------
    >>> [round(end, 3) for end in find_wilson_interval(2, 2)]
    [0.342, 1.0]
    """
    share, z = count / total, NORMAL
    centre = share + z**2 / (2 * total)
    half = z * np.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    lower, upper = ((centre + sign * half) / (1 + z**2 / total) for sign in (-1, 1))
    return float(max(lower, 0.0)), float(min(upper, 1.0))
