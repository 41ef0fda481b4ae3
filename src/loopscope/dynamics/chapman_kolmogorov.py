"""The Chapman-Kolmogorov test: whether transitions over k lags look like k transitions over one.

For a Markov chain P(kτ) = P(τ)^k. What the clusters do not tell of a state makes runs stay longer, or come back sooner,
than that (Prinz et al. 2011, doi:10.1063/1.3565032). The chain is taken as it is: it is not made reversible, since
that would take its cycles away.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.markov_chain import known_kernel
from loopscope.dynamics.milestoning import as_asked
from loopscope.dynamics.nulls import MARKOV, describe_method
from loopscope.dynamics.sequences import Sequences
from loopscope.dynamics.transitions import Integers, count_pooled, count_transitions
from loopscope.statistics.estimate import Estimate, make_estimate, no_estimate
from loopscope.statistics.resampling import resample_runs

Numbers = npt.NDArray[np.float64]

SMALLEST_SPREAD = 1e-12


@dataclass(frozen=True)
class Staying:
    """How likely runs are in the state they were in, k lags before.

    Attributes
    ----------
    observed, predicted
        Shape (..., k), float64: by P(kτ) and by P(τ)^k, for each state; NaN where nothing is known of it.
    mean_observed, mean_predicted
        Shape (...), float64: means over the states, each as often as a run is in it k lags before another step.
    """

    observed: Numbers
    predicted: Numbers
    mean_observed: Numbers
    mean_predicted: Numbers

    @property
    def difference(self) -> Numbers:
        """Shape (..., k), float64: above 0 where runs are in their state more often than the chain says."""
        return self.observed - self.predicted

    @property
    def mean_difference(self) -> Numbers:
        """Shape (...), float64: the same of all states together."""
        return np.asarray(self.mean_observed - self.mean_predicted)


def compare_powers(once: Numbers, later: Numbers, multiple: int) -> Staying:
    """Compare P(kτ) with P(τ)^k on their diagonals.

    Parameters
    ----------
    once
        Shape (..., k, k), float64: transition counts at lag τ.
    later
        Shape (..., k, k), float64: transition counts at lag kτ.
    multiple
        k, from 2.

    Raises
    ------
    ValueError
        If ``multiple`` is below 2.

    Examples
    --------
    A run that alternates is there again after every second step; so says the chain.

    >>> from loopscope.dynamics.sequences import Sequences
    >>> from loopscope.dynamics.transitions import count_transitions
    >>> run = Sequences.of([[0, 1, 0, 1, 0, 1]])
    >>> once, later = count_transitions(run).pooled, count_transitions(run, lag=2).pooled
    >>> staying = compare_powers(once, later, 2)
    >>> staying.observed.tolist(), staying.predicted.tolist(), float(staying.mean_difference)
    ([1.0, 1.0], [1.0, 1.0], 0.0)
    """
    if multiple < 2:
        raise ValueError(f"found {multiple} lags to compare with one; expected 2 or more")
    kernel = known_kernel(once)
    known = np.asarray(kernel.any(axis=-1))
    # Only between states whose exits are known, as the power is.
    between = later * known[..., :, None] * known[..., None, :]
    starts = between.sum(axis=-1)
    diagonal = np.diagonal(between, axis1=-2, axis2=-1)
    observed = np.divide(diagonal, starts, out=np.full_like(starts, np.nan), where=starts > 0)
    power = np.linalg.matrix_power(kernel, multiple)
    predicted = np.where(starts > 0, np.diagonal(power, axis1=-2, axis2=-1), np.nan)
    total = starts.sum(axis=-1)
    means = [
        np.divide(np.nansum(starts * each, axis=-1), total, out=np.full_like(total, np.nan), where=total > 0)
        for each in (observed, predicted)
    ]
    return Staying(observed, predicted, np.asarray(means[0]), np.asarray(means[1]))


@dataclass(frozen=True)
class ChapmanKolmogorov:
    """The test at one multiple of the lag.

    Attributes
    ----------
    multiple
        k.
    states
        Shape (k,), int64: the states, ascending.
    staying
        Observed and predicted.
    z, mean_z
        Shape (k,), float64, and the same of all states together: the differences in standard deviations of the
        bootstrap; NaN where there is no spread.
    differences, mean_difference
        Observed less predicted, of each state and of all together, each with its interval and null M1.
    """

    multiple: int
    states: Integers
    staying: Staying
    z: Numbers
    mean_z: float
    differences: tuple[Estimate, ...]
    mean_difference: Estimate


def check_chapman_kolmogorov(
    sequences: Sequences,
    *,
    lag: int = 1,
    multiples: tuple[int, ...] = (2, 3, 4, 5),
    milestoning: bool = False,
    draws: int,
    nulls: int,
    seed: int = 0,
) -> list[ChapmanKolmogorov]:
    """Compare transitions over several lags with as many transitions over one.

    z says how large the difference is beside its uncertainty over runs; p says whether first-order chains, one for each
    run with that run's own transitions, differ as much. Where z is large and p is not, runs differ from one another;
    where p is small, a run remembers more than its cluster.

    Parameters
    ----------
    sequences
        The runs of one group.
    lag, multiples
        Transitions over ``k lag`` steps are compared for each k of ``multiples``.
    milestoning
        Whether the last core visited stands in the place of outliers.
    draws, nulls, seed
        Of the bootstrap over runs and of null M1.
    """
    runs = as_asked(sequences, milestoning=milestoning)
    lags = (1, *multiples)
    counted = [count_transitions(runs, lag=lag * multiple) for multiple in lags]
    weights = resample_runs(sequences.runs, draws, seed)
    found, drawn = [each.pooled for each in counted], [each.weigh(weights) for each in counted]
    chance: list[list[Numbers]] = [[] for _ in lags]
    for surrogate in MARKOV.draw_all(sequences, nulls, seed):
        prepared = as_asked(surrogate, milestoning=milestoning)
        for each, multiple in zip(chance, lags, strict=True):
            each.append(count_pooled(prepared, counted[0].states, lag=lag * multiple))
    method = describe_method(sequences.runs, draws, MARKOV, nulls)
    tests = []
    for number, multiple in enumerate(multiples, start=1):
        null = compare_powers(np.array(chance[0]), np.array(chance[number]), multiple) if nulls else None
        staying = compare_powers(found[0], found[number], multiple)
        own = compare_powers(drawn[0], drawn[number], multiple)
        n_runs = int((np.diff(counted[number].counts.indptr) > 0).sum())
        tests.append(_put_together(multiple, counted[0].states, (staying, own, null), n_runs, method))
    return tests


def _put_together(
    multiple: int, states: Integers, measured: tuple[Staying, Staying, Staying | None], n_runs: int, method: str
) -> ChapmanKolmogorov:
    staying, own, null = measured
    nothing = np.empty((0, len(states)))
    chance = nothing if null is None else null.difference
    differences = [
        _estimate(staying.difference[state], own.difference[:, state], chance[:, state], n_runs, method)
        for state in range(len(states))
    ]
    mean = _estimate(
        float(staying.mean_difference),
        own.mean_difference,
        np.empty(0) if null is None else null.mean_difference,
        n_runs,
        method,
    )
    z = np.array([_standardise(staying.difference[state], own.difference[:, state]) for state in range(len(states))])
    mean_z = _standardise(float(staying.mean_difference), own.mean_difference)
    return ChapmanKolmogorov(multiple, states, staying, z, mean_z, tuple(differences), mean)


def _estimate(value: float, drawn: Numbers, chance: Numbers, n_runs: int, method: str) -> Estimate:
    if not np.isfinite(value):
        return no_estimate("no run is in the state so many steps before another", n_runs=n_runs)
    return make_estimate(value, drawn, chance, n_runs=n_runs, method=method, extreme="far", bounds=(-1.0, 1.0))


def _standardise(value: float, drawn: Numbers) -> float:
    known = drawn[np.isfinite(drawn)]
    spread = float(known.std(ddof=1)) if len(known) > 1 else 0.0
    return value / spread if spread > SMALLEST_SPREAD else np.nan
