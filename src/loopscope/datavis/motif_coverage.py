"""Motif coverage: in how few clusters most runs end, beside what runs dealt out by chance give."""

from typing import Any, Final

import altair as alt
import polars as pl

from loopscope.datavis.groups import iterate_group_frames, list_group_columns, write_heading
from loopscope.datavis.key import KeyEntry, draw_key
from loopscope.datavis.subject import describe_result, require_one_result, require_rows, write_subtitle
from loopscope.datavis.text_marks import write_texts
from loopscope.datavis.theme import FAINT_INK, SERIES_COLOURS, apply_theme
from loopscope.datavis.wording import count_of

WIDTH: Final = 360
HEIGHT: Final = 240
NULL_COLOUR: Final = "#bbbbbb"
LINE_COLOUR: Final = SERIES_COLOURS[0]
NEEDED: Final = (
    *("clustering_result_id", "quantity", "top_k", "estimate", "lower", "upper", "n_runs"),
    *("null_mean", "null_lower", "null_upper", "null_p", "reason"),
)


def plot_motif_coverage(motifs: pl.DataFrame, *, max_k: int = 30, max_groups: int = 12) -> alt.HConcatChart:
    """Draw the share of runs that end in the k clusters where most end, over k, a panel for each group of runs.

    Parameters
    ----------
    motifs
        As `load_motifs_df` gives it, of one clustering result.
    max_k
        The curve goes on to as many clusters at most.
    max_groups
        Of more groups than these, the first are drawn, and the subtitle says so.

    Returns
    -------
    altair.HConcatChart
        The curve with its 95 % interval, and the null as a grey band; the effective number of clusters in words.

    Raises
    ------
    ChartError
        If the frame is empty, lacks a column, or holds several clustering results.
    """
    advice = "`loopscope cluster list` shows what there is; `loopscope cluster perform MODEL` makes a clustering."
    require_rows(motifs, NEEDED, chart="motif coverage", advice=advice)
    require_one_result(motifs, chart="motif coverage")
    groups = list(iterate_group_frames(motifs))
    drawn = groups[:max_groups]
    last = _find_last_k(motifs, max_k)
    columns = min(len(drawn), 2)
    panels = [
        _draw_panel(name, part, last, labelled=number % columns == 0) for number, (name, part) in enumerate(drawn)
    ]
    title = alt.Title(
        "How few clusters most runs end in",
        subtitle=write_subtitle(_describe(motifs, len(groups), max_groups), 700),
    )
    entries = [KeyEntry(LINE_COLOUR, "", "share of runs, with its 95 % interval")]
    if motifs["null_lower"].is_not_null().any():
        entries.append(KeyEntry(NULL_COLOUR, "", "null: runs dealt out to the groups (95 %)"))
    body = alt.ConcatChart(concat=panels, columns=columns, spacing=30)
    return apply_theme(alt.HConcatChart(hconcat=[body, draw_key(entries, title="")], spacing=28, title=title))


def _find_last_k(motifs: pl.DataFrame, max_k: int) -> int:
    """Find up to where to draw: until every run of every group that ends in a cluster is covered."""
    coverage = motifs.filter(pl.col("quantity") == "coverage", pl.col("estimate").is_not_null())
    if coverage.is_empty():
        return 1
    rising = coverage.filter(pl.col("estimate") >= pl.col("estimate").max().over(_groups_or_one(coverage)) - 1e-9)
    ends = rising.group_by(_groups_or_one(rising)).agg(pl.min("top_k"))["top_k"].to_list()
    return int(min(max_k, max(ends)))


def _groups_or_one(frame: pl.DataFrame) -> list[str]:
    return list_group_columns(frame) or ["clustering_result_id"]


