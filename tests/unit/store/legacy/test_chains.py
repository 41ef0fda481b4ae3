"""A run is brought over up to its first break, whatever the order of the rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopscope.store.legacy.chains import AFTER_BREAK, GAP, SAME_PLACE, judge_chains
from loopscope.store.legacy.judgement import Judgement


def judge(
    rows: list[tuple[int, int, int]], left_out: list[int] | None = None
) -> tuple[list[int], dict[str, list[int]]]:
    """Judge (run, sequence number, input), and return the rows that are kept and the faults of the others."""
    judged = Judgement("invocation", np.arange(len(rows)))
    judged.leave_out(np.array(left_out or [], dtype=np.int64), "before")
    run, number, inputs = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    judge_chains(judged, run, number, inputs)
    faults = {each.fault: each.rows.tolist() for each in judged.findings() if each.fault != "before"}
    return np.flatnonzero(judged.kept).tolist(), faults


WRONG = "its input is not the invocation before it"


@pytest.mark.parametrize(
    ("rows", "left_out", "kept", "faults"),
    [
        ([], [], [], {}),
        ([(0, 0, -1), (0, 1, 0), (1, 0, -1)], [], [0, 1, 2], {}),
        ([(0, 0, -1), (0, 2, 0), (0, 3, 1)], [], [0], {GAP: [1], AFTER_BREAK: [2]}),
        ([(0, 1, -1)], [], [], {GAP: [0]}),
        ([(0, 0, -1), (0, 1, 0), (0, 2, 1)], [1], [0], {AFTER_BREAK: [2]}),
        ([(0, 0, -1), (0, 1, 0), (0, 1, 0), (0, 2, 1)], [], [0], {SAME_PLACE: [1, 2], AFTER_BREAK: [3]}),
        ([(0, 0, -1), (0, 1, 0), (0, 2, 0), (0, 3, 2)], [], [0, 1], {WRONG: [2], AFTER_BREAK: [3]}),
        ([(0, 0, 1), (0, 1, 0)], [], [], {"it is the first of its run and has an input": [0], AFTER_BREAK: [1]}),
        ([(0, 0, -1), (0, 1, -1)], [], [0], {"it is not the first of its run and has no input": [1]}),
    ],
)  # fmt: skip
def test_breaks_are_told(
    rows: list[tuple[int, int, int]], left_out: list[int], kept: list[int], faults: dict[str, list[int]]
) -> None:
    assert judge(rows, left_out) == (kept, faults)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5), st.randoms(use_true_random=False), st.data())
def test_a_run_is_kept_up_to_what_is_lost(lengths: list[int], random, data: st.DataObject) -> None:
    places = [(run, number) for run, length in enumerate(lengths) for number in range(length)]
    random.shuffle(places)
    row_of = {place: row for row, place in enumerate(places)}
    rows = [(run, number, row_of[run, number - 1] if number else -1) for run, number in places]
    lost = data.draw(st.lists(st.sampled_from(range(len(rows))), unique=True))
    first = {
        run: min((places[row][1] for row in lost if places[row][0] == run), default=99) for run in range(len(lengths))
    }
    kept, faults = judge(rows, lost)
    assert kept == [row for row, (run, number) in enumerate(places) if number < first[run]]
    assert set(faults) <= {AFTER_BREAK}
