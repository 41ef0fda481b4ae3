"""The one way in which loops over numbers are compiled here.

A compiled function holds no lock of the interpreter, starts no threads of its own, keeps the order of additions as it
is written, and is cached on disk: it is compiled once on a machine.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit

from loopscope.types import Vectors

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile a function of arrays and numbers when it is first called."""
    return cast("F", njit(nogil=True, cache=True, error_model="numpy")(function))


def kernel_without_nan(function: F) -> F:
    """Compile a function that no NaN reaches, so that a processor may compare many numbers at a time."""
    return cast("F", njit(nogil=True, cache=True, error_model="numpy", fastmath={"nnan", "nsz"})(function))


def as_kernels_take(vectors: Vectors) -> Vectors:
    """Give vectors in C order that may be written to, or a copy: for others every kernel would be compiled again."""
    return np.require(np.asarray(vectors), np.float32, ["C", "W"])
