"""How far two persistence diagrams are apart: W1 and bottleneck by Hera, W2 by optimal transport.

A distance matches bars to bars, or to the diagonal, so as to move as little as possible: where bars lie counts, not
their lengths alone. The ground metric, in which one bar moves to another, is L∞ on (birth, death): the larger of both
changes; a bar of length l is l / 2 from the diagonal. Bars that never end are matched among themselves by birth; where
one diagram has more of them than the other, the distance is infinite.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from loopscope.topology.diagrams import Numbers

ORDERS = (1.0, 2.0, np.inf)
GROUND_METRIC = "L∞ on (birth, death)"
_RELATIVE_ERROR = 1e-9


@dataclass(frozen=True)
class DiagramDistance:
    """The distance between the bars of one dimension of two diagrams.

    Attributes
    ----------
    distance
        At least 0; infinite where one has more bars that never end.
    order
        1 or 2 of Wasserstein; infinity is the bottleneck distance.
    ground_metric
        In which one bar is apart from another.
    n_essential
        How many pairs of bars that never end were matched by birth.
    """

    distance: float
    order: float
    ground_metric: str
    n_essential: int


def name_order(order: float) -> str:
    """Name a distance.

    Raises
    ------
    ValueError
        If there is none of this order.

    Examples
    --------
    >>> name_order(1), name_order(np.inf)
    ('Wasserstein W1', 'bottleneck')
    """
    if order not in ORDERS:
        raise ValueError(f"found the order {order}; expected 1 or 2, or infinity for the bottleneck distance")
    return "bottleneck" if order == np.inf else f"Wasserstein W{order:.0f}"


def measure_distance(a: Numbers, b: Numbers, *, order: float = 1.0) -> DiagramDistance:
    """Measure the distance between the bars of one dimension of two diagrams.

    Parameters
    ----------
    a, b
        Shape (number of bars, 2): birth and death.
    order
        1 or 2 for the Wasserstein distance (the order-th root of the sum of moves to that power), infinity for the
        bottleneck distance (the largest move).

    Returns
    -------
    DiagramDistance
        W1 to nine digits, the others exact (Kerber, Morozov and Nigmetov 2017, doi:10.1145/3064175).

    Raises
    ------
    ValueError
        If there is no distance of this order.

    Examples
    --------
    >>> far = measure_distance(np.array([[0, 0.1]]), np.array([[0.8, 0.9]]))
    >>> round(far.distance, 9), far.ground_metric
    (0.1, 'L∞ on (birth, death)')
    """
    name_order(order)
    never_a, never_b = (np.sort(each[np.isinf(each[:, 1]), 0]) for each in (a, b))
    if len(never_a) != len(never_b):
        return DiagramDistance(np.inf, order, GROUND_METRIC, min(len(never_a), len(never_b)))
    moves = np.append(np.abs(never_a - never_b), _measure_finite(_keep_finite(a), _keep_finite(b), order))
    distance = moves.max() if order == np.inf else float((moves**order).sum() ** (1 / order))
    return DiagramDistance(float(distance), order, GROUND_METRIC, len(never_a))


def measure_all_distances(bars: Sequence[Numbers], *, order: float = 1.0, workers: int = 1) -> Numbers:
    """Measure the distances between every two diagrams.

    Parameters
    ----------
    bars
        The bars of one dimension of each, shape (number of bars, 2).
    order
        As in :func:`measure_distance`.
    workers
        Threads; Hera lets them run side by side.

    Returns
    -------
    numpy.ndarray
        Shape (number of diagrams, number of diagrams), symmetric, 0 on the diagonal.
    """
    name_order(order)
    pairs = list(combinations(range(len(bars)), 2))
    distances = np.zeros((len(bars), len(bars)))
    with ThreadPoolExecutor(max(workers, 1)) as pool:
        found = pool.map(lambda pair: measure_distance(bars[pair[0]], bars[pair[1]], order=order).distance, pairs)
        for (one, other), distance in zip(pairs, found, strict=True):
            distances[one, other] = distances[other, one] = distance
    return distances


def _keep_finite(bars: Numbers) -> Numbers:
    """Leave out what never ends, and what is empty: it lies on the diagonal already."""
    return bars[np.isfinite(bars[:, 1]) & (bars[:, 1] > bars[:, 0])]


def _measure_finite(a: Numbers, b: Numbers, order: float) -> float:
    if not len(a) and not len(b):
        return 0.0
    if order == np.inf:
        from gudhi.hera import bottleneck_distance

        return float(bottleneck_distance(a, b, delta=0.0))
    if order == 1:
        from gudhi.hera import wasserstein_distance

        return float(wasserstein_distance(a, b, order=1.0, internal_p=np.inf, delta=_RELATIVE_ERROR))
    from gudhi.wasserstein import wasserstein_distance as transport

    return float(transport(a, b, order=order, internal_p=np.inf))
