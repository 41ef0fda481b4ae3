"""Runs of columns of the distance matrix that are passed over together where all of them are too far."""

import numpy as np
import numpy.typing as npt

from loopscope.clustering.distances.kernels import kernel, kernel_without_nan

RUN = 64


@kernel_without_nan
def fill_nearest(
    products: npt.NDArray[np.float32], terms: npt.NDArray[np.float32], first_run: int, nearest: npt.NDArray[np.float32]
) -> None:
    """Write the smallest ``terms - 2 * products`` of each run of columns, from ``first_run`` on.

    Parameters
    ----------
    products, terms
        Shape (columns,), float32: of one row; the bounds of its squared distances, less the row's own term.
    first_run
        Runs before it are left as they are.
    nearest
        Shape (runs,), float32: is written to.
    """
    two = np.float32(2)
    whole = len(products) // RUN
    for run in range(first_run, whole):
        start = run * RUN
        least = terms[start] - two * products[start]
        for column in range(start, start + RUN):
            value = terms[column] - two * products[column]
            least = value if value < least else least
        nearest[run] = least
    if whole < len(nearest):
        least = np.float32(np.inf)
        for column in range(whole * RUN, len(products)):
            value = terms[column] - two * products[column]
            least = value if value < least else least
        nearest[whole] = least


@kernel
def above(value: float) -> np.float32:
    """Give a float32 number that is surely larger."""
    return np.float32(value * (1 + 1e-6) + 1e-30)
