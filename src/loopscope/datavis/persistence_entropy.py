"""Persistence entropy, or another measure of diagrams, by group: every run, the mean with its interval, the null."""

from typing import Any, Final

import altair as alt
import polars as pl

from loopscope.datavis.groups import list_group_columns, name_group
from loopscope.datavis.homology import (
    ADVICE,
    NULL_COLOUR,
    NULL_NAME,
    choose_dimension_colour,
    describe_diagrams,
    name_bars,
    require_dimension,
)
from loopscope.datavis.key import KeyEntry, draw_key
from loopscope.datavis.subject import require_one, require_rows, write_subtitle
from loopscope.datavis.text_marks import write_texts
from loopscope.datavis.theme import FAINT_INK, INK, RULE, apply_theme
from loopscope.datavis.wording import count_of, wrap_text
from loopscope.errors import ChartError

NEEDED: Final = ("run_id", "embedding_model", "dimension", "reason")
NEEDED_OF_GROUPS: Final = (
    *("embedding_model", "dimension", "measure", "estimate", "lower", "upper", "n_runs"),
    *("null_lower", "null_upper", "null_p", "method", "reason"),
)
MEASURES: Final = {
    "entropy": ("How evenly long the {} of a run are", "persistence entropy (1 = all equally long)"),
    "n_bars": ("How many {} a run has", "number of bars that end"),
    "total_persistence": ("How long the {} of a run are together", "total persistence (chord distance)"),
    "largest_persistence": ("How long the longest of a run's {} is", "longest bar (chord distance)"),
}
WIDTH: Final = 520
LABEL_WIDTH: Final = 260
MOST_GROUPS: Final = 60
MOST_POINTS: Final = 400
"""Of more runs in a group, evenly spaced ones have a point."""


def plot_persistence_entropy(
    runs: pl.DataFrame, estimates: pl.DataFrame, *, measure: str = "entropy", dimension: int = 1
) -> alt.HConcatChart:
    """Draw a measure of the diagrams of every run, group by group.

    Parameters
    ----------
    runs
        As `load_persistence_entropy_df` gives it, of one embedding model.
    estimates
        As `load_persistence_entropy_estimates_df` gives it, of the same.
    measure
        `entropy`, `n_bars`, `total_persistence` or `largest_persistence`.
    dimension
        Of the bars: 1 for loops.

    Raises
    ------
    ChartError
        If a frame is empty, lacks a column, holds several embedding models, or nothing of this dimension.
    """
    if measure not in MEASURES:
        raise ChartError(f"found no measure {measure}; expected one of {', '.join(MEASURES)}")
    require_rows(runs, (*NEEDED, measure), chart="persistence entropy", advice=ADVICE)
    require_rows(estimates, NEEDED_OF_GROUPS, chart="persistence entropy", advice=ADVICE)
    require_one(runs, "embedding_model", chart="persistence entropy", noun="embedding models", option="--model")
    chosen = require_dimension(runs, dimension, chart="persistence entropy")
    groups = estimates.filter(
        pl.col("dimension") == dimension,
        pl.col("measure") == measure,
        pl.col("embedding_model") == runs["embedding_model"][0],
    )
    rows = _list_rows(chosen, groups.head(MOST_GROUPS), measure)
    height = sum(row["height"] for row in rows)
    body = _draw_rows(rows, measure, dimension, height)
    with_null = any(row["null_lower"] is not None for row in rows)
    said = [*describe_diagrams(chosen), *_say(groups)]
    title, _ = MEASURES[measure]
    heading = alt.Title(
        title.format(name_bars(dimension)), subtitle=write_subtitle(said, LABEL_WIDTH + WIDTH), anchor="start"
    )
    key = _draw_key(dimension, with_null)
    return apply_theme(alt.HConcatChart(hconcat=[body, key], spacing=28, title=heading))


def _say(groups: pl.DataFrame) -> list[str]:
    method = groups["method"].drop_nulls()
    left_out = [f"the first {MOST_GROUPS} of {groups.height} groups"] if groups.height > MOST_GROUPS else []
    return [*method.filter(method != "").head(1).to_list(), *left_out]


def _list_rows(runs: pl.DataFrame, groups: pl.DataFrame, measure: str) -> list[dict[str, Any]]:
    """Give every group its place from the top, with the values of its runs."""
    by = list_group_columns(groups)
    rows: list[dict[str, Any]] = []
    top = 0
    for group in groups.iter_rows(named=True):
        part = runs.filter(pl.col(name).eq_missing(pl.lit(group[name])) for name in by) if by else runs
        label = wrap_text(name_group({name: group[name] for name in by}), LABEL_WIDTH - 12, 12, 2)
        high = max(20 + 14 * len(label), 42 if groups.height <= 20 else 34)
        values = part[measure].drop_nulls().drop_nans().to_list()
        rows.append(group | {"label": "\n".join(label), "top": top, "height": high, "values": _thin(values)})
        top += high
    return rows


