"""How long the command line takes to answer, and the demo and the installation to be done."""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from figure import Figure, peak_megabytes, timer

ROOT = Path(__file__).parent.parent
LOOPSCOPE = [sys.executable, "-c", "from loopscope.cli import main; main()"]


def measure() -> list[Figure]:
    """Measure --help, the demo in an empty folder, and the base installation in an empty environment."""
    return [_help(), *_demo(), *_installation()]


def _help() -> Figure:
    seconds = []
    for _ in range(5):
        with timer() as taken:
            subprocess.run([*LOOPSCOPE, "--help"], capture_output=True, check=True)
        seconds.append(taken.seconds)
    return Figure("loopscope --help, median of 5", sorted(seconds)[2], "s", at_most=0.5)


def _demo() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, timer() as taken:
        peak = peak_megabytes(
            f"import sys; sys.argv = ['loopscope', 'demo', '--out', {folder!r}]; from loopscope.cli import main; main()"
        )
    return [
        Figure("demo after installation", taken.seconds, "s", at_most=180),
        Figure("demo: peak memory", peak, "MB", at_most=1000),
    ]


def _installation() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        with timer() as taken:
            subprocess.run(
                [f"{folder}/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ROOT],
                check=True,
            )
        size = int(subprocess.run(["du", "-sk", folder], capture_output=True, text=True, check=True).stdout.split()[0])
        torch = subprocess.run([f"{folder}/bin/python", "-c", "import torch"], capture_output=True, check=False)
    return [
        Figure("base installation", taken.seconds, "s", at_most=60),
        Figure("base installation: size", size / 1024, "MB", at_most=1000),
        Figure("base installation: torch in it (0 is no)", float(torch.returncode == 0), "", at_most=0),
    ]
