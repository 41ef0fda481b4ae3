"""Persistence diagrams: birth against death of the bars of a dimension, a panel for each group of runs.

Bars that lie close together are one circle, as large as there are many of them: a diagram is a multiset.
"""

from typing import Any, Final, NamedTuple, cast

import altair as alt
import polars as pl

from loopscope.datavis.groups import GROUPED_BY, name_group
from loopscope.datavis.homology import (
    ADVICE,
    NULL_COLOUR,
    NULL_NAME,
    choose_dimension_colour,
    describe_diagrams,
    measure_reach,
    name_bars,
    require_dimension,
)
from loopscope.datavis.key import KeyEntry, draw_key
from loopscope.datavis.subject import name_run, require_one, require_rows, write_subtitle
from loopscope.datavis.text_marks import write_texts
from loopscope.datavis.theme import FAINT_INK, INK, apply_theme
from loopscope.datavis.wording import count_of, wrap_text
from loopscope.errors import ChartError

NEEDED: Final = (*("run_id", "network", "initial_prompt", "seed", "embedding_model"), *("dimension", "birth", "death"))
MOST_PANELS: Final = 60
CELLS: Final = 48
"""So many cells of bars that are drawn as one stand side by side in a panel."""
LARGEST: Final = 160
"""The area of the largest circle in square pixels, in a panel of full size: little more than a cell."""
OF_ONE: Final = 36
"""At most, the area of a circle that is one bar."""


class _Frame(NamedTuple):
    """The axes that all panels share."""

    low: float
    high: float
    size: int
    most: int


def plot_persistence_diagram(
    bars: pl.DataFrame, *, dimension: int = 1, by: tuple[str, ...] = ("network",), null: pl.DataFrame | None = None
) -> alt.HConcatChart:
    """Draw the persistence diagram of each group of runs.

    Parameters
    ----------
    bars
        As `load_persistence_diagrams_df` gives it, of one embedding model.
    dimension
        Whose bars are drawn: 1 for loops.
    by
        Some of `network`, `initial_prompt`, `seed`: a panel for each group; `("run_id",)` for each run.
    null
        As `load_persistence_entropy_df(session, nulls=99)` gives it: bars within the grey band along the diagonal are
        no longer than the longest of a Gaussian cloud with the covariance of the run.

    Raises
    ------
    ChartError
        If the frame is empty, lacks a column, holds several embedding models, or no bar of this dimension.
    """
    require_rows(bars, NEEDED, chart="persistence diagram", advice=ADVICE)
    require_one(bars, "embedding_model", chart="persistence diagram", noun="embedding models", option="--model")
    unknown = [name for name in by if name not in (*GROUPED_BY, "run_id")]
    if unknown:
        raise ChartError(f"found no column {unknown[0]} to group by; expected some of {', '.join(GROUPED_BY)}, run_id")
    chosen = require_dimension(bars, dimension, chart="persistence diagram")
    groups = _list_groups(chosen, by)
    shown = groups[:MOST_PANELS]
    columns = len(shown) if len(shown) <= 3 else 3 if len(shown) <= 9 else 5
    size = {1: 420, 2: 360, 3: 260}.get(columns, 170)
    finite = chosen.filter(pl.col("death").is_finite())
    low, high = _find_limits(finite)
    cells = {name: _count_cells(part, low, high) for name, part in shown}
    most = max((cast("int", part["bars"].max() or 0) for part in cells.values()), default=1)
    frame = _Frame(low, high, size, max(most, 1))
    panels = [
        _draw_panel(
            name,
            part,
            cells[name],
            frame,
            measure_reach(null, part["run_id"].unique().to_list(), dimension),
            outer=(number >= len(shown) - columns, number % columns == 0),
            dimension=dimension,
        )
        for number, (name, part) in enumerate(shown)
    ]
    body = alt.ConcatChart(concat=panels, columns=columns, align="each", spacing=18)
    left_out = f"the first {len(shown)} of {len(groups)} groups" if len(groups) > len(shown) else ""
    said = [*describe_diagrams(bars), f"{count_of(finite.height, 'bar')} of dimension {dimension} that end", left_out]
    title = alt.Title(
        f"When {name_bars(dimension)} among a run's embeddings appear and fill up",
        subtitle=write_subtitle([each for each in said if each], columns * size + 200),
    )
    return apply_theme(
        alt.HConcatChart(hconcat=[body, _draw_key(frame, dimension, null is not None)], spacing=28, title=title)
    )


