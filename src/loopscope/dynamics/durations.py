"""How long something lasts that may end at each step: mean, median and dispersion, with what surrogates give.

Stays in a cluster and returns to it are judged alike. After each step of a duration it is seen whether it ends; a
duration that lasts as long as the run, or up to a missing step, is censored. If it ends at every step with one
probability h, whatever has been, lengths are geometric: their mean is 1/h and their variance (1 − h)/h².

mean
    Steps at risk over ends: the maximum likelihood of the geometric law with censoring. To take the lengths as they are
    instead makes long ones short, and leaving out those that are censored makes it worse.
mean (Kaplan-Meier)
    The area under the Kaplan-Meier curve, which assumes no law; up to the longest duration that was seen, so that it is
    too short by what is still lasting then.
median
    Of the Kaplan-Meier curve.
dispersion
    The variance relative to that of the geometric law. Of a duration that was at risk r times, and ended (δ = 1) or not
    (δ = 0), the residual δ − h r has mean 0 and variance h(1 − h) E[r] if the law is geometric, censored or not, since
    it is the end of a martingale (Andersen, Borgan, Gill and Keiding 1993, doi:10.1007/978-1-4612-4348-9). So the sum
    of squared residuals over h(1 − h) Σr is 1 on average, below 1 where lengths are more regular, above where they are
    more uneven. Without censoring it is exactly the variance about 1/h over (1 − h)/h².
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.medians import estimate_median
from loopscope.dynamics.milestoning import ALL_OUTLIERS
from loopscope.dynamics.nulls import Null, describe_method
from loopscope.dynamics.sequences import MISSING, Sequences
from loopscope.dynamics.survival import estimate_survival, find_medians
from loopscope.statistics.estimate import Estimate, make_estimate, no_estimate
from loopscope.statistics.resampling import resample_runs

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

MEAN: Final = "mean"
AREA: Final = "mean (Kaplan-Meier)"
MEDIAN: Final = "median"
DISPERSION: Final = "dispersion"

FEWEST: Final = 3
"""Of fewer durations that were seen to begin and to end, no dispersion is given."""


@dataclass(frozen=True)
class Durations:
    """Durations, each of one symbol in one run.

    Attributes
    ----------
    symbol, run
        Shape (n,), int64.
    trials
        Shape (n,), int64: after how many steps it was seen whether it ends.
    ended
        Shape (n,), bool: whether it did after the last of them.
    whole
        Shape (n,), bool: whether its beginning was seen.
    """

    symbol: Integers
    run: Integers
    trials: Integers
    ended: Flags
    whole: Flags


class DurationEstimate(NamedTuple):
    """One quantity of the durations of one symbol, against one null or none; no symbol where there is none."""

    symbol: int | None
    quantity: str
    null: str | None
    n_durations: int
    n_censored: int
    estimate: Estimate


class Count(Protocol):
    """Adds the durations of sequences to counts by state and number of steps: a compiled loop."""

    def __call__(
        self, symbols: Integers, starts: Integers, missing: int, number_of: Integers, counts: Integers
    ) -> None:
        """Add to counts of shape (4, states, steps); ``number_of[symbol + 1]`` is the state of a symbol."""


@dataclass(frozen=True)
class Kind:
    """What durations are of: how they are found, counted fast, compared and spoken of."""

    find: Callable[[Sequences], Durations]
    count: Count
    compared: Mapping[str, Sequence[Null | None]]
    many: str
    never_end: str


def estimate_durations(
    sequences: Sequences,
    kind: Kind,
    *,
    draws: int,
    nulls: int,
    seed: int,
) -> list[DurationEstimate]:
    """Estimate the durations of every symbol of a group of runs.

    Parameters
    ----------
    kind
        Which durations; ``compared`` has, for each quantity, the nulls that it is held against, None for an estimate
        without one.
    draws, nulls, seed
        Of the bootstrap over runs and of surrogates.
    """
    durations = kind.find(sequences)
    symbols = np.unique(durations.symbol)
    if not len(symbols):
        nothing = no_estimate(ALL_OUTLIERS, n_runs=0)
        pairs = [(quantity, null) for quantity, against in kind.compared.items() for null in against]
        return [
            DurationEstimate(None, quantity, null.name if null else None, 0, 0, nothing) for quantity, null in pairs
        ]
    runs = sequences.runs
    weights = resample_runs(runs, draws, seed).astype(np.float64)
    drawn = {
        null: _measure_surrogates(null.draw_all(sequences, nulls, seed), kind.count, symbols, sequences.lengths.max())
        for null in dict.fromkeys(null for each in kind.compared.values() for null in each if null)
    }
    estimates = []
    for number, symbol in enumerate(symbols.tolist()):
        counts = _Counts.of(durations, symbol, sequences.n_runs)
        values = counts.measure(np.ones((1, sequences.n_runs)))
        resampled = counts.measure(weights) if counts.n_runs > 1 else dict.fromkeys(values, np.empty(0))
        for quantity, against in kind.compared.items():
            for null in against:
                method = describe_method(runs, draws, null, nulls)
                estimate = _estimate(
                    quantity,
                    float(values[quantity][0]),
                    resampled[quantity],
                    drawn[null][quantity][:, number] if null else np.empty(0),
                    n_runs=counts.n_runs,
                    method=method if counts.n_runs > 1 else _say_one_run(method),
                )
                if estimate is None:
                    estimate = no_estimate(_say_why(quantity, counts, kind), n_runs=counts.n_runs)
                name = null.name if null else None
                estimates.append(
                    DurationEstimate(symbol, quantity, name, counts.n_durations, counts.n_censored, estimate)
                )
    return estimates


def measure_durations(ended: Numbers, cut: Numbers, whole_ended: Numbers, whole_cut: Numbers) -> dict[str, Numbers]:
    """Compute means, median and dispersion from counts of durations by their number of steps.

    Parameters
    ----------
    ended, cut
        Shape (..., n): how many ended, or were censored, after 0, 1, … steps.
    whole_ended, whole_cut
        The same of those of which the beginning was seen: median and dispersion are of these.

    Returns
    -------
    dict
        From quantity to an array of shape (...,); not finite where there is none.

    Examples
    --------
    >>> ended = np.array([0.0, 2.0, 0.0, 2.0])  # two of 1 step and two of 3
    >>> found = measure_durations(ended, np.zeros(4), ended, np.zeros(4))
    >>> {name: round(float(value), 3) for name, value in found.items()}
    {'mean': 2.0, 'mean (Kaplan-Meier)': 2.0, 'median': 1.0, 'dispersion': 0.5}
    """
    steps = np.arange(ended.shape[-1], dtype=np.float64)
    ends = whole_ended.sum(axis=-1)
    both = whole_ended + whole_cut
    survival = estimate_survival(whole_ended, whole_cut)[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = ((ended + cut) @ steps) / ended.sum(axis=-1)
        rate = ends / (both @ steps)
        squares = ends - 2 * rate * (whole_ended @ steps) + rate**2 * (both @ steps**2)
        dispersion = squares / ((1 - rate) * ends)
    return {
        MEAN: np.where(np.isfinite(mean), mean, np.nan),
        AREA: np.where(ends > 0, np.nansum(survival, axis=-1), np.nan),
        MEDIAN: find_medians(survival),
        DISPERSION: np.where((ends >= FEWEST) & (rate < 1), dispersion, np.nan),
    }


@dataclass(frozen=True)
class _Counts:
    """The durations of one symbol: four sparse matrices as `measure_durations` takes them, a row for each run."""

    matrices: tuple["csr_array", ...]
    n_runs: int
    n_durations: int
    n_censored: int

    @classmethod
    def of(cls, durations: Durations, symbol: int, n_runs: int) -> "_Counts":
        from scipy.sparse import coo_array

        of_symbol = durations.symbol == symbol
        run, trials = durations.run[of_symbol], durations.trials[of_symbol]
        ended, whole = durations.ended[of_symbol], durations.whole[of_symbol]
        shape = (n_runs, int(trials.max()) + 1)
        matrices = tuple(
            coo_array((np.ones(int(kept.sum())), (run[kept], trials[kept])), shape=shape).tocsr()
            for kept in (ended, ~ended, whole & ended, whole & ~ended)
        )
        return cls(matrices, len(np.unique(run)), len(run), int((~ended).sum()))

    def measure(self, weights: Numbers) -> dict[str, Numbers]:
        return measure_durations(*(np.asarray(weights @ matrix) for matrix in self.matrices))


def _measure_surrogates(
    surrogates: Iterable[Sequences], count: Count, symbols: Integers, longest: int
) -> dict[str, Numbers]:
    """Give for each quantity an array of shape (number of surrogates, number of symbols)."""
    number_of = np.zeros(symbols[-1] + 2, dtype=np.int64)
    number_of[symbols + 1] = np.arange(len(symbols))
    measured: dict[str, list[Numbers]] = {MEAN: [], AREA: [], MEDIAN: [], DISPERSION: []}
    for surrogate in surrogates:
        counts = np.zeros((4, len(symbols), longest + 1), dtype=np.int64)
        count(surrogate.symbols, surrogate.starts, MISSING, number_of, counts)
        for quantity, values in measure_durations(*counts.astype(np.float64)).items():
            measured[quantity].append(values)
    return {quantity: np.array(values).reshape(-1, len(symbols)) for quantity, values in measured.items()}


def _estimate(
    quantity: str, value: float, resampled: Numbers, null: Numbers, *, n_runs: int, method: str
) -> Estimate | None:
    if not np.isfinite(value):
        return None
    if quantity == MEDIAN:
        return estimate_median(value, resampled, null, n_runs=n_runs, method=method, extreme="far")
    bounds = (0 if quantity == DISPERSION else 1, np.inf)
    return make_estimate(value, resampled, null, n_runs=n_runs, method=method, extreme="far", bounds=bounds)


def _say_one_run(method: str) -> str:
    return "; ".join(["no interval: one run has it", *method.split("; ")[1:]])


def _say_why(quantity: str, counts: _Counts, kind: Kind) -> str:
    ended, _, whole_ended, whole_cut = (int(matrix.sum()) for matrix in counts.matrices)
    if not ended:
        return kind.never_end
    if not whole_ended + whole_cut:
        return f"of none of the {kind.many} was the beginning seen"
    if quantity == MEDIAN:
        return f"half of the {kind.many} last longer than was seen"
    if whole_ended < FEWEST:
        return f"of {whole_ended} of the {kind.many} both beginning and end were seen; {FEWEST} are needed"
    return f"all {kind.many} are of one step: they have nothing to vary"
