"""The loops that find stays and returns, and that count how long those of surrogates last."""

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.kernels import kernel

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@kernel
def list_stays(symbols: Integers, starts: Integers, missing: int) -> tuple[Integers, Integers, Integers, Flags, Flags]:
    """Give the run, first place and length of every stay, and whether its beginning and its end are not seen."""
    numbers = np.empty((3, len(symbols)), dtype=np.int64)
    unseen = np.empty((2, len(symbols)), dtype=np.bool_)
    found = 0
    for run in range(len(starts) - 1):
        first, end = starts[run], starts[run + 1]
        place = first
        while place < end:
            begin = place
            while place < end and symbols[place] == symbols[begin]:
                place += 1
            if symbols[begin] == missing:
                continue
            numbers[0, found], numbers[1, found], numbers[2, found] = run, begin, place - begin
            unseen[0, found] = begin == first or symbols[begin - 1] == missing
            unseen[1, found] = place == end or symbols[place] == missing
            found += 1
    return numbers[0, :found], numbers[1, :found], numbers[2, :found], unseen[0, :found], unseen[1, :found]


@kernel
def list_returns(symbols: Integers, starts: Integers, missing: int) -> tuple[Integers, Integers, Flags]:
    """Give, for every known place, its run, the steps until its symbol comes again, and whether it was seen to.

    Where it was not, the steps are those for which it was watched.
    """
    n = len(symbols)
    run_of, gap = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    returned = np.zeros(n, dtype=np.bool_)
    next_place = np.full(symbols.max() + 2 if n else 0, -1, dtype=np.int64)  # the next place with a symbol
    for run in range(len(starts) - 1):
        end = starts[run + 1]  # of the piece without a missing step
        for place in range(starts[run + 1] - 1, starts[run] - 1, -1):
            run_of[place] = run
            if symbols[place] == missing:
                end = place
                continue
            following = next_place[symbols[place] + 1]
            next_place[symbols[place] + 1] = place
            returned[place] = starts[run] <= following < end and following > place
            gap[place] = following - place if returned[place] else end - 1 - place
    return run_of, gap, returned


@kernel
def count_stays(symbols: Integers, starts: Integers, missing: int, number_of: Integers, counts: Integers) -> None:
    """Add one for every stay to the count of its state, ``number_of[symbol + 1]``, and of its steps at risk.

    Counts have a row for what ended, for what was cut, and for what of each has a beginning that was seen.
    """
    for run in range(len(starts) - 1):
        first, end = starts[run], starts[run + 1]
        begin = first
        for place in range(first, end):
            if place + 1 < end and symbols[place + 1] == symbols[begin]:
                continue
            symbol = symbols[begin]
            if symbol != missing:
                cut = place + 1 == end or symbols[place + 1] == missing
                state, steps = number_of[symbol + 1], place + 1 - begin - cut
                counts[int(cut), state, steps] += 1
                if begin > first and symbols[begin - 1] != missing:
                    counts[2 + int(cut), state, steps] += 1
            begin = place + 1


@kernel
def count_returns(symbols: Integers, starts: Integers, missing: int, number_of: Integers, counts: Integers) -> None:
    """Add one for every gap to the count of its state and of its steps, as :func:`count_stays` does."""
    last_place = np.full(len(number_of), -1, dtype=np.int64)
    for run in range(len(starts) - 1):
        since = starts[run]  # the first place of the piece without a missing step
        for place in range(starts[run], starts[run + 1] + 1):
            if place < starts[run + 1] and symbols[place] != missing:
                before = last_place[symbols[place] + 1]
                if before >= since:
                    counts[0, number_of[symbols[place] + 1], place - before] += 1
                last_place[symbols[place] + 1] = place
                continue
            for symbol, last in enumerate(last_place):
                if last >= since:
                    counts[1, number_of[symbol], place - 1 - last] += 1
            since = place + 1
    counts[2:] = counts[:2]
