"""Recurrence quantification: how often a run comes back near to where it was, and how long it then goes the same way.

Two steps recur where their vectors are no further apart than a radius. The radius is chosen so that a given share of
pairs of steps recurs, which makes runs comparable. Diagonal lines are stretches that a run goes through twice, vertical
ones are stays. The measures are those of Marwan et al. 2007 (doi:10.1016/j.physrep.2006.11.001).
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.pair_distances import measure_squared_distances
from loopscope.dynamics.recurrence_surrogates import FirstOrder
from loopscope.statistics.estimate import Estimate, make_estimate, no_estimate

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

RATE: Final = 0.05
"""The share of pairs of steps that recur, unless more are equally near."""
THEILER: Final = 1
"""Pairs of steps nearer in time than this are no recurrence; 1 leaves out only a step with itself."""
SHORTEST: Final = 2
"""The fewest steps of a line."""
FEWEST_STEPS: Final = 10
NULLS: Final = 99
MEASURES: Final = ("rr", "det", "l", "l_max", "entr", "lam", "tt")
_SAME: Final = 1e-9
"""Distances that differ by less, as a share of the largest, are equal: those of a cycle computed in another order."""


@dataclass(frozen=True)
class Recurrence:
    """The recurrences of one run.

    Attributes
    ----------
    matrix
        Shape (steps, steps), bool, symmetric: which pairs of steps recur; false where a step is not known.
    radius
        How far apart they may be.
    """

    matrix: Flags
    radius: float


@dataclass(frozen=True)
class Quantification:
    """The measures of a recurrence matrix.

    Attributes
    ----------
    rr
        Recurrence rate: the share of pairs of known steps, outside the Theiler window, that recur.
    det
        Determinism: the share of recurrences in diagonal lines of two steps or more.
    l, l_max
        Mean and largest length of these lines; NaN and 0 where there are none.
    entr
        Shannon entropy of their lengths, in nats.
    lam
        Laminarity: the share of recurrences in vertical lines of two steps or more.
    tt
        Trapping time: the mean length of these.
    """

    rr: float
    det: float
    l: float  # noqa: E741
    l_max: float
    entr: float
    lam: float
    tt: float


def find_recurrences(
    vectors: npt.NDArray[np.floating[Any]], known: Flags | None = None, *, rate: float = RATE, theiler: int = THEILER
) -> Recurrence:
    """Find the pairs of steps that recur at a fixed recurrence rate.

    Parameters
    ----------
    vectors
        Shape (steps, dimension): of one run, in the order of steps.
    known
        Shape (steps,), bool: which steps have a vector; by default all.
    rate
        The share of pairs of known steps that recur, in (0, 1]. Where more pairs are equally near, such as exact
        repeats, they all do.
    theiler
        Pairs of steps nearer in time than this do not count, at least 1.

    Raises
    ------
    ValueError
        If the rate or the window is out of range.

    Examples
    --------
    >>> cycle = np.array([[0.0], [1.0], [5.0]] * 4)
    >>> found = find_recurrences(cycle, rate=0.05)
    >>> found.radius, found.matrix[0].astype(int).tolist()
    (0.0, [1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0])
    """
    if not 0 < rate <= 1 or theiler < 1:
        raise ValueError(
            f"found rate {rate} and theiler {theiler}; expected a rate in (0, 1] and theiler of at least 1"
        )
    there = np.ones(len(vectors), dtype=np.bool_) if known is None else known
    distances = np.full((len(vectors), len(vectors)), np.inf)
    distances[np.ix_(there, there)] = np.sqrt(measure_squared_distances(vectors[there]))
    return _cut_at_rate(distances, _counted(there, theiler), rate)


def _counted(there: Flags, theiler: int) -> Flags:
    """Say which pairs of steps count, earlier and later: shape (steps, steps)."""
    return np.asarray(np.triu(np.ones((len(there), len(there)), dtype=np.bool_), theiler) & there & there[:, None])


def _cut_at_rate(distances: Floats, counted: Flags, rate: float) -> Recurrence:
    among = distances[counted]
    if not len(among):
        return Recurrence(np.zeros(distances.shape, dtype=np.bool_), np.nan)
    place = max(0, int(np.ceil(rate * len(among) - _SAME)) - 1)
    radius = float(np.partition(among, place)[place])
    return Recurrence(distances <= radius + _SAME * float(among.max()), radius)


def quantify_recurrences(
    matrix: Flags, known: Flags | None = None, *, theiler: int = THEILER, shortest: int = SHORTEST
) -> Quantification:
    """Measure the lines of a recurrence matrix.

    Parameters
    ----------
    matrix
        Shape (steps, steps), bool, symmetric.
    known
        Shape (steps,), bool: which steps count for the recurrence rate; by default all.
    theiler, shortest
        From which diagonal on lines count, and of how many steps a line is one.

    Examples
    --------
    >>> cycle = np.arange(12)[:, None] % 3 == np.arange(12) % 3
    >>> found = quantify_recurrences(cycle)
    >>> found.det, found.l_max, found.lam
    (1.0, 9.0, 0.0)
    """
    from loopscope.dynamics.recurrence_lines import count_lines

    n = len(matrix)
    diagonal, vertical = count_lines(np.ascontiguousarray(matrix), np.arange(n), theiler)
    there = np.ones(n, dtype=np.bool_) if known is None else known
    return _quantify(diagonal, vertical, int(_counted(there, theiler).sum()), shortest)


def _quantify(
    diagonal: npt.NDArray[np.int64], vertical: npt.NDArray[np.int64], n_pairs: int, shortest: int
) -> Quantification:
    """Turn how many lines there are of each length into measures."""
    length = np.arange(len(diagonal))
    points, in_columns = int((length * diagonal).sum()), int((length * vertical).sum())
    lines, stays = diagonal[shortest:], vertical[shortest:]
    n_lines, n_stays = int(lines.sum()), int(stays.sum())
    share = lines[lines > 0] / max(1, n_lines)
    return Quantification(
        rr=points / n_pairs if n_pairs else np.nan,
        det=float((length[shortest:] * lines).sum() / points) if points else np.nan,
        l=float((length[shortest:] * lines).sum() / n_lines) if n_lines else np.nan,
        l_max=float(np.flatnonzero(lines).max() + shortest) if n_lines else 0.0,
        entr=float(-(share * np.log(share)).sum()) + 0.0 if n_lines else np.nan,
        lam=float((length[shortest:] * stays).sum() / in_columns) if in_columns else np.nan,
        tt=float((length[shortest:] * stays).sum() / n_stays) if n_stays else np.nan,
    )


@dataclass(frozen=True)
class RunRecurrence:
    """What the recurrences of one run are, and what they are by chance.

    Attributes
    ----------
    measured
        None where there is nothing to measure; `reason` says why.
    radius
        How far apart steps may be that recur.
    n_steps, n_unique
        How many steps are known, and how many of their vectors differ.
    shuffled, markov
        Shape (nulls, 7): `MEASURES` of the run with its steps in another order (null S), and of surrogates that go from
        each step on as some step near to it did (null M1).
    """

    measured: Quantification | None
    radius: float
    n_steps: int
    n_unique: int
    shuffled: Floats
    markov: Floats
    reason: str | None = None

    def surrogates(self, null: str) -> Floats:
        """Give what is measured under a null, "S" or "M1"; of M1 nothing where too few steps follow one another."""
        return self.shuffled if null == "S" else self.markov

    def estimate(self, measure: str, null: str) -> Estimate:
        """Give a measure with its null, "S" or "M1"; a single run has no interval."""
        if self.measured is None:
            return no_estimate(self.reason or "", n_runs=1)
        value = float(getattr(self.measured, measure))
        if np.isnan(value):
            return no_estimate(f"no lines of {SHORTEST} steps" if measure != "rr" else "no pairs of steps", n_runs=1)
        drawn = self.surrogates(null)[:, MEASURES.index(measure)]
        return make_estimate(
            value, [], drawn, n_runs=1, method=f"one run: no interval; {describe_null(null, len(drawn))}"
        )


def describe_null(null: str, nulls: int) -> str:
    """Say what a null of recurrences is; there is none where no surrogates were drawn."""
    if not nulls:
        return f"no null {null}"
    if null == "S":
        return f"null S: {nulls} shuffles of the steps within each run"
    return f"null M1: {nulls} surrogates with the memory of one step, at the same recurrence rate"


def measure_recurrence(
    vectors: npt.NDArray[np.floating[Any]],
    known: Flags | None = None,
    *,
    rate: float = RATE,
    theiler: int = THEILER,
    nulls: int = NULLS,
    seed: int = 0,
) -> RunRecurrence:
    """Measure the recurrences of a run, with two nulls.

    Null S shuffles the steps: what is left are chance encounters. Null M1 has one step of memory: what a run does that
    only wanders and is drawn back, as `FirstOrder` says. Its radius is such that as many pairs recur as in the run.

    Parameters
    ----------
    vectors, known, rate, theiler
        As for :func:`find_recurrences`.
    nulls, seed
        How many surrogates of each kind, and where they come from.
    """
    from loopscope.dynamics.recurrence_lines import count_lines

    there = np.ones(len(vectors), dtype=np.bool_) if known is None else known
    n_steps, n_unique = int(there.sum()), len(np.unique(vectors[there], axis=0))
    none = np.empty((0, len(MEASURES)))
    if n_steps < max(FEWEST_STEPS, theiler + 2):
        reason = f"only {n_steps} step{'s' * (n_steps != 1)}; recurrences need {max(FEWEST_STEPS, theiler + 2)}"
        return RunRecurrence(None, np.nan, n_steps, n_unique, none, none, reason)
    found = find_recurrences(vectors, there, rate=rate, theiler=theiler)
    matrix = np.ascontiguousarray(found.matrix)
    n_pairs = int(_counted(there, theiler).sum())
    measured = _quantify(*count_lines(matrix, np.arange(len(there)), theiler), n_pairs, SHORTEST)
    random = np.random.default_rng(seed)
    shuffled, markov = np.empty((nulls, len(MEASURES))), np.empty((nulls, len(MEASURES)))
    steps, order = np.flatnonzero(there), np.arange(len(there))
    surrogate = FirstOrder.of(vectors, there)
    if surrogate.n_moves < FEWEST_STEPS - 1:
        markov = markov[:0]
    counted = _counted(np.ones(n_steps, dtype=np.bool_), theiler)
    for number in range(nulls):
        order[steps] = random.permutation(steps)
        shuffled[number] = _as_row(_quantify(*count_lines(matrix, order, theiler), n_pairs, SHORTEST))
        if not len(markov):
            continue
        drawn = _cut_at_rate(surrogate.draw_distances(random), counted, measured.rr)
        lines = count_lines(np.ascontiguousarray(drawn.matrix), np.arange(n_steps), theiler)
        markov[number] = _as_row(_quantify(*lines, int(counted.sum()), SHORTEST))
    return RunRecurrence(measured, found.radius, n_steps, n_unique, shuffled, markov)


def _as_row(found: Quantification) -> list[float]:
    return [getattr(found, name) for name in MEASURES]
