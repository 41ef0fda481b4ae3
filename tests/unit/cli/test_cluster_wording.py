"""A clustering result in words; what an older version did not record says so."""

from typing import Any

import pytest

from loopscope.cli.cluster.wording import (
    order_by_layer,
    say_durations,
    say_embeddings,
    say_layer,
    say_origin,
    say_selection,
)

RECORDED: dict[str, Any] = {
    "n_members": 1200,
    "n_outliers": 34,
    "n_candidates": 2468,
    "n_distinct": 1001,
    "experiments": None,
    "without_prompts": [],
    "seconds_load": 0.25,
    "seconds_compute": 75.0,
    "seconds_describe": None,
    "seconds_save": 1.0,
    "layer": None,
    "layer_group": None,
    "origin": None,
}
OLD = RECORDED | {name: None for name in RECORDED if name.startswith(("seconds", "without", "n_distinct", "n_cand"))}


def test_what_was_recorded_is_said() -> None:
    assert say_embeddings(RECORDED) == "1,234 embeddings of 2,468 candidates, 1,001 distinct; 34 outliers"
    assert say_embeddings(RECORDED | {"n_candidates": 1234}) == "1,234 embeddings, 1,001 distinct; 34 outliers"
    assert say_durations(RECORDED) == "load 0.25 s, compute 1 min 15 s, save 1 s"
    assert say_selection(RECORDED) == "all experiments"
    some = RECORDED | {"experiments": ["0123456789", "abcdef0123"], "without_prompts": ["a fox", "it's"]}
    assert say_selection(some) == "experiments 01234567, abcdef01, without the prompts 'a fox', \"it's\""


def test_what_was_not_recorded_says_so() -> None:
    assert say_durations(OLD) == "not recorded"
    assert say_embeddings(OLD) == "1,234 embeddings, not recorded how many are distinct; 34 outliers"
    assert say_selection(OLD) == "all experiments"


def test_layers_stand_together_the_finest_first() -> None:
    def result(name: str, layer: int | None, group: str | None) -> dict[str, Any]:
        return RECORDED | {"name": name, "layer": layer, "layer_group": group}

    results = [
        result("a", None, None),
        result("coarse", 1, "g"),
        result("b", None, None),
        result("other", 0, "h"),
        result("fine", 0, "g"),
        result("c", None, None),
    ]
    assert [each["name"] for each in order_by_layer(results)] == ["a", "fine", "coarse", "b", "other", "c"]
    assert [say_layer(each, results) for each in results] == [None, "1 of 2", None, "0 of 1", "0 of 2", None]


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        (None, None),
        ("{}", "imported"),
        ('{"file": "/home/me/old/thesis.db"}', "imported from thesis.db"),
        ('{"file": "x.db", "layout": "a", "left_out": 2, "merged": 0}', "imported from x.db (layout a, left out 2)"),
    ],
)
def test_an_imported_result_says_where_it_came_from(origin: str | None, said: str | None) -> None:
    assert say_origin(RECORDED | {"origin": origin}) == said
