"""Where the clusters of one clustering result go in another: two columns of clusters and the ribbons between them."""

from dataclasses import dataclass
from typing import Any, Final

import altair as alt
import numpy as np
import polars as pl

from loopscope.datavis.subject import require_rows, write_subtitle
from loopscope.datavis.text_marks import LINE_HEIGHT, write_texts
from loopscope.datavis.theme import FAINT_INK, NOT_CLUSTERED_COLOUR, RULE, apply_theme, choose_cluster_colour
from loopscope.datavis.wording import count_of, measure_width, percentage, shorten_text
from loopscope.types import OUTLIER

WIDTH: Final = 380
HEIGHT: Final = 640
BAR: Final = 16
GAP: Final = 5
LABEL_WIDTH: Final = 330
LABEL_APART: Final = LINE_HEIGHT + 1
BOLDER: Final = 1.1
"""How much wider bold letters are than those that are measured."""
SMALLER: Final = -2
"""Stands for all clusters that have no bar of their own."""
ABSENT: Final = -3
"""Stands for what a side did not cluster."""
SMALLER_COLOUR: Final = "#c3d0dd"
CURVE: Final = np.linspace(0, 1, 25)
NEEDED: Final = (
    *("a", "b", "a_cluster_id", "a_cluster_label", "a_status"),
    *("b_cluster_id", "b_cluster_label", "b_status", "count"),
)


@dataclass
class _Bar:
    """One block of a side, from ``top`` to ``bottom`` in pixels."""

    group: int
    heading: str
    label: str
    count: int
    colour: str
    top: float = 0.0
    bottom: float = 0.0


def plot_alluvial(
    flows: pl.DataFrame,
    comparison: pl.DataFrame | None = None,
    *,
    names: tuple[str, str] = ("A", "B"),
    top: int = 14,
) -> alt.LayerChart:
    """Draw what goes from which cluster of A into which cluster of B.

    Parameters
    ----------
    flows
        As `load_cluster_flows_df` gives it, of one pair of results.
    comparison
        As `load_cluster_comparison_df` gives it of the same: its scores are said in the title.
    names
        What the two results are called above their columns.
    top
        How many clusters of each side have a bar, from the largest; the others are one.

    Returns
    -------
    altair.LayerChart
        A's clusters on the left, each in the colour that its number has in every chart, and B's on the right in the
        colour of the cluster of A that they are most like; ribbons in the colour of A's cluster. Outliers are grey.

    Raises
    ------
    ChartError
        If the frame is empty or lacks a column.
    """
    advice = "`loopscope cluster compare A B` compares two clustering results."
    require_rows(flows, NEEDED, chart="alluvial", advice=advice)
    total = int(flows["count"].sum())
    grouped = flows.with_columns(_group("a", top), _group("b", top))
    left = _list_bars(grouped, "a", total)
    right = _sort_by_origin(_list_bars(grouped, "b", total), grouped, left)
    _colour_by_match(right, left, flows)
    scale = (HEIGHT - GAP * max(len(left), len(right))) / total
    height = max(_stack(left, scale), _stack(right, scale))
    ribbons = _list_ribbons(grouped, left, right, scale)
    y = alt.Y("y:Q").scale(domain=[height, 0], nice=False).axis(None)
    x = alt.X("x:Q").scale(domain=[0, WIDTH], nice=False).axis(None)
    layers = [_draw_ribbons(ribbons, x, y), _draw_bars(left, 0, x, y), _draw_bars(right, WIDTH - BAR, x, y)]
    layers += [*_write_labels(left, names[0], -8, "right", y), *_write_labels(right, names[1], WIDTH + 8, "left", y)]
    said = _describe_scores(comparison) + _describe(flows)
    title = alt.Title(_name_chart(comparison), subtitle=write_subtitle(said, 2 * LABEL_WIDTH + WIDTH))
    return apply_theme(alt.LayerChart(layer=layers, width=WIDTH, height=height, title=title))


def _group(side: str, top: int) -> pl.Expr:
    """Numbers are by decreasing size, so those below `top` are the largest."""
    number = pl.col(f"{side}_cluster_id")
    return (
        pl.when(number.is_null()).then(ABSENT).when(number >= top).then(SMALLER).otherwise(number).alias(side + "_bar")
    )


