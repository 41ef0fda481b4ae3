"""The fitted vector that is nearest to another by mutual reachability, exact, by blocks of the distance matrix."""

import numpy as np
import numpy.typing as npt

from loopscope.clustering.distances.column_runs import RUN, fill_nearest
from loopscope.clustering.distances.exact import squared_distance
from loopscope.clustering.distances.kernels import kernel
from loopscope.clustering.distances.neighbours import Points
from loopscope.clustering.distances.threads import Block, Workers
from loopscope.clustering.tree.edges import Floats, Indices
from loopscope.types import Vectors


def find_nearest_reachable(
    queries: Points,
    query_core: Floats,
    points: Points,
    core: Floats,
    member: npt.NDArray[np.bool_],
    workers: Workers,
) -> tuple[Indices, Floats]:
    """Find for each query the point nearest by mutual reachability, and that squared distance.

    Of several that are as near a member goes before an outlier, then the smaller distance, then the earlier point.

    Parameters
    ----------
    queries, points
        What is placed and among what, bounded in one frame.
    query_core, core
        Shape (queries,) and (points,), float64: squared core distances.
    member
        Shape (points,): whether a point is a member of a cluster.
    workers
        The threads that do it.
    """
    nearest, reached = np.empty(len(queries), dtype=np.int64), np.empty(len(queries))
    unit = points.bounds.scale**2
    for block in workers.products(queries.bounds.rows, points.bounds.rows):

        def search(first: int, last: int, block: Block = block) -> None:
            chunk = slice(block.start + first, block.start + last)
            _search(
                block.products[first:last],
                queries.vectors[chunk],
                queries.bounds.lower[chunk],
                query_core[chunk],
                points.vectors,
                points.bounds.lower,
                core,
                member,
                unit,
                nearest[chunk],
                reached[chunk],
            )

        workers.each_chunk(block.end - block.start, search)
    return nearest, reached


@kernel
def _search(
    products: npt.NDArray[np.float32],
    queries: Vectors,
    query_lower: npt.NDArray[np.float32],
    query_core: Floats,
    vectors: Vectors,
    lower: npt.NDArray[np.float32],
    core: Floats,
    member: npt.NDArray[np.bool_],
    unit: float,
    nearest: Indices,
    reached: Floats,
) -> None:
    by_run = np.empty((len(lower) + RUN - 1) // RUN, dtype=np.float32)
    for query in range(len(queries)):
        fill_nearest(products[query], lower, 0, by_run)
        best, best_reached, best_squared = -1, np.inf, np.inf
        for run in range(len(by_run)):
            if (by_run[run] + query_lower[query]) / unit > best_reached:
                continue
            for point in range(run * RUN, min(len(lower), (run + 1) * RUN)):
                bound = (lower[point] - np.float32(2) * products[query, point] + query_lower[query]) / unit
                larger_core = max(query_core[query], core[point])
                if max(bound, larger_core) > best_reached:
                    continue
                squared = squared_distance(queries[query], vectors[point])
                reach = max(squared, larger_core)
                if reach > best_reached:
                    continue
                if reach == best_reached:
                    if member[best] and not member[point]:
                        continue
                    if member[best] == member[point] and squared >= best_squared:
                        continue
                best, best_reached, best_squared = point, reach, squared
        nearest[query], reached[query] = best, best_reached
