import subprocess
import sys

import numpy as np

from loopscope.clustering.distances.compiling import compile_kernels, kernels, kernels_are_compiled


def test_compiled_kernels_are_found_in_the_cache_and_used_as_they_are(walks, tmp_path):
    compile_kernels()
    assert kernels_are_compiled()
    vectors = walks(1500, 8)
    vectors.flags.writeable = False
    np.save(tmp_path / "vectors.npy", vectors)
    # What clustering and its medoids call is what was compiled: no kernel has a signature that the cache has not.
    code = """
import sys
import numpy as np
from loopscope.clustering import hdbscan
from loopscope.clustering.distances.compiling import kernels, kernels_are_compiled
assert kernels_are_compiled()
vectors = np.load(sys.argv[1], mmap_mode="r")
for repeats in ("collapse", "count"):
    for medoid in ("unweighted", "weighted", "nearest_to_mean"):
        hdbscan(vectors, min_cluster_size=5, min_samples=4, repeats=repeats, medoid=medoid)
print(sum(sum(each.stats.cache_misses.values()) for each in kernels()))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "vectors.npy"], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0"]


def test_an_empty_cache_has_no_kernels(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    code = "from loopscope.clustering.distances.compiling import kernels_are_compiled; print(kernels_are_compiled())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


def test_every_kernel_is_known():
    assert {"squared_distance", "_search", "_lighter_edges", "_walk_down"} <= {
        each.py_func.__name__ for each in kernels()
    }
