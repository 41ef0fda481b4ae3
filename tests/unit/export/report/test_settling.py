"""What the report says of runs that settle, and of how runs end."""

import polars as pl
import pytest

from loopscope.export.report.sections.settling import STAY, say_absorption, say_ends

ENDED = {"run_id": [1, 2, 3], "stop_reason": ["length", "cycle", "cycle"], "seed": [None, 1, 1]}
SEEN = {
    "run_id": [1, 2, 2, 3],
    "output_type": ["text", "image", "text", "text"],
    "period": [None, 6, 1, 3],
}


def make_estimates(p_of_memory, estimate=0.96):
    row = {"network": "A→B", "output_type": "text", "n_runs": 25, "lower": 0.8, "upper": 1.0}
    share = row | {"quantity": "share absorbed", "estimate": estimate}
    return pl.DataFrame(
        [
            share | {"null": "S", "null_mean": 0.36, "null_p": 0.01},
            share | {"null": "M1", "null_mean": 0.8, "null_p": p_of_memory},
            row | {"quantity": "median onset", "null": "S", "estimate": None, "null_mean": None, "null_p": None},
        ]
    )


def make_runs(outlying=0, lengths=(30,)):
    clusters = [-1] * outlying + [4] * (24 - outlying) + [None]
    return pl.DataFrame(
        {
            "network": "A→B",
            "cluster_id": clusters,
            "n": [lengths[at % len(lengths)] for at in range(25)],
            "reason": None,
        },
        schema_overrides={"reason": pl.String},
    )


def test_clusters_are_held_against_one_step_of_memory():
    [said] = say_absorption(make_estimates(0.41), make_runs(), STAY)
    assert said.startswith("24 of 25 runs of 30 steps stay in one cluster")
    assert "shuffled order gives 9 of 25, p = 0.01; one step of memory gives 20 of 25, p = 0.41" in said
    assert said.endswith("no more than the last ordinary stay of a run.")
    [said] = say_absorption(make_estimates(0.01), make_runs(), STAY)
    assert said.endswith("one step of memory gives 20 of 25, p = 0.01.")


def test_exact_outputs_are_not_held_against_memory():
    [said] = say_absorption(make_estimates(0.41), make_runs(), "repeat{s} {its} texts exactly")
    assert "memory" not in said


@pytest.mark.parametrize(("outlying", "words"), [(1, "; 1 of them stays at an outlier;"), (2, "; 2 of them stay at")])
def test_stays_among_outliers_are_counted(outlying, words):
    [said] = say_absorption(make_estimates(0.41), make_runs(outlying), STAY)
    assert words in said
    assert "outlier" not in say_absorption(make_estimates(0.41), make_runs(), STAY)[0]


def test_one_run_stays_and_lengths_that_differ_are_bounds():
    [said] = say_absorption(make_estimates(0.41, 0.04), make_runs(lengths=(30, 17)), "repeat{s} {its} texts exactly")
    assert said.startswith("1 of 25 runs of up to 30 steps repeats its texts exactly")


def test_stops_are_told_in_outputs_and_not_in_invocations():
    said = say_ends(pl.DataFrame(ENDED), pl.DataFrame(SEEN))
    stopped = "2 were stopped in a state of before (1 a fixed text, 1 a cycle of 3 texts)"
    assert said[0] == f"Of 3 runs, 1 reached its length and {stopped}."
    assert said[1].startswith("1 draws fresh randomness")
