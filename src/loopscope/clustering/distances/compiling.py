"""Compiling the kernels: once on a machine after an installation or an update, from then on read from numba's cache."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np

HOMES = (
    "distances.column_runs",
    "distances.exact",
    "distances.neighbours",
    "distances.reachability",
    "distances.sums_of_distances",
    "tree.condensed_tree",
    "tree.dendrogram",
    "tree.edges",
    "tree.spanning_tree",
)
"""The modules of ``loopscope.clustering`` that hold kernels."""


def compile_kernels() -> None:
    """Compile every kernel that is not in the cache, by clustering and placing a few vectors."""
    from loopscope.clustering.assignment import assign_to_nearest_core
    from loopscope.clustering.distances.bounds import frame_of
    from loopscope.clustering.distances.exact import distances_to
    from loopscope.clustering.distances.sums_of_distances import least_among_all
    from loopscope.clustering.distances.threads import working
    from loopscope.clustering.tree.cutting import cut
    from loopscope.clustering.tree.linkage import link

    vectors = np.random.default_rng(0).standard_normal((64, 8)).astype(np.float32)
    found = cut(link(vectors, min_samples=2, metric="euclidean"), min_cluster_size=4)
    assign_to_nearest_core(
        vectors[:2] + np.float32(0.5),
        vectors,
        found.labels,
        found.probabilities,
        lambda_birth=found.lambda_birth,
        lambda_death=found.lambda_death,
        min_samples=2,
        metric="euclidean",
    )
    distances_to(vectors, vectors[0])
    with working() as workers:
        least_among_all(frame_of(vectors).bound(vectors, np.float32), np.ones(len(vectors)), workers)


def kernels_are_compiled() -> bool:
    """Tell whether every kernel is compiled for this processor, in this process or in numba's cache on disk."""
    return all(map(_is_compiled, kernels()))


def kernels() -> Iterator[Any]:
    """Give every kernel, a dispatcher of numba."""
    from numba.extending import is_jitted

    for home in HOMES:
        module = import_module(f"loopscope.clustering.{home}")
        for value in vars(module).values():
            if is_jitted(value) and value.py_func.__module__ == module.__name__:
                yield value


def _is_compiled(dispatcher: Any) -> bool:
    """Look into the index of a kernel's cache; numba has no public way to ask."""
    if dispatcher.signatures:
        return True
    processor = dispatcher.targetctx.codegen().magic_tuple()
    return any(key[1] == processor for key in dispatcher._cache._cache_file._load_index())
