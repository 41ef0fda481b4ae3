"""How long persistence diagrams of clustered trajectories take, how much memory, and against a plain Ripser."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np

from clustering import trajectories
from figure import Figure, peak_megabytes, timer
from loopscope.topology.diagrams import compute_persistence_diagram
from loopscope.topology.distances import measure_all_distances

HERE = Path(__file__).parent

STEPS = 1_000
TRAJECTORIES = 10
"""What a diagram takes depends on the points: one trajectory would tell little."""
PEER_STEPS = 500
"""Of as many steps as the others, Ripser takes minutes and 6 GB."""

# Each is one run in 768 dimensions: it dwells at 20 places, wanders there, passes on, and repeats itself.
one_run = partial(trajectories, places=20)

PEAK = """
from clustering import trajectories
from loopscope.topology.diagrams import compute_persistence_diagram
compute_persistence_diagram(trajectories({steps}, length={steps}, places=20, seed={seed}))
"""
PLAIN = """
import time
from scipy.spatial.distance import pdist, squareform
from clustering import trajectories
from loopscope.topology.diagrams import keep_distinct, place_points
points = place_points(keep_distinct(trajectories({steps}, length={steps}, places=20)), "chord")
distances = squareform(pdist(points))
try:
    from ripser import ripser
    name, compute = "Ripser", lambda: ripser(distances, distance_matrix=True, maxdim=2)
except ImportError:
    from gudhi.sklearn.rips_persistence import RipsPersistence
    rips = RipsPersistence([0, 1, 2], input_type="full distance matrix", num_collapses=0)
    name, compute = "gudhi without edge collapse", lambda: rips.fit_transform([distances])
start = time.perf_counter()
compute()
print(name, time.perf_counter() - start, sep=",")
"""


def measure() -> list[Figure]:
    """Measure diagrams of dimension 1 and of dimension 2, and the distances between many.

    The peer is Ripser (``pip install ripser``) where it is installed, else gudhi without edge collapse. A peak is that
    of the whole process: Python, libraries, vectors and all.
    """
    compute_persistence_diagram(one_run(20, length=20))
    seconds = [_seconds_of_diagram(STEPS, seed, 1) for seed in range(TRAJECTORIES)]
    peaks = [peak_megabytes(PEAK.format(steps=STEPS, seed=seed)) for seed in range(TRAJECTORIES)]
    hollows = _seconds_of_diagram(PEER_STEPS, 0, 2)
    peer, plain = _measure_peer()
    random = np.random.default_rng(0)
    bars = [np.sort(random.random((50, 2)), axis=1) for _ in range(50)]
    with timer() as distances:
        measure_all_distances(bars)
    of = f"diagram of {STEPS:,} steps in 768 dimensions, maxdim 1,"
    small = f"diagram of {PEER_STEPS} steps in 768 dimensions, maxdim 2"
    return [
        Figure(f"{of} median of {TRAJECTORIES}", float(np.median(seconds)), "s", at_most=2),
        Figure(f"{of} slowest of {TRAJECTORIES}", max(seconds), "s"),
        Figure(f"{of} median peak", float(np.median(peaks)), "MB", at_most=500),
        Figure(f"{of} largest peak", max(peaks), "MB"),
        Figure(small, hollows, "s"),
        Figure(f"{small}, {peer}", plain, "s"),
        Figure(f"{small}, times as fast as {peer}", plain / hollows, "×", at_least=5),
        Figure("W1 of 1,225 pairs of diagrams of 50 bars", distances.seconds, "s"),
    ]


def _seconds_of_diagram(steps: int, seed: int, max_dimension: int) -> float:
    vectors = one_run(steps, length=steps, seed=seed)
    with timer() as taken:
        compute_persistence_diagram(vectors, max_dimension=max_dimension)
    return taken.seconds


def _measure_peer() -> tuple[str, float]:
    """Time the peer in a process of its own: it takes gigabytes."""
    code = PLAIN.format(steps=PEER_STEPS)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HERE)
    name, seconds = done.stdout.strip().split(",")
    return name, float(seconds)
