"""The one way in which loops over symbols are compiled here.

A compiled function holds no lock of the interpreter and is cached on disk: it is compiled once on a machine. A module
that holds one is imported inside the functions that call it, so that reading a frame does not load numba.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile a function of arrays and numbers when it is first called."""
    return cast("F", njit(nogil=True, cache=True, error_model="numpy")(function))
