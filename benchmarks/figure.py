"""A measured figure, and the target it is held to."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One measured figure; ``at_least`` or ``at_most`` is its target, if it has one."""

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def target(self) -> str:
        """The target in words."""
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return "" if self.at_most is None else f"≤ {self.at_most:g}"

    @property
    def met(self) -> str:
        """Whether the target is met, in words."""
        if self.at_least is None and self.at_most is None:
            return ""
        sound = (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )
        return "yes" if sound else "NO"


class Timer:
    """The seconds that a block took."""

    seconds = 0.0


@contextmanager
def timer() -> Iterator[Timer]:
    """Time a block."""
    taken = Timer()
    start = time.perf_counter()
    yield taken
    taken.seconds = time.perf_counter() - start


def peak_megabytes(code: str) -> float:
    """Run Python code in a process of its own, and return its peak resident memory.

    It is read from Linux's /proc: what ``getrusage`` tells of a child includes the parent it was forked from.
    """
    tell = (
        "import atexit, pathlib\n"
        "atexit.register(lambda: print('\\n' + pathlib.Path('/proc/self/status').read_text()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", tell + code], capture_output=True, text=True, check=True, cwd=Path(__file__).parent
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
