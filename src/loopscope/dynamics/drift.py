"""Semantic drift: how far an embedding is from its run's prompt, from its run's start, and from the step before.

Distances are 1 − cos, in [0, 2] (Mollah et al. 2025, arXiv 2509.04438): 0 for one direction, 1 for orthogonal ones. The
length of the chord between orthogonal unit vectors, 1.414, is something else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.divergence import DRAWS, NULLS, Cohort, Step
from loopscope.statistics.resampling import Runs, resample_runs
from loopscope.types import Vectors

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

QUANTITIES: Final = ("drift_from_prompt", "drift_from_start", "step")


def one_minus_cosine(a: Vectors, b: Vectors) -> Floats:
    """Measure 1 − cos between the rows of two arrays, as half the squared chord: near-duplicates keep their digits.

    Parameters
    ----------
    a, b
        Shape (n, dimension), rows of any length but 0.

    Returns
    -------
    numpy.ndarray
        Shape (n,), float64 in [0, 2]; exactly 0 for equal rows.

    Examples
    --------
    >>> one_minus_cosine(np.eye(2, dtype=np.float32), np.array([[1, 0], [1, 0]], dtype=np.float32)).tolist()
    [0.0, 1.0]
    """
    chord = to_unit(a) - to_unit(b)
    return np.asarray(np.einsum("ij,ij->i", chord, chord) / 2)


def to_unit(vectors: npt.NDArray[np.floating[Any]]) -> Floats:
    """Divide rows by their lengths, in float64; a row of zeros stays as it is."""
    exact = vectors.astype(np.float64)
    length = np.linalg.norm(exact, axis=1, keepdims=True)
    return np.asarray(np.divide(exact, length, out=np.zeros_like(exact), where=length > 0))


def average_others(vectors: Vectors, known: Flags, cohort: Cohort) -> Floats:
    """Average the directions that runs of the same network with other prompts have.

    Parameters
    ----------
    vectors, known
        Shape (number of runs, dimension), a vector of each run, and which are known.
    cohort
        The runs' networks and prompts.

    Returns
    -------
    numpy.ndarray
        Shape (number of runs, dimension), float64: the mean of unit vectors, not a unit vector itself; NaN where there
        is no such run.

    Examples
    --------
    >>> cohort = Cohort(network=np.zeros(3, dtype=np.int64), prompt=np.array([0, 0, 1]))
    >>> average_others(np.array([[2, 0], [0, 2], [0, 3]], dtype=np.float32), np.ones(3, dtype=bool), cohort).tolist()
    [[0.0, 1.0], [0.0, 1.0], [0.5, 0.5]]
    """
    unit = np.where(known[:, None], to_unit(vectors), 0.0)
    totals = []
    for numbers in (cohort.network, cohort.prompt):
        _, which = np.unique(numbers, return_inverse=True)
        sums = np.zeros((int(which.max(initial=0)) + 1, unit.shape[1]))
        np.add.at(sums, which, unit)
        totals.append((sums[which], np.bincount(which, known)[which]))
    (network, of_network), (prompt, of_prompt) = totals
    n_others = (of_network - of_prompt)[:, None]
    return np.asarray(np.divide(network - prompt, n_others, out=np.full_like(unit, np.nan), where=n_others > 0))


def deal_other_prompts(cohort: Cohort, nulls: int, seed: int) -> Integers:
    """Deal each run another run of its network, with another prompt, so that each run is dealt once.

    Runs stand in a circle, prompt after prompt, prompts and the runs of each in a random order, and each is dealt the
    one so many places on that none of its own prompt comes in between. Where more than half of the runs have one
    prompt, some of these are dealt their own.

    Returns
    -------
    numpy.ndarray
        Shape (nulls, number of runs), int64: row numbers of runs; no nulls where no network has two prompts.

    Examples
    --------
    >>> cohort = Cohort(network=np.zeros(4, dtype=np.int64), prompt=np.array([0, 1, 0, 1]))
    >>> sorted(set(map(tuple, deal_other_prompts(cohort, 50, seed=0).tolist())))
    [(1, 0, 3, 2), (3, 2, 1, 0)]
    """
    random = np.random.default_rng(seed)
    members = [np.flatnonzero(cohort.network == number) for number in np.unique(cohort.network)]
    members = [rows for rows in members if len(np.unique(cohort.prompt[rows])) > 1]
    dealt = np.full((nulls if members else 0, cohort.n_runs), -1, dtype=np.int64)
    for each in dealt:
        for rows in members:
            prompts, which, size = np.unique(cohort.prompt[rows], return_inverse=True, return_counts=True)
            circle = rows[np.lexsort((random.random(len(rows)), random.permutation(len(prompts))[which]))]
            largest = int(min(size.max(), len(rows) // 2))
            each[circle] = np.roll(circle, int(random.integers(largest, len(rows) - largest + 1)))
    return dealt


@dataclass(frozen=True)
class DriftCurves:
    """The mean of one quantity over the runs of a group, step by step.

    Attributes
    ----------
    quantity
        One of `QUANTITIES`.
    mean
        Shape (steps,), float64; NaN where no run has it.
    draws, null
        Shape (draws, steps) and (nulls, steps): of runs drawn again, and of distances to what other runs with other
        prompts have in its place.
    n_runs
        Shape (steps,), int64.
    described
        How runs were drawn.
    """

    quantity: str
    mean: Floats
    draws: Floats
    null: Floats
    n_runs: Integers
    described: str

    @property
    def method(self) -> str:
        """How interval and null are made, in words."""
        interval = f"{self.described}, {len(self.draws)} draws" if len(self.draws) else self.described
        other = {"drift_from_prompt": "prompt", "drift_from_start": "start", "step": "step before"}[self.quantity]
        null = f"null P: the {other} is that of another run with another prompt, dealt {len(self.null)} times"
        return f"mean over runs; {interval}; {null if len(self.null) else 'no null P: runs of one prompt only'}"


def measure_group_drift(
    steps: Iterable[Step],
    prompts: Vectors,
    prompts_known: Flags,
    cohort: Cohort,
    groups: Sequence[npt.ArrayLike],
    *,
    draws: int = DRAWS,
    nulls: int = NULLS,
    seed: int = 0,
) -> list[list[DriftCurves]]:
    """Measure the mean drift of groups of runs at each step, in one pass over the steps.

    Parameters
    ----------
    steps
        The vectors of all runs at each step; the start is each run's first known one, and so is the step before.
    prompts, prompts_known
        Shape (number of runs, dimension), and which runs have an embedded prompt.
    cohort
        Networks and prompts of all runs; in the null, runs are dealt others of their network, of their group or not.
    groups
        The row numbers of each group's runs.
    draws, nulls, seed
        How many resamples and nulls, and where they come from.

    Returns
    -------
    list of list of DriftCurves
        For each group, the `QUANTITIES` in their order.
    """
    dealt = deal_other_prompts(cohort, nulls, seed)
    rows_of = [np.asarray(group, dtype=np.int64) for group in groups]
    found: list[list[_Sums]] = [[_Sums(rows, cohort, draws, seed) for _ in QUANTITIES] for rows in rows_of]
    start, started = np.zeros_like(prompts), np.zeros(cohort.n_runs, dtype=np.bool_)
    before, stepped = np.zeros_like(prompts), np.zeros(cohort.n_runs, dtype=np.bool_)
    for vectors, known in steps:
        fresh = known & ~started
        start[fresh] = vectors[fresh]
        started = started | known
        references = ((prompts, prompts_known), (start, started), (before.copy(), stepped.copy()))
        for number, (reference, there) in enumerate(references):
            both = known & there
            own = np.where(both, one_minus_cosine(vectors, reference), np.nan)
            chance = _measure_dealt(vectors, reference, there, dealt)
            for sums in found:
                sums[number].add(own, chance)
        before[known] = vectors[known]
        stepped |= known
    return [[each.curves(quantity) for each, quantity in zip(sums, QUANTITIES, strict=True)] for sums in found]


def _measure_dealt(vectors: Vectors, reference: Vectors, there: Flags, dealt: Integers) -> Floats:
    """Shape (nulls, number of runs): 1 − cos to what the run that was dealt has."""
    if not len(dealt):
        return np.empty((0, len(vectors)))
    apart = 1 - to_unit(vectors) @ to_unit(reference).T
    apart[:, ~there] = np.nan
    found: Floats = apart[np.arange(len(vectors)), dealt]
    return np.where(dealt >= 0, found, np.nan)


class _Sums:
    """The means of one quantity in one group, step by step."""

    def __init__(self, rows: Integers, cohort: Cohort, draws: int, seed: int) -> None:
        self.rows = rows
        runs = Runs(np.arange(len(rows)), np.unique(cohort.prompt[rows], return_inverse=True)[1].astype(np.int64))
        self.described = runs.described
        self.weights = resample_runs(runs, draws, seed).astype(np.float64)
        self.means: list[float] = []
        self.draws: list[Floats] = []
        self.nulls: list[Floats] = []
        self.n_runs: list[int] = []

    def add(self, own: Floats, chance: Floats) -> None:
        """Add a step: the quantity of each run, and of each run in each null."""
        mine, others = own[self.rows], chance[:, self.rows]
        there = ~np.isnan(mine)
        weight = self.weights @ there
        total = self.weights @ np.where(there, mine, 0.0)
        self.n_runs.append(int(there.sum()))
        self.means.append(float(mine[there].mean()) if there.any() else np.nan)
        self.draws.append(np.divide(total, weight, out=np.full(len(weight), np.nan), where=weight > 0))
        there = there & ~np.isnan(others)
        n_others = there.sum(axis=1)
        total = np.where(there, others, 0.0).sum(axis=1)
        self.nulls.append(np.divide(total, n_others, out=np.full(len(total), np.nan), where=n_others > 0))

    def curves(self, quantity: str) -> DriftCurves:
        """Put the steps together."""
        return DriftCurves(
            quantity,
            np.array(self.means, dtype=np.float64),
            np.array(self.draws).reshape(len(self.means), len(self.weights)).T,
            np.array(self.nulls).reshape(len(self.means), -1).T,
            np.array(self.n_runs, dtype=np.int64),
            self.described,
        )
