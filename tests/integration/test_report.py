"""The report and the frames of a small real experiment, as a person makes them: with the test models."""

import csv
import gzip
import io
import json
import re
import subprocess
import sys
from base64 import b64decode
from html.parser import HTMLParser

import polars as pl
import pytest

from loopscope.data_prep.cache import cached_in
from loopscope.data_prep.registry import FRAMES, Subject, find_frame
from loopscope.export.flattening import flatten
from loopscope.export.report.about import About
from loopscope.export.report.sections import SECTIONS, shape
from loopscope.export.report.sections.shape import answer_shape
from loopscope.store.connection import open_store

EXPERIMENT = """
networks = [["FakePainter", "FakeDescriber"], ["FakeText"]]
prompts = ["a fox <b>&amp;", "the rain"]
seeds = [1, 2]
num_runs = 3
embedding_models = ["FakeTextEmbedder", "FakeImageEmbedder"]
max_length = 24
"""
BARE = """
networks = [["FakePainter", "FakeDescriber"]]
prompts = ["a fox"]
num_runs = 1
max_length = 4
"""
SMALL = ("--min-cluster-size", 3, "--min-samples", 2, "--epsilon", 0, "--no-allow-single-cluster")
VOID = {"meta", "img", "br", "path", "rect", "line", "circle", "use", "stop"}


@pytest.fixture(scope="module")
def performed(tmp_path_factory, command_line):
    """A folder with an experiment, its clustering, diagrams and report; and one of which nothing is embedded."""
    folder = tmp_path_factory.mktemp("report")
    loopscope = command_line(folder)
    (folder / "e.toml").write_text(EXPERIMENT)
    (folder / "bare.toml").write_text(BARE)
    ids = []
    for words in (
        ("experiment", "perform", "bare.toml", "--json"),
        ("experiment", "perform", "e.toml", "--json"),
        ("cluster", "perform", "FakeTextEmbedder", *SMALL, "--json"),
        ("persistence", "perform", "FakeTextEmbedder"),
    ):
        done = loopscope(*words)
        assert done.returncode == 0, done.stderr
        if words[0] == "experiment":
            ids.append(json.loads(done.stdout)["experiment_uuid"][:8])
    done = loopscope("report", ids[1], "-o", "report.html", "--cache", "cache")
    assert done.returncode == 0, done.stderr
    return folder, loopscope, ids, done.stderr


@pytest.fixture(scope="module")
def page(performed):
    return (performed[0] / "report.html").read_text()


