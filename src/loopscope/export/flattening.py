"""Frames as CSV, which knows neither structs nor lists nor types: what becomes of each is declared here."""

import json
from base64 import b64encode
from typing import Any, Final

import polars as pl

FLATTENING: Final = (
    "A struct becomes a column for each of its fields, named struct.field.",
    "A list becomes JSON, such as [1, 2].",
    "Bytes become base64.",
    "An instant is written in ISO 8601, in UTC.",
    "What is null is an empty cell; an empty text is two quotation marks.",
    "What is infinite is inf, what is not a number NaN.",
    "The file is UTF-8, with commas, a line of column names first.",
)
"""What becomes of what CSV has no word for, one sentence each."""


def flatten(frame: pl.DataFrame) -> pl.DataFrame:
    """Give a frame whose columns CSV can hold, as ``FLATTENING`` says.

    Examples
    --------
    >>> frame = pl.DataFrame({"a": [{"b": 1, "c": [1, 2]}], "d": [[{"e": None}]]})
    >>> flatten(frame).to_dict(as_series=False)
    {'a.b': [1], 'a.c': ['[1, 2]'], 'd': ['[{"e": null}]']}
    """
    columns: list[pl.Series] = []
    for column in frame.get_columns():
        columns += _flatten_column(column)
    return pl.DataFrame(columns)


def write_csv(frame: pl.DataFrame) -> bytes:
    """Write a frame as CSV, flattened."""
    return flatten(frame).write_csv().encode()


def _flatten_column(column: pl.Series) -> list[pl.Series]:
    if isinstance(column.dtype, pl.Struct):
        fields = column.struct.unnest().get_columns() if column.dtype.fields else []
        return [each for part in fields for each in _flatten_column(part.alias(f"{column.name}.{part.name}"))]
    if isinstance(column.dtype, pl.List | pl.Array):
        values: list[Any] = column.to_list()
        texts = [None if each is None else json.dumps(each, ensure_ascii=False, default=str) for each in values]
        return [pl.Series(column.name, texts, dtype=pl.String)]
    if column.dtype == pl.Binary:
        coded = [None if each is None else b64encode(each).decode() for each in column]
        return [pl.Series(column.name, coded, dtype=pl.String)]
    if isinstance(column.dtype, pl.Datetime):
        return [column.dt.convert_time_zone("UTC").dt.to_string("iso:strict")] if column.dtype.time_zone else [column]
    return [column]
