"""The Chapman-Kolmogorov test: whether transitions over k lags look like k transitions over one.

For a Markov chain P(kτ) = P(τ)^k. What the clusters do not tell of a state makes runs stay longer, or come back sooner,
than that (Prinz et al. 2011, doi:10.1063/1.3565032). The chain is taken as it is: it is not made reversible, since
that would take its cycles away.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.markov_chain import known_kernel

Numbers = npt.NDArray[np.float64]


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
