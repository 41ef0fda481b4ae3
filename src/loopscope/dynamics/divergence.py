"""Divergence on a bounded space: how far apart pairs of runs are, step by step.

D²(t) is the mean squared distance over pairs of runs at step t. Pairs are of two kinds: runs of one network and
prompt, and runs of one network with different prompts. A bootstrap draws runs, and weighs a pair by how often both of
its runs were drawn; a run that is drawn twice is no pair with itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.pair_distances import measure_squared_distances
from loopscope.statistics.resampling import Runs, resample_runs

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Step: TypeAlias = tuple[npt.NDArray[np.floating[Any]], Flags]
"""The vectors of all runs at one step, shape (number of runs, dimension), and which of them are known."""

DRAWS: Final = 200
NULLS: Final = 99
Kind = Literal["same prompt", "other prompt"]
SAME: Final[Kind] = "same prompt"
OTHER: Final[Kind] = "other prompt"
KINDS: Final[tuple[Kind, ...]] = (SAME, OTHER)

_OF_STEPS: Final = ("t", "d2", "mean_log", "draws", "null", "n_runs", "n_pairs")


@dataclass(frozen=True)
class Cohort:
    """All runs whose pairs are measured together.

    Attributes
    ----------
    network, prompt
        Shape (number of runs,), int64: equal where the network, or the network and the prompt, are.
    """

    network: Integers
    prompt: Integers

    @property
    def n_runs(self) -> int:
        """How many runs there are."""
        return len(self.network)

    def permute(self, nulls: int, seed: int) -> Integers:
        """Deal the runs' prompts out again within each network: shape (nulls, number of runs), row numbers of runs."""
        random = np.random.default_rng(seed)
        dealt = np.tile(np.arange(self.n_runs), (nulls, 1))
        for number in np.unique(self.network):
            members = np.flatnonzero(self.network == number)
            dealt[:, members] = random.permuted(np.tile(members, (nulls, 1)), axis=1)
        return dealt


