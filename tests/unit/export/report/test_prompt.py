"""What the report says of telling the prompt."""

import polars as pl

from loopscope.export.report.sections.prompt import say_told

ROW = {"network": "A→B", "generator": "B", "embedding_model": "MiniLM"}
CHANCE = {"null_mean": 0.2, "null_lower": 0.1, "null_upper": 0.3, "null_p": 0.05}


def make_estimates(first):
    known = ROW | CHANCE | {"lower": 0.2, "upper": 0.3}
    rows = [known | {"quantity": "accuracy_first", "estimate": first}]
    return pl.DataFrame([*rows, known | {"quantity": "accuracy_last", "estimate": 0.23}])


def test_the_last_accuracy_is_that_of_a_quarter_of_the_run_by_a_named_model():
    [said] = say_told(make_estimates(0.25))
    assert said.startswith("The prompt is told by MiniLM from the first outputs in 25 % [20 %, 30 %] of cases (")
    assert "and over the last quarter of the run in 23 % [20 %, 30 %] (dealing runs out" in said


def test_without_a_first_accuracy_the_last_is_told():
    assert say_told(make_estimates(None))[0].startswith("The prompt is told by MiniLM over the last quarter of the run")
