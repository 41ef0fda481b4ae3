"""Prompt recoverability: how well a run's initial prompt can be told from its embedding at step t.

The classifier is the nearest class mean: linear discriminant analysis with a spherical covariance, which for unit
vectors in hundreds of dimensions and a handful of runs for each prompt is what shrinkage comes to anyway. It has a
closed form, so that a permutation costs as little as a sum over runs: logistic regression, fitted anew for every step,
fold and permutation, takes minutes where this takes a second.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.divergence import DRAWS, NULLS, Cohort, Step
from loopscope.dynamics.relaxation import FEWEST_STEPS, fit_relaxation
from loopscope.statistics.estimate import Estimate, make_estimate, no_estimate
from loopscope.statistics.resampling import Runs, resample_runs

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

FOLDS: Final = 5
LEAST_R2: Final = 0.5
_OF_STEPS: Final = ("t", "accuracy", "draws", "null", "n_runs", "n_prompts")


@dataclass(frozen=True)
class Recoverability:
    """How well prompts are told, step by step.

    Attributes
    ----------
    t
        Shape (steps,), int64.
    accuracy
        Shape (steps,), float64: balanced accuracy, the mean over prompts of the share of runs that are told; NaN where
        there are fewer than two prompts with two runs.
    draws, null
        Shape (draws, steps) and (nulls, steps): of runs drawn again, and of prompts permuted across runs.
    n_runs, n_prompts
        Shape (steps,), int64: of how many runs and prompts; a prompt with one run cannot be told and is left out.
    described
        How runs were drawn.
    """

    t: Integers
    accuracy: Floats
    draws: Floats
    null: Floats
    n_runs: Integers
    n_prompts: Integers
    described: str

    @property
    def chance(self) -> Floats:
        """Shape (steps,), float64: the accuracy of guessing."""
        guessing: Floats = np.full(len(self.t), np.nan)
        np.divide(1.0, self.n_prompts, out=guessing, where=self.n_prompts > 1)
        return guessing

    @property
    def method(self) -> str:
        """How interval and null are made, in words."""
        interval = f"{self.described}, {len(self.draws)} draws, classifiers as they are"
        return f"{interval}; null P: prompts permuted across runs, {len(self.null)} times"

    def of_turn(self, turn: int, turns: int) -> "Recoverability":
        """Keep each ``turns``-th step: where several generators take turns, each is a curve of its own."""
        steps: dict[str, Any] = {name: getattr(self, name)[..., turn::turns] for name in _OF_STEPS}
        return replace(self, **steps)


def measure_recoverability(
    steps: Iterable[Step], cohort: Cohort, *, draws: int = DRAWS, nulls: int = NULLS, seed: int = 0
) -> Recoverability:
    """Tell the prompt of each run at each step from the means of the other runs' embeddings.

    Each run is in one of five folds, as many of each prompt in each as can be, and is told by means of the others: no
    step of a run helps to tell that run. The bootstrap draws runs with whether they were told.

    Parameters
    ----------
    steps
        The vectors of all runs at each step.
    cohort
        Their networks and prompts; prompts are permuted within networks.
    draws, nulls, seed
        How many resamples and permutations, and where they come from.

    Examples
    --------
    >>> apart = np.array([[0.0], [0.1], [5.0], [5.1]])
    >>> cohort = Cohort(network=np.zeros(4, dtype=np.int64), prompt=np.array([0, 0, 1, 1]))
    >>> found = measure_recoverability([(apart, np.ones(4, dtype=bool))], cohort)
    >>> found.accuracy.tolist(), found.chance.tolist()
    ([1.0], [0.5])
    """
    prompt = np.unique(cohort.prompt, return_inverse=True)[1].astype(np.int64)
    both = np.unique(np.stack([cohort.network, prompt]), axis=1, return_inverse=True)[1].astype(np.int64)
    runs = Runs(np.arange(cohort.n_runs), both)
    weights = resample_runs(runs, draws, seed).astype(np.float64)
    labels = prompt[np.concatenate([np.arange(cohort.n_runs)[None], cohort.permute(nulls, seed)])]
    rows = [_tell_prompts(vectors, known, labels, weights) for vectors, known in steps]
    told, drawn, n_runs, n_prompts = zip(*rows, strict=True) if rows else ((), (), (), ())
    every = np.array(told, dtype=np.float64).reshape(len(rows), len(labels)).T
    return Recoverability(
        np.arange(len(rows)),
        every[0],
        np.array(drawn, dtype=np.float64).reshape(len(rows), len(weights)).T,
        every[1:],
        np.array(n_runs, dtype=np.int64),
        np.array(n_prompts, dtype=np.int64),
        runs.described,
    )


def _tell_prompts(
    vectors: npt.NDArray[Any], known: npt.NDArray[np.bool_], labels: Integers, weights: Floats
) -> tuple[Floats, Floats, int, int]:
    """Give the accuracy of each row of labels, of each draw for the first row, and of how many runs and prompts."""
    points = _reduce(vectors[known])
    accuracy = np.full(len(labels), np.nan)
    drawn = np.full(len(weights), np.nan)
    n_used = n_prompts = 0
    for number, row in enumerate(labels[:, known]):
        counts = np.bincount(row, minlength=labels.max() + 1)
        used = counts[row] >= 2
        classes, label = np.unique(row[used], return_inverse=True)
        if len(classes) < 2:
            continue
        told = classify_by_fold(points[used], label.astype(np.int64))
        size = np.bincount(label)
        accuracy[number] = (np.bincount(label, told) / size).mean()
        if number == 0:
            weight = weights[:, np.flatnonzero(known)[used]]
            member = np.eye(len(classes))[label]
            drawn = _average_prompts((weight * told) @ member, weight @ member)
            n_used, n_prompts = int(used.sum()), len(classes)
    return accuracy, drawn, n_used, n_prompts


def _average_prompts(told: Floats, n_runs: Floats) -> Floats:
    """Average the shares of runs told over the prompts of each draw of which a run was drawn: shape (draws,)."""
    there = n_runs > 0
    share = np.divide(told, n_runs, out=np.zeros_like(told), where=there)
    n_prompts = there.sum(axis=1)
    return np.asarray(np.divide(share.sum(axis=1), n_prompts, out=np.full(len(share), np.nan), where=n_prompts > 0))


def _reduce(vectors: npt.NDArray[Any]) -> Floats:
    """Keep all distances in as few coordinates as there are vectors."""
    points = vectors.astype(np.float64)
    points = points - points.mean(axis=0) if len(points) else points
    if not len(points) or points.shape[0] >= points.shape[1]:
        return points
    values, axes = np.linalg.eigh(points @ points.T)
    return np.asarray(axes * np.sqrt(np.maximum(values, 0)))


def classify_by_fold(points: Floats, label: Integers) -> Floats:
    """Tell the class of each point by the nearest mean of the points of other folds.

    Parameters
    ----------
    points
        Shape (n, any), float64.
    label
        Shape (n,), int64: the class of each, 0, 1, … without a gap, each of two points at least. The first of a class
        is in fold 0, the second in fold 1, …

    Returns
    -------
    numpy.ndarray
        Shape (n,), float64: 1 where it is told, 0 where it is not; a share where several means are equally near.
    """
    order = np.argsort(label, kind="stable")
    size = np.bincount(label)
    rank = np.empty(len(label), dtype=np.int64)
    rank[order] = np.arange(len(label)) - np.repeat(np.cumsum(size) - size, size)
    fold = rank % FOLDS
    told = np.zeros(len(label))
    member = np.eye(len(size))[label]
    total = member.T @ points
    for number in range(min(FOLDS, int(size.max()))):
        tested = fold == number
        left = size - member[tested].sum(axis=0)
        means = (total - member[tested].T @ points[tested]) / left[:, None]
        score = points[tested] @ means.T - (means**2).sum(axis=1) / 2
        best = score >= score.max(axis=1, keepdims=True) - 1e-12
        told[tested] = best[np.arange(len(best)), label[tested]] / best.sum(axis=1)
    return told


@dataclass(frozen=True)
class RecoverabilityEstimates:
    """What a recoverability curve says.

    Attributes
    ----------
    accuracy_first, accuracy_last
        At the first step, and the mean over the last quarter of the steps.
    decay_time
        The time constant, in steps, with which accuracy falls to its plateau.
    fitted
        Shape (steps,), float64: the fitted curve; NaN where there is none.
    """

    accuracy_first: Estimate
    accuracy_last: Estimate
    decay_time: Estimate
    fitted: Floats


def estimate_recoverability(curve: Recoverability) -> RecoverabilityEstimates:
    """Say how well prompts are told at the beginning and at the end, and how fast they are forgotten."""
    known = ~np.isnan(curve.accuracy)
    n_runs = int(curve.n_runs.max(initial=0))
    fitted = np.full(len(known), np.nan)
    if not known.any():
        nothing = no_estimate("fewer than two prompts have two runs", n_runs=n_runs)
        return RecoverabilityEstimates(nothing, nothing, nothing, fitted)
    t = curve.t[known].astype(np.float64)
    accuracy, draws, null = (values[..., known] for values in (curve.accuracy, curve.draws, curve.null))
    quarter = max(1, len(t) // 4)
    first = estimate_accuracy(curve, accuracy[0], draws[:, 0], null[:, 0])
    last = estimate_accuracy(
        curve, accuracy[-quarter:].mean(), draws[:, -quarter:].mean(axis=1), null[:, -quarter:].mean(axis=1)
    )
    fit = fit_relaxation(accuracy[None], t)
    reason = None
    if len(t) < FEWEST_STEPS:
        reason = f"only {len(t)} step{'s' * (len(t) != 1)}; a decay time needs {FEWEST_STEPS}"
    elif first.null_p > 0.05:
        reason = "the prompt cannot be told even at the first step"
    elif np.isnan(fit.r2[0]) or fit.first[0] <= fit.last[0]:
        reason = f"accuracy does not fall within {len(t)} steps"
    elif fit.tau[0] > t[-1] - t[0]:
        reason = f"accuracy still falls after {len(t)} steps: its plateau lies outside what was seen"
    elif fit.r2[0] < LEAST_R2:
        reason = f"an exponential explains only {100 * fit.r2[0]:.0f} % of the curve's variance"
    if reason is not None:
        return RecoverabilityEstimates(first, last, no_estimate(reason, n_runs=n_runs), fitted)
    fitted[known] = fit.at(t - t[0])[0]
    logs = make_estimate(
        float(np.log(fit.tau[0])), np.log(fit_relaxation(draws, t).tau), [], n_runs=n_runs,
        method=curve.method.split("; null")[0] + "; no null: what is told by chance does not decay",
    )  # fmt: skip
    ends = {name: float(np.exp(getattr(logs, name))) for name in ("estimate", "lower", "upper")}
    return RecoverabilityEstimates(first, last, replace(logs, **ends), fitted)  # type: ignore[arg-type]


def estimate_accuracy(curve: Recoverability, value: float, draws: Floats, null: Floats) -> Estimate:
    """Put the estimate of an accuracy together; a null value counts against it when it is as large."""
    n_runs = int(curve.n_runs.max())
    return make_estimate(value, draws, null, n_runs=n_runs, method=curve.method, extreme="large", bounds=(0.0, 1.0))
