"""The loop that counts the transitions of a surrogate: a hundred of them are counted for one estimate."""

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.kernels import kernel

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


@kernel
def count_pairs(
    symbols: Integers, starts: Integers, number: Integers, n_states: int, lag: int, missing: int
) -> Numbers:
    """Count the transitions of all runs; ``number[symbol + 1]`` is the number of a symbol's state."""
    counts = np.zeros((n_states, n_states))
    for run in range(len(starts) - 1):
        since = starts[run]  # the first step of the piece without a missing one
        for step in range(starts[run], starts[run + 1]):
            if symbols[step] == missing:
                since = step + 1
            elif step - lag >= since:
                counts[number[symbols[step - lag] + 1], number[symbols[step] + 1]] += 1
    return counts


@kernel
def count_triples(symbols: Integers, starts: Integers, number: Integers, n_states: int, missing: int) -> Numbers:
    """Count three steps in a row, of all runs."""
    counts = np.zeros((n_states, n_states, n_states))
    for run in range(len(starts) - 1):
        since = starts[run]
        for step in range(starts[run], starts[run + 1]):
            if symbols[step] == missing:
                since = step + 1
            elif step - 2 >= since:
                before, now, then = symbols[step - 2] + 1, symbols[step - 1] + 1, symbols[step] + 1
                counts[number[before], number[now], number[then]] += 1
    return counts
