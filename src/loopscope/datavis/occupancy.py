"""Occupancy over time: which share of their steps runs are in each cluster, from the first tenth to the last."""

from typing import Any, Final

import altair as alt
import polars as pl

from loopscope.datavis.groups import iterate_group_frames, write_heading
from loopscope.datavis.key import KeyEntry, draw_key
from loopscope.datavis.subject import describe_result, require_one_result, require_rows, write_subtitle
from loopscope.datavis.text_marks import write_texts
from loopscope.datavis.theme import FAINT_INK, apply_theme, choose_cluster_colour
from loopscope.datavis.wording import count_of, percentage
from loopscope.types import OUTLIER

WIDTH: Final = 430
HEIGHT: Final = 270
PARTS: Final = 10
SMALLER: Final = -3
"""Stands for all clusters that have no stream of their own."""
SMALLER_COLOUR: Final = "#c3d0dd"
NEEDED: Final = (
    *("clustering_result_id", "tenth", "cluster", "cluster_label", "count", "share"),
    *("lower", "upper", "n_runs", "null_mean", "null_p", "reason"),
)


def plot_occupancy(occupancy: pl.DataFrame, *, top: int = 12, max_groups: int = 12) -> alt.HConcatChart:
    """Draw a stream for each of the largest clusters, a panel for each group of runs.

    Parameters
    ----------
    occupancy
        As `load_occupancy_df` gives it, of one clustering result.
    top
        How many clusters have a stream of their own, the largest over all groups; the others are one.
    max_groups
        Of more groups than these, the first are drawn, and the subtitle says so.

    Returns
    -------
    altair.HConcatChart
        Shares stacked to 100 %, the largest cluster at the bottom, outliers grey on top.

    Raises
    ------
    ChartError
        If the frame is empty, lacks a column, or holds several clustering results.
    """
    advice = "`loopscope cluster list` shows what there is; `loopscope cluster perform MODEL` makes a clustering."
    require_rows(occupancy, NEEDED, chart="occupancy", advice=advice)
    require_one_result(occupancy, chart="occupancy")
    groups = list(iterate_group_frames(occupancy))
    order = _choose_streams(occupancy, top)
    drawn = groups[:max_groups]
    columns = 1 if len(drawn) <= 2 else 2  # the key is as high as two panels
    panels = [
        _draw_panel(name, part, order, labelled=number % columns == 0) for number, (name, part) in enumerate(drawn)
    ]
    body = alt.ConcatChart(concat=panels, columns=columns, spacing=28)
    title = alt.Title(
        "Where runs are, from their first tenth to their last",
        subtitle=write_subtitle(_describe(occupancy, len(groups), max_groups), 700),
    )
    return apply_theme(alt.HConcatChart(hconcat=[body, _draw_key(occupancy, order)], spacing=28, title=title))


def _choose_streams(occupancy: pl.DataFrame, top: int) -> list[int]:
    """List the clusters that have a stream, from the bottom, then the smaller ones and the outliers."""
    whole = occupancy.filter(pl.col("tenth").is_null(), pl.col("count") > 0)
    sizes = whole.group_by("cluster").agg(pl.sum("count")).sort(-pl.col("count"), "cluster")
    clusters = sizes.filter(pl.col("cluster") >= 0)["cluster"].to_list()
    rest = [SMALLER] if len(clusters) > top else []
    return [*clusters[:top], *rest, *([OUTLIER] if (sizes["cluster"] == OUTLIER).any() else [])]


def _draw_panel(name: str, part: pl.DataFrame, order: list[int], *, labelled: bool) -> alt.LayerChart:
    tenths = part.filter(pl.col("tenth").is_not_null())
    unknown = tenths.filter(pl.col("reason").is_not_null())
    runs = part.filter(pl.col("tenth").is_null())["n_runs"][0]
    points = _list_points(tenths, order)
    layers: list[Any] = [_draw_streams(points, labelled) if unknown.is_empty() else _draw_blocks(points, labelled)]
    if not unknown.is_empty():
        numbers = ", ".join(map(str, unknown["tenth"].unique().sort().to_list()))
        said = f"{'tenth' if len(numbers) < 2 else 'tenths'} {numbers}: {unknown['reason'][0]}"
        layers.append(write_texts([{"text": said}], x=alt.value(2), y=alt.value(HEIGHT + 40), color=FAINT_INK))
    layers.append(write_heading(f"{name} · {count_of(runs, 'run')}", width=WIDTH, above=6))
    return alt.LayerChart(layer=layers, width=WIDTH, height=HEIGHT)


def _list_points(tenths: pl.DataFrame, order: list[int]) -> list[dict[str, Any]]:
    """Stack shares by tenth, each from the middle of the tenth, the first and the last out to the ends of the run."""
    points = []
    for (tenth,), part in tenths.filter(pl.col("share").is_not_null()).group_by("tenth", maintain_order=True):
        rows = {row["cluster"]: row for row in part.iter_rows(named=True)}
        below = 0.0
        for place, cluster in enumerate(order):
            row = rows.get(cluster)
            share = row["share"] if row else _rest(rows, order) if cluster == SMALLER else 0.0
            point = {
                "place": place,
                "colour": SMALLER_COLOUR if cluster == SMALLER else choose_cluster_colour(cluster),
                "low": below,
                "high": below + share,
                **_tell(row, cluster),
                "share": f"{100 * share:.1f} %" + _interval(row),
            }
            below += share
            # The first and the last tenth go on to the ends of the run.
            places = [*([0.0] if tenth == 1 else []), tenth - 0.5, *([float(PARTS)] if tenth == PARTS else [])]
            points += [point | {"x": 100 * x / PARTS, "tenth": tenth} for x in places]
    return points


