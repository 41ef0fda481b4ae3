"""The nearest neighbours of vectors and their core distances, exact, by blocks of rows of the distance matrix.

Each vector keeps its nearest neighbours so far. Only what may be nearer than the farthest of them, by a lower bound
from the matrix product, is measured exactly. Among themselves vectors need half of the distance matrix: its rows are
searched, and its columns.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from loopscope.clustering.distances.bounds import Bounds
from loopscope.clustering.distances.column_runs import RUN, above, fill_nearest
from loopscope.clustering.distances.exact import squared_distance
from loopscope.clustering.distances.kernels import kernel
from loopscope.clustering.distances.threads import Block, Workers
from loopscope.clustering.tree.edges import Floats, Indices
from loopscope.types import Vectors

COLUMNS = 512
"""The columns of a block that a thread takes at a time."""


@dataclass(frozen=True)
class Neighbours:
    """The nearest neighbours of each of some vectors among n others.

    Attributes
    ----------
    rows
        Shape (vectors, kept), int64: the nearest first; a vector that is searched among itself comes first.
    squared
        Shape (vectors, kept), float64: their squared distances.
    core_squared
        Shape (vectors,), float64: the squared core distance, within which there are ``min_samples`` rows; infinity
        where there are fewer.
    """

    rows: npt.NDArray[np.int64]
    squared: npt.NDArray[np.float64]
    core_squared: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Points:
    """Vectors, the bounds of their distances, and how many rows each of them stands for."""

    vectors: Vectors
    bounds: Bounds[np.float32]
    counts: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """Count the vectors."""
        return len(self.vectors)

    def take(self, rows: npt.NDArray[np.int64]) -> "Points":
        """Give some of the points, in the order asked for."""
        return Points(self.vectors[rows], self.bounds.take(rows), self.counts[rows])


def find_neighbours(
    queries: Points,
    points: Points,
    *,
    min_samples: int,
    kept: int,
    workers: Workers,
    progress: Callable[[float], None] | None = None,
) -> Neighbours:
    """Find the nearest points of each query, and the distance within which ``min_samples`` rows lie.

    Parameters
    ----------
    queries, points
        What is searched for and among what; may be the same.
    min_samples
        A number of rows, at least 1: each point counts as often as its ``counts`` says.
    kept
        How many neighbours are given, at least 1; fewer where there are fewer points.
    workers
        The threads that do it.
    progress
        Told the share that is done.
    """
    width = min(len(points), max(kept, min_samples))
    found = _Found(np.full((len(queries), width), -1), np.full((len(queries), width), np.inf))
    itself = queries is points
    for block in workers.products(queries.bounds.rows, points.bounds.rows, half=itself):
        _search_rows(queries, points, block, block.start if itself else 0, found, workers)
        if itself:
            _search_columns(points, block, found, workers)
        if progress:
            left = 1 - block.end / len(queries)
            progress(1 - left**2 if itself else 1 - left)
    core_squared = np.empty(len(queries))
    _measure_cores(found.rows, found.squared, points.counts, min_samples, core_squared)
    return Neighbours(found.rows[:, :kept], found.squared[:, :kept], core_squared)


class _Found(NamedTuple):
    """The nearest so far, of each query: rows and squared distances, the nearest first."""

    rows: Indices
    squared: Floats

    def part(self, rows: slice) -> "_Found":
        """Give those of some queries, in the same memory."""
        return _Found(self.rows[rows], self.squared[rows])


def _search_rows(queries: Points, points: Points, block: Block, start: int, found: _Found, workers: Workers) -> None:
    """Search for the queries of a block among the points from ``start`` on."""

    def search(first: int, last: int) -> None:
        chunk = slice(block.start + first, block.start + last)
        _search(
            block.products[first:last],
            queries.vectors[chunk],
            queries.bounds.lower[chunk],
            start,
            points.vectors,
            points.bounds.lower,
            points.bounds.scale**2,
            *found.part(chunk),
        )

    workers.each_chunk(block.end - block.start, search)


def _search_columns(points: Points, block: Block, found: _Found, workers: Workers) -> None:
    """Search for the points after a block among those of the block, by the same products."""

    def search(first: int, last: int) -> None:
        chunk = slice(block.end + first, block.end + last)
        _search(
            np.ascontiguousarray(block.products[:, chunk.start - block.start : chunk.stop - block.start].T),
            points.vectors[chunk],
            points.bounds.lower[chunk],
            block.start,
            points.vectors,
            points.bounds.lower,
            points.bounds.scale**2,
            *found.part(chunk),
        )

    workers.each_chunk(len(points) - block.end, search, COLUMNS)


@kernel
def _search(
    products: npt.NDArray[np.float32],
    queries: Vectors,
    query_lower: npt.NDArray[np.float32],
    start: int,
    vectors: Vectors,
    lower: npt.NDArray[np.float32],
    unit: float,
    rows: Indices,
    squared: Floats,
) -> None:
    """Search for queries among as many points from ``start`` on as there are products."""
    count = products.shape[1]
    lower = lower[start : start + count]
    by_run = np.empty((count + RUN - 1) // RUN, dtype=np.float32)
    for query in range(len(queries)):
        fill_nearest(products[query], lower, 0, by_run)
        nearest, nearest_squared = rows[query], squared[query]
        last = len(nearest) - 1
        for run in range(len(by_run)):
            limit = above(nearest_squared[last] * unit)
            if by_run[run] + query_lower[query] > limit:
                continue
            for column in range(run * RUN, min(count, (run + 1) * RUN)):
                if lower[column] - np.float32(2) * products[query, column] + query_lower[query] > limit:
                    continue
                value = squared_distance(queries[query], vectors[start + column])
                if value < nearest_squared[last]:
                    _insert(value, start + column, nearest, nearest_squared)
                    limit = above(nearest_squared[last] * unit)


@kernel
def _insert(value: float, row: int, nearest: Indices, nearest_squared: Floats) -> None:
    """Put a row in its place among the nearest; the farthest falls out."""
    place = len(nearest) - 1
    while place > 0 and nearest_squared[place - 1] > value:
        nearest_squared[place] = nearest_squared[place - 1]
        nearest[place] = nearest[place - 1]
        place -= 1
    nearest_squared[place] = value
    nearest[place] = row


@kernel
def _measure_cores(rows: Indices, squared: Floats, counts: Indices, min_samples: int, core_squared: Floats) -> None:
    """Find within which of the nearest neighbours there are as many rows as make a core."""
    for query in range(len(rows)):
        core_squared[query] = np.inf
        found = 0
        for place in range(rows.shape[1]):
            found += counts[rows[query, place]]
            if found >= min_samples:
                core_squared[query] = squared[query, place]
                break
