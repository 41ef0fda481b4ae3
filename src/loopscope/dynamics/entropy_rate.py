"""Entropy rate and predictability: how much the next step is open, given this one."""

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.markov_chain import MarkovChain

Numbers = npt.NDArray[np.float64]

HALVINGS = 60


def measure_entropy_rate(chain: MarkovChain) -> float:
    """Measure −Σ π P log₂ P, the entropy rate of the chain (Shannon 1948, doi:10.1002/j.1538-7305.1948.tb01338.x).

    It is that of the chain as observed: of few transitions too low, since what was never seen counts as impossible.

    Returns
    -------
    float
        Bits a step, from 0 to log₂ of the number of states; NaN where the chain has not one stationary law.

    Examples
    --------
    The golden mean shift, in which no 1 follows a 1, has log₂ of the golden ratio.

    >>> golden = (1 + 5**0.5) / 2
    >>> chain = MarkovChain.of(np.array([[1 / golden, 1 / golden**2], [1.0, 0.0]]))
    >>> round(measure_entropy_rate(chain), 3)
    0.694
    """
    if chain.why_not_one_law:
        return np.nan
    kernel = chain.kernel
    bits = np.zeros_like(kernel)
    np.log2(kernel, out=bits, where=kernel > 0)
    return float(-(np.nan_to_num(chain.stationary)[:, None] * kernel * bits).sum()) + 0.0


def bound_predictability(bits: float, n_states: int) -> float:
    """Bound how often the best of all predictors is right, by Fano's inequality.

    It solves h = H(Π) + (1 − Π) log₂ (N − 1) for Π (Song, Qu, Blumm and Barabási 2010, doi:10.1126/science.1177170).

    Parameters
    ----------
    bits
        The entropy rate h, in bits a step; NaN gives NaN.
    n_states
        N, how many states there are.

    Returns
    -------
    float
        From 1/N to 1.

    Examples
    --------
    >>> bound_predictability(1.0, 2), bound_predictability(0.0, 7), round(bound_predictability(1.0, 4), 3)
    (0.5, 1.0, 0.811)
    """
    if np.isnan(bits) or n_states < 1:
        return np.nan
    if n_states == 1 or bits <= 0:
        return 1.0
    if bits >= np.log2(n_states):
        return 1 / n_states
    low, high = 1 / n_states, 1.0  # between which the right side falls
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        missed = 1 - middle
        entropy = -middle * np.log2(middle) - (missed * np.log2(missed) if missed else 0.0)
        if entropy + missed * np.log2(n_states - 1) > bits:
            low = middle
        else:
            high = middle
    return (low + high) / 2
