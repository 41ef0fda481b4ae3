"""The order of the chain: how many steps back it pays to look, by how well runs left out are foretold.

Runs are split into folds; the chain of each order is fitted to the other folds and foretells the runs of this one. A
context that is new, or rare, leans on that of the next lower order, the lowest being uniform:

    p(x | context) = (n(context, x) + p(x | shorter context)) / (n(context) + 1)

So a higher order is hardly punished for what it has not seen, and never rewarded for what it has learnt by heart.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.memory import find_steps
from loopscope.dynamics.nulls import describe_method
from loopscope.dynamics.sequences import Sequences
from loopscope.dynamics.transitions import list_states
from loopscope.statistics.estimate import INTERVAL, Estimate, make_estimate, no_estimate
from loopscope.statistics.resampling import resample_runs

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

MOST_FOLDS = 5
HIGHEST_ORDER = 3
AS_GOOD = 0.01
"""Bits a step: a gain that is not worth a higher order."""


@dataclass(frozen=True)
class HeldOut:
    """How well the chain of each order foretells runs that it was not fitted to.

    Attributes
    ----------
    bits
        Shape (number of runs, orders), float64: the code length of the run's steps, by the order of the chain from 0.
    steps
        Shape (number of runs,), int64: how many steps were foretold: the same for every order.
    """

    bits: Numbers
    steps: Integers

    def per_step(self, weights: npt.ArrayLike) -> Numbers:
        """Average with each run as often as a draw of a bootstrap has it: shape (draws, orders), in bits a step."""
        weights = np.asarray(weights, dtype=np.float64)
        total = (weights @ self.steps)[:, None]
        empty = np.full((len(weights), self.bits.shape[1]), np.nan)
        return np.asarray(np.divide(weights @ self.bits, total, out=empty, where=total > 0))

    def choose(self, weights: npt.ArrayLike) -> Integers:
        """Choose the lowest order that is about as good as the best one.

        That is up to a standard error of the difference over runs, or up to `AS_GOOD`.

        Parameters
        ----------
        weights
            Shape (draws, number of runs).

        Returns
        -------
        numpy.ndarray
            Shape (draws,), int64.
        """
        weights = np.asarray(weights, dtype=np.float64)
        mean = self.per_step(weights)
        chosen = np.zeros(len(mean), dtype=np.int64)
        for draw, best in enumerate(np.argmin(mean, axis=1)):
            worse = mean[draw] - mean[draw, best]
            # Of a ratio of sums over runs, linearised.
            off = self.bits - self.bits[:, [best]] - worse * self.steps[:, None]
            error = np.sqrt(weights[draw] @ off**2) / max(weights[draw] @ self.steps, 1)
            chosen[draw] = np.flatnonzero(worse <= np.maximum(error, AS_GOOD))[0]
        return chosen


def hold_out_runs(sequences: Sequences, *, seed: int = 0, highest: int = HIGHEST_ORDER) -> HeldOut | None:
    """Foretell each run by chains of the orders 0, 1, … fitted to runs of other folds.

    Only steps with so many known steps before them as the highest order looks back are learnt from and foretold.

    Parameters
    ----------
    sequences
        Of any symbols.
    seed
        Of the split into folds, at most `MOST_FOLDS`.
    highest
        The highest order.

    Returns
    -------
    HeldOut or None
        None where there are not two runs with such a step.

    Examples
    --------
    Runs that repeat 0, 0, 1, 1 have to look two steps back.

    >>> held_out = hold_out_runs(Sequences.of([[0, 0, 1, 1] * 20] * 10))
    >>> held_out.per_step([[1] * 10]).round(1).tolist(), held_out.choose([[1] * 10]).tolist()
    ([[1.0, 1.0, 0.0, 0.0]], [2])
    """
    place = find_steps(sequences, highest)
    run = sequences.run[place]
    present = np.unique(run)
    if len(present) < 2:
        return None
    folds = min(MOST_FOLDS, len(present))
    fold_of_run = np.zeros(sequences.n_runs, dtype=np.int64)
    fold_of_run[present] = np.random.default_rng(seed).permutation(np.arange(len(present)) % folds)
    states = list_states(sequences)
    number = np.searchsorted(states, sequences.symbols)
    fold = fold_of_run[run]
    bits = np.empty((sequences.n_runs, highest + 1))
    probability = np.full(len(place), 1 / len(states))
    context = np.zeros(len(place), dtype=np.int64)
    for order in range(highest + 1):
        if order:
            context = _renumber(context * len(states) + number[place - order])
        whole = _renumber(context * len(states) + number[place])
        learnt = _count_elsewhere(whole, fold, folds) + probability
        probability = learnt / (_count_elsewhere(context, fold, folds) + 1)
        bits[:, order] = np.bincount(run, weights=-np.log2(probability), minlength=sequences.n_runs)
    return HeldOut(bits, np.bincount(run, minlength=sequences.n_runs).astype(np.int64))


@dataclass(frozen=True)
class MarkovOrder:
    """The order of a group of runs, and how well each order does.

    Attributes
    ----------
    order
        The order chosen; its interval holds those chosen in 95 % of the draws.
    bits
        For each order from 0: bits a step of the code that it gives for runs left out.
    """

    order: Estimate
    bits: tuple[Estimate, ...]


def estimate_order(sequences: Sequences, *, draws: int, seed: int = 0, highest: int = HIGHEST_ORDER) -> MarkovOrder:
    """Estimate the order of the chain, by :func:`hold_out_runs`.

    Parameters
    ----------
    sequences
        The runs of one group, as they are or with the last core visited in the place of outliers.
    draws, seed
        Of the bootstrap over runs; the seed splits the folds too.
    highest
        The highest order that is tried.
    """
    held_out = hold_out_runs(sequences, seed=seed, highest=highest)
    if held_out is None:
        reason = f"there are not two runs with {highest + 1} known steps in a row: none to leave out"
        nothing = no_estimate(reason, n_runs=sequences.n_runs)
        return MarkovOrder(nothing, (nothing,) * (highest + 1))
    all_runs = np.ones((1, sequences.n_runs))
    weights = resample_runs(sequences.runs, draws, seed)
    weights = weights[weights @ held_out.steps > 0]  # a draw may have none of the runs that are long enough
    n_runs = int((held_out.steps > 0).sum())
    method = f"runs left out in turn, in {min(MOST_FOLDS, n_runs)} folds; {describe_method(sequences.runs, draws)}"
    chosen = float(held_out.choose(all_runs)[0])
    ends = (
        np.percentile(held_out.choose(weights), INTERVAL, method="inverted_cdf") if len(weights) else (np.nan, np.nan)
    )
    order = Estimate(chosen, float(ends[0]), float(ends[1]), n_runs, np.nan, np.nan, method)
    found, drawn = held_out.per_step(all_runs)[0], held_out.per_step(weights)
    bits = (
        make_estimate(found[each], drawn[:, each], [], n_runs=n_runs, method=method, bounds=(0.0, np.inf))
        for each in range(highest + 1)
    )
    return MarkovOrder(order, tuple(bits))


def _renumber(values: Integers) -> Integers:
    """Give values numbers from 0 without a gap, so that contexts of any order fit into an integer."""
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def _count_elsewhere(values: Integers, fold: Integers, folds: int) -> Integers:
    """Count, for each step, how often its value stands in other folds."""
    size = int(values.max()) + 1
    within = np.bincount(values * folds + fold, minlength=size * folds).reshape(size, folds)
    return np.asarray(within.sum(axis=1)[values] - within[values, fold])
