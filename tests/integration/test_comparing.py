"""Comparing and trusting from the command line, with the test models."""

import json
import shutil

import pytest

EXPERIMENT = """
networks = [["FakePainter", "FakeDescriber"]]
prompts = ["a fox", "the rain"]
num_runs = 3
embedding_models = ["FakeTextEmbedder", "FakeImageEmbedder"]
max_length = 24
"""
SMALL = ("--min-cluster-size", 3, "--min-samples", 2, "--epsilon", 0, "--no-allow-single-cluster")


def _json(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def clustered_once(tmp_path_factory, command_line):
    """A folder with an experiment whose texts and pictures were clustered."""
    folder = tmp_path_factory.mktemp("clustered")
    loopscope = command_line(folder)
    (folder / "e.toml").write_text(EXPERIMENT)
    assert loopscope("experiment", "perform", "e.toml").returncode == 0
    results = [
        _json(loopscope("cluster", "perform", *words, *SMALL, "--json"))["uuid"][:8]
        for words in (("FakeTextEmbedder",), ("FakeTextEmbedder", "--downsample", 2), ("FakeImageEmbedder",))
    ]
    return folder, results


@pytest.fixture
def results(clustered_once, tmp_path):
    """A copy of that folder, in which the test works; the ids of the three results."""
    folder, found = clustered_once
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return found


def test_results_are_compared_and_drawn(loopscope, results, tmp_path):
    texts, half, pictures = results
    done = loopscope("cluster", "compare", texts, half, "-o", "charts/alluvial.png")
    assert done.returncode == 0, done.stderr
    assert "36 (not sampled)" in done.stdout
    assert "adjusted Rand index" in done.stdout
    assert max(map(len, done.stdout.splitlines()[-30:])) < 140
    assert "wrote charts/alluvial.png" in done.stderr
    assert (tmp_path / "charts/alluvial.png").stat().st_size > 10_000
    itself = _json(loopscope("cluster", "compare", texts, texts, "--json"))
    assert (itself["compared"], itself["only in A"]) == (72, 0)
    assert {row["estimate"] for row in itself["comparison"]} == {1.0}
    across = _json(loopscope("cluster", "compare", texts, pictures, "--json"))
    assert across["paired by"] == "caption with the picture it describes"
    assert sum(flow["count"] for flow in across["flows"]) == 72


def test_stability_sweep_and_outliers_are_told_and_drawn(loopscope, results, tmp_path):
    texts = results[0]
    for words, file, said in (
        (("stability", texts, "--resamples", 4, "--clouds", 2), "stability.svg", "clusters are stable"),
        (("sweep", "FakeTextEmbedder", "--min-cluster-size", "3..12", "--steps", 3), "sweep.html", "72 embeddings"),
        (("outliers", texts), "outliers.pdf", "the chance of being an outlier"),
    ):
        done = loopscope("cluster", *words, "-o", file)
        assert done.returncode == 0, done.stderr
        assert said in done.stdout
        assert (tmp_path / file).stat().st_size > 5_000
    assert len(_json(loopscope("cluster", "stability", texts, "--resamples", 2, "--clouds", 0, "--json"))) >= 1
    told = loopscope("cluster", "sweep", "FakeTextEmbedder", "--no-allow-single-cluster", "--clouds", 1).stdout
    assert max(map(len, told.splitlines())) <= 100
    assert "the outlier share depends most on" in told
    assert " to " in told.splitlines()[1].split("0.")[0], "equal neighbours are one line"
    few = loopscope("cluster", "sweep", "FakeTextEmbedder", "--without-prompt", "a fox").stdout
    assert "36 embeddings" in few
    grid = ("--epsilon", "0,0.3", "--min-samples", 2, "--json")
    swept = _json(loopscope("cluster", "sweep", "FakeTextEmbedder", *grid))
    assert [(row["min_cluster_size"], row["epsilon"]) for row in swept["settings"]] == [
        (size, epsilon) for size in (2, 5, 10) for epsilon in (0, 0.3)
    ]
    assert _json(loopscope("cluster", "outliers", texts, "--clouds", 0, "--json"))[0]["parameter"] == "all"
    assert len(_json(loopscope("cluster", "list", "--json"))) == 3, "nothing is stored"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("compare", "{0}", "ffffffff"), 1, "ffffffff"),
        (("compare", "{0}"), 2, "Missing argument"),
        (("compare", "{0}", "{1}", "-o", "a.bmp"), 2, "expected a file that ends in .html"),
        (("stability", "{0}", "--share", 1), 1, "expected some runs to be left out"),
        (("sweep", "FakeTextEmbeder"), 1, 'did you mean "FakeTextEmbedder"'),
        (
            ("sweep", "FakeTextEmbedder", "--min-cluster-size", "5..900"),
            1,
            "the grid has min_cluster_size up to 900, but",
        ),
        (("sweep", "FakeTextEmbedder", "--without-prompt", "a fix"), 1, 'did you mean "a fox"'),
        (("sweep", "FakeTextEmbedder", "--epsilon", "x"), 2, "expected a range or a list, such as"),
        (("sweep", "FakeTextEmbedder", "--min-cluster-size", "9..3"), 2, '--min-cluster-size is "9..3"'),
    ],
)
def test_what_cannot_be_done_is_told(loopscope, results, words, code, said):
    done = loopscope("cluster", *(str(word).format(*results) for word in words))
    assert done.returncode == code, done.stderr
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
