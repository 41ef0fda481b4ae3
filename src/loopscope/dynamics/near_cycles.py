"""Near-cycles: how much each step is like the one p steps before (Wang et al. 2025, arXiv 2502.15208).

τ(p) = 1 − mean of d(x(t), x(t − p)) over the steps of a run, with a distance d in [0, 1]. Between symbols d is 0 or 1.
Between vectors it is (1 − cos)/2: 0 for the same direction, 1/2 for orthogonal ones, 1 for opposite ones. A cycle of
period p gives τ(p) = 1, and so does a fixed point for every p: a near-cycle of period 2 has a high τ(2) and a low τ(1).
Wang et al. compare texts by their normalised edit distance, with p = 2. Of several runs τ is the mean, each counting
once.

The null is S, the same steps in any order: what the steps of a run have in common raises τ at all p alike.
"""

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.nulls import SHUFFLED, describe_method
from loopscope.dynamics.sequences import MISSING, Sequences
from loopscope.statistics.estimate import Estimate, make_estimate, no_estimate
from loopscope.statistics.resampling import Runs, resample_runs
from loopscope.types import Vectors

Numbers = npt.NDArray[np.float64]


def measure_symbols(sequences: Sequences, max_period: int) -> Numbers:
    """Measure τ of every run of symbols.

    Parameters
    ----------
    max_period
        The largest p, from 1.

    Returns
    -------
    numpy.ndarray
        Shape (number of runs, max_period), float64 in [0, 1]: in column p − 1 is τ(p); NaN where no two known steps are
        so far apart.

    Examples
    --------
    >>> measure_symbols(Sequences.of([[4, 7, 4, 7, 4], [1, 1, 1]]), 3).tolist()
    [[0.0, 1.0, 0.0], [1.0, 1.0, nan]]
    """
    from loopscope.dynamics.lags import count_agreements

    agreeing, compared = np.zeros((2, sequences.n_runs, max_period), dtype=np.int64)
    count_agreements(sequences.symbols, sequences.starts, MISSING, agreeing, compared)
    return np.asarray(np.divide(agreeing, compared, out=np.full(agreeing.shape, np.nan), where=compared > 0))


def measure_shuffled_symbols(sequences: Sequences, max_period: int, *, nulls: int, seed: int) -> Numbers:
    """Measure τ of shuffled runs: shape (nulls, number of runs, max_period)."""
    drawn = [measure_symbols(each, max_period) for each in SHUFFLED.draw_all(sequences, nulls, seed)]
    return np.array(drawn).reshape(nulls, sequences.n_runs, max_period)


def measure_vectors(
    vectors: Vectors, known: npt.NDArray[np.bool_], max_period: int, *, nulls: int, random: np.random.Generator
) -> tuple[Numbers, Numbers]:
    """Measure τ of one run of vectors, and of its steps in random orders.

    Parameters
    ----------
    vectors
        Shape (n, dimension), of any length but 0 where known.
    known
        Shape (n,): whether a step has a vector; one that has none stays at its place.
    max_period
        The largest p, from 1.
    nulls, random
        How often the steps are shuffled, and where the orders come from.

    Returns
    -------
    tau
        Shape (max_period,), float64 in [0, 1]; NaN where no two known steps are so far apart.
    shuffled
        Shape (nulls, max_period), float64.

    Examples
    --------
    >>> there_and_back = np.array([[1, 0], [0, 1], [1, 0], [0, 1]], dtype=np.float32)
    >>> random = np.random.default_rng(0)
    >>> measure_vectors(there_and_back, np.ones(4, dtype=bool), 2, nulls=0, random=random)[0].tolist()
    [0.5, 1.0]
    """
    from loopscope.dynamics.lags import add_products

    exact = vectors[known].astype(np.float64)
    exact /= np.linalg.norm(exact, axis=1, keepdims=True)
    products = exact @ exact.T
    order = np.where(known, np.cumsum(known) - 1, -1)
    pairs = np.array([float((known[lag:] & known[:-lag]).sum()) for lag in range(1, max_period + 1)])
    totals = np.zeros((1 + nulls, max_period))
    add_products(products, order, totals[0])
    for draw in range(1, 1 + nulls):
        order[known] = random.permutation(len(exact))
        add_products(products, order, totals[draw])
    cosine = np.divide(totals, pairs, out=np.full(totals.shape, np.nan), where=pairs > 0)
    tau = np.clip((1 + cosine) / 2, 0, 1)
    return tau[0], tau[1:]


def estimate_near_cycles(
    tau: Numbers, shuffled: Numbers, group: npt.ArrayLike, *, draws: int, seed: int
) -> list[Estimate]:
    """Estimate τ(1), τ(2), … of a group of runs.

    Parameters
    ----------
    tau
        Shape (number of runs, largest period).
    shuffled
        Shape (nulls, number of runs, largest period): the same of shuffled runs.
    group
        Shape (number of runs,): what tells networks and prompts apart.
    draws, seed
        Of the bootstrap over runs.
    """
    groups = np.asarray(group)
    estimates = []
    for column in range(tau.shape[1]):
        long = np.isfinite(tau[:, column])
        n_runs = int(long.sum())
        if not n_runs:
            estimates.append(no_estimate(f"no run has two steps that are {column + 1} apart", n_runs=0))
            continue
        runs = Runs.of(np.arange(n_runs), groups[long])
        values = tau[long, column]
        estimates.append(
            make_estimate(
                float(values.mean()),
                resample_runs(runs, draws, seed) @ values / n_runs,
                shuffled[:, long, column].mean(axis=1),
                n_runs=n_runs,
                method=describe_method(runs, draws, SHUFFLED, len(shuffled)),
                bounds=(0, 1),
            )
        )
    return estimates
