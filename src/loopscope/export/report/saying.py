"""Estimates of each network as sentences, and what has no estimate as reasons."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from loopscope.export.report.naming import count_in, merge, name_value, pattern_of

MOST_NETWORKS = 4
"""Of more networks than these, the first are told of in words; the frame behind has all."""
MOST_REASONS = 6


def say_each(rows: Sequence[Mapping[str, Any]], write: Callable[[Mapping[str, Any]], str]) -> list[str]:
    """Write a sentence for each row that has an estimate, which says of which network it is where there are several.

    Parameters
    ----------
    rows
        With ``network``, and perhaps the ``generator`` whose outputs they are of.
    write
        Gives the sentence from its second word on: ``runs stay 3 steps``.

    Examples
    --------
    >>> rows = [{"network": "A→B", "estimate": 3}, {"network": "B→A", "estimate": 2}]
    >>> say_each(rows, lambda row: f"runs stay {row['estimate']} steps")
    ['In A→B, runs stay 3 steps.', 'In B→A, runs stay 2 steps.']
    >>> say_each(rows[:1], lambda row: f"runs stay {row['estimate']} steps")
    ['Runs stay 3 steps.']
    """
    known = [row for row in rows if row["estimate"] is not None]
    if len(known) == 1:
        sentence = write(known[0])
        return [f"{sentence[:1].upper()}{sentence[1:]}."]
    turns = len({row.get("generator") for row in known}) > 1
    said = []
    for row in known[:MOST_NETWORKS]:
        outputs = f", outputs of {row['generator']}" if turns else ""
        said.append(f"In {row['network']}{outputs}, {write(row)}.")
    if len(known) > MOST_NETWORKS:
        said.append(f"The numbers of {len(known) - MOST_NETWORKS} more are in the file below.")
    return said


def say_reasons(frame: pl.DataFrame, *names: str) -> list[str]:
    """Say what has no estimate, and why: each reason once, with how many rows have it and of which they are.

    Reasons that differ in numbers alone are one, with the range of the numbers.

    Parameters
    ----------
    names
        The columns that tell which row it is, such as ``quantity`` and ``network``.

    Examples
    --------
    >>> frame = pl.DataFrame({"quantity": ["tau", "r2"], "reason": ["one run", "one run"]})
    >>> say_reasons(frame, "quantity")
    ['relaxation time and 1 more: one run']
    """
    lacking = frame.filter(pl.col("reason").is_not_null())
    if lacking.is_empty():
        return []
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for row in lacking.iter_rows(named=True):
        grouped.setdefault(pattern_of(row["reason"]), []).append(row)
    said = []
    for rows in list(grouped.values())[:MOST_REASONS]:
        which = ", ".join(name_value(name, rows[0][name]) for name in names if rows[0][name] is not None)
        more = f" and {len(rows) - 1:,} more" if len(rows) > 1 else ""
        said.append(f"{which}{more}: {count_in(merge([row['reason'] for row in rows]))}")
    if len(grouped) > MOST_REASONS:
        left = len(grouped) - MOST_REASONS
        said.append(f"and {left} {'reason' if left == 1 else 'reasons'} more, in the files below")
    return said