def _rest(rows: dict[int, dict[str, Any]], order: list[int]) -> float:
    return float(sum(row["share"] for cluster, row in rows.items() if cluster not in order))


def _interval(row: dict[str, Any] | None) -> str:
    if row is None or row["lower"] is None:
        return ""
    return f" [{100 * row['lower']:.1f}, {100 * row['upper']:.1f}]"


def _tell(row: dict[str, Any] | None, cluster: int) -> dict[str, str]:
    name = {SMALLER: "smaller ones", OUTLIER: "outliers"}.get(cluster, str(cluster))
    chance = "–"
    if row is not None and row["null_p"] is not None:
        chance = f"{100 * row['null_mean']:.1f} % on average, p = {row['null_p']:.2g}"
    return {"cluster": name, "label": (row or {}).get("cluster_label") or "–", "chance": chance}


def _draw_streams(points: list[dict[str, Any]], labelled: bool) -> alt.LayerChart:
    x, y = _make_axes(labelled)
    base: alt.Chart = alt.Chart(alt.InlineData(values=points))
    streams = base.mark_area(stroke="white", strokeWidth=0.6, interpolate="monotone").encode(
        x=x, y=y, y2="high:Q", detail="place:O", color=alt.Color("colour:N").scale(None)
    )
    # An area has one tooltip, so that points nobody sees carry those of the tenths.
    told = base.transform_calculate(middle="(datum.low + datum.high) / 2").mark_point(size=240, opacity=0, filled=True)
    return alt.LayerChart(layer=[streams, told.encode(x=x, y="middle:Q", tooltip=_tooltip())])


def _draw_blocks(points: list[dict[str, Any]], labelled: bool) -> alt.LayerChart:
    """Draw what is known of each tenth by itself: where tenths are unknown, streams would go through them."""
    x, y = _make_axes(labelled)
    blocks = [
        point | {"x": 100 * (point["tenth"] - 1) / PARTS, "x2": 100 * point["tenth"] / PARTS}
        for point in points
        if point["x"] == 100 * (point["tenth"] - 0.5) / PARTS
    ]
    drawn: alt.Chart = alt.Chart(alt.InlineData(values=blocks)).mark_rect(stroke="white", strokeWidth=0.6)
    colour = alt.Color("colour:N").scale(None)
    return alt.LayerChart(layer=[drawn.encode(x=x, x2="x2:Q", y=y, y2="high:Q", color=colour, tooltip=_tooltip())])


def _make_axes(labelled: bool) -> tuple[alt.X, alt.Y]:
    x = alt.X("x:Q", title="part of the run (%)").scale(domain=[0, 100], nice=False)
    y = alt.Y("low:Q", title="share of the steps" if labelled else None).scale(domain=[0, 1], nice=False)
    axis = alt.Axis(format="%", labels=labelled, ticks=labelled, tickCount=5)
    return x.axis(values=[0, 25, 50, 75, 100], grid=False), y.axis(axis)


def _tooltip() -> list[alt.Tooltip]:
    titles = {"cluster": "cluster", "label": "medoid", "tenth": "tenth", "share": "share", "chance": "by chance"}
    return [alt.Tooltip(f"{name}:N", title=title) for name, title in titles.items()]


def _draw_key(occupancy: pl.DataFrame, order: list[int]) -> alt.LayerChart:
    whole = occupancy.filter(pl.col("tenth").is_null())
    sizes = whole.group_by("cluster").agg(pl.sum("count"), pl.first("cluster_label"))
    rows = {cluster: (count, label) for cluster, count, label in sizes.iter_rows()}
    total = int(whole["count"].sum())
    entries = []
    for cluster in order[::-1]:  # from the top of the stack
        if cluster == SMALLER:
            others = [number for number, (count, _) in rows.items() if number not in order and count]
            share = percentage(sum(rows[number][0] for number in others), total)
            entries.append(KeyEntry(SMALLER_COLOUR, f"{count_of(len(others), 'smaller cluster')} · {share}"))
            continue
        count, label = rows[cluster]
        name = "outliers" if cluster == OUTLIER else str(cluster)
        text = "" if cluster == OUTLIER else label or ""
        entries.append(KeyEntry(choose_cluster_colour(cluster), f"{name} · {percentage(count, total)}", text))
    return draw_key(entries, title="clusters from top to bottom · share of all steps")


def _describe(occupancy: pl.DataFrame, groups: int, max_groups: int) -> list[str]:
    parts = [*describe_result(occupancy), "a step is an output that was embedded"]
    parts.append("shares of each tenth of the runs")
    if groups > 1:
        parts.append("pointing at a stream shows its interval and what runs dealt out to the groups give")
    if groups > max_groups:
        parts.append(f"the first {max_groups} of {groups} groups drawn")
    return parts
