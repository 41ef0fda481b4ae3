"""The loops that compare each step of a run with the one a few steps before."""

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.kernels import kernel

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


@kernel
def count_agreements(symbols: Integers, starts: Integers, missing: int, agreeing: Integers, compared: Integers) -> None:
    """Count, for each run and each lag from 1, how many pairs of known steps there are and in how many both agree."""
    for run in range(len(starts) - 1):
        for lag in range(1, agreeing.shape[1] + 1):
            for place in range(starts[run] + lag, starts[run + 1]):
                if symbols[place] != missing and symbols[place - lag] != missing:
                    compared[run, lag - 1] += 1
                    agreeing[run, lag - 1] += symbols[place] == symbols[place - lag]


@kernel
def add_products(products: Numbers, order: Integers, totals: Numbers) -> None:
    """Add up, for each lag from 1, the products of steps that far apart, the steps being taken in an order.

    In the order −1 stands for a step that is missing.
    """
    for lag in range(1, len(totals) + 1):
        total = 0.0
        for place in range(lag, len(order)):
            if order[place] >= 0 and order[place - lag] >= 0:
                total += products[order[place], order[place - lag]]
        totals[lag - 1] = total