def _draw_panel(name: str, part: pl.DataFrame, last: int, *, labelled: bool) -> alt.LayerChart:
    coverage = part.filter(pl.col("quantity") == "coverage", pl.col("top_k") <= last)
    known = coverage.filter(pl.col("estimate").is_not_null())
    runs = int(part["n_runs"][0])
    heading = write_heading(f"{name} · {count_of(runs, 'run')}", width=WIDTH, above=42)
    if known.is_empty():
        reason = part["reason"].drop_nulls().to_list() or ["no run ends in a cluster"]
        empty: alt.Chart = alt.Chart(alt.InlineData(values=[{"text": reason[0]}])).mark_text(color=FAINT_INK)
        return alt.LayerChart(layer=[empty.encode(text="text:N"), heading], width=WIDTH, height=HEIGHT)
    points = [
        {
            "k": row["top_k"],
            **{key: row[key] for key in ("estimate", "lower", "upper", "null_lower", "null_upper")},
            "said": f"{100 * row['estimate']:.0f} %" + _interval(row),
            "chance": "–" if row["null_p"] is None else f"{100 * row['null_mean']:.0f} %, p = {row['null_p']:.2g}",
        }
        for row in known.iter_rows(named=True)
    ]
    words = [{"text": _say_effective(part)}]
    layers = [
        *_draw_curves(points, last, labelled),
        write_texts(words, x=alt.value(0), y=alt.value(-38), color=FAINT_INK),
        heading,
    ]
    return alt.LayerChart(layer=layers, width=WIDTH, height=HEIGHT)


def _interval(row: dict[str, Any]) -> str:
    return "" if row["lower"] is None else f" [{100 * row['lower']:.0f}, {100 * row['upper']:.0f}]"


def _say_effective(part: pl.DataFrame) -> str:
    lines = []
    for quantity, said in {"n_effective": "at all steps", "n_effective_at_end": "at the end"}.items():
        row = part.filter(pl.col("quantity") == quantity).row(0, named=True)
        if row["estimate"] is None:
            lines.append(f"effective clusters {said}: {row['reason']}")
            continue
        interval = "" if row["lower"] is None else f" [{row['lower']:.1f}, {row['upper']:.1f}]"
        p = "" if row["null_p"] is None else f", p = {row['null_p']:.2g}"
        lines.append(f"effective clusters {said}: {row['estimate']:.1f}{interval}{p}")
    return "\n".join(lines)


def _draw_curves(points: list[dict[str, Any]], last: int, labelled: bool) -> list[alt.Chart]:
    ticks = list(range(1, last + 1)) if last <= 15 else [1, *range(5, last + 1, 5)]
    x = alt.X("k:Q", title="k: the clusters in which most runs end").scale(
        domain=[1, max(last, 2)], nice=False, zero=False
    )
    x = x.axis(values=ticks, format="d", grid=False)
    axis = alt.Axis(format="%", labels=labelled, ticks=labelled, tickCount=5)
    y = alt.Y("estimate:Q", title="share of the runs that end in them" if labelled else None)
    y = y.scale(domain=[0, 1], nice=False).axis(axis)
    base: alt.Chart = alt.Chart(alt.InlineData(values=points))
    tooltip = [
        alt.Tooltip("k:Q", title="k"),
        alt.Tooltip("said:N", title="share of the runs"),
        alt.Tooltip("chance:N", title="by chance"),
    ]
    return [
        base.mark_area(color=NULL_COLOUR, opacity=0.55).encode(x=x, y="null_lower:Q", y2="null_upper:Q"),
        base.mark_area(color=LINE_COLOUR, opacity=0.25).encode(x=x, y="lower:Q", y2="upper:Q"),
        base.mark_line(color=LINE_COLOUR, strokeWidth=2, point={"size": 26, "color": LINE_COLOUR}).encode(
            x=x, y=y, tooltip=tooltip
        ),
    ]


def _describe(motifs: pl.DataFrame, groups: int, max_groups: int) -> list[str]:
    parts = [*describe_result(motifs), "a run ends in the cluster of its last embedded output"]
    parts.append("outliers are no cluster, so that the curve may stay below 100 %")
    if groups == 1:
        parts.append("no null: one group, so that nothing can be dealt out")
    if groups > max_groups:
        parts.append(f"the first {max_groups} of {groups} groups drawn")
    return parts
