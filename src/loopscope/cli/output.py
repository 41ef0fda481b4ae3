"""What commands print: data on stdout as a table or JSON, words for people on stderr."""

import json
import math
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 1000
FOLDED_WIDTH = 16


def complain(message: str) -> None:
    """Print an error on stderr."""
    _console(stderr=True).print(Text.assemble(("error:", "bold red"), " ", printable(message)), soft_wrap=True)


def say(message: str) -> None:
    """Print a message for people on stderr."""
    _console(stderr=True).print(Text(printable(message)), soft_wrap=True)


def print_json(data: Any) -> None:
    """Print data as JSON on stdout; instants and UUIDs as text, what is no finite number as null."""
    sys.stdout.write(json.dumps(_finite(data), indent=2, ensure_ascii=False, default=str, allow_nan=False) + "\n")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, wide: Collection[str] = ()) -> None:
    """Print a table on stdout.

    Parameters
    ----------
    columns
        The headings.
    rows
        As many values each; None is printed as an empty cell, numbers stand to the right.
    wide
        The headings of the columns whose text is folded where the terminal is too narrow; the others keep their width
        even if that is more than the terminal has. One of them that is empty is left out.
    """
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    kept, least = [], 0
    for position, heading in enumerate(columns):
        values = [row[position] for row in rows]
        if heading in wide and rows and all(value in (None, "") for value in values):
            continue
        kept.append(position)
        width = max(cell_len(text) for text in [heading, *(_cell(value).plain for value in values)])
        least += 2 + (min(width, FOLDED_WIDTH) if heading in wide else width)
        table.add_column(
            heading,
            justify="right" if rows and all(isinstance(value, int | float | None) for value in values) else "left",
            overflow="fold",
            no_wrap=heading not in wide,
        )
    for row in rows:
        table.add_row(*(_cell(row[position]) for position in kept))
    _console(stderr=False, least=least).print(table)


def print_facts(facts: Mapping[str, Any]) -> None:
    """Print names and values on stdout, one a line."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        table.add_row(name, _cell(value))
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


def figure(value: float) -> str:
    """Write a number to three digits, never as a power of ten.

    >>> figure(0.0123), figure(999.7), figure(12345.6)
    ('0.0123', '1,000', '12,346')
    """
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"


def printable(text: str) -> str:
    """Keep a model's text from giving commands to the terminal: what is not printable becomes a question mark."""
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def _cell(value: Any) -> Text:
    if value is None:
        return Text("")
    return Text(figure(value) if isinstance(value, float) else printable(str(value)))


def _finite(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


def _console(*, stderr: bool, least: int = 0) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    console = Console(stderr=stderr, highlight=False, emoji=False, width=None if stream.isatty() else PIPE_WIDTH)
    console.width = max(console.width, least)
    return console
