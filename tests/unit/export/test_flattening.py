import json
from base64 import b64decode
from datetime import UTC, datetime
from io import BytesIO

import polars as pl
import pytest

from loopscope.export.flattening import flatten, write_csv
from loopscope.export.frames import count_reasons


def test_every_type_becomes_what_is_declared():
    moment = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    frame = pl.DataFrame(
        {
            "struct": [{"a": 1, "inner": {"b": "→", "list": [1, 2]}}, None],
            "list": [["a", 'quoted "b"'], []],
            "bytes": [b"\x00\xff", None],
            "moment": [moment, None],
            "number": [float("inf"), None],
            "text": ["", None],
        }
    )
    flat = flatten(frame)
    assert flat.columns == [
        "struct.a",
        "struct.inner.b",
        "struct.inner.list",
        "list",
        "bytes",
        "moment",
        "number",
        "text",
    ]
    first, second = flat.to_dicts()
    assert json.loads(first["list"]) == ["a", 'quoted "b"']
    assert json.loads(first["struct.inner.list"]) == [1, 2]
    assert b64decode(first["bytes"]) == b"\x00\xff"
    assert datetime.fromisoformat(first["moment"]) == moment
    assert [second[name] for name in ("struct.a", "struct.inner.list", "bytes", "moment", "text")] == [None] * 5
    assert pl.read_csv(BytesIO(write_csv(frame)), schema=flat.schema).equals(flat)


def test_a_frame_without_rows_has_its_columns():
    frame = pl.DataFrame(schema={"a": pl.Int64, "s": pl.Struct({"x": pl.List(pl.Int64), "y": pl.String})})
    assert write_csv(frame) == b"a,s.x,s.y\n"


@pytest.mark.parametrize(
    ("columns", "counted"),
    [
        ({"estimate": [1.0, None], "reason": [None, "one run"]}, {"one run": 1}),
        ({"estimate": [None] * 3, "reason": ["b", "a", "b"]}, {"b": 2, "a": 1}),
        ({"reason": ["a fact may have a reason too"]}, {}),
        ({"estimate": [1.0]}, {}),
    ],
)
def test_reasons_are_counted_where_there_are_estimates(columns, counted):
    assert list(count_reasons(pl.DataFrame(columns)).items()) == list(counted.items())
