"""Chunks of rows shared out to threads.

A chunk writes to rows of its own, so that neither the number of threads nor the size of a chunk changes a result.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")

BLOCK_ENTRIES = 2**25
"""How many float32 entries a block of the distance matrix has at most, whatever the number of columns: 128 MiB."""
BLOCK_ROWS = 512
"""More rows at a time make the matrix product no faster."""
CHUNK_ROWS = 32
"""The rows that a thread takes at a time."""


class Block(NamedTuple):
    """The products of rows ``start`` to ``end`` with all columns, or with those from ``start`` on."""

    start: int
    end: int
    products: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Workers:
    """Threads, and how many rows of the distance matrix are in memory at a time; None for as many as are sensible."""

    pool: ThreadPoolExecutor
    block: int | None = None

    def products(
        self, rows: npt.NDArray[np.float32], columns: npt.NDArray[np.float32], *, half: bool = False
    ) -> Iterator[Block]:
        """Multiply rows with columns, block by block in one and the same memory.

        Parameters
        ----------
        rows, columns
            Shapes (n, dimension) and (m, dimension).
        half
            Whether each block leaves out the columns before its first row.
        """
        size = self.block or min(BLOCK_ROWS, max(CHUNK_ROWS, BLOCK_ENTRIES // len(columns)))
        memory = np.empty(min(size, len(rows)) * len(columns), dtype=np.float32)
        for start in range(0, len(rows), size):
            end = min(len(rows), start + size)
            wanted = columns[start:] if half else columns
            products = memory[: (end - start) * len(wanted)].reshape(end - start, len(wanted))
            np.matmul(rows[start:end], wanted.T, out=products)
            yield Block(start, end, products)

    def each_chunk(self, rows: int, work: Callable[[int, int], T], size: int = CHUNK_ROWS) -> list[T]:
        """Call ``work(start, end)`` for each chunk of rows, and give what it returned in the order of the rows."""
        return list(self.pool.map(lambda start: work(start, min(rows, start + size)), range(0, rows, size)))


@contextmanager
def working(threads: int | None = None, block: int | None = None) -> Iterator[Workers]:
    """Start threads, by default as many as this process may use cores, and end them."""
    with ThreadPoolExecutor(threads or usable_cores()) as pool:
        yield Workers(pool, block)


def usable_cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
