"""What clusterings tell on the command line: clusters by property, medoids, and where outputs stand."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

EXPERIMENT = """
networks = [["FakePainter", "FakeDescriber"]]
prompts = ["a fox", "the rain"]
seeds = [1, 2, 3]
embedding_models = ["FakeTextEmbedder", "FakeImageEmbedder"]
max_length = 20
"""
SMALL = ("--min-cluster-size", 3, "--min-samples", 2, "--epsilon", 0, "--no-allow-single-cluster")


@pytest.fixture(scope="module")
def clustered_once(tmp_path_factory, command_line):
    """A folder with a clustering of texts, one of every second picture, and texts that came later and were assigned."""
    folder = tmp_path_factory.mktemp("clustered")
    loopscope = command_line(folder)
    (folder / "e.toml").write_text(EXPERIMENT)
    (folder / "later.toml").write_text(EXPERIMENT.replace("a fox", "the sea").replace("20", "4"))
    _done(loopscope("experiment", "perform", "e.toml"))
    texts = _json(loopscope("cluster", "perform", "FakeTextEmbedder", *SMALL, "--json"))["uuid"]
    pictures = _json(loopscope("cluster", "perform", "FakeImageEmbedder", "--downsample", 2, *SMALL, "--json"))["uuid"]
    _done(loopscope("experiment", "perform", "later.toml"))
    _done(loopscope("cluster", "assign", texts))
    return folder, texts, pictures


@pytest.fixture
def clustered(clustered_once, tmp_path):
    """A copy of that folder, in which the test works, and the ids of its clusterings of texts and pictures."""
    folder, *uuids = clustered_once
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return uuids


def _done(done):
    assert done.returncode == 0, done.stderr
    return done


def _json(done):
    return json.loads(_done(done).stdout)


def _change(folder, statement, *values):
    with closing(sqlite3.connect(folder / "loopscope.db")) as connection, connection:
        connection.execute(statement, values)


def test_clusters_are_shown_by_any_property(loopscope, clustered, tmp_path):
    shown = _json(loopscope("cluster", "show", clustered[0][:6], "--json"))
    clusters = shown["result_clusters"]
    assert [each["cluster_id"] for each in clusters] == [*range(shown["n_clusters"]), -1]
    radii = sorted(each["radius"] for each in clusters[:-1])
    middle = radii[len(radii) // 2]
    words = ("cluster", "show", clustered[0][:6], "--sort", "radius", "--descending", "--where", f"radius < {middle}")
    chosen = _json(loopscope(*words, "--images", "chosen", "--json"))["result_clusters"]
    assert {each["path"] for each in chosen} == {f"chosen/{path.name}" for path in (tmp_path / "chosen").iterdir()}
    assert [each["radius"] for each in chosen] == radii[: radii.index(middle)][::-1]
    table = _done(loopscope(*words))
    assert f"{len(chosen)} of {shown['n_clusters']} clusters" in table.stderr
    heading = next(line for line in table.stdout.splitlines() if line.startswith("cluster "))
    columns = ["cluster", "size", "distinct", "runs", "prompts", "radius", "mean", "persistence", "medoid"]
    assert heading.split() == columns
    assert "lambda_death" in loopscope("cluster", "show", clustered[0], "--where", "lambda_death > 0").stdout
    for each in clusters:
        assert each["n_runs"] > 0
        assert each["distinct_outputs"] <= each["cluster_size"]
        assert each["other"] is None


def test_an_older_result_says_what_was_not_recorded(loopscope, clustered, tmp_path):
    _change(tmp_path, "UPDATE cluster SET properties = '{}'")
    _change(tmp_path, "UPDATE clustering_result SET durations = NULL, counts = '{}', versions = '{}'")
    done = _done(loopscope("cluster", "show", clustered[0], "--sort", "radius"))
    assert "no cluster has the property radius: it was not recorded" in done.stderr
    assert done.stdout.count("not recorded") == 3
    heading = next(line for line in done.stdout.splitlines() if line.startswith("cluster "))
    assert heading.split() == ["cluster", "size", "runs", "prompts", "radius", "medoid"]


def test_layers_are_listed_together_and_imported_results_marked(loopscope, clustered, tmp_path):
    _change(tmp_path, "UPDATE clustering_result SET layer = 2 - id, layer_group = ?", "0" * 32)
    _change(tmp_path, 'UPDATE clustering_result SET origin = \'{"file": "old.db"}\' WHERE id = 2')
    assert [each["uuid"] for each in _json(loopscope("cluster", "--json"))] == clustered[::-1]
    heading, first, second = loopscope("cluster", "list").stdout.splitlines()
    assert "layer" in heading
    assert "0 of 2" in first
    assert "imported, hdbscan: min_cluster_size 3" in first
    assert "1 of 2" in second
    assert "imported" not in second
    shown = loopscope("cluster", "show", clustered[1]).stdout
    assert f"0 of 2, 0 being the finest (0 is {clustered[1][:8]}, 1 is {clustered[0][:8]})" in shown
    assert "imported from old.db" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "{texts}", "--sort", "radus"), 'found no property "radus" for --sort; did you mean "radius"?'),
        (("show", "{texts}", "--where", "persistnce>0"), 'did you mean "persistence"?'),
        (("show", "{texts}", "--where", "radius"), "found --where 'radius'; expected a property"),
        (("outputs", "{texts}", "--status", "outlir"), "found 'outlir'; expected one of 'member', 'outlier'"),
        (("medoid", "{texts}", "first"), "Input should be a valid integer"),
    ],
)
def test_a_property_that_is_misspelled_is_a_matter_of_usage(loopscope, clustered, words, said):
    done = loopscope("cluster", *(word.format(texts=clustered[0]) for word in words))
    assert done.returncode == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr


def test_a_medoid_leads_to_what_goes_with_it(loopscope, clustered, tmp_path):
    for uuid in clustered:
        clusters = _json(loopscope("cluster", "show", uuid, "--json"))["result_clusters"]
        for each in clusters[:1]:
            number = each["cluster_id"]
            found = _json(loopscope("cluster", "medoid", uuid, number, "--images", "out", "--json"))
            assert found["path"] == f"out/cluster_{number:03d}.png"
            assert (tmp_path / found["path"]).exists()
            assert (found["next_path"] is not None) == (
                uuid == clustered[0] and found["next_invocation_id"] is not None
            )
            assert found["medoid_embedding_id"] == each["medoid_embedding_id"]
            run = _json(loopscope("run", "show", found["run_uuid"], "--json"))["invocations"]
            text, picture = (
                next((row for row in run if row["invocation_id"] == found[f"{kind}_invocation_id"]), None)
                for kind in ("text", "picture")
            )
            assert picture["output_type"] == "image"
            assert text is None or text["sequence_number"] == picture["sequence_number"] + 1
            printed = _done(loopscope("cluster", "medoid", uuid, number)).stdout
            assert found["run_uuid"] in printed
            assert f"step {found['sequence_number']}" in printed
            assert (found["medoid_text"] or found["next_text"] or "its run ends here") in printed
            assert "to see it: --images DIR" in printed


def test_a_cluster_that_is_not_there_says_which_are(loopscope, clustered):
    done = loopscope("cluster", "medoid", clustered[0], 99)
    assert done.returncode == 1
    assert "has no cluster 99; expected a number from 0 to" in done.stderr


def test_medoids_of_all_results_are_listed_with_text_and_picture(loopscope, clustered):
    medoids = _json(loopscope("cluster", "medoids", "--json"))
    results = _json(loopscope("cluster", "list", "--json"))
    assert len(medoids) == sum(each["n_clusters"] for each in results)
    assert {each["embedding_model"] for each in medoids} == {"FakeTextEmbedder", "FakeImageEmbedder"}
    for each in medoids:
        own = "text" if each["embedding_model"] == "FakeTextEmbedder" else "picture"
        assert each[f"{own}_invocation_id"] == each["medoid_invocation_id"]
        assert each["picture_invocation_id"] is not None
    assert len(loopscope("cluster", "medoids").stdout.splitlines()) == len(medoids) + 1


def test_a_run_says_where_its_outputs_stand(loopscope, clustered):
    texts, pictures = clustered
    runs = [each["uuid"] for each in _json(loopscope("run", "--json"))]
    first = _json(loopscope("run", "show", runs[0], "--clustering", pictures, "--json"))
    statuses = [each["status"] for each in first["invocations"]]
    assert statuses[1::2] == [None] * 10
    assert statuses[2::4] == ["not sampled"] * 5
    assert set(statuses[::4]) <= {"member", "outlier"}
    assert first["statuses"]["not sampled"] == 5
    last = _json(loopscope("run", "show", runs[-1], "--clustering", texts, "--json"))["invocations"]
    assert [each["status"] for each in last] == [None, "added later"] * 2
    assert [each["later_cluster_id"] is None for each in last] == [True, False] * 2
    assert [each["cluster_id"] for each in last] == [None] * 4
    shown = loopscope("run", "show", runs[-1], "--clustering", texts).stdout
    assert f"{texts[:8]}, of texts by FakeTextEmbedder: 2 added later" in shown
    assert "assigned later" in shown
    assert "status" not in loopscope("run", "show", runs[0]).stdout


def test_an_output_without_an_embedding_is_told(loopscope, clustered, tmp_path):
    run = _json(loopscope("run", "--json"))[-1]["uuid"]
    _change(tmp_path, "DELETE FROM embedding WHERE id IN (SELECT max(id) FROM embedding GROUP BY embedding_model_id)")
    found = _json(loopscope("run", "show", run, "--clustering", clustered[0], "--json"))
    assert found["statuses"] == {"added later": 1, "not embedded": 1}


def test_outputs_are_listed_by_cluster_and_by_status(loopscope, clustered):
    texts, pictures = clustered
    clusters = _json(loopscope("cluster", "show", texts, "--json"))["result_clusters"]
    for each in (clusters[0], clusters[-1]):
        found = _json(loopscope("cluster", "outputs", texts, "--cluster", each["cluster_id"], "--json"))
        assert len(found) == each["cluster_size"]
        assert {row["cluster_id"] for row in found} == {each["cluster_id"]}
        assert (each["medoid_text"] in [row["output_text"] for row in found]) == (each["cluster_id"] >= 0)
    later = _json(loopscope("cluster", "outputs", texts, "--status", "added-later", "--json"))
    assert len(later) == 12
    assert all(row["later_cluster_id"] is not None for row in later)
    counts = loopscope("cluster", "outputs", texts).stdout.splitlines()
    assert counts[0].split() == ["status", "embeddings", "runs", "assigned", "later"]
    assert counts[-1].split() == ["added", "later", "12", "6", "12"]
    left_out = _json(loopscope("cluster", "outputs", pictures, "--status", "not-sampled", "--json"))
    assert {row["sequence_number"] % 4 for row in left_out} == {2}
    assert f"not sampled {len(left_out)} 6" in " ".join(loopscope("cluster", "outputs", pictures).stdout.split())
    run = later[0]["run_uuid"]
    assert len(_json(loopscope("cluster", "outputs", texts, "--run", run[:8], "--json"))) == 2
    assert "lamp" in loopscope("cluster", "outputs", texts, "--status", "member").stdout
    refused = loopscope("cluster", "outputs", texts, "--cluster", 99)
    assert refused.returncode == 1
    assert "has no cluster 99; expected a number from 0 to" in refused.stderr
    for_later = [each for each in later if each["later_cluster_id"] is not None]
    for number in {each["later_cluster_id"] for each in for_later}:
        found = _json(loopscope("cluster", "outputs", texts, "--status", "added-later", "--cluster", number, "--json"))
        assert [each["embedding_id"] for each in found] == [
            each["embedding_id"] for each in for_later if each["later_cluster_id"] == number
        ]