def _list_bars(flows: pl.DataFrame, side: str, total: int) -> list[_Bar]:
    """Clusters by number, then the smaller ones, outliers, and what the side did not cluster."""
    number, status = pl.col(f"{side}_cluster_id"), pl.col(f"{side}_status")
    counted = flows.group_by(f"{side}_bar").agg(
        pl.sum("count"), pl.first(f"{side}_cluster_label"), number.n_unique().alias("clusters"), status.unique().sort()
    )
    order = {SMALLER: 1, OUTLIER: 2, ABSENT: 3}
    bars = []
    for group, count, label, clusters, statuses in counted.iter_rows():
        share = percentage(count, total)
        said = {
            SMALLER: (f"{count_of(clusters, 'smaller cluster')} · {share}", "", SMALLER_COLOUR),
            OUTLIER: (f"outliers · {share}", "", choose_cluster_colour(OUTLIER)),
            ABSENT: (f"{' or '.join(statuses)} · {share}", "", NOT_CLUSTERED_COLOUR),
        }.get(group, (f"{group} · {share}", label or "", choose_cluster_colour(group)))
        bars.append(_Bar(group, said[0], said[1], count, said[2]))
    return sorted(bars, key=lambda bar: (order.get(bar.group, 0), bar.group))


def _sort_by_origin(bars: list[_Bar], flows: pl.DataFrame, origins: list[_Bar]) -> list[_Bar]:
    """Put each cluster of B near the clusters of A that it comes from, so that few ribbons cross."""
    place = {bar.group: number for number, bar in enumerate(origins)}
    weighed = flows.with_columns(place=pl.col("a_bar").replace_strict(place, return_dtype=pl.Float64))
    means = weighed.group_by("b_bar").agg((pl.col("place") * pl.col("count")).sum() / pl.sum("count"))
    centre = dict(means.iter_rows())
    clusters = sorted((bar for bar in bars if bar.group >= 0), key=lambda bar: (centre[bar.group], bar.group))
    return clusters + [bar for bar in bars if bar.group < 0]


def _colour_by_match(bars: list[_Bar], origins: list[_Bar], flows: pl.DataFrame) -> None:
    """Give clusters of B the colour of the cluster of A with the largest Jaccard index."""
    a, b, count = (pl.col(name) for name in ("a_cluster_id", "b_cluster_id", "count"))
    both = flows.filter(a.is_not_null(), b.is_not_null()).group_by("a_cluster_id", "b_cluster_id").agg(count.sum())
    jaccard = count / (count.sum().over("a_cluster_id") + count.sum().over("b_cluster_id") - count)
    matches = both.with_columns(jaccard=jaccard).filter(a > OUTLIER, b > OUTLIER)
    best = dict(matches.sort("jaccard", -a).select("b_cluster_id", "a_cluster_id").iter_rows())  # the last one stays
    colours = {bar.group: bar.colour for bar in origins}
    for bar in bars:
        if bar.group > OUTLIER:
            bar.colour = colours.get(best.get(bar.group, SMALLER), SMALLER_COLOUR)


def _stack(bars: list[_Bar], scale: float) -> float:
    """Place bars one below the other, so far apart that each has room for its label, and say how high they stand."""
    below = 0.0
    for bar in bars:
        high = bar.count * scale
        slot = max(high + GAP, LABEL_APART)
        bar.top, bar.bottom = below + (slot - high) / 2, below + (slot + high) / 2
        below += slot
    return below


def _list_ribbons(flows: pl.DataFrame, left: list[_Bar], right: list[_Bar], scale: float) -> list[dict[str, Any]]:
    """Lay ribbons at either side in the order of the other, a point of both edges at each step of the curve."""
    counted = {(a, b): count for a, b, count in flows.group_by("a_bar", "b_bar").agg(pl.sum("count")).iter_rows()}
    starts, ends = ({bar.group: bar.top for bar in bars} for bars in (left, right))
    points = []
    for a in left:
        for b in right:
            count = counted.get((a.group, b.group), 0)
            if not count:
                continue
            height = count * scale
            from_, to = starts[a.group], ends[b.group]
            starts[a.group] += height
            ends[b.group] += height
            ease = CURVE**2 * (3 - 2 * CURVE)
            for share, x in zip(ease, BAR + CURVE * (WIDTH - 2 * BAR), strict=True):
                upper = from_ + (to - from_) * share
                points.append(
                    {
                        "ribbon": f"{a.group}>{b.group}",
                        "x": round(x, 1),
                        "y": round(upper, 2),
                        "y2": round(upper + height, 2),
                    }
                    | {"colour": a.colour, "from": a.heading, "to": b.heading, "count": count}
                )
    return points


