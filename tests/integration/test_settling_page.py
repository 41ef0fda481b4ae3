"""What docs/settling.md says to type works as it is printed."""

import re
import subprocess
import sys

from loopscope.config import ExperimentConfig
from loopscope.engine.clustering import cluster_embeddings
from loopscope.engine.performing import perform_experiment
from loopscope.models import fakes
from loopscope.models.registry import Registry
from loopscope.store.connection import open_store


def test_the_page_prints_what_it_says_and_draws_what_it_names(pytestconfig, tmp_path):
    page = (pytestconfig.rootpath / "docs/settling.md").read_text()
    charts, printed = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    [said] = re.findall(r"```text\n(.*?)```", page, flags=re.DOTALL)
    done = subprocess.run([sys.executable, "-c", printed], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (said, "")
    config = ExperimentConfig(
        networks=(("FakeText",),),
        prompts=("a fox", "a lake"),
        seeds=(1, 2, 3, 4),
        embedding_models=("FakeTextEmbedder",),
        max_length=40,
    )
    registry = Registry.of(fakes.FakeText, fakes.FakeTextEmbedder)
    with open_store(tmp_path / "loopscope.db", create=True) as store:
        perform_experiment(config, store, registry=registry)
        cluster_embeddings(store, "FakeTextEmbedder", min_cluster_size=5)
    done = subprocess.run([sys.executable, "-c", charts], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "cycle" in done.stdout
    assert (tmp_path / "survival.png").stat().st_size > 10_000
    assert (tmp_path / "raster.html").stat().st_size > 100_000
