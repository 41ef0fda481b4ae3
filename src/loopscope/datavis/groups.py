"""The groups of runs in a frame of label dynamics, and how a panel of one is headed."""

from collections.abc import Iterator
from typing import Any, Final

import altair as alt
import polars as pl

from loopscope.datavis.text_marks import LINE_HEIGHT, write_texts
from loopscope.datavis.theme import FAINT_INK
from loopscope.datavis.wording import count_of, wrap_text

GROUPED_BY: Final = ("network", "initial_prompt", "seed")
HEADING_SIZE: Final = 13
HEADING_LINE: Final = 16


def list_group_columns(frame: pl.DataFrame, but: tuple[str, ...] = ()) -> list[str]:
    """List by which columns the runs of a frame are grouped."""
    return [name for name in GROUPED_BY if name in frame.columns and name not in but]


def iterate_group_frames(frame: pl.DataFrame, but: tuple[str, ...] = ()) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield what each group of runs is called, and its rows, in the order of the frame."""
    names = list_group_columns(frame, but)
    if not names:
        yield "all runs", frame
        return
    for key, part in frame.group_by(names, maintain_order=True):
        yield name_group(dict(zip(names, key, strict=True))), part


def name_group(values: dict[str, Any]) -> str:
    """Say which group it is.

    Examples
    --------
    >>> name_group({"network": "A→B", "seed": None}), name_group({})
    ('A→B · fresh randomness', 'all runs')
    """
    said = []
    for name, value in values.items():
        if name == "seed":
            said.append("fresh randomness" if value is None else f"seed {value}")
        else:
            said.append(str(value))
    return " · ".join(said) or "all runs"


def write_heading(text: str, *, width: float, above: float, left: float = 0.0) -> Any:
    """Write the heading of a panel above it, in at most two lines.

    Parameters
    ----------
    text
        What it is called.
    width
        In pixels: how wide a line may be.
    above, left
        In pixels: how far the last line's foot is above the panel, and the first letter from its left edge.
    """
    lines = wrap_text(text, 0.92 * width, HEADING_SIZE, 2)
    return write_texts(
        [{"text": "\n".join(lines)}],
        x=alt.value(left),
        y=alt.value(-above - HEADING_LINE * len(lines)),
        size=HEADING_SIZE,
        bold=True,
        line_height=HEADING_LINE,
    )


def draw_reason(name: str, part: pl.DataFrame, *, width: float) -> alt.LayerChart:
    """Draw the panel of a group of which there is nothing to draw: what it is called, and why.

    Parameters
    ----------
    name
        What it is called.
    part
        Its rows, with the columns ``group_runs`` and ``reason``.
    width
        In pixels.
    """
    reason = write_texts(
        [{"text": "\n".join(wrap_text(str(part["reason"][0]), 0.92 * width, 11, 3))}],
        x=alt.value(0),
        y=alt.value(0),
        color=FAINT_INK,
    )
    heading = write_heading(f"{name} · {count_of(part['group_runs'][0], 'run')}", width=width, above=6)
    return alt.LayerChart(layer=[heading, reason], width=width, height=3 * LINE_HEIGHT)
