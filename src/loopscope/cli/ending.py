"""How a command ends: the exit codes, and Ctrl-C."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from loopscope.cli.output import complain

FAILED = 1
USAGE = 2
FINISHED_WITH_FAILURES = 3
INTERRUPTED = 130


@contextmanager
def interruptible(message: str) -> Iterator[None]:
    """On Ctrl-C, say where things stand and what to type, and exit with 130."""
    try:
        yield
    except KeyboardInterrupt:
        complain(f"interrupted; {message}")
        raise typer.Exit(INTERRUPTED) from None
