"""Survival: the share to which something has not happened yet, where not all could be watched to the end."""

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]


def estimate_survival(happened: npt.ArrayLike, censored: npt.ArrayLike) -> tuple[Numbers, Numbers]:
    """Estimate survival from counts (Kaplan and Meier 1958, doi:10.1080/01621459.1958.10501452).

    The share to which it happens at a time, of those to which it has not happened and who are still watched then, is
    multiplied up. Counts may be weighted, so that a bootstrap is a product of weights and counts.

    Parameters
    ----------
    happened
        Shape (..., n): to how many it happened at time 0, 1, …
    censored
        Shape (..., n): how many were seen for the last time then, without it having happened.

    Returns
    -------
    survival
        Shape (..., n), float64 in [0, 1]: S(t), the share to which it happens later than at t; NaN where nobody is
        watched any more, and 0 from where it has happened to all.
    at_risk
        Shape (..., n), float64: how many are watched at t to which it has not happened before.

    Examples
    --------
    >>> survival, at_risk = estimate_survival([0, 1, 0, 1], [0, 0, 1, 1])
    >>> survival.tolist(), at_risk.tolist()
    ([1.0, 0.75, 0.75, 0.375], [4.0, 4.0, 3.0, 2.0])
    """
    events = np.asarray(happened, dtype=np.float64)
    leaving = events + np.asarray(censored, dtype=np.float64)
    at_risk = np.cumsum(leaving[..., ::-1], axis=-1)[..., ::-1]
    staying = np.divide(at_risk - events, at_risk, out=np.ones_like(events), where=at_risk > 0)
    survival = np.cumprod(staying, axis=-1)
    return np.where((at_risk > 0) | (survival == 0), survival, np.nan), at_risk


def find_medians(survival: Numbers) -> Numbers:
    """Find the first time at which survival is one half or less.

    Parameters
    ----------
    survival
        Shape (..., n).

    Returns
    -------
    numpy.ndarray
        Shape (...,), float64: infinity where survival is known for the half to be reached nowhere.

    Examples
    --------
    >>> find_medians(np.array([[1.0, 0.5, 0.2], [1.0, 0.9, 0.8]])).tolist()
    [1.0, inf]
    """
    if not survival.shape[-1]:
        return np.full(survival.shape[:-1], np.inf)
    reached = survival <= 0.5
    return np.where(reached.any(axis=-1), reached.argmax(axis=-1), np.inf)


def count_by_time(times: npt.ArrayLike, owner: npt.ArrayLike, shape: tuple[int, int]) -> Numbers:
    """Count how often each time occurs for each owner.

    Parameters
    ----------
    times, owner
        Shape (n,): integers from 0.
    shape
        How many owners and how many times there are.

    Examples
    --------
    >>> count_by_time([0, 2, 2], [0, 1, 1], (2, 3)).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 2.0]]
    """
    places = np.asarray(owner, dtype=np.int64) * shape[1] + np.asarray(times, dtype=np.int64)
    return np.bincount(places, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)
