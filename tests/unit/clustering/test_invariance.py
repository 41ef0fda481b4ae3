"""The same vectors give the same clusters: in any order, with any threads and blocks, on any processor."""

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from loopscope.clustering import hdbscan
from loopscope.clustering.tree.cutting import cut
from loopscope.clustering.tree.linkage import link

SETTINGS = {"min_cluster_size": 6, "min_samples": 4, "epsilon": 0.1}


def fingerprint(vectors):
    """Hash every number of some clusterings."""
    digest = hashlib.sha256()
    for repeats in ("collapse", "count"):
        found = hdbscan(vectors, **SETTINGS, repeats=repeats)
        for values in vars(found).values():
            digest.update(values.tobytes())
    return digest.hexdigest()


@pytest.mark.parametrize("repeats", ["collapse", "count"])
@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_rows_changes_nothing(walks, repeats, seed):
    vectors = walks(500, seed=seed)
    order = np.random.default_rng(seed).permutation(500)
    found = hdbscan(vectors, **SETTINGS, repeats=repeats)
    permuted = hdbscan(vectors[order], **SETTINGS, repeats=repeats)
    assert len(found.medoid_indices) > 2
    sizes = np.bincount(found.labels[found.labels >= 0])
    if len(set(sizes.tolist())) == len(sizes):
        assert (permuted.labels == found.labels[order]).all()
        assert (permuted.persistence == found.persistence).all()
    pairs = set(zip(permuted.labels.tolist(), found.labels[order].tolist(), strict=True))
    assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})
    assert (permuted.probabilities == found.probabilities[order]).all()
    medoids = {vectors[medoid].tobytes() for medoid in found.medoid_indices}
    assert {vectors[order][medoid].tobytes() for medoid in permuted.medoid_indices} == medoids


@pytest.mark.parametrize(("threads", "block"), [(1, None), (2, None), (2, 1), (1, 33), (3, 64)])
def test_neither_threads_nor_blocks_change_anything(walks, threads, block):
    vectors = walks(500)
    one = cut(link(vectors, min_samples=4), min_cluster_size=6, epsilon=0.1)
    other = cut(link(vectors, min_samples=4, threads=threads, block=block), min_cluster_size=6, epsilon=0.1)
    assert all((getattr(one, name) == getattr(other, name)).all() for name in vars(one))


def test_several_may_cluster_at_once(walks):
    several = [walks(300, seed=seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(fingerprint, several)) == [fingerprint(vectors) for vectors in several]


def test_the_kernels_of_the_matrix_product_change_nothing(walks, tmp_path):
    vectors = walks(300, 300)
    np.save(tmp_path / "vectors.npy", vectors)
    tell = "from loopscope_tests import fingerprint; import numpy, sys; print(fingerprint(numpy.load(sys.argv[1])))"
    (tmp_path / "loopscope_tests.py").symlink_to(__file__)
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "OPENBLAS_NUM_THREADS": "1"}
    running = {
        core: subprocess.Popen(
            [sys.executable, "-c", tell, tmp_path / "vectors.npy"],
            env=environment | {"OPENBLAS_CORETYPE": core},
            stdout=subprocess.PIPE,
            text=True,
        )
        for core in _cores()
    }
    told = {core: process.communicate()[0].strip() for core, process in running.items()}
    assert told == dict.fromkeys(running, fingerprint(vectors))


def _cores():
    """Name the kernels of OpenBLAS that this processor can run."""
    try:
        flags = Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return []
    needed = {"Prescott": "sse2", "Haswell": "avx2", "Zen": "avx2", "SkylakeX": "avx512bw"}
    return [core for core, flag in needed.items() if flag in flags]
