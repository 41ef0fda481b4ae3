"""What comparing and trusting cost: sweeps, the stability of clusters, comparisons and outlier diagnostics."""

import numpy as np

from clustering import LARGE, MEDIUM, SETTINGS, trajectories
from figure import Figure, timer
from loopscope.clustering import hdbscan
from loopscope.clustering.distances.compiling import compile_kernels
from loopscope.clustering.tree.cutting import cut
from loopscope.clustering.tree.linkage import link
from loopscope.clustering.trust.comparison import compare_clusterings
from loopscope.clustering.trust.diagnostics import Factor, diagnose_outliers, separate_by_distance
from loopscope.clustering.trust.stability import resample_jaccard
from loopscope.clustering.trust.sweep import Grid, sweep_settings
from loopscope.statistics.resampling import Runs

ASSIGNMENTS, CLUSTERS, LENGTH = 140_000, 400, 500


def measure() -> list[Figure]:
    """Measure all of it on vectors as runs have them, and on labels that agree by three fifths."""
    compile_kernels()
    vectors = trajectories(MEDIUM)
    return [*_sweeping(vectors), _stability(vectors), _comparison(), _diagnosis()]


def _runs(n: int, length: int = 200) -> Runs:
    run = np.arange(n) // length
    return Runs.of(run, run % 20)


def _sweeping(vectors: np.ndarray) -> list[Figure]:
    with timer() as once:
        hdbscan(vectors, epsilon=0.4, **SETTINGS)
    sizes = np.unique(np.geomspace(10, 200, 10).round().astype(int)).tolist()
    grid = Grid(sizes, np.linspace(0.1, 0.6, 10).tolist(), (14,))
    with timer() as sweeping:
        sweep_settings(vectors, _runs(len(vectors)), grid)
    name = f"sweep: {len(grid)} settings of {len(vectors):,} × 768"
    ratio = sweeping.seconds / once.seconds
    return [Figure(name, sweeping.seconds, "s"), Figure(f"{name}, to one clustering", ratio, "×", at_most=3)]


def _stability(vectors: np.ndarray) -> Figure:
    def recluster(rows: np.ndarray) -> np.ndarray:
        linkage = link(vectors[rows], min_samples=SETTINGS["min_samples"])
        return cut(linkage, min_cluster_size=SETTINGS["min_cluster_size"], epsilon=0.4).labels

    runs, labels = _runs(len(vectors)), recluster(np.arange(len(vectors)))
    with timer() as resampling:
        resample_jaccard(labels, runs, recluster, resamples=5, share=0.8, seed=0)
    return Figure(f"stability: a resample of {len(vectors):,} × 768", resampling.seconds / 5, "s")


def _comparison() -> Figure:
    random = np.random.default_rng(0)
    a = np.minimum(random.integers(-1, CLUSTERS, ASSIGNMENTS), random.integers(-1, CLUSTERS, ASSIGNMENTS))
    b = np.where(random.random(ASSIGNMENTS) < 0.6, a, random.integers(-1, CLUSTERS, ASSIGNMENTS))
    with timer() as comparing:
        compare_clusterings(a, b, _runs(ASSIGNMENTS, LENGTH))
    return Figure(f"comparison: {ASSIGNMENTS:,} assignments, 500 draws, 200 nulls", comparing.seconds, "s", at_most=10)


def _diagnosis() -> Figure:
    random = np.random.default_rng(0)
    distance, step = random.random(LARGE), np.arange(LARGE) % 200.0
    outlier = random.random(LARGE) < distance
    factors = [Factor("distance", distance), Factor("step", step, along_run=True)]
    factors.append(Factor("length", random.integers(20, 90, LARGE).astype(float)))
    with timer() as diagnosing:
        separate_by_distance(outlier, distance, _runs(LARGE))
        diagnose_outliers(outlier, factors, _runs(LARGE))
    return Figure(f"outlier diagnostics: {LARGE:,} embeddings, distances known", diagnosing.seconds, "s", at_most=15)
