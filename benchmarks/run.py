"""Measure everything, and print a table with the machine, the BLAS core and the thread count: ``make bench``."""

import os
import platform
import sys
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

import clustering
import command_line
import divergence
import doctor
import dynamics
import engine
import legacy
import models
import store
import sweep
import topology
import transitions
import video

PARTS = {
    "doctor": doctor,
    "engine": engine,
    "models": models,
    "store": store,
    "legacy": legacy,
    "clustering": clustering,
    "sweep": sweep,
    "topology": topology,
    "divergence": divergence,
    "dynamics": dynamics,
    "transitions": transitions,
    "video": video,
    "command_line": command_line,
}


def main() -> None:
    """Measure the parts named on the command line, or all of them."""
    print(_machine())
    rows = [("figure", "measured", "target", "met")]
    for part in sys.argv[1:] or PARTS:
        rows += [
            (figure.name, f"{figure.value:.4g} {figure.unit}", figure.target, figure.met)
            for figure in PARTS[part].measure()
        ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _machine() -> str:
    np.ones((8, 8)) @ np.ones((8, 8))
    blas = next((each for each in threadpool_info() if each["user_api"] == "blas"), {})
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, "
        f"numpy {np.__version__}, {blas.get('internal_api', 'BLAS')} core {blas.get('architecture', 'unknown')}, "
        f"{blas.get('num_threads', '?')} threads"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    main()
