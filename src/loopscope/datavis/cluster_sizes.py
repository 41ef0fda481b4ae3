"""How large the clusters are, what each is about, and how much belongs to none."""

from typing import Any, Final

import altair as alt
import polars as pl

from loopscope.datavis.subject import describe_medoids, require_one_result, require_rows, write_subtitle
from loopscope.datavis.text_marks import LINE_HEIGHT, write_texts
from loopscope.datavis.theme import FAINT_INK, apply_theme, choose_cluster_colour
from loopscope.datavis.wording import count_of, percentage, wrap_text

LABEL_WIDTH: Final = 460
NUMBER_WIDTH: Final = 34
BAR_WIDTH: Final = 380
ROW_HEIGHT: Final = 34
BARS_FROM: Final = 74
"""Where the first bar begins below the strip of all clusters, in pixels."""
NUMBER_COLUMNS: Final = {"n_prompts": ("prompts", BAR_WIDTH + 150), "n_runs": ("runs", BAR_WIDTH + 205)}


def plot_cluster_sizes(medoids: pl.DataFrame, top: int = 30) -> alt.LayerChart:
    """Draw the sizes of the largest clusters, over a strip that shows all of them and the outliers to scale.

    Parameters
    ----------
    medoids
        One row for each cluster of one clustering result, the outlier cluster included. Columns that name the
        embedding model and the settings, where there are any, are said in the subtitle.
    top
        How many clusters have a bar, from the largest.

    Returns
    -------
    altair.LayerChart
        One bar a cluster with its medoid's text, size, share, and how many prompts and runs come by.

    Raises
    ------
    ChartError
        If the frame is empty, lacks a column, or holds several clustering results.
    """
    needed = ("clustering_result_id", "cluster_id", "cluster_size", "cluster_label", *NUMBER_COLUMNS)
    advice = "`loopscope cluster list` shows what there is; `loopscope cluster perform MODEL` makes a clustering."
    require_rows(medoids, needed, chart="cluster sizes", advice=advice)
    require_one_result(medoids, chart="cluster sizes")
    total = int(medoids["cluster_size"].sum())
    bars = _place_bars(medoids, top, total)
    height = BARS_FROM + ROW_HEIGHT * len(bars)
    y = alt.Y("y:Q").scale(domain=[height, 0], nice=False).axis(None)
    layers = [_draw_rectangles(_place_strip(medoids, total), y), _draw_rectangles(bars, y, cornerRadiusEnd=2)]
    layers += _draw_texts(medoids, bars, total, y)
    title = alt.Title(
        "How large the clusters are",
        subtitle=write_subtitle(describe_medoids(medoids), LABEL_WIDTH + BAR_WIDTH + 200),
    )
    return apply_theme(alt.LayerChart(layer=layers, width=BAR_WIDTH, height=height, title=title))


def _place_strip(medoids: pl.DataFrame, total: int) -> list[dict[str, Any]]:
    """Every cluster to scale on one line as wide as labels and bars together, outliers last."""
    ordered = medoids.sort(pl.col("cluster_id") < 0, "cluster_id")
    strip = []
    taken = 0
    for number, size, label in ordered.select("cluster_id", "cluster_size", "cluster_label").iter_rows():
        ends = [(LABEL_WIDTH + BAR_WIDTH) * share / total - LABEL_WIDTH for share in (taken, taken + size)]
        strip.append(_rectangle(number, size, label, total, x=ends[0], x2=ends[1], y=20, y2=38))
        taken += size
    return strip


def _place_bars(medoids: pl.DataFrame, top: int, total: int) -> list[dict[str, Any]]:
    largest = medoids.filter(pl.col("cluster_id") >= 0).sort("cluster_id").head(top)
    bars = []
    columns = ["cluster_id", "cluster_size", "cluster_label", *NUMBER_COLUMNS]
    for row, (number, size, label, *counts) in enumerate(largest.select(columns).iter_rows()):
        start = BARS_FROM + ROW_HEIGHT * row
        bar = _rectangle(number, size, label, total, x=0, x2=_scale_bar(size, largest), y=start + 6, y2=start + 27)
        bars.append(bar | dict(zip(NUMBER_COLUMNS, counts, strict=True)))
    return bars


