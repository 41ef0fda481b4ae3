"""The raster: every run a row, every step a column, every cluster a colour.

The chart's data are one entry for each run, with its stretches in two short texts, and one small table each for
clusters, networks and prompts, joined by the browser: a caption stands in the file once, not once for every step.
The stretches are texts because Altair copies and checks every number of a list, over and over: 10 s for a million.
"""

from typing import Any, Final, cast

import altair as alt
import polars as pl

from loopscope.datavis.cluster_key import draw_cluster_key
from loopscope.datavis.raster_rows import ADDED_LATER, NOT_SAMPLED, RasterRows, arrange_rows
from loopscope.datavis.subject import describe_result, require_one_result, require_rows, write_subtitle
from loopscope.datavis.text_marks import LINE_HEIGHT, write_texts
from loopscope.datavis.theme import FAINT_INK, apply_theme, choose_cluster_colour
from loopscope.datavis.wording import count_of, percentage, shorten_text, wrap_text
from loopscope.types import OUTLIER

PROMPT_WIDTH: Final = 190
SEED_WIDTH: Final = 34
LARGEST_WIDTH: Final = 1_400
SPACED_FROM: Final = 6
"""Rows of at least this height, in pixels, have a line of white between them."""
NEEDED: Final = (
    "clustering_result_id",
    "run_id",
    "network",
    "initial_prompt",
    "seed",
    "sequence_number",
    "cluster_id",
    "cluster_label",
    "cluster_size",
    "status",
)