def _list_groups(bars: pl.DataFrame, by: tuple[str, ...]) -> list[tuple[str, pl.DataFrame]]:
    if not by:
        return [("all runs", bars)]
    ordered = bars.sort(by, nulls_last=True, maintain_order=True)
    return [
        (_name(dict(zip(by, key, strict=True)), part), part) for key, part in ordered.group_by(by, maintain_order=True)
    ]


def _name(values: dict[str, Any], part: pl.DataFrame) -> str:
    if "run_id" in values:
        return f"{name_run(part.row(0, named=True))}: {part['initial_prompt'][0]}"
    return name_group(values)


def _find_limits(finite: pl.DataFrame) -> tuple[float, float]:
    """Find the ends of both axes: a little beyond the first birth and the last death."""
    if finite.is_empty():
        return 0.0, 1.0
    low, high = cast("float", finite["birth"].min()), cast("float", finite["death"].max())
    margin = 0.04 * (high - low) or 0.05
    return (0.0 if low < 0.2 * high else low - margin), high + margin


def _count_cells(part: pl.DataFrame, low: float, high: float) -> pl.DataFrame:
    """Put bars that are close together into one, at their mean place, with how many they are."""
    width = (high - low) / CELLS
    return (
        part.filter(pl.col("death").is_finite())
        .with_columns(across=((pl.col("birth") - low) / width).floor(), up=((pl.col("death") - low) / width).floor())
        .group_by("across", "up", maintain_order=True)
        .agg(pl.mean("birth", "death"), bars=pl.len(), longest=(pl.col("death") - pl.col("birth")).max())
        .sort("bars", descending=True)
        .drop("across", "up")
    )


def _draw_panel(
    name: str,
    part: pl.DataFrame,
    cells: pl.DataFrame,
    frame: _Frame,
    reach: float | None,
    *,
    outer: tuple[bool, bool],
    dimension: int,
) -> alt.LayerChart:
    bottom, left = outer
    scale = alt.Scale(domain=[frame.low, frame.high], nice=False, zero=False)
    x: Any = alt.X("birth:Q", scale=scale).axis(
        title="birth (chord distance)" if bottom else None, labels=bottom, ticks=bottom, tickCount=5
    )
    y: Any = alt.Y("death:Q", scale=scale).axis(
        title="death (chord distance)" if left else None, labels=left, ticks=left, tickCount=5
    )
    corners = [{"birth": frame.low, "death": frame.low}, {"birth": frame.high, "death": frame.high}]
    diagonal: alt.Chart = alt.Chart(alt.InlineData(values=corners)).mark_line(stroke=FAINT_INK, strokeWidth=1)
    layers = [] if reach is None else [_draw_reach(reach, frame, x, y)]
    layers.append(diagonal.encode(x=x, y=y))
    drawn: alt.Chart = alt.Chart(alt.InlineData(values=_round(cells))).mark_circle(
        color=choose_dimension_colour(dimension), opacity=0.6, clip=True
    )
    layers.append(
        drawn.encode(
            x=x,
            y=y,
            size=alt.Size("bars:Q").scale(domain=[0, frame.most], range=[2, _largest(frame)]).legend(None),
            tooltip=[
                alt.Tooltip("bars:Q", title="bars here"),
                alt.Tooltip("birth:Q", format=".3f"),
                alt.Tooltip("death:Q", format=".3f"),
                alt.Tooltip("longest:Q", title="longest of them", format=".3f"),
            ],
        )
    )
    note = wrap_text(_say(part, reach, dimension), frame.size, 11, 2)
    heading = wrap_text(name, frame.size, 12, 2)
    top = -8 - 14 * len(note)
    layers += [
        write_texts(
            [{"text": "\n".join(heading)}],
            x=alt.value(0),
            y=alt.value(top - 15 * len(heading)),
            size=12,
            bold=True,
            line_height=15,
        ),
        write_texts([{"text": "\n".join(note)}], x=alt.value(0), y=alt.value(top), color=FAINT_INK, line_height=14),
    ]
    return alt.LayerChart(layer=layers, width=frame.size, height=frame.size)


