"""Sliding-window persistence: whether a trajectory goes round in a loop, in the order in which it was walked."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loopscope.statistics.resampling import Runs, shuffle_within_runs
from loopscope.topology.diagrams import Numbers, persistence_of_distances

WINDOW = 8
MOST_WINDOWS = 200
FEWEST_WINDOWS = 4
"""Fewer points have no loop."""
STILL = 1e-10
"""A window whose vectors differ by less, squared and summed, stands still: it has no direction."""
CIRCLE = np.sqrt(3.0)
"""How long the loop of a full circle of unit radius lives, at most."""


@dataclass(frozen=True)
class WindowScore:
    """How much a trajectory is a loop.

    Attributes
    ----------
    score
        In [0, 1]: 1 for a smooth closed loop, near 0 where there is none; NaN where there are too few windows.
    window
        How many steps a window has.
    n_windows
        How many windows were compared.
    null
        Shape (number of nulls,): the same of shuffled orders.
    reason
        Why there is no score; None where there is one.
    """

    score: float
    window: int
    n_windows: int
    null: Numbers
    reason: str | None = None


def score_sliding_windows(
    vectors: npt.ArrayLike,
    *,
    window: int = WINDOW,
    most_windows: int = MOST_WINDOWS,
    nulls: int = 0,
    seed: int = 0,
) -> WindowScore:
    """Score the loop that the windows of a trajectory make.

    Every stretch of ``window`` steps is one point: its vectors side by side, less their mean, brought to unit length.
    The score is the length of the longest bar of dimension 1 of these points, as a share of √3, a circle's (Perea and
    Harer 2015, doi:10.1007/s10208-014-9206-z; for vectors Tralie and Perea 2018, doi:10.1137/17M1150736).

    Parameters
    ----------
    vectors
        Shape (n, dimension), in the order of the steps.
    window
        At least 2; best about as long as a period.
    most_windows
        Of more windows, as many evenly spaced ones are taken.
    nulls
        How often the steps are shuffled (null S).
    seed
        The same seed gives the same shuffles.

    Examples
    --------
    >>> angles = 2 * np.pi * np.arange(60) / 20
    >>> found = score_sliding_windows(np.column_stack([np.cos(angles), np.sin(angles)]), window=10)
    >>> found.score > 0.7, found.n_windows
    (True, 51)
    """
    if window < 2:
        raise ValueError(f"found a window of {window} steps; expected at least 2: one step has no order")
    if most_windows < FEWEST_WINDOWS:
        raise ValueError(f"found at most {most_windows} windows; expected at least {FEWEST_WINDOWS}")
    points = np.asarray(vectors, dtype=np.float64)
    n_windows = len(points) - window + 1
    if n_windows < FEWEST_WINDOWS:
        least = window + FEWEST_WINDOWS - 1
        reason = f"{len(points)} steps are too few for windows of {window}: at least {least}"
        return WindowScore(np.nan, window, max(n_windows, 0), np.empty(0), reason)
    centred = points - points.mean(axis=0)
    products = centred @ centred.T
    starts = np.unique(np.linspace(0, n_windows - 1, min(n_windows, most_windows)).round().astype(np.int64))
    random = np.random.default_rng(seed)
    runs = Runs(np.zeros(len(points), dtype=np.int64), np.zeros(1, dtype=np.int64))
    null = np.empty(nulls)
    for number in range(nulls):
        order = shuffle_within_runs(runs, random)
        null[number] = _score(products[np.ix_(order, order)], window, starts)
    return WindowScore(_score(products, window, starts), window, len(starts), null)


def _score(products: Numbers, window: int, starts: npt.NDArray[np.int64]) -> float:
    """Score from the inner products of all steps: windows need no other knowledge of the vectors."""
    inner = _window_products(products, window, starts)
    squares = np.diagonal(inner).copy()
    moving = squares > STILL
    scale = np.where(moving, 1 / np.sqrt(np.where(moving, squares, 1.0)), 0.0)
    unit = inner * scale[:, None] * scale[None, :]
    lengths = moving.astype(np.float64)
    squared = lengths[:, None] + lengths[None, :] - (unit + unit.T)  # symmetric to the last digit, as gudhi needs it
    np.fill_diagonal(squared, 0.0)
    _, loops = persistence_of_distances(np.sqrt(np.clip(squared, 0.0, None)))
    return min(float((loops[:, 1] - loops[:, 0]).max(initial=0.0)) / float(CIRCLE), 1.0)


def _window_products(products: Numbers, window: int, starts: npt.NDArray[np.int64]) -> Numbers:
    """Give the inner products of windows less their means: shape (number of windows, number of windows)."""
    rows, columns = starts[:, None], starts[None, :]
    aligned = sum((products[rows + step, columns + step] for step in range(window)), np.zeros((1, 1)))
    across = sum((products[starts + step] for step in range(window)), np.zeros((1, 1)))
    means = sum((across[:, starts + step] for step in range(window)), np.zeros((1, 1))) / window
    return np.asarray(aligned - means)
