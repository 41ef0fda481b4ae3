"""A measured figure, and the target it is held to."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


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
