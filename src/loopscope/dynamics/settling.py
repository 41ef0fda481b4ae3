"""How many runs settle, into what and how soon, with intervals over runs and with what surrogates give."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.absorption import Absorption, find_absorption
from loopscope.dynamics.medians import estimate_median
from loopscope.dynamics.nulls import Null, describe_method
from loopscope.dynamics.sequences import Sequences
from loopscope.dynamics.survival import count_by_time, estimate_survival, find_medians
from loopscope.statistics.estimate import Estimate, make_estimate, no_estimate
from loopscope.statistics.resampling import Runs, resample_runs

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SHARE_ABSORBED: Final = "share absorbed"
SHARE_AT_FIXED_POINT: Final = "share at a fixed point"
SHARE_IN_CYCLE: Final = "share in a cycle"
MEDIAN_ONSET: Final = "median onset"
QUANTITIES: Final = (SHARE_ABSORBED, SHARE_AT_FIXED_POINT, SHARE_IN_CYCLE, MEDIAN_ONSET)

TOO_SHORT: Final = "no run ends with two known steps: nothing can repeat"


class SurvivalEstimate(NamedTuple):
    """The share of runs not absorbed by the end of a step, and from how many that is known."""

    step: int
    n_at_risk: int
    n_absorbed: int
    estimate: Estimate


def draw_absorptions(sequences: Sequences, null: Null, nulls: int, seed: int) -> list[Absorption]:
    """Find absorption in surrogates, of all runs at once."""
    return [find_absorption(drawn) for drawn in null.draw_all(sequences, nulls, seed)]


def estimate_settling(
    found: Absorption, drawn: Sequence[Absorption], null: Null, group: npt.ArrayLike, *, draws: int, seed: int
) -> dict[str, Estimate]:
    """Estimate the quantities ``QUANTITIES`` of a group of runs.

    Parameters
    ----------
    found
        Of its runs; those that do not end with two known steps are left out.
    drawn, null
        Of surrogates of the same runs, and which they are.
    group
        Shape (number of runs,): what tells networks and prompts apart.
    draws, seed
        Of the bootstrap over runs.
    """
    judged = found.judged
    if not judged.any():
        return dict.fromkeys(QUANTITIES, no_estimate(TOO_SHORT, n_runs=0))
    kept = found.take(judged)
    surrogates = [each.take(judged) for each in drawn]
    runs = _runs(np.asarray(group)[judged])
    weights = resample_runs(runs, draws, seed)
    method = describe_method(runs, draws, null, len(drawn))
    of_nulls = [_settled(each) for each in surrogates]
    estimates = {
        name: _estimate_share(settled, [each[name] for each in of_nulls], weights, method)
        for name, settled in _settled(kept).items()
    }
    return {**estimates, MEDIAN_ONSET: _estimate_median(kept, surrogates, weights, method)}


def estimate_survival_curve(
    found: Absorption, drawn: Sequence[Absorption], null: Null, group: npt.ArrayLike, *, draws: int, seed: int
) -> list[SurvivalEstimate]:
    """Estimate, step by step, the share of a group of runs that is absorbed later (Kaplan and Meier 1958).

    Parameters are those of :func:`estimate_settling`.
    """
    judged = found.judged
    if not judged.any():
        return [SurvivalEstimate(0, 0, 0, no_estimate(TOO_SHORT, n_runs=0))]
    kept = found.take(judged)
    runs = _runs(np.asarray(group)[judged])
    method = describe_method(runs, draws, null, len(drawn))
    counts = _Counts.of(kept, int(kept.time.max()) + 1)
    survival, at_risk = counts.estimate()
    resampled = counts.weigh(resample_runs(runs, draws, seed))
    of_nulls = _survival_of_nulls([each.take(judged) for each in drawn], len(survival))
    curve = []
    for step, value in enumerate(survival):
        if np.isnan(value):
            estimate = no_estimate("no run was watched for so long without being absorbed", n_runs=len(kept.time))
        else:
            draw, chance = resampled[:, step], of_nulls[:, step]
            estimate = make_estimate(
                value, draw, chance, n_runs=len(kept.time), method=method, extreme="small", bounds=(0, 1)
            )
        curve.append(SurvivalEstimate(step, int(at_risk[step]), int(counts.absorbed[:, step].sum()), estimate))
    return curve


class _Counts(NamedTuple):
    """By run and step: shape (number of runs, steps), each row with a single 1 in one of the two."""

    absorbed: Numbers
    censored: Numbers

    @classmethod
    def of(cls, found: Absorption, steps: int) -> "_Counts":
        runs = np.arange(len(found.time))
        shape = (len(runs), steps)
        absorbed = found.absorbed
        return cls(
            count_by_time(found.time[absorbed], runs[absorbed], shape),
            count_by_time(found.time[~absorbed], runs[~absorbed], shape),
        )

    def estimate(self) -> tuple[Numbers, Numbers]:
        return estimate_survival(self.absorbed.sum(axis=0), self.censored.sum(axis=0))

    def weigh(self, weights: Integers) -> Numbers:
        exact = weights.astype(np.float64)
        return estimate_survival(exact @ self.absorbed, exact @ self.censored)[0]


def _runs(group: npt.NDArray[Any]) -> Runs:
    return Runs.of(np.arange(len(group)), group)


def _survival_of_nulls(drawn: Sequence[Absorption], steps: int) -> Numbers:
    """Shape (number of surrogates, steps); a surrogate may be watched for longer than the runs were."""
    longest = max([steps, *(int(each.time.max()) + 1 for each in drawn)])
    curves = [_pooled_curve(each, longest)[:steps] for each in drawn]
    return np.array(curves).reshape(len(curves), steps)


def _pooled_curve(found: Absorption, steps: int) -> Numbers:
    counts = (np.bincount(found.time[kept], minlength=steps) for kept in (found.absorbed, ~found.absorbed))
    return estimate_survival(*counts)[0]


def _settled(found: Absorption) -> dict[str, Flags]:
    return {
        SHARE_ABSORBED: found.absorbed,
        SHARE_AT_FIXED_POINT: found.period == 1,
        SHARE_IN_CYCLE: found.period > 1,
    }


def _estimate_share(happened: Flags, drawn: Sequence[Flags], weights: Integers, method: str) -> Estimate:
    n_runs = len(happened)
    share = float(happened.mean())
    estimate = make_estimate(
        share,
        weights @ happened / n_runs,
        [float(each.mean()) for each in drawn],
        n_runs=n_runs,
        method=method,
        bounds=(0, 1),
    )
    if n_runs < 2 or share not in (0, 1):
        return estimate
    # Clopper and Pearson 1934, where the bootstrap can say nothing
    lower, upper = (0.025 ** (1 / n_runs), 1.0) if share else (0.0, 1 - 0.025 ** (1 / n_runs))
    said = f"exact binomial interval, since all runs agree; {method.partition('; ')[2]}".removesuffix("; ")
    return replace(estimate, lower=lower, upper=upper, method=said)


def _estimate_median(found: Absorption, drawn: Sequence[Absorption], weights: Integers, method: str) -> Estimate:
    n_runs = len(found.time)
    counts = _Counts.of(found, int(found.time.max()) + 1)
    value = float(find_medians(counts.estimate()[0]))
    if not np.isfinite(value):
        return no_estimate("fewer than half of the runs settled within what was seen of them", n_runs=n_runs)
    medians = [float(find_medians(_pooled_curve(each, int(each.time.max()) + 1))) for each in drawn]
    resampled = find_medians(counts.weigh(weights))
    return estimate_median(value, resampled, medians, n_runs=n_runs, method=method, extreme="small")
