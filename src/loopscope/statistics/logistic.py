"""Logistic regression with weights: small, since a bootstrap fits it hundreds of times from a good start."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

RIDGE = 1.0
"""The penalty on half the squared coefficients: a property that nothing but outliers have has a finite coefficient."""
MOST_STEPS = 25
LONGEST_STEP = 5.0
ENOUGH = 1e-8
LARGEST_ODDS = 35.0


def fit_logistic(design: Floats, outcome: Flags, weights: Floats, start: Floats | None = None) -> Floats:
    """Fit a logistic regression by Newton's method; all coefficients but the first have a ridge penalty of 1/2.

    Parameters
    ----------
    design
        Shape (n, p), float64; the first column is of ones.
    outcome
        Shape (n,), bool.
    weights
        Shape (n,), float64: how much each row counts.
    start
        Shape (p,): where to begin.

    Returns
    -------
    numpy.ndarray
        Shape (p,), float64: those of scikit-learn's ``LogisticRegression()``.

    Examples
    --------
    >>> design = np.array([[1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [1.0, 1.0]])
    >>> fit_logistic(design, np.array([False, True, True, True]), np.ones(4)).round(3).tolist()
    [1.184, 0.583]
    """
    coefficients = np.zeros(design.shape[1]) if start is None else start.copy()
    penalty = np.full(design.shape[1], RIDGE)
    penalty[0] = 0.0
    for _ in range(MOST_STEPS):
        odds = np.clip(design @ coefficients, -LARGEST_ODDS, LARGEST_ODDS)
        probability = 1 / (1 + np.exp(-odds))
        gradient = design.T @ (weights * (probability - outcome)) + penalty * coefficients
        curvature = (design * (weights * probability * (1 - probability))[:, None]).T @ design + np.diag(penalty)
        curvature[0, 0] += 1e-9  # where every drawn embedding is an outlier
        step = np.linalg.solve(curvature, gradient)
        longest = float(np.abs(step).max())
        coefficients -= step * min(1.0, LONGEST_STEP / max(longest, ENOUGH))
        if longest < ENOUGH:
            break
    return coefficients
