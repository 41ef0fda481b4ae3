"""Progress on stderr: a bar with rate and time left in a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from loopscope.cli.output import duration, figure, printable, say
from loopscope.engine.progress import Progress

LINE_SECONDS = 10.0


class Bars:
    """A bar for each stage, drawn by rich."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self.display = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._stage = _Stage("", 0, 0)

    def begin(self, stage: str, total: int, done: int = 0) -> None:
        """Draw a new bar."""
        self._stage = _Stage(stage, total, done)
        self._task = self.display.add_task(stage, total=total, completed=done, rate="")

    def advance(self, items: int) -> None:
        """Move the bar."""
        self._stage.done += items
        self.display.update(self._task, advance=items, rate=self._stage.rate)

    def shorten(self, items: int) -> None:
        """Shorten the bar."""
        self._stage.total -= items
        self.display.update(self._task, total=self._stage.total)

    def say(self, message: str) -> None:
        """Print above the bars."""
        from rich.text import Text

        self.display.console.print(Text(printable(message)))


class Lines:
    """A plain line when a stage begins and ends, and every ten seconds between."""

    def __init__(self) -> None:
        self._stage = _Stage("", 0, 0)
        self._said_at = 0.0

    def begin(self, stage: str, total: int, done: int = 0) -> None:
        """Say what begins."""
        self._stage = _Stage(stage, total, done)
        self._said_at = time.monotonic()
        say(f"{stage}: {done} of {total}" if done else f"{stage}: {total}")

    def advance(self, items: int) -> None:
        """Say how far it is, if it is time to, and when it is done."""
        self._stage.done += items
        self._tell()

    def shorten(self, items: int) -> None:
        """Count fewer items, and say if that was all."""
        self._stage.total -= items
        self._tell()

    def say(self, message: str) -> None:
        """Print a line."""
        say(message)

    def _tell(self) -> None:
        stage = self._stage
        done = stage.done >= stage.total
        if (done and not stage.told) or time.monotonic() - self._said_at >= LINE_SECONDS:
            self._said_at, stage.told = time.monotonic(), done
            say(f"{stage.name}: {stage.done} of {stage.total}, {stage.rate}, {stage.left}")


class _Stage:
    """A stage and its clock."""

    def __init__(self, name: str, total: int, done: int) -> None:
        self.name, self.total, self.done = name, total, done
        self._done_before = done
        self._start = time.monotonic()
        self.told = False

    @property
    def per_second(self) -> float:
        return (self.done - self._done_before) / max(time.monotonic() - self._start, 1e-6)

    @property
    def rate(self) -> str:
        return f"{figure(self.per_second)}/s"

    @property
    def left(self) -> str:
        remaining = self.total - self.done
        if remaining <= 0:
            return f"done in {duration(time.monotonic() - self._start)}"
        return f"{duration(remaining / self.per_second)} left" if self.per_second else "time left unknown"


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """Give bars in a terminal, lines elsewhere."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    bars = Bars()
    with bars.display:
        yield bars
