"""What a divergence curve says: where it begins, where it ends, and how fast it gets there."""

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.divergence import SAME, PairCurves
from loopscope.dynamics.relaxation import FEWEST_STEPS, Relaxation, fit_relaxation
from loopscope.statistics.estimate import Estimate, make_estimate, no_estimate

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SATURATED: Final = 0.05
"""A curve is saturated where the fit has come so near to D²∞, as a share of it."""
LEAST_R2: Final = 0.5
"""A curve of which an exponential explains less than this has no relaxation time."""


@dataclass(frozen=True)
class DivergenceEstimates:
    """The numbers of one kind of pairs in one group of runs.

    Attributes
    ----------
    d2_first, d2_last
        D² at the first step, and the mean over the last quarter of the steps.
    tau, d2_0, d2_inf, r2
        Of the fitted relaxation D²(t) = D²∞ − (D²∞ − D²0) e^(−t/τ); τ in steps.
    fitted
        Shape (steps,), float64: the fitted curve; NaN where there is no fit.
    saturated
        Shape (steps,), bool: where the fit is within 5 % of D²∞; everywhere, where the curve begins saturated.
    """

    d2_first: Estimate
    d2_last: Estimate
    tau: Estimate
    d2_0: Estimate
    d2_inf: Estimate
    r2: Estimate
    fitted: Floats
    saturated: Flags


def estimate_divergence(curves: PairCurves) -> DivergenceEstimates:
    """Fit a relaxation to D²(t), and to every curve of the bootstrap and of the null.

    Parameters
    ----------
    curves
        As `measure_divergence` gives them; where several generators take turns, those of one turn.

    Returns
    -------
    DivergenceEstimates
        τ and what comes with it only where the curve comes to a plateau within the steps seen.

    Notes
    -----
    Of an Ornstein-Uhlenbeck process with rate θ, D² grows towards its plateau at twice the rate: τ = 1/(2θ).
    """
    known = ~np.isnan(curves.d2)
    n_runs = int(curves.n_runs.max(initial=0))
    if not known.any():
        absent = "no two runs of one prompt" if curves.kind == SAME else "no two runs of one network differ in prompt"
        return _nothing(no_estimate(absent, n_runs=n_runs), len(known))
    t = curves.t[known].astype(np.float64)
    d2, draws, null = (values[..., known] for values in (curves.d2, curves.draws, curves.null))
    quarter = max(1, len(t) // 4)
    first = _estimate(curves, d2[0], draws[:, 0], null[:, 0])
    last = _estimate(curves, d2[-quarter:].mean(), draws[:, -quarter:].mean(axis=1), null[:, -quarter:].mean(axis=1))
    fit = fit_relaxation(d2[None], t)
    reason, begins_saturated = _why_no_relaxation(fit, d2, t)
    if reason is not None:
        nothing = _nothing(no_estimate(reason, n_runs=n_runs), len(known))
        return replace(nothing, d2_first=first, d2_last=last, saturated=known & begins_saturated)
    fitted = np.full(len(known), np.nan)
    fitted[known] = fit.at(t - t[0])[0]
    drawn, chance = fit_relaxation(draws, t), _relaxing(fit_relaxation(null, t))
    saturated = np.abs(fitted - fit.last[0]) <= SATURATED * fit.last[0]
    return DivergenceEstimates(
        first,
        last,
        _exponential(_estimate(curves, np.log(fit.tau[0]), np.log(drawn.tau), np.log(chance.tau), "far")),
        _estimate(curves, fit.first[0], drawn.first, chance.first),
        _estimate(curves, fit.last[0], drawn.last, chance.last),
        _estimate(curves, fit.r2[0], drawn.r2, fit_relaxation(null, t).r2, "large"),
        fitted,
        saturated,
    )


def _why_no_relaxation(fit: Relaxation, d2: Floats, t: Floats) -> tuple[str | None, bool]:
    """Say why a fit means nothing, if it does not, and whether it is because the curve begins at its plateau."""
    if len(t) < FEWEST_STEPS:
        return f"only {len(t)} step{'s' * (len(t) != 1)} with a pair; a relaxation time needs {FEWEST_STEPS}", False
    plateau = d2[-max(1, len(d2) // 4) :].mean()
    if plateau == 0:
        return "all pairs end in one and the same point", False
    if np.isnan(fit.r2[0]) or np.abs(d2[: max(1, len(d2) // 10)].mean() - plateau) <= SATURATED * plateau:
        return "the pairs begin as far apart as they end: nothing relaxes", True
    if fit.r2[0] < LEAST_R2:
        return f"an exponential explains only {100 * fit.r2[0]:.0f} % of the curve's variance", False
    if fit.tau[0] > t[-1] - t[0] or fit.last[0] <= 0:
        return f"no plateau within {len(t)} steps: it lies outside what was seen", False
    return None, False


def _relaxing(fit: Relaxation) -> Relaxation:
    """Keep the fits of permuted curves that relax; none where fewer than half do."""
    relaxes = fit.r2 >= LEAST_R2
    if relaxes.mean() < 0.5 if len(relaxes) else True:
        relaxes[:] = False
    return Relaxation(fit.first[relaxes], fit.last[relaxes], fit.tau[relaxes], fit.r2[relaxes])


def _estimate(
    curves: PairCurves,
    value: float,
    draws: Floats,
    null: Floats,
    extreme: Literal["large", "small", "far"] | None = None,
) -> Estimate:
    chosen = extreme or ("small" if curves.kind == SAME else "large")
    bounds = (-np.inf, np.inf) if extreme == "far" else (0.0, 1.0 if extreme == "large" else np.inf)
    method = curves.method
    if not len(null) and len(curves.null):
        method = f"{method.split('; null')[0]}; no null: with prompts permuted, most curves do not relax"
    n_runs = int(curves.n_runs.max())
    return make_estimate(value, draws, null, n_runs=n_runs, method=method, extreme=chosen, bounds=bounds)


def _exponential(estimate: Estimate) -> Estimate:
    """Turn the estimate of a logarithm back."""
    return replace(
        estimate,
        estimate=float(np.exp(estimate.estimate)),
        lower=float(np.exp(estimate.lower)),
        upper=float(np.exp(estimate.upper)),
        null_mean=float(np.exp(estimate.null_mean)),
        null_lower=float(np.exp(estimate.null_lower)),
        null_upper=float(np.exp(estimate.null_upper)),
    )


def _nothing(nothing: Estimate, n_steps: int) -> DivergenceEstimates:
    return DivergenceEstimates(*(nothing,) * 6, np.full(n_steps, np.nan), np.zeros(n_steps, dtype=np.bool_))
