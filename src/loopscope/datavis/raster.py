"""The raster: every run a row, every step a column, every cluster a colour.

The chart's data are one entry for each run, with its stretches in two short texts, and one small table each for
clusters, networks and prompts, joined by the browser: a caption stands in the file once, not once for every step.
The stretches are texts because Altair copies and checks every number of a list, over and over: 10 s for a million.
"""

from typing import Any, Final, cast

import altair as alt
import polars as pl

from loopscope.datavis.cluster_key import draw_cluster_key
from loopscope.datavis.raster_rows import ADDED_LATER, NOT_SAMPLED, Grouping, RasterRows, Sort, arrange_rows
from loopscope.datavis.subject import describe_result, require_one_result, require_rows, write_subtitle
from loopscope.datavis.text_marks import LINE_HEIGHT, write_texts
from loopscope.datavis.theme import FAINT_INK, INK, apply_theme, choose_cluster_colour
from loopscope.datavis.wording import count_of, percentage, shorten_text, wrap_text
from loopscope.errors import ChartError
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


def plot_raster(
    clusters: pl.DataFrame,
    absorption: pl.DataFrame | None = None,
    *,
    sort: Sort = "seed",
    group: Grouping = "network",
    max_runs: int = 1_200,
) -> alt.HConcatChart:
    """Draw which cluster every run is in at every step.

    Parameters
    ----------
    clusters
        As `load_clusters_df` gives it, of one clustering result; with `include_unclustered=True`, what was not sampled
        or added later is drawn almost white.
    absorption
        As `load_absorption_df` gives it, of the same clustering result or of one output type: a tick marks since when
        each run that was absorbed repeats itself.
    sort
        Runs stand in the order of their seeds within each network and prompt, fresh randomness last; or in that of
        their absorption within each network, or prompt, those that were not absorbed last.
    group
        Whether runs of one network, or those of one prompt, stand together.
    max_runs
        Of more runs than these, evenly spaced ones are drawn, and the subtitle says so.

    Returns
    -------
    altair.HConcatChart
        A row for each run, and beside them the largest clusters.

    Raises
    ------
    ChartError
        If a frame is empty or lacks a column, if there are several clustering results or output types, or if runs are
        to be sorted by an absorption that is not given.
    """
    advice = "`loopscope cluster list` shows what there is; `loopscope cluster perform MODEL` makes a clustering."
    require_rows(clusters, NEEDED, chart="raster", advice=advice)
    require_one_result(clusters, chart="raster")
    onsets = _find_onsets(absorption, sort)
    rows = arrange_rows(clusters, max_runs=max_runs, onsets=onsets, sort=sort, group=group)
    first = min(columns[0] for columns in rows.columns.values())
    last = max(columns[-1] for columns in rows.columns.values())
    width = min(LARGEST_WIDTH, max(1, min(24, 760 // (last - first))) * (last - first))
    key = draw_cluster_key(clusters, height=rows.height)
    cells = _draw_cells(clusters, rows, (first, last))
    ticks = [] if onsets is None else _draw_onsets(onsets, rows)
    body = alt.LayerChart(layer=[cells, *ticks, *_draw_headings(rows)], width=width, height=rows.height)
    title = alt.Title(
        "Which cluster each run is in, step by step",
        subtitle=write_subtitle(
            [*_describe(clusters, rows), *_describe_onsets(onsets, rows, sort)], PROMPT_WIDTH + width + 300
        ),
    )
    return apply_theme(alt.HConcatChart(hconcat=[body, key], spacing=28, title=title))


def _find_onsets(absorption: pl.DataFrame | None, sort: Sort) -> pl.DataFrame | None:
    """Keep the runs that were absorbed."""
    if absorption is None:
        if sort == "absorption":
            raise ChartError(
                "The raster chart was to be sorted by absorption, but no absorption was given. "
                "Load it with `load_absorption_df(session, clustering_result_id=RESULT)`."
            )
        return None
    needed = ("run_id", "kind", "period", "sequence_number")
    columns = (*needed, "output_type", "clustering_result_id")
    require_rows(absorption, columns, chart="raster", advice="`load_absorption_df(session)` loads the absorption.")
    if absorption["run_id"].is_duplicated().any():
        raise ChartError(
            "The raster chart marks one onset for each run, but the absorption has several rows for a run. "
            'Keep one output type, such as `absorption.filter(pl.col("output_type") == "text")`.'
        )
    exact = pl.col("clustering_result_id").is_null()
    repeats = pl.when(exact).then(pl.col("output_type") + "s exactly").otherwise(pl.lit("clusters"))
    return absorption.filter(pl.col("sequence_number").is_not_null()).select(*needed, repeats=repeats)


def _draw_onsets(onsets: pl.DataFrame, rows: RasterRows) -> list[alt.Chart]:
    """Draw a dark tick, on white where there is room, at the step since which a run repeats itself."""
    found = {row["run_id"]: row for row in onsets.iter_rows(named=True)}
    values = [
        {
            "x": found[row.run_id]["sequence_number"],
            "y": row.top + rows.row_height / 2,
            "kind": found[row.run_id]["kind"],
            "period": found[row.run_id]["period"],
        }
        for row in rows.rows
        if row.run_id in found
    ]
    x, y = alt.X("x:Q"), alt.Y("y:Q")
    size = rows.row_height - (1 if rows.row_height >= SPACED_FROM else 0)
    ticks = alt.Chart(alt.InlineData(values=values))
    told = [alt.Tooltip("kind:N"), alt.Tooltip("period:Q"), alt.Tooltip("x:Q", title="since step")]
    ink = ticks.mark_tick(color=INK, orient="vertical", size=size, thickness=2.5, aria=False)
    layers: list[alt.Chart] = [ink.encode(x=x, y=y, tooltip=told)]
    if rows.row_height >= SPACED_FROM:
        layers.insert(0, ticks.mark_tick(color="white", orient="vertical", size=size, thickness=6).encode(x=x, y=y))
    return layers


def _describe_onsets(onsets: pl.DataFrame | None, rows: RasterRows, sort: Sort) -> list[str]:
    if onsets is None:
        return []
    what = f"its {onsets['repeats'][0]}" if onsets.height else "itself"
    said = f"black tick: since then the run repeats {what} ({onsets.height:,} of {count_of(rows.runs_found, 'run')})"
    return [said, "sorted by it"] if sort == "absorption" else [said]


def _draw_cells(clusters: pl.DataFrame, rows: RasterRows, steps: tuple[int, int]) -> alt.Chart:
    networks = list(rows.columns)
    prompts: dict[str, int] = {}
    for row in rows.rows:
        prompts.setdefault(row.initial_prompt, len(prompts))
    runs = [
        {
            "y": row.top,
            "g": prompts[row.initial_prompt],
            "n": networks.index(row.network),
            "seed": "fresh at every step" if row.seed is None else str(row.seed),
            "run": row.run_id,
            "s": ",".join(map(str, row.starts)),
            "c": ",".join("" if code is None else str(code) for code in row.codes),
        }
        for row in rows.rows
    ]
    groups = [{"g": number, "prompt": prompt} for prompt, number in prompts.items()]
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
    """Labels beside the rows of each group, seeds where rows are high enough, headings above their groups."""
    seeds_shown = rows.row_height >= 11
    prompt_x = -(SEED_WIDTH + 14) if seeds_shown else -10
    y = alt.Y("y:Q")
    layers = [write_texts(_place_labels(rows), x=alt.value(prompt_x), y=y, align="right")]
    if seeds_shown:
        seeds = [
            {"y": row.top + rows.row_height / 2 - 5.5, "text": "fresh" if row.seed is None else str(row.seed)}
            for row in rows.rows
        ]
        seeds.append({"y": rows.groups[0].top - 16, "text": "seed"})
        layers.append(write_texts(seeds, x=alt.value(-6), y=y, align="right", size=10, color=FAINT_INK))
    above = {group.heading: group.top for group in reversed(rows.groups) if group.heading is not None}
    if above:
        headings = [{"y": top - 20, "text": heading} for heading, top in above.items()]
        layers.append(write_texts(headings, x=alt.value(0), y=y, size=13, bold=True))
    return layers


def _place_labels(rows: RasterRows) -> list[dict[str, Any]]:
    placed = []
    free_from = -LINE_HEIGHT / 2
    for group in rows.groups:
        height = group.bottom - group.top
        most = max(1, min(5, int((height + 3) // LINE_HEIGHT)))
        lines = wrap_text(group.label.replace("→", " → "), PROMPT_WIDTH, 11, most)  # a network breaks at its arrows
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
        parts.append(shorten_text(rows.rows[0].network, 300, 12))
    prompts = {row.initial_prompt for row in rows.rows}
    if len(prompts) == 1 and not prompts & {each.label for each in rows.groups}:
        parts.append(shorten_text(f"“{prompts.pop()}”", 300, 12))
    parts.append(f"{count_of(rows.runs_found, 'run')} of {at_most}{count_of(longest, 'embedded step')}")
    if rows.runs_found > len(rows.rows):
        parts.append(f"{len(rows.rows):,} of them drawn, evenly chosen")
    parts.append(count_of(count["clusters"], "cluster"))
    if count["clustered"]:
        parts.append(f"{percentage(count['outliers'], count['clustered'])} outliers")
    if count["clustered"] < clusters.height:
        parts.append(f"{percentage(clusters.height - count['clustered'], clusters.height)} not clustered")
    return parts
