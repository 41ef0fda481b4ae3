"""Parameters of different algorithms in one struct column."""

from typing import Any

import polars as pl
import pytest

from loopscope.data_prep.parameters import BASE, parameters_series


def test_no_results_have_the_declared_fields() -> None:
    series = parameters_series([])
    assert series.dtype == pl.Struct(dict(BASE))
    assert len(series) == 0


def test_a_result_without_parameters_has_nulls() -> None:
    assert parameters_series([{}]).to_list() == [dict.fromkeys(BASE)]


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([1, None], pl.Int64, [1, None]),
        ([1, 0.5], pl.Float64, [1.0, 0.5]),
        ([True, False], pl.Boolean, [True, False]),
        (["eom", None], pl.String, ["eom", None]),
        ([None, None], pl.String, [None, None]),
        ([True, 1], pl.String, ["true", "1"]),
        ([[1, 2], {"a": None}], pl.String, ["[1, 2]", '{"a": null}']),
    ],
)
def test_a_field_has_the_type_of_its_values(values: list[Any], dtype: Any, expected: list[Any]) -> None:
    series = parameters_series([{"other": value} for value in values]).struct.field("other")
    assert series.dtype == dtype
    assert series.to_list() == expected


def test_epsilon_is_a_float_though_written_as_an_integer() -> None:
    assert parameters_series([{"epsilon": 0}]).struct.field("epsilon").dtype == pl.Float64
