"""Clusters chosen and ordered by their properties, as people type them."""

import json
from typing import Any

import polars as pl
import pytest
import typer

from loopscope.cli.cluster.choosing import COLUMNS, choose_clusters, name_properties


def clusters(**columns: list[Any]) -> pl.DataFrame:
    """Four clusters and the outliers, first as in the database."""
    given = {"cluster_id": [-1, 0, 1, 2, 3], "cluster_size": [99, 40, 30, 30, 5], "radius": [None, 0.5, None, 0.3, 0.4]}
    given |= columns
    nothing = dict.fromkeys([*COLUMNS.values(), "other"], [None] * 5)
    return pl.DataFrame(nothing | given, strict=False)


def chosen(frame: pl.DataFrame, *where: str, sort: str | None = None, descending: bool = False) -> list[int]:
    return choose_clusters(name_properties(frame), where, sort, descending)[0]["cluster"].to_list()


def test_by_default_they_stand_by_number_and_the_outliers_last() -> None:
    assert chosen(clusters()) == [0, 1, 2, 3, -1]


@pytest.mark.parametrize(
    ("sort", "descending", "expected"),
    [
        ("radius", False, [2, 3, 0, 1, -1]),
        ("radius", True, [0, 3, 2, 1, -1]),
        ("size", False, [3, 1, 2, 0, -1]),
        ("cluster_size", True, [0, 1, 2, 3, -1]),
        ("cluster", True, [3, 2, 1, 0, -1]),
    ],
)
def test_what_has_no_such_property_comes_last_and_equals_by_number(sort: Any, descending: Any, expected: Any) -> None:
    assert chosen(clusters(), sort=sort, descending=descending) == expected


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (["radius < 0.4"], [2]),
        (["radius<=0.4"], [2, 3]),
        ([" radius  >  4e-1 "], [0]),
        (["radius >= .4"], [0, 3]),
        (["size = 30"], [1, 2]),
        (["size == 30"], [1, 2]),
        (["size != 30"], [0, 3, -1]),
        (["size > 4", "radius < 0.45"], [2, 3]),
        (["cluster > -1"], [0, 1, 2, 3]),
        (["Size > 100"], []),
    ],
)
def test_every_condition_is_met(where: list[str], expected: list[int]) -> None:
    assert chosen(clusters(), *where) == expected


@pytest.mark.parametrize("name", ["mean", "mean_distance", "mean distance", "Mean-Distance"])
def test_a_property_is_found_as_it_is_printed_and_as_it_is_stored(name: str) -> None:
    assert chosen(clusters(mean_distance=[None, 3.0, 1.0, 2.0, 4.0]), sort=name) == [1, 2, 0, 3, -1]


def test_a_property_of_another_algorithm_is_one_as_well() -> None:
    other = [{"depth": 3, "name": "x"}, {"depth": 1.5}, {"depth": True}, {"depth": "deep"}, None]
    frame = clusters(other=[each and json.dumps(each) for each in reversed(other)])
    named = name_properties(frame)
    assert named["depth"].to_list() == [None, None, None, 1.5, 3.0]
    assert "name" not in named.columns
    assert chosen(frame, "depth > 1", sort="depth") == [2, 3]


def test_an_odd_value_of_a_known_property_leaves_the_others_as_they_are() -> None:
    odd = [None, None, None, None, json.dumps({"distinct_outputs": 1.5})]
    named = name_properties(clusters(distinct_outputs=[9, 8, 7, 6, None], other=odd))
    assert named["distinct_outputs"].to_list() == [9, 8, 7, 6, None]


def test_the_properties_that_were_asked_for_are_told_once() -> None:
    _, asked = choose_clusters(name_properties(clusters()), ["radius > 0", "size > 0", "radius < 9"], "size", False)
    assert asked == ["radius", "size"]


@pytest.mark.parametrize(
    ("where", "sort", "said"),
    [
        (["radus < 3"], None, 'found no property "radus" for --where; did you mean "radius"?'),
        ([], "persistance", 'found no property "persistance" for --sort; did you mean "persistence"?'),
        ([], "zzz", 'found no property "zzz" for --sort; known: cluster, distinct_outputs, epsilon'),
        (["radius"], None, "found --where 'radius'; expected a property"),
        (["radius < "], None, "expected a property"),
        (["radius < wide"], None, "expected a property"),
        (["< 3"], None, "expected a property"),
        (["0.1 < radius < 3"], None, "expected a property"),
        (["radius << 3"], None, "expected a property"),
    ],
)
def test_what_cannot_be_read_says_what_was_expected(where: list[str], sort: str | None, said: str) -> None:
    with pytest.raises(typer.BadParameter) as raised:
        choose_clusters(name_properties(clusters()), where, sort, False)
    assert said in raised.value.message
