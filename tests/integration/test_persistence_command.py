"""Persistence diagrams on the command line: computed, listed, gone on with."""

import json
import sqlite3
from contextlib import closing

import pytest

EXPERIMENT = """
networks = [["FakePainter", "FakeDescriber"]]
prompts = ["a fox", "the rain"]
seeds = [1, 2]
embedding_models = ["FakeTextEmbedder", "FakeImageEmbedder"]
max_length = 12
"""


@pytest.fixture
def performed(loopscope, tmp_path):
    (tmp_path / "e.toml").write_text(EXPERIMENT)
    done = loopscope("experiment", "perform", "e.toml")
    assert done.returncode == 0, done.stderr


def change(folder, statement, *values):
    with closing(sqlite3.connect(folder / "loopscope.db")) as connection, connection:
        connection.execute(statement, values)


def test_diagrams_are_computed_listed_and_not_computed_again(loopscope, performed):
    before = loopscope("persistence")
    assert before.stdout.count("not computed") == 8
    assert "4 runs to compute by FakeTextEmbedder: loopscope persistence perform FakeTextEmbedder" in before.stderr
    done = loopscope("persistence", "perform", "FakeTextEmbedder")
    assert done.returncode == 0
    assert "computed 4 persistence diagrams by FakeTextEmbedder\n" in done.stderr
    again = loopscope("persistence", "perform", "FakeTextEmbedder", "--json")
    assert json.loads(again.stdout) == {
        "embedding_model": "FakeTextEmbedder",
        "computed": 0,
        "already": 4,
        "without": [],
        "failed": [],
    }
    listed = json.loads(loopscope("persistence", "list", "--json").stdout)
    texts = [row for row in listed if row["embedding_model"] == "FakeTextEmbedder"]
    assert {(row["standing"], row["metric"]) for row in texts} == {("current", "chord")}
    assert {row["dimension"] for row in texts} == {0, 1}


def test_hollows_and_one_experiment(loopscope, performed):
    experiment = json.loads(loopscope("experiment", "list", "--json").stdout)[0]["uuid"]
    done = loopscope(
        "persistence", "perform", "FakeImageEmbedder", "--experiment", experiment[:6], "--max-dimension", 2
    )
    assert done.returncode == 0, done.stderr
    listed = json.loads(loopscope("persistence", "--experiment", experiment[:6], "--json").stdout)
    assert {row["dimension"] for row in listed if row["embedding_model"] == "FakeImageEmbedder"} == {0, 1, 2}


def test_a_run_that_fails_is_named_and_the_others_are_there(loopscope, performed, tmp_path):
    change(tmp_path, "DELETE FROM embedding_vector WHERE embedding_id = (SELECT max(id) FROM embedding)")
    model = "FakeImageEmbedder"
    done = loopscope("persistence", "perform", model)
    assert done.returncode == 3
    assert f"computed 3 persistence diagrams by {model}" in done.stderr
    assert "have no vector by this model" in done.stderr
    assert "loopscope doctor --db loopscope.db" in done.stderr


def test_an_unknown_model_and_an_empty_database(loopscope, performed):
    done = loopscope("persistence", "perform", "FakeTextEmbeder")
    assert done.returncode == 1
    assert 'did you mean "FakeTextEmbedder"?' in done.stderr
    refused = loopscope("persistence", "perform", "FakeTextEmbedder", "--max-dimension", -1)
    assert refused.returncode == 2