@dataclass(frozen=True)
class PairCurves:
    """How far apart the pairs of one kind are in one group of runs.

    Attributes
    ----------
    kind
        `SAME` or `OTHER`.
    t
        Shape (steps,), int64.
    d2
        Shape (steps,), float64: D²; NaN where no pair is known.
    mean_log
        Shape (steps,), float64: the mean of ln d over pairs that are not at distance 0.
    draws, null
        Shape (draws, steps) and (nulls, steps): D² of runs drawn again, and of runs with prompts of others. No nulls
        where all runs of a network have one prompt.
    n_runs, n_pairs
        Shape (steps,), int64: how many runs are known and how many pairs they make.
    described
        How runs were drawn.
    """

    kind: Kind
    t: Integers
    d2: Floats
    mean_log: Floats
    draws: Floats
    null: Floats
    n_runs: Integers
    n_pairs: Integers
    described: str

    def of_turn(self, turn: int, turns: int, stop: int | None = None) -> "PairCurves":
        """Keep each ``turns``-th step: where several generators take turns, D² goes up and down with them."""
        steps = {name: getattr(self, name)[..., turn:stop:turns] for name in _OF_STEPS}
        return replace(self, **steps)

    @property
    def method(self) -> str:
        """How interval and null are made, in words."""
        interval = f"{self.described}, {len(self.draws)} draws" if len(self.draws) else self.described
        null = f"null P: prompts permuted across runs of a network, {len(self.null)} times"
        return f"{interval}; {null if len(self.null) else 'no null P: runs of one prompt only'}"

    @property
    def saturation(self) -> float:
        """The root mean square distance over the last quarter of the steps."""
        known = self.d2[~np.isnan(self.d2)]
        return float(np.sqrt(known[-max(1, len(known) // 4) :].mean())) if len(known) else np.nan


def measure_divergence(
    steps: Iterable[Step],
    cohort: Cohort,
    groups: Sequence[npt.ArrayLike],
    *,
    draws: int = DRAWS,
    nulls: int = NULLS,
    seed: int = 0,
) -> list[tuple[PairCurves, PairCurves]]:
    """Measure how far apart pairs of runs are, for groups of runs, in one pass over the steps.

    Parameters
    ----------
    steps
        One after the other.
    cohort
        Of all runs of the steps. For the null, a run's prompt is that of any run of its network, in its group or not.
    groups
        The row numbers of each group's runs.
    draws, nulls, seed
        How many resamples and permutations, and where they come from.

    Returns
    -------
    list of tuple
        For each group, pairs of one prompt and pairs of different prompts.

    Examples
    --------
    >>> apart = np.array([[0.0], [0.0], [2.0], [2.0]])
    >>> cohort = Cohort(network=np.zeros(4, dtype=np.int64), prompt=np.array([0, 0, 1, 1]))
    >>> same, other = measure_divergence([(apart, np.ones(4, dtype=bool))], cohort, [[0, 1, 2, 3]])[0]
    >>> same.d2.tolist(), other.d2.tolist(), other.n_pairs.tolist()
    ([0.0], [4.0], [4])
    """
    several = any(len(np.unique(cohort.prompt[cohort.network == each])) > 1 for each in np.unique(cohort.network))
    dealt = cohort.permute(nulls if several else 0, seed)
    measured = [_Group(cohort, np.asarray(rows, dtype=np.int64), dealt, draws, seed) for rows in groups]
    for vectors, known in steps:
        squared = np.zeros((cohort.n_runs, cohort.n_runs))
        squared[np.ix_(known, known)] = measure_squared_distances(vectors[known])
        for group in measured:
            group.add(squared, known)
    return [(group.curves(SAME), group.curves(OTHER)) for group in measured]


class _Group:
    """The sums over pairs of one group of runs, step by step."""

    def __init__(self, cohort: Cohort, rows: Integers, dealt: Integers, draws: int, seed: int) -> None:
        self.rows = rows
        prompt, network = cohort.prompt[rows], cohort.network[rows]
        self.same = prompt[:, None] == prompt
        self.both = network[:, None] == network
        np.fill_diagonal(self.same, False)
        np.fill_diagonal(self.both, False)
        runs = Runs(np.arange(len(rows)), np.unique(prompt, return_inverse=True)[1].astype(np.int64))
        self.described = runs.described
        self.weights = resample_runs(runs, draws, seed).astype(np.float64)
        self.dealt = dealt[:, rows]
        self.pairs = {kind: np.nonzero(np.triu(self._chosen(kind))) for kind in KINDS}
        self.found: dict[str, list[tuple[Any, ...]]] = {SAME: [], OTHER: []}

    def _chosen(self, kind: str) -> Flags:
        chosen: Flags = self.same if kind == SAME else self.both & ~self.same
        return chosen

    def add(self, squared: Floats, known: Flags) -> None:
        """Add a step: squared distances between all runs, 0 where one is not known."""
        here = known[self.rows]
        distances = squared[np.ix_(self.rows, self.rows)]
        logs = np.log(distances, out=np.full_like(distances, np.nan), where=distances > 0) / 2
        for kind in KINDS:
            chosen = self._chosen(kind) & here & here[:, None]
            n_pairs = int(chosen.sum()) // 2
            apart = logs[chosen & (distances > 0)]
            self.found[kind].append(
                (
                    distances[chosen].mean() if n_pairs else np.nan,
                    apart.mean() if len(apart) else np.nan,
                    weigh_pairs(distances, chosen, self.weights),
                    self._permuted(squared, known, kind),
                    int(here.sum()),
                    n_pairs,
                )
            )

    def _permuted(self, squared: Floats, known: Flags, kind: Kind) -> Floats:
        """Shape (nulls,): the mean over the places of these pairs, with other runs in them."""
        a, b = self.pairs[kind]
        means = np.full(len(self.dealt), np.nan)
        if len(a):
            for number, dealt in enumerate(self.dealt):
                there = known[dealt[a]] & known[dealt[b]]
                n_known = there.sum()
                if n_known:
                    means[number] = squared[dealt[a], dealt[b]].sum() / n_known
        return means

    def curves(self, kind: Kind) -> PairCurves:
        """Put the steps together."""
        found = self.found[kind]
        d2, mean_log, draws, null, n_runs, n_pairs = zip(*found, strict=True) if found else ((),) * 6
        return PairCurves(
            kind,
            np.arange(len(found)),
            np.array(d2, dtype=np.float64),
            np.array(mean_log, dtype=np.float64),
            np.array(draws, dtype=np.float64).reshape(len(found), len(self.weights)).T,
            np.array(null, dtype=np.float64).reshape(len(found), len(self.dealt)).T,
            np.array(n_runs, dtype=np.int64),
            np.array(n_pairs, dtype=np.int64),
            self.described,
        )


def weigh_pairs(values: Floats, chosen: Flags, weights: Floats) -> Floats:
    """Average a value over pairs of runs, weighed by how often both runs were drawn.

    Parameters
    ----------
    values
        Shape (n, n), float64, symmetric: of each pair.
    chosen
        Shape (n, n), bool, symmetric: which pairs are meant; the diagonal is not.
    weights
        Shape (draws, n): how often each run was drawn.

    Returns
    -------
    numpy.ndarray
        Shape (draws,), float64; NaN where no pair was drawn.

    Examples
    --------
    >>> values = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 6.0], [2.0, 6.0, 0.0]])
    >>> drawn = np.array([[1.0, 1.0, 1.0], [2.0, 1.0, 0.0], [3.0, 0.0, 0.0]])
    >>> weigh_pairs(values, ~np.eye(3, dtype=bool), drawn).tolist()
    [3.0, 1.0, nan]
    """
    total = ((weights @ np.where(chosen, values, 0.0)) * weights).sum(axis=1)
    n_pairs = ((weights @ chosen.astype(np.float64)) * weights).sum(axis=1)
    return np.asarray(np.divide(total, n_pairs, out=np.full(len(weights), np.nan), where=n_pairs > 0))
