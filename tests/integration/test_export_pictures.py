"""The commands that draw runs, as a person uses them, and what their page says to type."""

import re
import sys

import pytest

from loopscope.cli import main
from loopscope.config import ExperimentConfig
from loopscope.engine.clustering import cluster_embeddings
from loopscope.engine.performing import perform_experiment
from loopscope.models import fakes
from loopscope.models.registry import Registry
from loopscope.schemas import Run
from loopscope.store.connection import open_store

EXPERIMENT = ExperimentConfig(
    networks=(("FakePainter", "FakeDescriber"), ("FakeText",)),
    prompts=("a fox", "the rain"),
    seeds=(1,),
    embedding_models=("FakeTextEmbedder", "FakeImageEmbedder"),
    max_length=24,
)


@pytest.fixture(scope="module")
def performed(tmp_path_factory):
    """A folder with the database of an experiment, and the id of a run that paints."""
    folder = tmp_path_factory.mktemp("pictures")
    registry = Registry.of(
        fakes.FakePainter, fakes.FakeDescriber, fakes.FakeText, fakes.FakeTextEmbedder, fakes.FakeImageEmbedder
    )
    (folder / "a_file").touch()
    with open_store(folder / "loopscope.db", create=True) as store:
        perform_experiment(EXPERIMENT, store, registry=registry)
        with store.session() as session:
            painting = next(run for run in session.query(Run) if "FakePainter" in run.network)
            return folder, painting.uuid.hex[:8]


@pytest.fixture
def loopscope(performed, monkeypatch, capsys):
    """The command, in the folder of the experiment and in this process: its exit code, and what it said."""
    monkeypatch.chdir(performed[0])
    monkeypatch.delenv("LOOPSCOPE_DB", raising=False)
    monkeypatch.setenv("COLUMNS", "200")

    def type_words(*words):
        monkeypatch.setattr(sys, "argv", ["loopscope", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, capsys.readouterr().err

    return type_words


def test_what_the_page_on_pictures_says_to_type_works(performed, loopscope, pytestconfig, capsys):
    folder, run = performed
    page = (pytestconfig.rootpath / "docs/pictures.md").read_text()
    [commands] = re.findall(r"```sh\n(.*?)```", page, flags=re.DOTALL)
    for line in commands.splitlines():
        words = line.partition("#")[0].replace(" ID", f" {run}").replace("MiniLM", "FakeTextEmbedder").split()
        code, said = loopscope(*words[1:])
        assert code == 0, (words, said)
        assert "wrote" in said
    for name in ("strip.png", "sheet.png", "runs.mp4"):
        assert (folder / name).stat().st_size > 5_000
    [python] = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    exec(python, {})
    assert len(capsys.readouterr().out.splitlines()) == len(list((folder / "stills").iterdir())) == 12


def test_progress_and_what_is_coloured_by_which_clustering_are_told(performed, loopscope):
    folder, run = performed
    assert "coloured by" not in loopscope("export", "sheet", "-o", "bare.png")[1]
    with open_store(folder / "loopscope.db") as store:
        cluster_embeddings(
            store, "FakeTextEmbedder", min_cluster_size=3, min_samples=2, epsilon=0.0, allow_single_cluster=False
        )
    _, said = loopscope("export", "sheet", "--runs", 3, "-o", "coloured.png")
    assert "coloured by the newest of 1 clustering result" in said
    assert "runs: 3 of 3" in said
    assert "coloured by" not in loopscope("export", "filmstrip", run, "--clustering", "none")[1]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("filmstrip", "zz"), 1, "loopscope run list"),
        (("filmstrip", "{run}", "-o", "strip.gif"), 1, "try strip.png"),
        (("filmstrip", "{run}", "--from", 99), 1, "steps, 0 to 23"),
        (("filmstrip", "{run}", "--model", "FakeTextEmbeddr"), 1, "such as FakeTextEmbedder"),
        (("sheet", "--steps", 0), 2, "--steps"),
        (("sheet", "--experiment", "zz"), 1, "loopscope experiment list"),
        (("video", "-o", "video.avi"), 1, "try video.mp4"),
        (("video", "--size", "8k"), 2, "--size"),
        (("images", "stills", "--run", "{run}", "--clustering", "1"), 2, "expected one of them"),
        (("images", "a_file"), 1, "a_file"),
        (("sheet", "-o", "a_file/sheet.png"), 1, "a_file"),
        (("video", "-o", "a_file/video.mp4"), 1, "a_file"),
    ],
)
def test_what_cannot_be_drawn_says_what_to_type(performed, loopscope, words, code, said):
    ended, complaint = loopscope("export", *(str(word).replace("{run}", performed[1]) for word in words))
    assert ended == code, complaint
    assert said in complaint


def test_a_video_that_is_interrupted_leaves_nothing_and_says_so(performed, command_line):
    import signal
    import time

    folder, _ = performed
    process = command_line(folder).start("export", "video", "--size", "4k", "--seconds", 20, "-o", "long.mp4")
    while not list(folder.glob(".long.*")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted; long.mp4 was not written" in said
    assert not list(folder.glob("*long*"))
