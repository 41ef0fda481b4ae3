"""The command line as a person uses it, with the test models."""

import json
import shutil
from pathlib import Path

import pytest

EXPERIMENT = """
networks = [["FakePainter", "FakeDescriber"]]
prompts = ["a fox", "the rain"]
seeds = [1]
num_runs = 2
embedding_models = ["FakeTextEmbedder", "FakeImageEmbedder"]
max_length = 20
"""
SMALL = ("--min-cluster-size", 3, "--min-samples", 2, "--epsilon", 0, "--no-allow-single-cluster")
CLUSTER = ("cluster", "perform", "FakeTextEmbedder", *SMALL)


@pytest.fixture(scope="module")
def performed_once(tmp_path_factory, command_line):
    """A folder with an experiment that was performed and clustered, and what those commands printed."""
    folder = tmp_path_factory.mktemp("performed")
    loopscope = command_line(folder)
    (folder / "e.toml").write_text(EXPERIMENT)
    return folder, _json(loopscope("experiment", "perform", "e.toml", "--json")), _json(loopscope(*CLUSTER, "--json"))


@pytest.fixture
def performed(performed_once, tmp_path):
    """A copy of that folder, in which the test works."""
    folder, *printed = performed_once
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return printed


def _json(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_experiment_is_planned_performed_listed_and_shown(loopscope, tmp_path):
    (tmp_path / "e.toml").write_text(EXPERIMENT)
    plan = _json(loopscope("experiment", "plan", "e.toml", "--json"))
    assert (plan["runs"], plan["invocations"], plan["embeddings"], plan["seconds"]) == (6, 120, 126, None)
    assert not (tmp_path / "loopscope.db").exists()
    done = loopscope("experiment", "perform", "e.toml")
    assert "invocations: 120" in done.stderr
    assert "6 of 6 runs complete" in done.stderr
    assert done.stdout == ""
    assert _json(loopscope("experiment", "plan", "e.toml", "--json"))["seconds"] > 0
    [listed] = _json(loopscope("experiment", "--json"))
    assert (listed["n_runs"], listed["n_ended"]) == (6, 6)
    assert listed["uuid"][:8] in loopscope("experiment", "list").stdout
    shown = _json(loopscope("experiment", "show", listed["uuid"][:4], "--json"))
    assert len(shown["runs"]) == 6
    run = shown["runs"][0]
    lines = loopscope("run", "show", run["uuid"][:8], "--images", "pictures").stdout
    assert "pictures/step_00000.png" in lines
    outputs = _json(loopscope("run", "show", run["uuid"][:8], "--json"))["invocations"]
    assert [(each["run_id"], each["sequence_number"]) for each in outputs] == [(run["run_id"], n) for n in range(20)]
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 10


def test_clusters_lead_to_the_text_or_picture_that_is_their_medoid(loopscope, performed, tmp_path):
    _, clustered = performed
    shown = _json(loopscope("cluster", "show", clustered["uuid"][:6], "--images", "medoids", "--json"))
    clusters = shown["result_clusters"]
    assert [each["cluster_id"] for each in clusters if each["cluster_id"] >= 0] == list(range(clustered["clusters"]))
    assert sum(each["cluster_size"] for each in clusters) == clustered["embeddings"]
    for each in clusters:
        if each["cluster_id"] >= 0:
            assert (tmp_path / each["path"]).exists()
            assert each["medoid_text"] == each["cluster_label"]
    medoids = _json(loopscope("cluster", "medoids", "--json"))
    assert len(medoids) == clustered["clusters"] > 1
    [log] = (tmp_path / "logs").iterdir()
    assert log.name == Path(clustered["log_file"]).name
    for phase in ("load: done in", "compute: done in", "save: done in"):
        assert phase in log.read_text()


def test_clusterings_stand_side_by_side_until_deleted(loopscope, performed):
    _, first = performed
    second = _json(loopscope(*CLUSTER, "--downsample", 3, "--json"))
    pictures = _json(loopscope("cluster", "perform", "FakeImageEmbedder", *SMALL, "--json"))
    listed = _json(loopscope("cluster", "list", "--json"))
    assert [each["uuid"] for each in listed] == [first["uuid"], second["uuid"], pictures["uuid"]]
    assert second["embeddings"] == 6 * 4
    refused = loopscope("experiment", "delete", performed[0]["experiment_uuid"][:8], "--yes")
    assert refused.returncode == 1
    assert "take part in 3 clustering results" in refused.stderr
    assert all(each["uuid"][:8] in refused.stderr for each in listed)
    assert "nothing was deleted" in refused.stderr
    for each in listed:
        assert loopscope("cluster", "delete", each["uuid"], "--yes").returncode == 0
    assert loopscope("experiment", "delete", performed[0]["experiment_uuid"][:8], "--yes").returncode == 0
    assert _json(loopscope("run", "--json")) == []


@pytest.mark.parametrize("name", ["raster.html", "raster.svg", "sizes.png", "drift.pdf", "gallery.png"])
def test_charts_are_written(loopscope, performed, tmp_path, name):
    done = loopscope("chart", name.partition(".")[0], "-o", f"charts/{name}")
    assert done.returncode == 0, done.stderr
    assert f"wrote charts/{name}" in done.stderr
    assert (tmp_path / "charts" / name).stat().st_size > 1000


def test_failures_are_told_by_exit_code_and_words(loopscope, tmp_path):
    (tmp_path / "e.toml").write_text(
        'networks = [["FailsAlways"], ["FakeText"]]\nprompts = ["a"]\nnum_runs = 1\nmax_length = 3\n'
    )
    done = loopscope("experiment", "perform", "e.toml")
    assert done.returncode == 3
    assert "in 1 run something failed for good" in done.stderr
    assert "the lamp is broken" in loopscope("run", "list").stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("experiment", "perform", "none.toml"), 2, "found no file none.toml"),
        (("experiment", "perform", "typo.toml"), 2, 'unknown key "promts"; did you mean "prompts"?'),
        (("experiment", "plan", "unknown.toml"), 2, 'found no generator "FakePaintr"; did you mean "FakePainter"?'),
        (("experiment", "list"), 1, "there is no database at loopscope.db"),
        (("frobnicate",), 2, "No such command"),
        (("cluster", "--db", "x.db", "list"), 2, "--db stands before the command list"),
        (("cluster", "perform", "MiniLM", "--downsample", "0"), 2, "--downsample"),
    ],
)
def test_bad_input_is_refused_without_a_traceback(loopscope, tmp_path, words, code, said):
    (tmp_path / "typo.toml").write_text('networks = [["FakeText"]]\npromts = ["a"]\nnum_runs = 1\nmax_length = 3\n')
    (tmp_path / "unknown.toml").write_text(
        'networks = [["FakePaintr", "FakeDescriber"]]\nprompts = ["a"]\nnum_runs = 1\nmax_length = 3\n'
    )
    done = loopscope(*words)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "loopscope.db").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("cluster", "perform", "FakeTextEmbeddr"), 'found no embeddings by "FakeTextEmbeddr"'),
        (("cluster", "perform", "FakeTextEmbedder", "--min-cluster-size", 500), "lower them, or perform more runs"),
        (("cluster", "show", "0123456"), "no clustering result has an id that begins with '0123456'"),
        (("chart", "raster", "-o", "raster.gif"), ".gif"),
        (("chart", "raster", "-o", "e.toml/raster.svg"), "e.toml"),
        (("cluster", "show", "{result}", "--images", "e.toml"), "e.toml"),
        (("demo", "--out", "e.toml"), "e.toml"),
    ],
)
def test_what_cannot_be_done_says_why(loopscope, performed, words, said):
    done = loopscope(*(word.format(result=performed[1]["uuid"]) if isinstance(word, str) else word for word in words))
    assert done.returncode == 1, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_charts_say_what_they_chose(loopscope, performed):
    done = loopscope("chart", "drift", "--since", "start", "-o", "drift.svg")
    assert done.returncode == 0, done.stderr
    assert "choose others with --model: FakeImageEmbedder, FakeTextEmbedder" in done.stderr
    assert "--experiment ID" not in done.stderr
    several = loopscope("chart", "recurrence")
    assert several.returncode == 1
    assert "name it with --run ID" in several.stderr


