"""What the engine costs by itself: invocations by a generator that costs nothing, stored in SQLite."""

import tempfile
from pathlib import Path

from figure import Figure, peak_megabytes, timer
from loopscope.config import ExperimentConfig
from loopscope.engine.performing import perform_experiment
from loopscope.models.fakes import FakeText
from loopscope.models.registry import Registry
from loopscope.store.connection import open_store

RUNS = 64


def measure() -> list[Figure]:
    """Measure the rate of text invocations, and the memory that ten times as many steps take."""
    seconds = _perform(500)
    short, long = (peak_megabytes(f"import engine; engine._perform({length})") for length in (200, 2000))
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
