"""The log file of one clustering: its phases, their durations, its counts, and whatever went wrong."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO
from uuid import UUID

from loopscope.engine.progress import Progress


class ClusteringLog:
    """A file ``logs/clustering_<UTC time>.log`` that is written line by line, each with its instant.

    Attributes
    ----------
    path
        The file.
    durations
        The seconds that each finished phase took, by its name.
    saved_as
        The clustering results, once they are saved; the last line tells them.
    """

    def __init__(self, folder: Path, started_at: datetime) -> None:
        self.durations: dict[str, float] = {}
        self.saved_as: list[UUID] = []
        self.path = folder / "logs" / f"clustering_{started_at:%Y-%m-%dT%H-%M-%S.%fZ}.log"

    def say(self, message: str) -> None:
        """Write one line."""
        self._file.write(f"{datetime.now(UTC).isoformat(timespec='milliseconds')} {message}\n")
        self._file.flush()

    @contextmanager
    def phase(self, name: str, progress: Progress, told: str | None = None) -> Iterator[None]:
        """Log the beginning, the end and the duration of a phase, and tell whoever watches that it begins."""
        self.say(f"{name}: begins")
        progress.say(told or f"clustering: {name}")
        start = time.perf_counter()
        yield
        self.durations[name] = time.perf_counter() - start
        self.say(f"{name}: done in {self.durations[name]:.3f} s")

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file: TextIO = self.path.open("x", encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.say(f"ended by {kind.__name__}: {error}")
        self.say(f"saved as {', '.join(map(str, self.saved_as))}" if self.saved_as else "nothing was saved")
        self._file.close()
