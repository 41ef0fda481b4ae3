"""Ids: read in bulk as one by one, and a number is taken for an id only where that is the only reading."""

import math
import sqlite3
from contextlib import closing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopscope.store.legacy.identifiers import (
    NULL,
    NUMBER,
    OTHER,
    UUID,
    IdColumn,
    IdColumnReader,
    IdIndex,
    as_number,
    read_id,
    restore_ids,
)

DIGITS = "06888680505507509783087363769305"
WITH_E = "068886805055e7509783087363769318"
LETTERS = "abcdef0123456789abcdef0123456789"
OTHER_LETTERS = "bbcdef0123456789abcdef0123456789"

numeric_looking = st.one_of(
    st.text("0123456789", min_size=32, max_size=32),
    st.tuples(st.integers(1, 30), st.text("0123456789", min_size=31, max_size=31)).map(
        lambda parts: parts[1][: parts[0]] + "e" + parts[1][parts[0] :]
    ),
    st.integers(0, 10**15).map(lambda number: f"{number:032}"),
)
any_id = st.one_of(numeric_looking, st.text("0123456789abcdef", min_size=32, max_size=32))


def column(*values: object) -> IdColumn:
    reader = IdColumnReader()
    reader.add(values)
    return reader.column()


def stored(*ids: str) -> list[object]:
    """What SQLite makes of ids in a column of numeric affinity."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (id UUID)")
        connection.executemany("INSERT INTO t VALUES (?)", [(each,) for each in ids])
        return [value for (value,) in connection.execute("SELECT id FROM t ORDER BY rowid")]


@given(st.lists(any_id, max_size=20))
def test_ids_in_bulk_are_read_as_one_by_one(ids: list[str]) -> None:
    whole, mixed = column(*ids), column(*ids, None)
    assert [key.tobytes() for key in whole.keys] == [read_id(each) for each in ids]
    assert np.array_equal(whole.keys, mixed.keys[:-1])
    assert (whole.kinds == UUID).all()


def test_what_is_no_id_is_told_apart() -> None:
    found = column(
        LETTERS, LETTERS.upper(), "abcdef01-2345-6789-abcd-ef0123456789", None, 6.9e30, 12, "short", b"x" * 16
    )
    assert found.kinds.tolist() == [UUID, UUID, UUID, NULL, NUMBER, NUMBER, OTHER, OTHER]
    assert found.numbers == {4: 6.9e30, 5: 12}
    assert len({key.tobytes() for key in found.keys[:3]}) == 1
    assert column(" " * 32).kinds.tolist() == [OTHER]
    assert column(LETTERS[:-2] + " f").kinds.tolist() == [OTHER]


@given(any_id)
def test_the_number_of_an_id_is_what_sqlite_makes_of_it(digits: str) -> None:
    (value,) = stored(digits)
    number = as_number(bytes.fromhex(digits))
    if isinstance(value, str):
        assert number is None
    elif isinstance(value, float) and isinstance(number, float) and math.isfinite(value):
        assert abs(value - number) <= math.ulp(number)
    else:
        assert (number, type(number)) == (value, type(value))


def test_a_number_is_found_by_the_one_id_that_becomes_it() -> None:
    index = IdIndex(column(LETTERS, DIGITS, OTHER_LETTERS, WITH_E))
    rows, restored = index.find(column(*stored(DIGITS, LETTERS, WITH_E)))
    assert rows.tolist() == [1, 0, -1]  # infinity is never taken for an id
    assert restored.tolist() == [True, False, False]


def test_a_number_that_two_ids_become_is_found_by_neither() -> None:
    alike = DIGITS[:-1] + "6"
    assert stored(DIGITS) == stored(alike)
    index = IdIndex(column(DIGITS, alike))
    assert index.find(column(*stored(DIGITS)))[0].tolist() == [-1]
    assert index.find(column(DIGITS, alike))[0].tolist() == [0, 1]


def test_an_id_that_is_a_number_itself_is_found_by_that_number() -> None:
    index = IdIndex(column(LETTERS, *stored(DIGITS)))
    assert index.find(column(*stored(DIGITS)))[0].tolist() == [1]
    both = IdIndex(column(DIGITS[:-1] + "6", *stored(DIGITS)))  # another id becomes the same number
    assert both.find(column(*stored(DIGITS)))[0].tolist() == [-1]


@given(st.lists(any_id, min_size=1, max_size=12, unique=True), st.data())
def test_nothing_is_found_that_another_row_could_mean_as_well(ids: list[str], data: st.DataObject) -> None:
    meant = data.draw(st.sampled_from(ids))
    (value,) = stored(meant)
    row = int(IdIndex(column(*ids)).find(column(value))[0][0])
    same = [number for number, each in enumerate(stored(*ids)) if each == value]
    if row >= 0:
        assert ids[row] == meant
        assert same == [row]
    else:
        assert len(same) > 1 or not math.isfinite(float(value))  # type: ignore[arg-type]


def test_repeated_ids_are_told() -> None:
    assert IdIndex(column(LETTERS, OTHER_LETTERS, LETTERS.upper(), None, None)).repeated().tolist() == [0, 2]
    assert IdIndex(column()).repeated().tolist() == []


@pytest.mark.parametrize(
    ("mentioned", "expected"),
    [
        ([DIGITS, LETTERS], DIGITS),
        ([DIGITS, DIGITS], DIGITS),
        ([DIGITS, DIGITS[:-1] + "6"], None),
        ([LETTERS], None),
        ([], None),
    ],
)
def test_the_id_of_a_row_is_given_back_where_one_is_mentioned(mentioned: list[str], expected: str | None) -> None:
    before = column(LETTERS, *stored(DIGITS))
    after, restored = restore_ids(before, map(bytes.fromhex, mentioned))
    assert restored.tolist() == ([] if expected is None else [1])
    assert (after.keys[1].tobytes() == bytes.fromhex(DIGITS)) == (expected is not None)
    assert before.kinds.tolist() == [UUID, NUMBER]


def test_infinity_is_given_no_id() -> None:
    after, restored = restore_ids(column(*stored(WITH_E)), [bytes.fromhex(WITH_E)])
    assert (after.kinds.tolist(), restored.tolist()) == ([NUMBER], [])
