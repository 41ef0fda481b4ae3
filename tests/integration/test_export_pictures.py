"""The commands that draw runs, as a person uses them, and what their page says to type."""

import re
import subprocess
import sys

import pytest

EXPERIMENT = """
networks = [["FakePainter", "FakeDescriber"], ["FakeText"]]
prompts = ["a fox", "the rain"]
seeds = [1]
num_runs = 1
embedding_models = ["FakeTextEmbedder", "FakeImageEmbedder"]
max_length = 24
"""


@pytest.fixture(scope="module")
def performed(tmp_path_factory, command_line):
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "e.toml").write_text(EXPERIMENT)
    loopscope = command_line(folder)
    done = loopscope("experiment", "perform", "e.toml")
    assert done.returncode == 0, done.stderr
    runs = [line.split()[0] for line in loopscope("run", "list").stdout.splitlines() if "FakePainter" in line]
    return folder, loopscope, runs[0]


def test_what_the_page_on_pictures_says_to_type_works(performed, pytestconfig):
    folder, loopscope, run = performed
    page = (pytestconfig.rootpath / "docs/pictures.md").read_text()
    [commands] = re.findall(r"```sh\n(.*?)```", page, flags=re.DOTALL)
    for line in commands.splitlines():
        words = line.partition("#")[0].replace(" ID", f" {run}").replace("MiniLM", "FakeTextEmbedder").split()
        done = loopscope(*words[1:])
        assert done.returncode == 0, (words, done.stderr)
        assert "wrote" in done.stderr
    for name in ("strip.png", "sheet.png", "runs.mp4"):
        assert (folder / name).stat().st_size > 5_000
    [python] = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    done = subprocess.run([sys.executable, "-c", python], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == len(list((folder / "stills").iterdir())) == 12


def test_progress_and_what_is_coloured_by_which_clustering_are_told(performed):
    _, loopscope, run = performed
    small = ("--min-cluster-size", 3, "--min-samples", 2, "--epsilon", 0, "--no-allow-single-cluster")
    assert "coloured by" not in loopscope("export", "sheet", "-o", "bare.png").stderr
    assert loopscope("cluster", "perform", "FakeTextEmbedder", *small).returncode == 0
    done = loopscope("export", "sheet", "--runs", 3, "-o", "coloured.png")
    assert "coloured by the newest of 1 clustering result" in done.stderr
    assert "runs: 3 of 3" in done.stderr
    assert "coloured by" not in loopscope("export", "filmstrip", run, "--clustering", "none").stderr


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
        (("images", "e.toml"), 1, "e.toml"),
        (("sheet", "-o", "e.toml/sheet.png"), 1, "e.toml"),
        (("video", "-o", "e.toml/video.mp4"), 1, "e.toml"),
    ],
)
def test_what_cannot_be_drawn_says_what_to_type(performed, words, code, said):
    _, loopscope, run = performed
    done = loopscope("export", *(str(word).replace("{run}", run) for word in words))
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_video_that_is_interrupted_leaves_nothing_and_says_so(performed):
    import signal
    import time

    folder, loopscope, _ = performed
    process = loopscope.start("export", "video", "--size", "4k", "--seconds", 20, "-o", "long.mp4")
    while not list(folder.glob(".long.*")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted; long.mp4 was not written" in said
    assert not list(folder.glob("*long*"))
