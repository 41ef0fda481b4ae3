"""Which of many points may have the smallest weighted sum of distances to all: by bounds, without a distance matrix."""

import numpy as np
import numpy.typing as npt

from loopscope.clustering.distances.bounds import Bounds, Frame
from loopscope.clustering.distances.kernels import kernel
from loopscope.clustering.distances.threads import Block, Workers
from loopscope.clustering.tree.edges import Floats, Indices
from loopscope.types import Vectors

COLUMNS = 2048
ROWS = 1024
LANES = 16
SUMMING = 1e-9
"""More than the sums of bounds lose by rounding, relative to them."""


def least_among_all(bounds: Bounds[np.float32], weights: Floats, workers: Workers) -> Indices:
    """Find the points that may have the smallest sum, by bounds in float32 and half of the distance matrix.

    Parameters
    ----------
    bounds
        Of n points.
    weights
        Shape (n,), float64, at least 0: how much the distance to each point counts.
    workers
        The threads that do it.

    Returns
    -------
    Indices
        In increasing order.
    """
    low, high = np.zeros(len(weights)), np.zeros(len(weights))
    for block in workers.products(bounds.rows, bounds.rows, half=True):
        later = slice(block.start, None)

        def add(first: int, last: int, block: Block = block, later: slice = later) -> tuple[Floats, Floats]:
            sums = np.zeros(len(weights) - block.start), np.zeros(len(weights) - block.start)
            _add_bounds(block.products, first, last, bounds.lower[later], bounds.upper[later], weights[later], *sums)
            return sums

        for shorter, longer in workers.each_chunk(block.end - block.start, add):
            low[later] += shorter
            high[later] += longer
    unit = 1 / bounds.scale
    return _may_be_least(low * unit, high * unit)


def least_among_some(points: Vectors, rows: Indices, frame: Frame, weights: Floats) -> Indices:
    """Find those of some points that may have the smallest sum over all points, by bounds in float64.

    Parameters
    ----------
    points
        Shape (n, dimension), float32.
    rows
        Those that may be it.
    frame
        That of the points.
    weights
        As of :func:`least_among_all`.
    """
    low, high = np.zeros(len(rows)), np.zeros(len(rows))
    for start in range(0, len(points), COLUMNS):
        columns = slice(start, start + COLUMNS)
        others = frame.bound(points[columns], np.float64)
        for first in range(0, len(rows), ROWS):
            some = slice(first, first + ROWS)
            ours = frame.bound(points[rows[some]], np.float64)
            products = ours.rows @ others.rows.T
            products *= -2
            for sums, one, other in ((low, ours.lower, others.lower), (high, ours.upper, others.upper)):
                squared = products + one[:, None]
                squared += other
                np.maximum(squared, 0, out=squared)
                sums[some] += np.sqrt(squared, out=squared) @ weights[columns]
    return rows[_may_be_least(low, high)]


def _may_be_least(low: Floats, high: Floats) -> Indices:
    return np.flatnonzero(low * (1 - SUMMING) <= high.min() * (1 + SUMMING))


@kernel
def _add_bounds(
    products: npt.NDArray[np.float32],
    first: int,
    last: int,
    lower: npt.NDArray[np.float32],
    upper: npt.NDArray[np.float32],
    weights: Floats,
    low: Floats,
    high: Floats,
) -> None:
    """Add the bounds of the distances from some points to all later ones to the sums of both ends."""
    count = len(weights)
    partial_low, partial_high = np.zeros(LANES), np.zeros(LANES)
    for point in range(first, last):
        partial_low[:] = 0
        partial_high[:] = 0
        begin = point + 1
        while begin < count:
            lanes = min(LANES, count - begin)
            for lane in range(lanes):
                other = begin + lane
                product = 2 * np.float64(products[point, other])
                shorter = np.sqrt(max(lower[point] + np.float64(lower[other]) - product, 0.0))
                longer = np.sqrt(max(upper[point] + np.float64(upper[other]) - product, 0.0))
                partial_low[lane] += weights[other] * shorter
                partial_high[lane] += weights[other] * longer
                low[other] += weights[point] * shorter
                high[other] += weights[point] * longer
            begin += lanes
        low[point] += partial_low.sum()
        high[point] += partial_high.sum()