class Structure(HTMLParser):
    """What a page is made of; an element that is not closed where it should be is an error."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.text, self.alone = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [
            attributes[name] for name in ("href", "src", "xlink:href", "action", "data") if name in attributes
        ]
        if tag in ("script", "link", "iframe", "object", "embed"):
            self.alone.append(tag)
        if tag in ("img", "svg") and not attributes.get("alt", attributes.get("aria-label")):
            self.alone.append(f"{tag} without words")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def structure(page):
    found = Structure()
    found.feed(page)
    return found


def test_the_report_is_one_file_that_needs_no_other(page, structure):
    assert not structure.open
    assert not structure.alone
    assert len(structure.ids) == len(set(structure.ids))
    assert {link.partition(":")[0] for link in structure.links if not link.startswith("#")} == {"data"}
    assert {link[1:] for link in structure.links if link.startswith("#")} <= set(structure.ids)
    assert not re.findall(r"url\((?!#)|@import", page)
    assert len(page) < 10_000_000
    style = page[page.index("<style>") : page.index("</style>")]
    assert "@media print" in style


def test_every_question_is_there_with_an_answer_or_a_reason(page, structure, performed):
    for section in SECTIONS:
        assert section.anchor in structure.ids
        part = page[page.index(f'<section id="{section.anchor}">') :].partition("</section>")[0]
        assert section.question in part
        assert 'class="answer"' in part or "Could not be computed" in part
        assert "None" not in re.sub(r"<svg.*?</svg>|base64,[^\"]*", "", part, flags=re.DOTALL)
        assert "nan" not in re.sub(r"<svg.*?</svg>|base64,[^\"]*|<[^>]*>", "", part, flags=re.DOTALL).lower().split()
    assert f"{len(SECTIONS)} questions answered" in performed[3]


def test_what_the_models_wrote_cannot_become_markup(page, structure):
    assert "a fox <b>" not in page
    assert "a fox &lt;b&gt;&amp;amp;" in page
    assert any("a fox <b>&amp;" in text for text in structure.text)


def test_the_head_says_what_it_is_of(structure):
    text = "".join(structure.text)
    for said in (
        "FakePainter→FakeDescriber",
        "the rain",
        "1, 2 (the same at every step)",
        "FakeTextEmbedder",
        "hdbscan with",
    ):
        assert said in text
    assert "20 runs of 24 invocations each at most" in text


def test_downloads_are_the_frames(page, performed):
    with open_store(str(performed[0] / "loopscope.db")) as store:
        found = dict(re.findall(r'<a download="([^"]+)" href="data:[^,]*;base64,([^"]+)"', page))
        subject = Subject(2, 1, ("FakeTextEmbedder",))
        for name in ("runs", "absorption", "basins", "dwell_times", "occupancy", "transitions"):
            [file] = [each for each in found if each.partition(".")[0] == name]
            data = b64decode(found[file])
            text = (gzip.decompress(data) if file.endswith(".gz") else data).decode()
            with cached_in(performed[0] / "cache"):
                frame = flatten(find_frame(name).load_of(store, subject))
            rows = list(csv.reader(io.StringIO(text)))
            assert rows[0] == frame.columns
            assert len(rows) == 1 + frame.height > 1
            assert pl.read_csv(io.StringIO(text), schema=frame.schema).equals(frame)


def test_what_cannot_be_computed_is_said_with_the_reason(performed):
    folder, loopscope, ids, _ = performed
    done = loopscope("report", ids[0], "-o", "bare.html")
    assert done.returncode == 0, done.stderr
    page = (folder / "bare.html").read_text()
    assert page.count("no clustering result holds an output of this experiment") >= 3
    assert "names no embedding_models" in page
    assert "not answered, for reasons said there" in done.stderr
    assert "Which model takes the time?" in page.partition("Could not be computed")[0]


def test_a_second_report_takes_what_it_can_from_the_cache(performed):
    folder, loopscope, ids, _ = performed
    before = {path.name for path in (folder / "cache").iterdir()}
    assert any(name.startswith("load_recoverability_df-") for name in before)
    done = loopscope("report", ids[1], "-o", "again.html", "--cache", "cache")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (folder / "cache").iterdir()} == before
    clean = [
        re.sub(r"<dt>written</dt><dd>[^<]*</dd>", "", (folder / name).read_text())
        for name in ("report.html", "again.html")
    ]
    assert clean[0] == clean[1]


@pytest.mark.parametrize("file_format", ["parquet", "csv"])
def test_all_frames_are_exported_with_what_they_mean(performed, tmp_path, file_format):
    _, loopscope, ids, _ = performed
    done = loopscope(
        "export", "frames", tmp_path, "--format", file_format, "--experiment", ids[1], "--cache", "cache", "--json"
    )
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    dictionary = json.loads((tmp_path / "data_dictionary.json").read_text())
    assert manifest["frames"] == json.loads(done.stdout)
    assert [each["name"] for each in manifest["frames"]] == [frame.name for frame in FRAMES]
    assert manifest["experiment"].startswith(ids[1])
    assert manifest["versions"]["loopscope"]
    for each, described in zip(manifest["frames"], dictionary, strict=True):
        if each["file"] is None:
            assert each["reason"]
            continue
        path = tmp_path / each["file"]
        frame = pl.read_parquet(path) if file_format == "parquet" else pl.read_csv(path, infer_schema=False)
        assert frame.height == each["rows"]
        names = [column["name"] for column in described["columns"]]
        assert list(dict.fromkeys(column.partition(".")[0] for column in frame.columns)) == names
        assert (each["rows"] == 0) == (each["reason"] is not None)
    reasons = {each["name"]: each["reason"] for each in manifest["frames"]}
    assert "no second clustering was named: --compare ID" in reasons["cluster_comparison"]
    assert "name one: --run ID" in reasons["recurrence_pairs"]
    markdown = (tmp_path / "data_dictionary.md").read_text()
    assert all(f"## {frame.name}\n" in markdown for frame in FRAMES)


def test_only_the_frames_that_are_asked_for_are_exported_and_a_stale_one_is_taken_away(performed, tmp_path):
    _, loopscope, ids, _ = performed
    (tmp_path / "transitions.parquet").write_text("of an earlier call")
    words = ("export", "frames", tmp_path, "--only", "runs", "--only", "transitions", "--experiment", ids[0])
    done = loopscope(*words)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {
        "runs.parquet", "manifest.json", "data_dictionary.json", "data_dictionary.md"
    }  # fmt: skip
    assert "there is no clustering result" in done.stdout
    assert "wrote 1 of 2 frames" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("report",), 2, "Missing argument"),
        (("report", "ffffffff"), 1, "no experiment has an id that begins with 'ffffffff'"),
        (("report", "{id}", "-o", "report.pdf"), 2, "expected a file that ends in .html"),
        (("report", "{id}", "--cache", "e.toml"), 2, "e.toml"),
        (
            ("export", "frames", "x", "--only", "transition"),
            2,
            'found no frame "transition"; did you mean "transitions"?',
        ),
        (("export", "frames", "x", "--model", "Fake"), 1, "found no embeddings by 'Fake'"),
        (("export", "frames", "e.toml"), 1, "e.toml"),
    ],
)
def test_what_cannot_be_done_says_why(performed, words, code, said):
    _, loopscope, ids, _ = performed
    done = loopscope(*(word.format(id=ids[1]) for word in words))
    assert done.returncode == code, done.stderr
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr


def test_what_the_page_says_to_type_works(performed, pytestconfig):
    folder, loopscope, ids, _ = performed
    page = (pytestconfig.rootpath / "docs/report.md").read_text()
    [commands] = re.findall(r"```sh\n(.*?)```", page, flags=re.DOTALL)
    for line in commands.splitlines():
        words = line.partition("#")[0].replace("ID", ids[1]).split()
        done = loopscope(*words[1:])
        assert done.returncode == 0, (words, done.stderr)
    assert (folder / "transitions.svg").exists()
    [python] = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    python = (
        python.replace("foxes.db", "loopscope.db").replace("experiment_id=1", "experiment_id=2")
        + "assert basins.height"
    )
    done = subprocess.run([sys.executable, "-c", python], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "runs - one row for each run" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("occupancy", "--by", "prompt"),
        ("survival",),
        ("survival", "--model", "FakeTextEmbedder"),
        ("dwell",),
        ("graph",),
        ("basins",),
        ("coverage",),
        ("recoverability", "--model", "FakeImageEmbedder"),
        ("divergence",),
        ("recurrence", "--run", "{run}"),
        ("change-points", "--run", "{run}"),
        ("persistence", "--model", "FakeTextEmbedder"),
        ("barcode", "--run", "{run}", "--model", "FakeTextEmbedder"),
        ("entropy", "--model", "FakeTextEmbedder"),
        ("diagram-distances", "--model", "FakeTextEmbedder"),
        ("outliers",),
        ("durations",),
        ("raster", "--by", "prompt", "--sort", "absorption"),
    ],
    ids="-".join,
)
def test_every_chart_is_drawn(performed, tmp_path, words):
    folder, loopscope, ids, _ = performed
    runs = json.loads(loopscope("run", "list", "--experiment", ids[1], "--json").stdout)
    options = [word.format(run=runs[0]["uuid"]) for word in words]
    of = () if "--run" in words or words[0] == "outliers" else ("--experiment", ids[1])
    done = loopscope("chart", *options, *of, "-o", tmp_path / "c.svg", "--cache", folder / "cache")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "c.svg").stat().st_size > 1000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("recurrence",), "name it with --run ID"),
        (("durations", "--clustering", "0"), "--clustering 0 says nothing to the chart durations"),
        (("transition",), 'found no chart "transition"; did you mean "transitions"?'),
    ],
)
def test_a_chart_that_cannot_be_drawn_says_what_to_type(performed, words, said):
    done = performed[1]("chart", *words)
    assert done.returncode in (1, 2)
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_windows_are_not_shuffled_where_it_would_take_long(performed, monkeypatch):
    folder, _, _, _ = performed
    monkeypatch.setattr(shape, "MOST_SHUFFLED_WORK", 0)
    with open_store(folder / "loopscope.db") as store:
        answer = answer_shape(About(store, 2, 1))
    [windows] = [each.frame for each in answer.downloads if each.name == "sliding_window_estimates"]
    assert windows["null_p"].is_null().all()
    assert windows["estimate"].is_not_null().any()
    assert any(line.startswith("Null S, shuffled windows") for line in answer.lacking)
