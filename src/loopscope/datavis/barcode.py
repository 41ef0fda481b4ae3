"""The barcode of a run: its bars from birth to death, dimension by dimension, the earliest first."""

from typing import Any, Final, cast

import altair as alt
import polars as pl

from loopscope.datavis.homology import (
    ADVICE,
    NULL_COLOUR,
    NULL_NAME,
    choose_dimension_colour,
    describe_diagrams,
    measure_reach,
    name_bars,
)
from loopscope.datavis.key import KeyEntry, draw_key
from loopscope.datavis.subject import name_run, require_one, require_rows, write_subtitle
from loopscope.datavis.text_marks import write_texts
from loopscope.datavis.theme import FAINT_INK, RULE, apply_theme
from loopscope.datavis.wording import count_of, wrap_text

NEEDED: Final = ("run_id", "network", "initial_prompt", "embedding_model", "dimension", "birth", "death")
MOST_BARS: Final = 60
"""Of more bars of a dimension, the longest are drawn."""
ROW: Final = 7
WIDTH: Final = 620


def plot_barcode(bars: pl.DataFrame, *, null: pl.DataFrame | None = None) -> alt.HConcatChart:
    """Draw the bars of one run.

    Parameters
    ----------
    bars
        As `load_persistence_diagrams_df(session, "MiniLM", run_id=1)` gives it: of one run and embedding model.
    null
        As `load_persistence_entropy_df(session, nulls=99)` gives it: behind each bar that is not a component, a grey
        one is as long as the longest of a Gaussian cloud with the covariance of the run.

    Raises
    ------
    ChartError
        If the frame is empty, lacks a column, or holds several runs or embedding models.
    """
    require_rows(bars, NEEDED, chart="barcode", advice=ADVICE)
    require_one(bars, "embedding_model", chart="barcode", noun="embedding models", option="--model")
    require_one(bars, "run_id", chart="barcode", noun="runs", option="--run")
    run_id = bars["run_id"][0]
    end = cast("float", bars.filter(pl.col("death").is_finite())["death"].max() or 1.0) * 1.06
    parts = bars.partition_by("dimension", maintain_order=True)
    panels = [
        _draw_panel(part, end, measure_reach(null, [run_id], part["dimension"][0]), last=part is parts[-1])
        for part in parts
    ]
    entries = [
        KeyEntry(choose_dimension_colour(part["dimension"][0]), f"{name_bars(part['dimension'][0])}") for part in parts
    ]
    if null is not None:
        entries.append(KeyEntry(NULL_COLOUR, NULL_NAME, "the longest bar of such clouds, from where a bar begins"))
    body = alt.VConcatChart(vconcat=panels, spacing=30)
    said = [
        name_run(bars.row(0, named=True)),
        str(bars["network"][0]),
        f"“{bars['initial_prompt'][0]}”",
        *_describe(bars),
    ]
    title = alt.Title(
        "At which distances the embeddings of a run hang together and make loops",
        subtitle=write_subtitle(said, WIDTH + 200),
    )
    return apply_theme(alt.HConcatChart(hconcat=[body, draw_key(entries, title="bars")], spacing=28, title=title))


def _describe(bars: pl.DataFrame) -> list[str]:
    said = [describe_diagrams(bars)[0], *describe_diagrams(bars)[2:]]
    if "n_unique" in bars.columns:
        n, distinct = (bars["n"][0] if "n" in bars.columns else None), bars["n_unique"][0]
        said.append(f"{count_of(n, 'embedding')}, {distinct:,} distinct" if n else f"{distinct:,} distinct embeddings")
    return said


def _draw_panel(part: pl.DataFrame, end: float, reach: float | None, *, last: bool) -> alt.LayerChart:
    dimension = part["dimension"][0]
    shown, height = _choose_bars(part, end, reach if dimension else None)
    x: Any = (
        alt.X("birth:Q")
        .scale(domain=[0, end], nice=False)
        .axis(title="chord distance" if last else None, labels=last, ticks=last, grid=True)
    )
    y: Any = alt.Y("row:Q").scale(domain=[height, 0], nice=False).axis(None)
    data = alt.InlineData(values=shown)
    grey: alt.Chart = alt.Chart(data).mark_rect(color=NULL_COLOUR, height=ROW - 1)
    line: alt.Chart = alt.Chart(data).mark_rect(color=choose_dimension_colour(dimension), height=3)
    tooltip = [alt.Tooltip("birth:Q", format=".4f"), alt.Tooltip("said:N", title="death")]
    layers = [line.encode(x=x, x2="death:Q", y=y, tooltip=tooltip)]
    if reach is not None and dimension:
        layers.insert(0, grey.encode(x=x, x2="reach:Q", y=y))
    arrows: alt.Chart = alt.Chart(alt.InlineData(values=[each for each in shown if each["endless"]])).mark_point(
        shape="triangle-right", filled=True, size=50, opacity=1, color=choose_dimension_colour(dimension)
    )
    layers.append(arrows.encode(x=alt.X("death:Q"), y=y))
    frame: alt.Chart = alt.Chart(alt.InlineData(values=[{}])).mark_rect(fillOpacity=0, stroke=RULE)
    layers.append(frame.encode(x=alt.value(0), x2=alt.value(WIDTH), y=alt.value(0), y2=alt.value(height)))
    note = wrap_text(_say(part, len(shown)), WIDTH, 12, 1)[0]
    layers.append(write_texts([{"text": note}], x=alt.value(0), y=alt.value(-17), size=12, color=FAINT_INK))
    return alt.LayerChart(layer=layers, width=WIDTH, height=height)


def _choose_bars(part: pl.DataFrame, end: float, reach: float | None) -> tuple[list[dict[str, Any]], int]:
    """Choose the longest bars, and give each its row; and how high the panel is, in pixels."""
    longest = part.sort(pl.col("death") - pl.col("birth"), descending=True).head(MOST_BARS).sort("birth", "death")
    shown = [
        {
            "birth": round(birth, 6),
            "death": round(min(death, end), 6),
            "said": "never" if death == float("inf") else f"{death:.4f}",
            "endless": death == float("inf"),
            "reach": round(min(birth + (reach or 0.0), end), 6),
            "row": ROW * (number + 1),
        }
        for number, (birth, death) in enumerate(longest.select("birth", "death").iter_rows())
    ]
    return shown, max(ROW * (len(shown) + 1), 30)


def _say(part: pl.DataFrame, shown: int) -> str:
    dimension = part["dimension"][0]
    endless = int(part["death"].is_infinite().sum())
    said = f"dimension {dimension}: {part.height:,} {name_bars(dimension, part.height)}"
    if endless:
        said += f", {endless:,} without end"
    return said + (f"; the {shown:,} longest are drawn" if shown < part.height else "")