def _draw_reach(reach: float, frame: _Frame, x: Any, y: Any) -> alt.Chart:
    edge = max(frame.high - reach, frame.low)
    corners = [
        {"birth": birth, "death": birth, "top": min(birth + reach, frame.high)}
        for birth in (frame.low, edge, frame.high)
    ]
    area: alt.Chart = alt.Chart(alt.InlineData(values=corners)).mark_area(color=NULL_COLOUR, opacity=0.8, line=False)
    return area.encode(x=x, y=y, y2="top:Q")


def _say(part: pl.DataFrame, reach: float | None, dimension: int) -> str:
    finite = part.filter(pl.col("death").is_finite())
    runs = count_of(part["run_id"].n_unique(), "run")
    if finite.is_empty():
        return f"{runs}: no {name_bars(dimension, 1)} that ends"
    said = f"{count_of(finite.height, 'bar')} of {runs}"
    if reach is None:
        return said
    long = int((finite["death"] - finite["birth"] > reach).sum())
    return f"{said}; {long:,} longer than the null's longest"


def _round(cells: pl.DataFrame) -> list[dict[str, Any]]:
    return cells.with_columns(pl.col("birth", "death", "longest").round(5)).to_dicts()


def _largest(frame: _Frame) -> float:
    return min(LARGEST * (frame.size / 420) ** 2, OF_ONE * frame.most)


def _draw_key(frame: _Frame, dimension: int, with_null: bool) -> alt.VConcatChart:
    """Draw the key: the colour, how many bars a circle stands for, and the null."""
    entries = [
        KeyEntry(
            choose_dimension_colour(dimension),
            f"{name_bars(dimension)} (dimension {dimension})",
            "above the diagonal by as much as they last",
        )
    ]
    if with_null:
        entries.append(
            KeyEntry(NULL_COLOUR, NULL_NAME, "a bar in the band is no longer than the longest of such clouds")
        )
    steps = sorted({1, max(round(frame.most / 4), 1), frame.most})
    circles = [{"bars": bars, "row": 30 * row, "text": f"{bars:,}"} for row, bars in enumerate(steps)]
    y = alt.Y("row:Q").scale(domain=[-15, 30 * len(steps) - 15], reverse=True, nice=False).axis(None)
    marks: alt.Chart = alt.Chart(alt.InlineData(values=circles)).mark_circle(
        color=choose_dimension_colour(dimension), opacity=0.6
    )
    sized = marks.encode(
        x=alt.value(14),
        y=y,
        size=alt.Size("bars:Q").scale(domain=[0, frame.most], range=[2, _largest(frame)]).legend(None),
    )
    words = alt.Chart(alt.InlineData(values=circles)).mark_text(align="left", baseline="middle", color=INK)
    named = words.encode(x=alt.value(34), y=y, text="text:N")
    heading = write_texts([{"text": "bars in one circle"}], x=alt.value(0), y=alt.value(-16), color=FAINT_INK)
    sizes = alt.LayerChart(layer=[sized, named, heading], width=120, height=30 * len(steps))
    return alt.VConcatChart(vconcat=[draw_key(entries, title="bars"), sizes], spacing=30)
