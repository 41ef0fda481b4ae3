"""What the documentation says to type works as it is printed."""

import re
import shutil
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def foxes(tmp_path_factory, command_line, pytestconfig):
    """A folder in which the README's experiment, shortened, was performed by the README's Python example."""
    folder = tmp_path_factory.mktemp("foxes")
    readme = (pytestconfig.rootpath / "README.md").read_text()
    toml, python = (
        re.search(rf"```{language}\n(.*?)```", readme, flags=re.DOTALL)[1] for language in ("toml", "python")
    )
    (folder / "foxes.toml").write_text(toml.replace("max_length = 60", "max_length = 16"))
    done = subprocess.run([sys.executable, "-c", python], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "cluster_label" in done.stdout
    return folder, command_line(folder)


def test_the_readme_s_commands_work(foxes, pytestconfig):
    folder, loopscope = foxes
    readme = (pytestconfig.rootpath / "README.md").read_text()
    block = next(
        block for block in re.findall(r"```sh\n(.*?)```", readme, flags=re.DOTALL) if "experiment plan" in block
    )
    commands = [line.partition("#")[0].split() for line in block.splitlines()]
    assert len(commands) == 6
    for words in commands:
        done = loopscope(*words[1:])
        assert done.returncode == 0, (words, done.stderr)
    assert (folder / "raster.html").stat().st_size > 100_000


def test_the_page_on_clustering_prints_what_it_says(pytestconfig):
    page = (pytestconfig.rootpath / "docs/clustering.md").read_text()
    repeats, kmeans = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    [said] = re.findall(r"```text\n(.*?)```", page, flags=re.DOTALL)
    done = subprocess.run([sys.executable, "-c", repeats], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (said, "")
    use = """
found = KMeans.cluster(np.eye(20, dtype=np.float32), KMeans.resolve({"clusters": 3}, 20))
assert len(found[0].medoid_indices) == 3
"""
    done = subprocess.run([sys.executable, "-c", kmeans + use], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_page_on_shapes_prints_what_works(foxes, pytestconfig):
    folder, loopscope = foxes
    shutil.copyfile(folder / "foxes.db", folder / "loopscope.db")
    page = (pytestconfig.rootpath / "docs/topology.md").read_text()
    [commands] = re.findall(r"```sh\n(.*?)```", page, flags=re.DOTALL)
    for line in commands.splitlines():
        done = loopscope(*line.partition("#")[0].split()[1:])
        assert done.returncode == 0, (line, done.stderr)
    [python] = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    done = subprocess.run([sys.executable, "-c", python], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in ("diagram", "entropy", "distances"):
        assert (folder / f"{name}.html").stat().st_size > 100_000


def test_the_page_on_divergence_draws_what_it_says(foxes, pytestconfig):
    folder, _ = foxes
    shutil.copyfile(folder / "foxes.db", folder / "loopscope.db")
    page = (pytestconfig.rootpath / "docs/divergence.md").read_text()
    [python] = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    done = subprocess.run([sys.executable, "-c", python], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (folder / "divergence.html").stat().st_size > 100_000