def _scale_bar(size: int, largest: pl.DataFrame) -> float:
    sizes: list[int] = largest["cluster_size"].to_list()
    return max(1.5, BAR_WIDTH * size / max(sizes))


def _rectangle(number: int, size: int, label: str | None, total: int, **place: float) -> dict[str, Any]:
    return place | {
        "cluster": "outliers" if number < 0 else str(number),
        "label": label or "–",
        "size": size,
        "share": percentage(size, total),
        "colour": choose_cluster_colour(number),
    }


def _draw_rectangles(values: list[dict[str, Any]], y: alt.Y, **style: Any) -> alt.Chart:
    x = alt.X("x:Q").scale(domain=[0, BAR_WIDTH], nice=False).axis(None)
    shown = {"cluster": "cluster", "label": "medoid", "size": "size", "share": "share"}
    rectangles: alt.Chart = alt.Chart(alt.InlineData(values=values)).mark_rect(**style)
    return rectangles.encode(
        x=x,
        x2="x2:Q",
        y=y,
        y2="y2:Q",
        color=alt.Color("colour:N").scale(None),
        tooltip=[alt.Tooltip(f"{name}:N", title=title) for name, title in shown.items()],
    )


def _draw_texts(medoids: pl.DataFrame, bars: list[dict[str, Any]], total: int, y: alt.Y) -> list[alt.Chart]:
    labels, numbers, sizes, counts = [], [], [], []
    for bar in bars:
        lines = wrap_text(bar["label"], LABEL_WIDTH - NUMBER_WIDTH - 10, 11, 2)
        centre = (bar["y"] + bar["y2"]) / 2
        labels.append(
            {"x": NUMBER_WIDTH - LABEL_WIDTH, "y": centre - LINE_HEIGHT * len(lines) / 2 + 1, "text": "\n".join(lines)}
        )
        numbers.append({"x": -LABEL_WIDTH, "y": centre - 5, "text": bar["cluster"]})
        sizes.append({"x": bar["x2"] + 6, "y": centre - 5, "text": f"{bar['size']:,} · {bar['share']}"})
        counts += [{"x": x, "y": centre - 5, "text": f"{bar[name]:,}"} for name, (_, x) in NUMBER_COLUMNS.items()]
    outliers = int(medoids.filter(pl.col("cluster_id") < 0)["cluster_size"].sum())
    left, right = _say_strip(medoids, bars, outliers, total)
    heads = [{"x": x, "y": BARS_FROM - 14, "text": title} for title, x in NUMBER_COLUMNS.values()] if bars else []
    x = alt.X("x:Q")
    return [
        write_texts([{"x": -LABEL_WIDTH, "y": 2, "text": left}], x=x, y=y, color=FAINT_INK),
        write_texts([{"x": BAR_WIDTH, "y": 2, "text": right}], x=x, y=y, align="right", color=FAINT_INK),
        write_texts(numbers, x=x, y=y, bold=True),
        write_texts(labels, x=x, y=y),
        write_texts(sizes, x=x, y=y),
        write_texts(heads, x=x, y=y, align="right", color=FAINT_INK),
        write_texts(counts, x=x, y=y, align="right"),
    ]


def _say_strip(medoids: pl.DataFrame, bars: list[dict[str, Any]], outliers: int, total: int) -> tuple[str, str]:
    clusters = medoids.filter(pl.col("cluster_id") >= 0)
    below = sum(bar["size"] for bar in bars)
    everything = f"all {count_of(total, 'embedding')}"
    shown = "cluster" if len(bars) == 1 else f"{len(bars)} clusters"
    parts = [f"{everything}: {percentage(below, total)} in the {shown} below"]
    if clusters.height > len(bars):
        rest = int(clusters["cluster_size"].sum()) - below
        parts.append(f"{percentage(rest, total)} in {count_of(clusters.height - len(bars), 'smaller one')}")
    return ", ".join(parts) if bars else everything, f"{percentage(outliers, total)} outliers"