def test_a_second_experiment_is_told_and_an_only_run_is_taken(loopscope, tmp_path):
    text = EXPERIMENT.replace('["a fox", "the rain"]', '["a fox"]').replace("seeds = [1]\nnum_runs = 2", "num_runs = 1")
    (tmp_path / "e.toml").write_text(text)
    [run] = _performed_runs(loopscope)
    done = loopscope("chart", "recurrence", "--model", "FakeTextEmbedder", "-o", "recurrence.svg")
    assert done.returncode == 0, done.stderr
    assert f"run {run['uuid'][:8]}" in (tmp_path / "recurrence.svg").read_text()
    (tmp_path / "e.toml").write_text(text.replace('"a fox"', '"snow"'))
    _performed_runs(loopscope)
    both = loopscope("chart", "survival", "-o", "survival.svg")
    assert "drawing what there is of 2 experiments (" in both.stderr
    first = _json(loopscope("experiment", "--json"))[0]["uuid"]
    assert "experiments" not in loopscope("chart", "survival", "--experiment", first, "-o", "survival.svg").stderr


def _performed_runs(loopscope):
    assert loopscope("experiment", "perform", "e.toml").returncode == 0
    return _json(loopscope("run", "--json"))


def test_the_charts_are_listed(loopscope):
    assert "medoid pictures with their captions" in loopscope("chart").stdout


def test_a_path_with_spaces_is_quoted_in_what_to_type(loopscope, performed, tmp_path):
    (tmp_path / "my folder").mkdir()
    shutil.copy(tmp_path / "loopscope.db", tmp_path / "my folder/x.db")
    done = loopscope(*CLUSTER, "--db", "my folder/x.db")
    assert "--db 'my folder/x.db'" in done.stderr


@pytest.mark.parametrize("option", ["--db {}", "--db={}"])
def test_the_database_to_name_is_added_to_what_to_type(loopscope, performed, option):
    done = loopscope("cluster", "show", "0123456", *option.format("loopscope.db").split())
    assert done.stderr.rstrip().endswith("see all: loopscope cluster list (with --db loopscope.db)")


def test_a_password_is_never_printed(loopscope):
    done = loopscope("experiment", "list", "--db", "postgresql://me:hunter2@127.0.0.1:1/loops")
    assert done.returncode == 1
    assert "hunter2" not in done.stdout + done.stderr


def test_models_are_listed_and_a_broken_plugin_with_its_error(loopscope):
    models = {each["name"]: each for each in _json(loopscope("model", "--json"))}
    assert models["FakePainter"]["ready"]
    assert (models["FakePainter"]["takes"], models["FakePainter"]["gives"]) == ("text", "image")
    assert models["CannotBeImported"]["missing"].startswith("the plugin is broken: ModuleNotFoundError")


def test_every_command_has_help(loopscope):
    from typer.main import get_command

    from loopscope.cli.app import app

    def commands(command, path=()):
        yield path, command
        for name, inner in getattr(command, "commands", {}).items():
            yield from commands(inner, (*path, name))

    found = list(commands(get_command(app)))
    assert len(found) > 20
    assert not [path for path, command in found if not (command.help or "").strip()]
