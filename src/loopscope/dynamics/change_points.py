"""Change points: the steps at which a run goes over into something else and stays there.

Kernel change-point detection (Arlot, Celisse and Harchaoui 2019, jmlr.org/papers/v20/16-155.html; Truong et al. 2020,
doi:10.1016/j.sigpro.2019.107299): the segments that minimise the scatter within them in the space of a Gaussian kernel,
with a penalty for each change point.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.pair_distances import measure_squared_distances

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

PENALTY: Final = 0.6
"""The penalty for a change point is this times ln n. It is calibrated on noise: in one dimension, which is the worst,
5 % of runs of 60 to 150 steps get a change point that is none (22 % of runs of 15 steps), in eight dimensions or more
none of 200; of runs that jump among two outputs that repeat exactly, 7 %, among six, 1 %."""
SHORTEST: Final = 2
"""The fewest steps of a segment."""
FEWEST_STEPS: Final = 10
NULLS: Final = 99


@dataclass(frozen=True)
class ChangePoint:
    """One change point.

    Attributes
    ----------
    step
        The first step of what comes after.
    gain
        By how much the scatter within segments falls by this change point.
    null_p
        The share of shuffled runs whose best change point gains as much, the run itself counted as one.
    """

    step: int
    gain: float
    null_p: float


@dataclass(frozen=True)
class ChangePoints:
    """The change points of a run.

    Attributes
    ----------
    found
        In the order of steps; none where nothing gains more than the penalty.
    penalty
        What each must gain; NaN where there is nothing to look for.
    best_step, best_gain, null_p
        The best single change point, found or not, and how many shuffled runs have one as good: the test of whether the
        run changes at all.
    null
        Shape (nulls,), float64: the gain of the best change point of the run in a shuffled order (null S).
    n_steps
        How many steps are known.
    reason
        Why none is found; None where one is.
    """

    found: tuple[ChangePoint, ...]
    penalty: float
    best_step: int
    best_gain: float
    null_p: float
    null: Floats
    n_steps: int
    reason: str | None


def find_change_points(
    vectors: npt.NDArray[np.floating[Any]],
    known: Flags | None = None,
    *,
    penalty: float = PENALTY,
    nulls: int = NULLS,
    seed: int = 0,
) -> ChangePoints:
    """Find where a run changes.

    The kernel is exp(−γ d²) with γ = 1 / median of the nonzero squared distances, so that nothing depends on the unit.
    The penalty for a change point is c ln n. Of noise, a change point gains 1 − κ by itself, κ being the mean of the
    kernel over pairs (about 0.4), and more for being the best of n places; all of the scatter is n (1 − κ), so that a
    penalty above it could never be reached.

    Parameters
    ----------
    vectors
        Shape (steps, dimension): of one run, in the order of steps.
    known
        Shape (steps,), bool: which steps have a vector; the others are passed over.
    penalty
        c, more than 0.
    nulls, seed
        How many times the steps are shuffled, and where the order comes from.

    Raises
    ------
    ValueError
        If the penalty is not more than 0.

    Examples
    --------
    >>> run = np.repeat([0.0, 5.0], 20)[:, None] + np.random.default_rng(0).normal(size=(40, 1))
    >>> [(each.step, each.null_p) for each in find_change_points(run).found]
    [(20, 0.01)]
    """
    if not penalty > 0:
        raise ValueError(f"found penalty {penalty}; expected more than 0")
    there = np.ones(len(vectors), dtype=np.bool_) if known is None else known
    steps = np.flatnonzero(there)
    if len(steps) < FEWEST_STEPS:
        return _none(f"only {len(steps)} step{'s' * (len(steps) != 1)}; change points need {FEWEST_STEPS}", len(steps))
    squared = measure_squared_distances(vectors[there])
    if not squared.any():
        return _none("every output is the same", len(steps))
    gamma = 1 / float(np.median(squared[squared > 0]))
    kernel = np.exp(-gamma * squared)
    needed = penalty * float(np.log(len(steps)))
    random = np.random.default_rng(seed)
    null = np.array([_best_split(kernel[np.ix_(order, order)])[1] for order in _orders(random, len(steps), nulls)])
    best_step, best_gain = _best_split(kernel)
    cuts = _segment(vectors[there], gamma, needed)
    if not cuts and best_gain > needed:  # ruptures takes γ d² to be at least 0.01, so that exact repeats gain less
        cuts = [best_step]
    found = tuple(
        ChangePoint(int(steps[cut]), gain, _share_as_large(gain, null))
        for cut, gain in zip(cuts, measure_gains(kernel, cuts), strict=True)
    )
    reason = (
        None if found else f"no change point gains more than the penalty {needed:.2f}: the best gains {best_gain:.2f}"
    )
    p = _share_as_large(best_gain, null)
    return ChangePoints(found, needed, int(steps[best_step]), best_gain, p, null, len(steps), reason)


def _orders(random: np.random.Generator, n: int, nulls: int) -> list[Integers]:
    return [random.permutation(n) for _ in range(nulls)]


def _none(reason: str, n_steps: int) -> ChangePoints:
    return ChangePoints((), np.nan, -1, np.nan, np.nan, np.empty(0), n_steps, reason)


def _share_as_large(gain: float, null: Floats) -> float:
    return float((1 + (null >= gain - 1e-12).sum()) / (1 + len(null)))


def _segment(vectors: npt.NDArray[np.floating[Any]], gamma: float, penalty: float) -> list[int]:
    """Give the first step of each segment but the first."""
    from ruptures import KernelCPD

    detector = KernelCPD(kernel="rbf", min_size=SHORTEST, params={"gamma": gamma})
    return [int(cut) for cut in detector.fit(vectors.astype(np.float64)).predict(pen=penalty)[:-1]]


def _best_split(kernel: Floats) -> tuple[int, float]:
    """Give the step of the best single change point, and its gain."""
    n = len(kernel)
    after = np.arange(1, n)
    # The sum of the first t rows and columns grows by one row, one column and the corner that both have.
    triangle = np.tril(kernel).sum(axis=1)
    blocks = np.cumsum(2 * triangle - np.diagonal(kernel))
    columns = np.cumsum(kernel.sum(axis=0))
    left = blocks[:-1] / after
    right = (blocks[-1] - 2 * columns[:-1] + blocks[:-1]) / (n - after)
    gains = left + right - blocks[-1] / n
    allowed = slice(SHORTEST - 1, n - SHORTEST)
    best = int(np.argmax(gains[allowed])) + SHORTEST
    return best, float(gains[best - 1])


def measure_gains(kernel: Floats, cuts: list[int]) -> list[float]:
    """Measure by how much the scatter falls by each change point, the others being as they are.

    Parameters
    ----------
    kernel
        Shape (n, n), float64: of each two steps.
    cuts
        The first step of each segment but the first.

    Examples
    --------
    >>> blocks = np.kron(np.eye(2), np.ones((3, 3)))
    >>> measure_gains(blocks, [3])
    [3.0]
    """
    edges = [0, *cuts, len(kernel)]

    def density(start: int, stop: int) -> float:
        return float(kernel[start:stop, start:stop].sum() / (stop - start))

    return [
        density(edges[place - 1], edges[place])
        + density(edges[place], edges[place + 1])
        - density(edges[place - 1], edges[place + 1])
        for place in range(1, len(edges) - 1)
    ]
