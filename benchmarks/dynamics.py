"""How fast the analyses of symbols are, with their bootstrap and their nulls: 1,000 runs of 1,000 steps."""

import tempfile
from pathlib import Path

import numpy as np
import polars as pl

import transitions
from figure import Figure, timer
from loopscope.datavis.raster import plot_raster
from loopscope.datavis.saving import save_chart
from loopscope.dynamics.absorption import find_absorption
from loopscope.dynamics.dwell_times import estimate_dwell_times
from loopscope.dynamics.near_cycles import estimate_near_cycles, measure_shuffled_symbols, measure_symbols
from loopscope.dynamics.nulls import MARKOV, SHUFFLED
from loopscope.dynamics.return_times import estimate_return_times
from loopscope.dynamics.sequences import Sequences
from loopscope.dynamics.settling import draw_absorptions, estimate_settling, estimate_survival_curve

RUNS, STEPS, CLUSTERS = 1_000, 1_000, 30
DRAWS, NULLS = 200, 99


def measure() -> list[Figure]:
    """Measure surrogates, each analysis, all of them together, and the raster."""
    sequences = wander()
    _warm_up()
    parts = {
        "absorption": lambda: _settle(sequences),
        "near-cycles": lambda: _near_cycles(sequences),
        "dwell times": lambda: estimate_dwell_times(sequences, draws=DRAWS, nulls=NULLS),
        "return times": lambda: estimate_return_times(sequences, draws=DRAWS, nulls=NULLS),
    }
    figures = [*_surrogates(sequences)]
    seconds = []
    for name, work in parts.items():
        with timer() as taken:
            work()
        seconds.append(taken.seconds)
        figures.append(Figure(f"{name}, 1,000 × 1,000, 200 draws, 99 of each null", taken.seconds, "s", at_most=30))
    transitions.measure_all(transitions.dwell(10, 20))  # compiles
    seconds += [figure.value for figure in transitions.measure_all(sequences)]
    name = "all analyses of labels together, those of transitions and occupancy among them"
    figures.append(Figure(name, sum(seconds), "s", at_most=20))
    return [*figures, *_raster(sequences)]


def wander(seed: int = 0) -> Sequences:
    """Make runs that stay in a cluster for five steps on average, with a fifth of outliers; a tenth settle."""
    random = np.random.default_rng(seed)
    share = 1 / np.arange(1, CLUSTERS + 1)
    moves = random.random((RUNS, STEPS)) < 0.2
    moves[:, 0] = True
    visited = random.choice(CLUSTERS, p=share / share.sum(), size=(RUNS, STEPS))
    last_move = np.maximum.accumulate(np.where(moves, np.arange(STEPS), 0), axis=1)
    paths = np.take_along_axis(visited, last_move, axis=1)
    paths[random.random((RUNS, STEPS)) < 0.2] = -1
    for run in range(0, RUNS, 10):
        onset = random.integers(STEPS // 2, STEPS - 10)
        paths[run, onset:] = np.resize(visited[run, :3], STEPS - onset)
    return Sequences.of(list(paths), np.arange(RUNS) // 10)


def _warm_up() -> None:
    few = wander().take(range(20))
    _settle(few)
    _near_cycles(few)
    estimate_dwell_times(few, draws=2, nulls=2)
    estimate_return_times(few, draws=2, nulls=2)


def _surrogates(sequences: Sequences) -> list[Figure]:
    random = np.random.default_rng(0)
    figures = []
    for null in (SHUFFLED, MARKOV):
        with timer() as taken:
            for _ in range(10):
                null.draw(sequences, random)
        name = f"one surrogate {null.name}, 1,000 × 1,000"
        figures.append(Figure(name, taken.seconds / 10, "s", at_most=0.2))
    return figures


def _settle(sequences: Sequences) -> None:
    found = find_absorption(sequences)
    for null in (SHUFFLED, MARKOV):
        drawn = draw_absorptions(sequences, null, NULLS, 0)
        estimate_settling(found, drawn, null, sequences.group, draws=DRAWS, seed=0)
        estimate_survival_curve(found, drawn, null, sequences.group, draws=DRAWS, seed=0)


def _near_cycles(sequences: Sequences) -> None:
    shuffled = measure_shuffled_symbols(sequences, 10, nulls=NULLS, seed=0)
    estimate_near_cycles(measure_symbols(sequences, 10), shuffled, sequences.group, draws=DRAWS, seed=0)


def _raster(sequences: Sequences) -> list[Figure]:
    clusters, absorption = _frames(sequences)
    with tempfile.TemporaryDirectory() as folder:
        with timer() as taken:
            path = save_chart(plot_raster(clusters, absorption, sort="absorption"), Path(folder) / "raster.html")
        size = path.stat().st_size / 1e6
    return [
        Figure("raster of 1,000 × 1,000 to HTML, sorted by absorption", taken.seconds, "s", at_most=5),
        Figure("its size", size, "MB", at_most=10),
    ]


def _frames(sequences: Sequences) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Make what `load_clusters_df` and `load_absorption_df` give, as far as the raster needs it."""
    run = pl.col("run_id")
    labels = {number: f"a small red fox sits beside {number} frozen lakes" for number in range(CLUSTERS)}
    clusters = pl.DataFrame({"run_id": sequences.run, "cluster_id": sequences.symbols}).with_columns(
        clustering_result_id=1,
        network=pl.lit("Pictograms→Describe"),
        initial_prompt=pl.format("a painting of {} lakes at dusk", run // 10),
        seed=run % 10,
        sequence_number=pl.int_range(pl.len()).over("run_id"),
        cluster_label=pl.col("cluster_id").replace_strict(labels, default="OUTLIER"),
        cluster_size=pl.len().over("cluster_id"),
        status=pl.lit("member"),
    )
    found = find_absorption(sequences)
    absorption = pl.DataFrame({"run_id": np.arange(RUNS), "period": found.period, "onset": found.onset}).with_columns(
        kind=pl.lit("cycle"),
        output_type=pl.lit("text"),
        clustering_result_id=1,
        sequence_number=pl.when(pl.col("onset") >= 0).then("onset"),
    )
    return clusters, absorption
