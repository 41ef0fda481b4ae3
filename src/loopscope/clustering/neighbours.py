"""The nearest neighbours of vectors and their core distances, exact, by blocks of rows of the distance matrix."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loopscope.clustering.bounds import Bounds
from loopscope.clustering.distances import squared_distance
from loopscope.clustering.kernels import kernel
from loopscope.clustering.runs import RUN, fill_nearest
from loopscope.clustering.threads import Block, Workers
from loopscope.types import Vectors


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
    kept = min(kept, len(points))
    width = max(kept, min(min_samples, len(points)))
    rows = np.empty((len(queries), kept), dtype=np.int64)
    squared = np.empty((len(queries), kept))
    core_squared = np.empty(len(queries))
    for block in workers.products(queries.bounds.rows, points.bounds.rows):

        def search(first: int, last: int, block: Block = block) -> None:
            chunk = slice(block.start + first, block.start + last)
            _search(
                block.products[first:last],
                queries.vectors[chunk],
                queries.bounds.lower[chunk],
                queries.bounds.upper[chunk],
                points.vectors,
                points.bounds.lower,
                points.bounds.upper,
                points.counts,
                min_samples,
                width,
                rows[chunk],
                squared[chunk],
                core_squared[chunk],
            )

        workers.each_chunk(block.end - block.start, search)
        if progress:
            progress(block.end / len(queries))
    return Neighbours(rows, squared, core_squared)


@kernel
def _search(
    products: npt.NDArray[np.float32],
    queries: Vectors,
    query_lower: npt.NDArray[np.float32],
    query_upper: npt.NDArray[np.float32],
    vectors: Vectors,
    lower: npt.NDArray[np.float32],
    upper: npt.NDArray[np.float32],
    counts: npt.NDArray[np.int64],
    min_samples: int,
    width: int,
    rows: npt.NDArray[np.int64],
    squared: npt.NDArray[np.float64],
    core_squared: npt.NDArray[np.float64],
) -> None:
    """Search for the queries of a chunk; ``width`` points hold both the neighbours kept and those of the core."""
    heap = np.empty(width, dtype=np.float32)
    by_run = np.empty((len(lower) + RUN - 1) // RUN, dtype=np.float32)
    spread = np.float32(2) * (upper - lower).max()
    nearest = np.empty(width, dtype=np.int64)
    nearest_squared = np.empty(width)
    for query in range(len(queries)):
        fill_nearest(products[query], lower, 0, by_run)
        limit = _smallest_upper(products[query], upper, by_run, spread, heap) + query_upper[query] - query_lower[query]
        _nearest_within(products[query], lower, by_run, limit, queries[query], vectors, nearest, nearest_squared)
        rows[query] = nearest[: rows.shape[1]]
        squared[query] = nearest_squared[: rows.shape[1]]
        core_squared[query] = np.inf
        found = 0
        for place in range(width):
            found += counts[nearest[place]]
            if found >= min_samples:
                core_squared[query] = nearest_squared[place]
                break


@kernel
def _smallest_upper(
    products: npt.NDArray[np.float32],
    upper: npt.NDArray[np.float32],
    by_run: npt.NDArray[np.float32],
    spread: np.float32,
    heap: npt.NDArray[np.float32],
) -> np.float32:
    """Find the upper bound that as many points keep as the heap is long, less the query's own part of it.

    Where there are as many runs as that, the nearest points of runs keep a bound too, which leaves few runs to look at.
    """
    two = np.float32(2)
    heap[:] = np.inf
    for least in by_run:
        if least < heap[0]:
            _replace_largest(heap, least)
    heap[:] = heap[0] + spread
    for run in range(len(by_run)):
        if by_run[run] >= heap[0]:
            continue
        for column in range(run * RUN, min(len(products), (run + 1) * RUN)):
            value = upper[column] - two * products[column]
            if value < heap[0]:
                _replace_largest(heap, value)
    return np.float32(heap[0])


@kernel
def _replace_largest(heap: npt.NDArray[np.float32], value: np.float32) -> None:
    """Put a value in the place of the largest, which stands first; each stands before two that are no larger."""
    place = 0
    while True:
        child = 2 * place + 1
        if child >= len(heap):
            break
        if child + 1 < len(heap) and heap[child + 1] > heap[child]:
            child += 1
        if heap[child] <= value:
            break
        heap[place] = heap[child]
        place = child
    heap[place] = value


@kernel
def _nearest_within(
    products: npt.NDArray[np.float32],
    lower: npt.NDArray[np.float32],
    by_run: npt.NDArray[np.float32],
    limit: np.float32,
    query: Vectors,
    vectors: Vectors,
    nearest: npt.NDArray[np.int64],
    nearest_squared: npt.NDArray[np.float64],
) -> None:
    """Sort the nearest of the points whose lower bound is within the limit by their exact distances."""
    two = np.float32(2)
    nearest_squared[:] = np.inf
    last = len(nearest) - 1
    for run in range(len(by_run)):
        if by_run[run] > limit:
            continue
        for column in range(run * RUN, min(len(products), (run + 1) * RUN)):
            if lower[column] - two * products[column] > limit:
                continue
            value = squared_distance(query, vectors[column])
            if value >= nearest_squared[last]:
                continue
            place = last
            while place > 0 and nearest_squared[place - 1] > value:
                nearest_squared[place] = nearest_squared[place - 1]
                nearest[place] = nearest[place - 1]
                place -= 1
            nearest_squared[place] = value
            nearest[place] = column
