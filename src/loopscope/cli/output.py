"""What commands print: data on stdout as a table or JSON, words for people on stderr."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

PIPE_WIDTH = 1000


def complain(message: str) -> None:
    """Print an error on stderr."""
    _console(stderr=True).print(f"[red bold]error:[/] {_escaped(message)}", soft_wrap=True)


def say(message: str) -> None:
    """Print a message for people on stderr."""
    _console(stderr=True).print(_escaped(message), soft_wrap=True)


def print_json(data: Any) -> None:
    """Print data as JSON on stdout; instants and UUIDs as text."""
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False, default=str) + "\n")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, wide: str | None = None) -> None:
    """Print a table on stdout.

    Parameters
    ----------
    columns
        The headings.
    rows
        As many values each; None is printed as an empty cell, numbers stand to the right.
    wide
        The heading of the column whose text is folded where the terminal is too narrow.
    """
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for position, heading in enumerate(columns):
        numeric = all(isinstance(row[position], int | float) or row[position] is None for row in rows) and bool(rows)
        table.add_column(
            heading,
            justify="right" if numeric else "left",
            overflow="fold",
            no_wrap=wide is not None and heading != wide,
        )
    for row in rows:
        table.add_row(*("" if value is None else _escaped(_shown(value)) for value in row))
    _console(stderr=False).print(table)


def print_facts(facts: Mapping[str, Any]) -> None:
    """Print names and values on stdout, one a line."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        table.add_row(name, "" if value is None else _escaped(_shown(value)))
    _console(stderr=False).print(table)


def print_text(text: str) -> None:
    """Print text on stdout."""
    sys.stdout.write(text + "\n")


def duration(seconds: float) -> str:
    """Say a duration in words.

    >>> duration(0.4), duration(75), duration(7_300), duration(200_000)
    ('0.4 s', '1 min 15 s', '2 h 1 min', '2 d 7 h')
    """
    if seconds < 10:
        return f"{seconds:.2g} s"
    for large, small, size, part in (("d", "h", 86_400, 3_600), ("h", "min", 3_600, 60), ("min", "s", 60, 1)):
        if seconds >= size:
            return f"{int(seconds // size)} {large} {int(seconds % size // part)} {small}"
    return f"{seconds:.0f} s"


def counted(number: int, noun: str) -> str:
    """Say how many there are.

    >>> counted(1, "cluster"), counted(1200, "run")
    ('1 cluster', '1,200 runs')
    """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _shown(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, width=None if stream.isatty() else PIPE_WIDTH)
