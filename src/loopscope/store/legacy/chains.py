"""Whether the invocations of a run follow each other: numbered 0, 1, 2, …, each fed by the one before.

A run is brought over as far as it does; what comes after the first break has no input here, and is left out.
"""

import numpy as np

from loopscope.store.legacy.identifiers import Integers, in_company
from loopscope.store.legacy.judgement import Judgement

SAME_PLACE = "another invocation has the same sequence number in its run"
GAP = "the sequence number before it is missing in its run"
AFTER_BREAK = "an invocation before it in its run was not brought over"
_WRONG_INPUT = "its input is not the invocation before it"
_FIRST_WITH_INPUT = "it is the first of its run and has an input"
_NO_INPUT = "it is not the first of its run and has no input"


def judge_chains(judged: Judgement, run: Integers, sequence_number: Integers, inputs: Integers) -> None:
    """Leave out the invocations that do not follow the one before.

    Parameters
    ----------
    judged
        Of the invocations; those with faults of their own are left out already.
    run, sequence_number, inputs
        Shape (n,), int64; the input is the position of an invocation, −1 for none.
    """
    order = _sorted(judged, run, sequence_number)
    same = (run[order][1:] == run[order][:-1]) & (sequence_number[order][1:] == sequence_number[order][:-1])
    twice = in_company(same, len(order))
    judged.leave_out(order[twice], SAME_PLACE, {int(row): int(sequence_number[row]) for row in order[twice]})
    order = _sorted(judged, run, sequence_number)
    if not len(order):
        return
    begins = np.append(True, run[order][1:] != run[order][:-1])
    starts = np.flatnonzero(begins)
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    before = np.where(begins, -1, np.append(-1, order[:-1]))
    sound = (sequence_number[order] == rank) & (inputs[order] == before)
    broken_before = np.cumsum(~sound) - np.repeat(
        np.append(0, np.cumsum(~sound))[starts], np.diff(np.append(starts, len(order)))
    )
    first_breaks = order[~sound & (broken_before == 1)]
    _tell_breaks(
        judged, first_breaks, dict(zip(order.tolist(), rank.tolist(), strict=True)), run, sequence_number, inputs
    )
    judged.leave_out(order[broken_before > 0], AFTER_BREAK, consequence=True)


def _sorted(judged: Judgement, run: Integers, sequence_number: Integers) -> Integers:
    rows = np.flatnonzero(judged.kept)
    ordered: Integers = rows[np.lexsort((sequence_number[rows], run[rows]))]
    return ordered


def _tell_breaks(
    judged: Judgement,
    rows: Integers,
    ranks: dict[int, int],
    run: Integers,
    sequence_number: Integers,
    inputs: Integers,
) -> None:
    """Say what is wrong with the first invocation of each run that does not follow, unless it is a consequence."""
    left_out = np.flatnonzero(judged.left_out)
    places = set(zip(run[left_out].tolist(), sequence_number[left_out].tolist(), strict=True))
    for row in rows.tolist():
        rank, number, given = ranks[row], int(sequence_number[row]), int(inputs[row])
        at = np.array([row])
        if number != rank:
            if (int(run[row]), rank) not in places:
                judged.leave_out(at, GAP, {row: f"{number} where {rank} was expected"})
        elif rank == 0:
            judged.leave_out(at, _FIRST_WITH_INPUT)
        else:
            judged.leave_out(at, _NO_INPUT if given < 0 else _WRONG_INPUT)