def _draw_ribbons(points: list[dict[str, Any]], x: alt.X, y: alt.Y) -> alt.Chart:
    chart: alt.Chart = alt.Chart(alt.InlineData(values=points)).mark_area(fillOpacity=0.5, line=False)
    return chart.encode(
        x=x,
        y=y,
        y2="y2:Q",
        detail="ribbon:N",
        color=alt.Color("colour:N").scale(None),
        tooltip=[alt.Tooltip("from:N"), alt.Tooltip("to:N"), alt.Tooltip("count:Q", title="embeddings", format=",")],
    )


def _draw_bars(bars: list[_Bar], left: float, x: alt.X, y: alt.Y) -> alt.Chart:
    values = [
        {"x": left, "x2": left + BAR, "y": bar.top, "y2": bar.bottom, "colour": bar.colour}
        | {"cluster": bar.heading, "medoid": bar.label or "–", "count": bar.count}
        for bar in bars
    ]
    chart: alt.Chart = alt.Chart(alt.InlineData(values=values)).mark_rect(stroke=RULE, strokeWidth=0.5)
    return chart.encode(
        x=x,
        x2="x2:Q",
        y=y,
        y2="y2:Q",
        color=alt.Color("colour:N").scale(None),
        tooltip=["cluster:N", "medoid:N", alt.Tooltip("count:Q", title="embeddings", format=",")],
    )


def _write_labels(bars: list[_Bar], name: str, at: float, align: Any, y: alt.Y) -> list[alt.Chart]:
    headings, labels = [], []
    for bar in bars:
        top = (bar.top + bar.bottom - LINE_HEIGHT) / 2 + 1
        width = measure_width(bar.heading, 11) * BOLDER + 6
        headings.append({"y": top, "text": bar.heading})
        if bar.label:
            text = shorten_text(bar.label, LABEL_WIDTH - width, 11)
            labels.append({"y": top, "text": text, "x": at + (width if align == "left" else -width)})
    x = alt.X("x:Q")
    return [
        write_texts([{"y": -26, "text": name}], x=alt.value(at), y=y, align=align, bold=True, size=12),
        write_texts(headings, x=alt.value(at), y=y, align=align, bold=True),
        write_texts(labels, x=x, y=y, align=align, color=FAINT_INK),
    ]


def _name_chart(comparison: pl.DataFrame | None) -> str:
    if comparison is None:
        return "Where clusters go"
    score = comparison.filter(pl.col("measure") == "ari").row(0, named=True)
    return f"Where clusters go: adjusted Rand index {_say_score(score)}"


def _describe_scores(comparison: pl.DataFrame | None) -> list[str]:
    if comparison is None:
        return []
    scores = comparison.filter(pl.col("measure").is_in(["ari", "ami"])).to_dicts()
    by_name = {(score["measure"], score["outliers"] == "left out"): score for score in scores}
    parts = [f"adjusted mutual information {_say_score(by_name['ami', False])}"]
    if by_name["ari", True]["n"]:
        inside = ", ".join(f"{name.upper()} {_say_score(by_name[name, True])}" for name in ("ari", "ami"))
        parts.append(f"without outliers {inside}")
    return parts


def _say_score(score: dict[str, Any]) -> str:
    interval = f" ({score['lower']:.2f} to {score['upper']:.2f})" if score["lower"] is not None else ""
    return f"{score['estimate']:.2f}{interval}"


def _describe(flows: pl.DataFrame) -> list[str]:
    both = flows.filter(pl.col("a_cluster_id").is_not_null(), pl.col("b_cluster_id").is_not_null())
    compared = int(both["count"].sum())
    parts = [f"{count_of(compared, 'embedding')} in both"]
    for side, other in (("a", "b"), ("b", "a")):
        alone = int(flows.filter(pl.col(f"{other}_cluster_id").is_null())["count"].sum())
        if alone:
            parts.append(f"{alone:,} only in {side.upper()}")
    outliers = [int(both.filter(pl.col(f"{side}_cluster_id") == OUTLIER)["count"].sum()) for side in "ab"]
    shares = " in A, ".join(percentage(each, compared) for each in outliers)
    return [
        *parts,
        f"outliers of those in both: {shares} in B",
        "ribbons in the colour of A's cluster, blocks of B in that of their best match",
    ]
