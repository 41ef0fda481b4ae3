"""What the engine costs by itself: invocations by a generator that costs nothing, stored in SQLite."""

import subprocess
import sys
import tempfile
from pathlib import Path

from figure import Figure, timer
from loopscope.config import ExperimentConfig
from loopscope.engine.performing import perform_experiment
from loopscope.models.fakes import FakeText
from loopscope.models.registry import Registry
from loopscope.store.connection import open_store

RUNS = 64


def measure() -> list[Figure]:
    """Measure the rate of text invocations, and the memory that ten times as many steps take."""
    seconds = _perform(500)
    short, long = _peak_megabytes(200), _peak_megabytes(2000)
    return [
        Figure("engine: text invocations stored, 64 runs in lockstep", RUNS * 500 / seconds, "/s", at_least=2000),
        Figure("engine: peak memory at 200 steps", short, "MB"),
        Figure("engine: peak memory at 2,000 steps, relative to that", long / short, "×", at_most=1.1),
    ]


def _perform(length: int) -> float:
    config = ExperimentConfig(networks=(("FakeText",),), prompts=("a",), num_runs=RUNS, max_length=length)
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "engine.db", create=True) as store:
        with timer() as taken:
            perform_experiment(config, store, registry=Registry.of(FakeText))
        return taken.seconds


def _peak_megabytes(length: int) -> float:
    """Perform in a process of its own, and return its peak resident memory."""
    code = (
        f"import engine, resource; engine._perform({length}); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parent
    )
    return int(done.stdout) / 1024
