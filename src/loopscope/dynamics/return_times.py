"""Return times: after how many steps a run is in a cluster again.

There is a gap for each visit, a visit being one step: 1 where the run stays. After the last visit the gap is censored:
it is known to be longer than what was left of the run.

How often a cluster is visited fixes the mean: in a stationary chain it is one over the share of steps that the cluster
has (Kac 1947, doi:10.1090/S0002-9904-1947-08927-8). All surrogates keep that share, so that none says anything of the
mean. What they test is the dispersion and the median: whether visits come in bursts.
"""

from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Final

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.durations import (
    AREA,
    DISPERSION,
    MEDIAN,
    DurationEstimate,
    Durations,
    Kind,
    estimate_durations,
)
from loopscope.dynamics.nulls import MARKOV, SHUFFLED, describe_method
from loopscope.dynamics.sequences import MISSING, Sequences
from loopscope.dynamics.survival import count_by_time
from loopscope.statistics.estimate import INTERVAL, Estimate, make_estimate
from loopscope.statistics.resampling import resample_runs

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

INVERSE_SHARE: Final = "one over the share of steps"

COMPARED: Final = {AREA: (None,), MEDIAN: (SHUFFLED, MARKOV), DISPERSION: (SHUFFLED, MARKOV)}


@dataclass(frozen=True)
class Returns:
    """Gaps between visits, one for each known step, in trajectory order.

    Attributes
    ----------
    symbol, run
        Shape (n,), int64: the cluster, and the number of the run.
    place
        Shape (n,), int64: where the visit is among the symbols of all runs.
    gap
        Shape (n,), int64: steps to the next visit, from 1; where that is not seen, the steps for which it was waited.
    censored
        Shape (n,), bool: whether it is not seen.
    """

    symbol: Integers
    run: Integers
    place: Integers
    gap: Integers
    censored: Flags


def find_returns(sequences: Sequences) -> Returns:
    """Find the gap after every visit.

    Parameters
    ----------
    sequences
        Of any symbols; the outlier is one like any other.

    Examples
    --------
    >>> returns = find_returns(Sequences.of([[0, 1, 1, 0, 2]]))
    >>> returns.gap.tolist()
    [3, 1, 2, 1, 0]
    >>> returns.censored.tolist()
    [False, False, True, True, True]
    """
    from loopscope.dynamics.timing import list_returns

    run, gap, returned = list_returns(sequences.symbols, sequences.starts, MISSING)
    place = np.flatnonzero(sequences.symbols != MISSING)
    return Returns(sequences.symbols[place], run[place], place, gap[place], ~returned[place])


def find_durations(sequences: Sequences) -> Durations:
    """Find every gap as a duration."""
    found = find_returns(sequences)
    return Durations(found.symbol, found.run, found.gap, ~found.censored, np.ones(len(found.gap), dtype=np.bool_))


def estimate_return_times(
    sequences: Sequences, *, draws: int = 200, nulls: int = 99, seed: int = 0
) -> list[DurationEstimate]:
    """Estimate mean, median and dispersion of the returns to each cluster, and one over its share of all steps.

    Parameters are those of :func:`loopscope.dynamics.dwell_times.estimate_dwell_times`.

    Examples
    --------
    >>> found = estimate_return_times(Sequences.of([[0, 1, 0, 1, 0, 1, 0, 1]]), nulls=0)
    >>> [(each.symbol, each.quantity, each.estimate.estimate) for each in found if each.null is None][:2]
    [(0, 'mean (Kaplan-Meier)', 2.0), (0, 'one over the share of steps', 2.0)]
    """
    from loopscope.dynamics.timing import count_returns

    kind = Kind(find_durations, count_returns, COMPARED, "returns", "never seen to come back")
    found = estimate_durations(sequences, kind, draws=draws, nulls=nulls, seed=seed)
    if found[0].symbol is None:
        return [*found, found[0]._replace(quantity=INVERSE_SHARE, null=None)]
    return sorted([*found, *_estimate_inverse_shares(sequences, draws, seed)], key=attrgetter("symbol"))


def _estimate_inverse_shares(sequences: Sequences, draws: int, seed: int) -> list[DurationEstimate]:
    known = sequences.symbols != MISSING
    symbols, number = np.unique(sequences.symbols[known], return_inverse=True)
    visits = count_by_time(number, sequences.run[known], (sequences.n_runs, len(symbols)))
    steps = visits.sum(axis=1, keepdims=True)
    weights = resample_runs(sequences.runs, draws, seed).astype(np.float64)
    total = weights @ steps
    drawn = np.divide(weights @ visits, total, out=np.full((len(weights), len(symbols)), np.nan), where=total > 0)
    method = describe_method(sequences.runs, draws)
    estimates = []
    for column, symbol in enumerate(symbols.tolist()):
        n_visits, visiting = int(visits[:, column].sum()), int((visits[:, column] > 0).sum())
        value = float(n_visits / steps.sum())
        share = make_estimate(value, drawn[:, column], [], n_runs=visiting, method=method, bounds=(0, 1))
        unvisited = float((drawn[:, column] == 0).mean()) if len(drawn) else 0.0
        inverse = _invert(share, endless=100 * unvisited >= INTERVAL[0])
        estimates.append(DurationEstimate(symbol, INVERSE_SHARE, None, n_visits, 0, inverse))
    return estimates


def _invert(share: Estimate, *, endless: bool) -> Estimate:
    """Turn a share into one over it, and the ends of its interval with it; where the share may be 0 there is no end."""
    method = f"{share.method}; no upper end: the share may be 0" if endless or share.lower == 0 else share.method
    upper = np.nan if endless or share.lower == 0 else 1 / share.lower
    return replace(share, estimate=1 / share.estimate, lower=1 / share.upper, upper=upper, method=method)