def plot_raster(clusters: pl.DataFrame, *, max_runs: int = 1_200) -> alt.HConcatChart:
    """Draw which cluster every run is in at every step.

    Parameters
    ----------
    clusters
        As `load_clusters_df` gives it, of one clustering result; with `include_unclustered=True`, what was not sampled
        or added later is drawn almost white.
    max_runs
        Of more runs than these, evenly spaced ones are drawn, and the subtitle says so.

    Returns
    -------
    altair.HConcatChart
        Rows grouped by network and prompt, ordered by seed, fresh randomness last; beside them the largest clusters.

    Raises
    ------
    ChartError
        If the frame is empty, lacks a column, or holds several clustering results.
    """
    advice = "`loopscope cluster list` shows what there is; `loopscope cluster perform MODEL` makes a clustering."
    require_rows(clusters, NEEDED, chart="raster", advice=advice)
    require_one_result(clusters, chart="raster")
    rows = arrange_rows(clusters, max_runs=max_runs)
    first = min(columns[0] for columns in rows.columns.values())
    last = max(columns[-1] for columns in rows.columns.values())
    width = min(LARGEST_WIDTH, max(1, min(24, 760 // (last - first))) * (last - first))
    key = draw_cluster_key(clusters, height=rows.height)
    cells = _draw_cells(clusters, rows, (first, last))
    body = alt.LayerChart(layer=[cells, *_draw_headings(rows)], width=width, height=rows.height)
    title = alt.Title(
        "Which cluster each run is in, step by step",
        subtitle=write_subtitle(_describe(clusters, rows), PROMPT_WIDTH + width + 300),
    )
    return apply_theme(alt.HConcatChart(hconcat=[body, key], spacing=28, title=title))


def _draw_cells(clusters: pl.DataFrame, rows: RasterRows, steps: tuple[int, int]) -> alt.Chart:
    networks = list(rows.columns)
    runs = [
        {
            "y": row.top,
            "g": row.group,
            "n": networks.index(rows.groups[row.group].network),
            "seed": "fresh at every step" if row.seed is None else str(row.seed),
            "run": row.run_id,
            "s": ",".join(map(str, row.starts)),
            "c": ",".join("" if code is None else str(code) for code in row.codes),
        }
        for row in rows.rows
    ]
    groups = [{"g": number, "prompt": group.initial_prompt} for number, group in enumerate(rows.groups)]
    columns = [{"n": number, "network": name, "columns": rows.columns[name]} for number, name in enumerate(networks)]
    cells: alt.Chart = (
        alt.Chart(alt.InlineData(values=runs))
        .transform_calculate(s="split(datum.s, ',')", c="split(datum.c, ',')")
        .transform_calculate(e="slice(datum.s, 1)")
        .transform_flatten(["s", "e", "c"])
        .transform_filter("isValid(datum.c) && datum.c !== ''")
        .transform_lookup("c", _table(_describe_codes(clusters), "c", "cluster", "label", "colour"))
        .transform_lookup("g", _table(groups, "g", "prompt"))
        .transform_lookup("n", _table(columns, "n", "network", "columns"))
        .transform_calculate(
            x="datum.columns[datum.s]",
            x2="datum.columns[datum.e]",
            y2=f"datum.y + {rows.row_height - (1 if rows.row_height >= SPACED_FROM else 0)}",
            steps="datum.e - datum.s > 1 ? datum.x + ' to ' + datum.columns[datum.e - 1] : '' + datum.x",
        )
        .mark_rect(aria=False)  # else an SVG has a sentence for every stretch, ten times its size
        .encode(
            x=alt.X("x:Q", title="step (sequence number)")
            .scale(domain=list(steps), nice=False, zero=False)
            .axis(grid=False, tickMinStep=1, format="d"),
            x2="x2:Q",
            y=alt.Y("y:Q").scale(domain=[rows.height, 0], nice=False).axis(None),
            y2="y2:Q",
            color=alt.Color("colour:N").scale(None),
            tooltip=[
                alt.Tooltip(f"{name}:N", title=title)
                for name, title in {
                    "cluster": "cluster",
                    "label": "medoid",
                    "prompt": "initial prompt",
                    "network": "network",
                    "seed": "seed",
                    "steps": "step",
                    "run": "run",
                }.items()
            ],
        )
    )
    return cells


def _table(values: list[dict[str, Any]], key: str, *fields: str) -> alt.LookupData:
    return alt.LookupData(data=alt.InlineData(values=values), key=key, fields=list(fields))


def _describe_codes(clusters: pl.DataFrame) -> list[dict[str, Any]]:
    found = clusters.filter(pl.col("cluster_id").is_not_null()).unique("cluster_id").sort("cluster_id")
    codes: list[dict[str, Any]] = [
        {"c": NOT_SAMPLED, "cluster": "not sampled", "label": "–", "colour": choose_cluster_colour(None)},
        {"c": ADDED_LATER, "cluster": "added later", "label": "–", "colour": choose_cluster_colour(None)},
    ]
    for cluster_id, label, size in found.select("cluster_id", "cluster_label", "cluster_size").iter_rows():
        name = "outlier" if cluster_id < 0 else f"{cluster_id} ({count_of(size or 0, 'member')})"
        codes.append(
            {"c": cluster_id, "cluster": name, "label": label or "–", "colour": choose_cluster_colour(cluster_id)}
        )
    return codes


def _draw_headings(rows: RasterRows) -> list[alt.Chart]:
    """Prompts beside their rows, seeds where rows are high enough, networks above theirs if there are several."""
    seeds_shown = rows.row_height >= 11
    prompt_x = -(SEED_WIDTH + 14) if seeds_shown else -10
    y = alt.Y("y:Q")
    layers = [write_texts(_place_prompts(rows), x=alt.value(prompt_x), y=y, align="right")]
    if seeds_shown:
        seeds = [
            {"y": row.top + rows.row_height / 2 - 5.5, "text": "fresh" if row.seed is None else str(row.seed)}
            for row in rows.rows
        ]
        seeds.append({"y": rows.groups[0].top - 16, "text": "seed"})
        layers.append(write_texts(seeds, x=alt.value(-6), y=y, align="right", size=10, color=FAINT_INK))
    if len(rows.columns) > 1:
        above = {group.network: group.top for group in reversed(rows.groups)}
        networks = [{"y": top - 20, "text": network} for network, top in above.items()]
        layers.append(write_texts(networks, x=alt.value(0), y=y, size=13, bold=True))
    return layers


def _place_prompts(rows: RasterRows) -> list[dict[str, Any]]:
    placed = []
    free_from = -LINE_HEIGHT / 2
    for group in rows.groups:
        height = group.bottom - group.top
        most = max(1, min(5, int((height + 3) // LINE_HEIGHT)))
        lines = wrap_text(group.initial_prompt, PROMPT_WIDTH, 11, most)
        top = (group.top + group.bottom - LINE_HEIGHT * len(lines)) / 2
        if top >= free_from:
            placed.append({"y": top, "text": "\n".join(lines)})
            free_from = top + LINE_HEIGHT * len(lines)
    return placed


def _describe(clusters: pl.DataFrame, rows: RasterRows) -> list[str]:
    count = clusters.select(
        clusters=pl.col("cluster_id").filter(pl.col("cluster_id") >= 0).n_unique(),
        outliers=(pl.col("cluster_id") == OUTLIER).sum(),
        clustered=pl.col("cluster_id").is_not_null().sum(),
    ).row(0, named=True)
    lengths = clusters.group_by("run_id").len()["len"]
    at_most = "" if lengths.n_unique() == 1 else "at most "
    longest = cast("int", lengths.max())
    parts = describe_result(clusters)
    if len(rows.columns) == 1:
        parts.append(shorten_text(rows.groups[0].network, 300, 12))
    parts.append(f"{count_of(rows.runs_found, 'run')} of {at_most}{count_of(longest, 'embedded step')}")
    if rows.runs_found > len(rows.rows):
        parts.append(f"{len(rows.rows):,} of them drawn, evenly chosen")
    parts.append(count_of(count["clusters"], "cluster"))
    if count["clustered"]:
        parts.append(f"{percentage(count['outliers'], count['clustered'])} outliers")
    if count["clustered"] < clusters.height:
        parts.append(f"{percentage(clusters.height - count['clustered'], clusters.height)} not clustered")
    return parts