def _thin(values: list[float]) -> list[float]:
    if len(values) <= MOST_POINTS:
        return values
    return [values[number * len(values) // MOST_POINTS] for number in range(MOST_POINTS)]


def _draw_rows(rows: list[dict[str, Any]], measure: str, dimension: int, height: int) -> alt.LayerChart:
    numbers = [value for row in rows for value in row["values"]]
    numbers += [row[name] for row in rows for name in ("lower", "upper", "null_lower", "null_upper")]
    known = [value for value in numbers if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    margin = 0.05 * (high - low) or 0.05
    x: Any = (
        alt.X("x:Q")
        .scale(domain=[low - margin, high + margin], nice=False, zero=False)
        .axis(title=MEASURES[measure][1], grid=True)
    )
    y: Any = alt.Y("y:Q").scale(domain=[height, 0], nice=False).axis(None)
    colour = choose_dimension_colour(dimension)
    bands = [
        {"x": row["null_lower"], "x2": row["null_upper"], "y": row["top"] + 4, "y2": row["top"] + row["height"] - 4}
        for row in rows
        if row["null_lower"] is not None
    ]
    points = [
        {"x": value, "y": row["top"] + row["height"] * (0.5 + 0.28 * _spread(number))}
        for row in rows
        for number, value in enumerate(row["values"])
    ]
    means = [
        {"x": row["estimate"], "lower": row["lower"], "upper": row["upper"], "y": _middle(row), "runs": row["n_runs"]}
        for row in rows
        if row["estimate"] is not None
    ]
    null: alt.Chart = alt.Chart(alt.InlineData(values=bands)).mark_rect(
        color=NULL_COLOUR, stroke=NULL_COLOUR, strokeWidth=2
    )
    runs: alt.Chart = alt.Chart(alt.InlineData(values=points)).mark_circle(color=colour, size=28, opacity=0.45)
    mean: alt.Chart = alt.Chart(alt.InlineData(values=means)).mark_point(
        shape="diamond", filled=True, size=90, color=INK, opacity=1
    )
    interval: alt.Chart = alt.Chart(
        alt.InlineData(values=[each for each in means if each["lower"] is not None])
    ).mark_rule(color=INK, strokeWidth=2)
    tooltip = [alt.Tooltip(f"{name}:Q", format=".4g") for name in ("x", "lower", "upper", "runs")]
    layers = [
        null.encode(x=x, x2="x2:Q", y=y, y2="y2:Q"),
        runs.encode(x=x, y=y, tooltip=[alt.Tooltip("x:Q", title="a run", format=".4f")]),
        interval.encode(x=alt.X("lower:Q"), x2="upper:Q", y=y),
        mean.encode(x=x, y=y, tooltip=tooltip),
        *_write(rows, y),
    ]
    return alt.LayerChart(layer=layers, width=WIDTH, height=height)


def _write(rows: list[dict[str, Any]], y: Any) -> list[alt.Chart]:
    """Write the name of each group to its left, how many runs to its right, and the reason where there is nothing."""
    names = [{"text": row["label"], "y": _middle(row) - 7 * len(row["label"].split("\n"))} for row in rows]
    counts = [
        {"text": f"{count_of(row['n_runs'], 'run')}{_say_p(row)}", "y": _middle(row) - 6}
        for row in rows
        if row["reason"] is None
    ]
    reasons = [
        {"text": "\n".join(wrap_text(f"No estimate: {row['reason']}", WIDTH - 20, 11, 2)), "y": _middle(row) - 12}
        for row in rows
        if row["reason"] is not None
    ]
    lines: alt.Chart = alt.Chart(alt.InlineData(values=[{"y": row["top"]} for row in rows[1:]])).mark_rule(stroke=RULE)
    return [
        lines.encode(x=alt.value(-LABEL_WIDTH), x2=alt.value(WIDTH), y=y),
        write_texts(names, x=alt.value(-12), y=y, align="right", size=12, line_height=14),
        write_texts(counts, x=alt.value(WIDTH + 8), y=y, color=FAINT_INK),
        write_texts(reasons, x=alt.value(10), y=y, color=FAINT_INK),
    ]


def _say_p(row: dict[str, Any]) -> str:
    return "" if row["null_p"] is None else f", p = {row['null_p']:.2g}"


def _middle(row: dict[str, Any]) -> float:
    return float(row["top"] + row["height"] / 2)


def _spread(number: int) -> float:
    """Place the points of a group apart, from −1 to 1, each far from those before it (golden ratio)."""
    return 2 * ((number * 0.618034) % 1.0) - 1


def _draw_key(dimension: int, with_null: bool) -> alt.LayerChart:
    entries = [
        KeyEntry(choose_dimension_colour(dimension), "a run"),
        KeyEntry(INK, "mean of the runs", "with its 95 % interval, where there are several"),
    ]
    if with_null:
        entries.append(KeyEntry(NULL_COLOUR, NULL_NAME, "where the mean of such clouds, one for each run, lies"))
    return draw_key(entries, title="")
