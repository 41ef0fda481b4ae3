"""How fast clustering is, beside scikit-learn's HDBSCAN and the bare matrix product that it cannot do without."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from figure import Figure, peak_megabytes, timer
from loopscope.clustering import hdbscan
from loopscope.clustering.distances.compiling import compile_kernels
from loopscope.clustering.tree.cutting import cut
from loopscope.clustering.tree.linkage import link

DIMENSION = 768
MEDIUM, LARGE = 14_160, 60_000
SETTINGS = {"min_cluster_size": 14, "min_samples": 14, "allow_single_cluster": True}
EPSILON = 0.4
OURS = "from loopscope.clustering import hdbscan; hdbscan(vectors, epsilon=0.4, {settings})"
BRUTE = (
    "from sklearn.cluster import HDBSCAN; "
    "HDBSCAN(algorithm='brute', cluster_selection_epsilon=0.4, copy=True, {settings}).fit(vectors)"
)
COMPILE = "from loopscope.clustering.distances.compiling import compile_kernels; compile_kernels()"


def measure() -> list[Figure]:
    """Measure time and memory at two sizes, and the compilation of the kernels."""
    compile_kernels()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vectors.npy"
        np.save(path, trajectories(LARGE))
        return [*_medium(path), *_large(path), _compilation()]


def trajectories(n: int, *, length: int = 200, places: int = 200, seed: int = 0) -> np.ndarray:
    """Make unit vectors of runs that dwell at some of many places, wander there, pass on, and settle for a while.

    A tenth of the rows repeat an earlier row exactly, as fixed points of loops do.
    """
    rng = np.random.default_rng(seed)
    subspace = np.linalg.qr(rng.standard_normal((DIMENSION, 96)))[0].T
    centres = _unit(_unit(rng.standard_normal((places, 96)) * np.linspace(1, 0.2, 96)) + 0.06) @ subspace
    frames = np.stack([np.linalg.qr(rng.standard_normal((DIMENSION, 12)))[0].T for _ in range(places)])
    widths = np.exp(rng.uniform(np.log(0.12), np.log(0.6), places))
    popularity = rng.dirichlet(np.full(places, 0.7))
    near = np.argsort(-centres @ centres.T, axis=1)[:, 1:9]
    vectors = np.empty((n, DIMENSION), dtype=np.float32)
    settled = 0
    for row in range(n):
        if row % length == 0:
            place, step, settled = rng.choice(places, p=popularity), rng.standard_normal(12), 0
        elif settled or rng.random() < 0.013:
            settled = settled - 1 if settled else int(rng.geometric(1 / 9))
            vectors[row] = vectors[row - 1]
            continue
        elif rng.random() < 0.05:
            place = rng.choice(near[place]) if rng.random() < 0.7 else rng.choice(places, p=popularity)
        step = 0.85 * step + 0.53 * rng.standard_normal(12)
        around = step / np.sqrt(12) @ frames[place] + 0.3 * _unit(rng.standard_normal(DIMENSION))
        vectors[row] = _unit(centres[place] + widths[place] * around)
    return vectors


def _unit(points: np.ndarray) -> np.ndarray:
    return points / np.linalg.norm(points, axis=-1, keepdims=True)


def _medium(path: Path) -> list[Figure]:
    from sklearn.cluster import HDBSCAN

    vectors = np.load(path)[:MEDIUM].copy()
    seconds = min(_seconds_of_hdbscan(vectors) for _ in range(3))
    product = min(_seconds_of_product(vectors) for _ in range(3))
    linkage = link(vectors, min_samples=14)
    with timer() as cutting:
        cut(linkage, min_cluster_size=14, epsilon=EPSILON)
    points = vectors.astype(np.float64)
    with timer() as brute:
        HDBSCAN(**SETTINGS, cluster_selection_epsilon=EPSILON, algorithm="brute", copy=True).fit(points)
    with timer() as scikit_learn:
        HDBSCAN(**SETTINGS, cluster_selection_epsilon=EPSILON, store_centers="medoid", copy=True).fit(points)
    peak, brute_peak = (_peak(path, MEDIUM, code) for code in (OURS, BRUTE))
    name = f"hdbscan, {MEDIUM:,} × {DIMENSION}"
    return [
        Figure(name, seconds, "s"),
        Figure(f"{name}: scikit-learn's time to it", scikit_learn.seconds / seconds, "×", at_least=30),
        Figure(f"{name}: its time to the bare n × n × d product", seconds / product, "×", at_most=3),
        Figure(f"{name}: the time of scikit-learn's brute to it", brute.seconds / seconds, "×", at_least=3),
        Figure(f"{name}: one more cut of its linkage", cutting.seconds * 1000, "ms"),
        Figure(f"{name}: peak memory", peak, "MB"),
        Figure(f"{name}: peak memory of scikit-learn's brute to it", brute_peak / peak, "×", at_least=3),
    ]


def _large(path: Path) -> list[Figure]:
    name = f"hdbscan, {LARGE:,} × {DIMENSION}"
    return [
        Figure(name, _seconds_of_hdbscan(np.load(path)), "s", at_most=60),
        Figure(f"{name}: peak memory of the process", _peak(path, LARGE, OURS), "MB", at_most=1500),
    ]


def _compilation() -> Figure:
    """Measure what the first use on a machine costs beyond a later one."""
    with tempfile.TemporaryDirectory() as cache:
        taken = []
        for _ in range(2):
            with timer() as using:
                subprocess.run([sys.executable, "-c", COMPILE], env=os.environ | {"NUMBA_CACHE_DIR": cache}, check=True)
            taken.append(using.seconds)
    return Figure("hdbscan: compiling its kernels, once on a machine", taken[0] - taken[1], "s", at_most=20)


def _seconds_of_hdbscan(vectors: np.ndarray) -> float:
    with timer() as taken:
        hdbscan(vectors, **SETTINGS, epsilon=EPSILON)
    return taken.seconds


def _seconds_of_product(vectors: np.ndarray, block: int = 512) -> float:
    """Multiply all with all, block by block in the same memory, which is the fastest way."""
    products = np.empty((block, len(vectors)), dtype=np.float32)
    with timer() as taken:
        for start in range(0, len(vectors), block):
            rows = vectors[start : start + block]
            np.matmul(rows, vectors.T, out=products[: len(rows)])
    return taken.seconds


def _peak(path: Path, n: int, code: str) -> float:
    settings = ", ".join(f"{name}={value}" for name, value in SETTINGS.items())
    read = f"import numpy as np; vectors = np.fromfile({str(path)!r}, np.float32, {n * DIMENSION}, offset=128)"
    return peak_megabytes(f"{read}.reshape({n}, {DIMENSION}); " + code.format(settings=settings))
