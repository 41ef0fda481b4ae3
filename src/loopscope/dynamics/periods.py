"""The loop that finds with which period each run ends, in a time proportional to its length.

Read backwards, a run that ends in a cycle begins with one. The Z-function (Gusfield 1997, Algorithms on Strings, Trees
and Sequences, section 1.3) tells for every p how far what is read from place p on agrees with what is read from the
beginning, and it is computed in one pass.
"""

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.kernels import kernel

Integers = npt.NDArray[np.int64]


@kernel
def find_periods(
    symbols: Integers, starts: Integers, recurring: Integers, missing: int, period: Integers, onset: Integers
) -> None:
    """Write the smallest period that each run ends with and the step from which on it holds, 0 and −1 where none does.

    Where ``recurring`` is not 0, the last so many steps are known to come again for ever, and are not missing.
    """
    for run in range(len(starts) - 1):
        steps = symbols[starts[run] : starts[run + 1]]
        if recurring[run]:
            period[run] = _smallest_round(steps[len(steps) - recurring[run] :])
            onset[run] = _go_back(steps, period[run], len(steps) - recurring[run])
            continue
        first = len(steps)  # the first step that leads to the end without a missing one
        while first > 0 and steps[first - 1] != missing:
            first -= 1
        period[run], agreeing = _find_period(steps[first:])
        onset[run] = len(steps) - agreeing - period[run] if period[run] else -1


@kernel
def _find_period(steps: Integers) -> tuple[int, int]:
    """Find the smallest period p with at least p steps that agree with the one p before, and how many those are."""
    n = len(steps)
    backwards = steps[::-1]
    agreeing = np.zeros(n, dtype=np.int64)
    left = right = 0  # the agreement that reaches furthest
    for p in range(1, n // 2 + 1):  # of a longer one two would not be seen
        length = 0 if p >= right else min(right - p, agreeing[p - left])
        while p + length < n and backwards[length] == backwards[p + length]:
            length += 1
        if length >= p:
            return p, length
        if p + length > right:
            left, right = p, p + length
        agreeing[p] = length
    return 0, 0


@kernel
def _smallest_round(steps: Integers) -> int:
    """Find after how many steps what comes again for ever repeats: a divisor of how many they are."""
    n = len(steps)
    for p in range(1, n):
        if n % p == 0 and (steps[p:] == steps[: n - p]).all():
            return p
    return n


@kernel
def _go_back(steps: Integers, period: int, known_from: int) -> int:
    """Find the first step from which on all agree with the one a period later; from ``known_from`` on they do."""
    onset = known_from
    while onset > 0 and steps[onset - 1] == steps[onset - 1 + period]:
        onset -= 1
    return onset
