from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum

import numpy as np
import polars as pl
import pytest

from loopscope.data_prep.content import digest_content
from loopscope.dynamics.sequences import Sequences


class Kind(Enum):
    A = 1
    B = 2


@dataclass(frozen=True)
class Settings:
    size: int
    name: str


@dataclass(frozen=True)
class OtherSettings:
    size: int
    name: str


FRAME = pl.DataFrame({"a": [1, 2, None], "b": ["x", "y", "z"]})

DIFFERENT = [
    None, True, False, 0, 1, 1.0, float("nan"), "", "1", "True", b"", b"1", (), (1,), (1, 2), ((1,), 2), (1, (2,)),
    [[1, 2]], {}, {1: 2}, {2: 1}, {"a": None}, frozenset({1}), frozenset({"1"}), Kind.A, Kind.B, "ab",
    ("a", "b"), ("ab", ""), ("", "ab"),
    np.array([1, 2]), np.array([1.0, 2.0]), np.array([1, 2], dtype=np.int32), np.array([[1, 2]]), np.array([[1], [2]]),
    np.array([], dtype=np.int64), np.array([2, 1]), np.int64(1), np.float64(1.0),
    FRAME, FRAME.reverse(), FRAME.rename({"a": "c"}), FRAME.with_columns(pl.col("a").cast(pl.Int32)), FRAME.head(2),
    FRAME.with_columns(pl.col("a").fill_null(0)), FRAME.select("b", "a"), FRAME.head(0), FRAME["a"], FRAME.select("a"),
    Settings(1, "x"), OtherSettings(1, "x"), Settings(2, "x"), Settings(1, "y"),
    datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=1),
    Sequences.of([[0, 0, 1]]), Sequences.of([[0, 0], [1]]), Sequences.of([[0], [0, 1]], [1, 2]),
]  # fmt: skip


def test_different_content_has_different_digests():
    digests = [digest_content(value) for value in DIFFERENT]
    assert len(set(digests)) == len(DIFFERENT)
    assert {len(each) for each in digests} == {40}


def test_equal_content_has_equal_digests_whatever_holds_it():
    strided = np.arange(12).reshape(3, 4)[:, ::2]
    assert digest_content(strided) == digest_content(strided.copy())
    assert digest_content(strided) == digest_content(np.asfortranarray(strided))
    assert digest_content((1, 2)) == digest_content([1, 2])
    assert digest_content({"a", "b", "c"}) == digest_content(frozenset({"c", "b", "a"}))
    pieces = pl.concat([FRAME.head(1), FRAME.tail(2)], rechunk=False)
    assert digest_content(pieces) == digest_content(FRAME)
    assert digest_content(Settings(1, "x")) == digest_content(replace(Settings(2, "x"), size=1))


def test_what_cannot_be_known_by_its_content_is_refused():
    with pytest.raises(TypeError, match="cannot digest a object"):
        digest_content([1, object()])
    with pytest.raises(TypeError, match="array of objects"):
        digest_content(np.array([None]))
