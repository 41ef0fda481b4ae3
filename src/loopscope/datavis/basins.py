"""The basin table: in which cluster the runs of each prompt end."""

from collections import Counter
from typing import Any, Final

import altair as alt
import polars as pl

from loopscope.datavis.groups import iterate_group_frames, list_group_columns, write_heading
from loopscope.datavis.subject import describe_result, require_one_result, require_rows, write_subtitle
from loopscope.datavis.text_marks import LINE_HEIGHT, write_texts
from loopscope.datavis.theme import FAINT_INK, INK, RULE, apply_theme, choose_cluster_colour
from loopscope.datavis.wording import count_of, wrap_text

PROMPT_WIDTH: Final = 240
CELL_WIDTH: Final = 30
ROW_HEIGHT: Final = 30
NARROWEST_ROW: Final = 17
SWATCH: Final = 12
MARGIN: Final = 10
KEY_WIDTH: Final = 330
SIGNIFICANT: Final = 0.05
SCHEME: Final = ("#e3edf6", "#84b3d8", "#1c669f", "#083a68")
NEEDED: Final = (
    *("clustering_result_id", "initial_prompt", "cluster", "cluster_label", "count", "n_prompt_runs"),
    *("share", "lower", "upper", "null_mean", "null_p"),
)
UNGROUPED: Final = ("initial_prompt",)


def plot_basins(
    basins: pl.DataFrame,
    estimates: pl.DataFrame | None = None,
    *,
    top: int = 24,
    max_prompts: int = 60,
    max_groups: int = 6,
) -> alt.VConcatChart:
    """Draw how many runs of each prompt end in which cluster, a table for each group of runs.

    Parameters
    ----------
    basins
        As `load_basins_df` gives it, of one clustering result.
    estimates
        As `load_basin_estimates_df` gives it of the same: what prompts tell is said above each table.
    top
        How many clusters have a column, those in which most runs end; the others are one, and so are outliers.
    max_prompts
        Of more prompts than these, the first in alphabetical order are drawn, and the heading says so.
    max_groups
        Of more groups than these, the first are drawn, and the subtitle says so.

    Returns
    -------
    altair.VConcatChart
        Prompts × clusters with counts, shaded by their share of the prompt's runs, and the sum of each column.

    Raises
    ------
    ChartError
        If the frame is empty, lacks a column, or holds several clustering results.
    """
    advice = "`loopscope cluster list` shows what there is; `loopscope cluster perform MODEL` makes a clustering."
    require_rows(basins, NEEDED, chart="basins", advice=advice)
    require_one_result(basins, chart="basins")
    groups = list(iterate_group_frames(basins, UNGROUPED))
    said = {} if estimates is None else dict(iterate_group_frames(estimates, UNGROUPED))
    panels = [_draw_panel(name, part, said.get(name), top, max_prompts) for name, part in groups[:max_groups]]
    title = alt.Title(
        "Where the runs of each prompt end", subtitle=write_subtitle(_describe(basins, len(groups), max_groups), 760)
    )
    return apply_theme(alt.VConcatChart(vconcat=panels, spacing=40, title=title))


def _draw_panel(
    name: str, part: pl.DataFrame, estimates: pl.DataFrame | None, top: int, max_prompts: int
) -> alt.LayerChart:
    columns = _list_columns(part, top)
    places = {cluster: number for number, (clusters, *_) in enumerate(columns) for cluster in clusters}
    prompts = sorted(part["initial_prompt"].unique().to_list(), key=lambda prompt: (prompt.lower(), prompt))
    shown = prompts[:max_prompts]
    row_height = ROW_HEIGHT if len(shown) <= 20 else NARROWEST_ROW
    height = row_height * (len(shown) + 1) + MARGIN
    width = CELL_WIDTH * len(columns)
    x = alt.X("x:Q").scale(domain=[0, width], nice=False).axis(None)
    y = alt.Y("y:Q").scale(domain=[height, 0], nice=False).axis(None)
    cells = [
        *_list_cells(part, places, shown, row_height),
        *_list_sums(part, places, row_height * len(shown) + MARGIN, row_height),
    ]
    counted = dict(part.group_by("initial_prompt").agg(pl.first("n_prompt_runs")).iter_rows())
    heading = f"{name} · {count_of(sum(counted.values()), 'run')} of {count_of(len(prompts), 'prompt')}"
    heading += f" · the first {max_prompts} prompts drawn" if len(prompts) > max_prompts else ""
    layers = [
        *_draw_cells(cells, x, y),
        *_write_rows(shown, counted, row_height, width, y),
        *_draw_columns(columns, width, height, x, y),
        write_heading(heading, width=PROMPT_WIDTH + width + KEY_WIDTH, above=66, left=-PROMPT_WIDTH),
    ]
    if estimates is not None:
        told = [{"text": _say_bits(estimates.row(0, named=True))}]
        layers.append(write_texts(told, x=alt.value(-PROMPT_WIDTH), y=alt.value(-62), color=FAINT_INK))
    return alt.LayerChart(layer=layers, width=width, height=height)


def _list_columns(part: pl.DataFrame, top: int) -> list[tuple[list[int], str, str, str]]:
    """List the clusters, number, label and colour of each column, by the number of runs that end there."""
    ends = part.group_by("cluster").agg(pl.sum("count"), pl.first("cluster_label")).sort(-pl.col("count"), "cluster")
    clusters = [row for row in ends.iter_rows() if row[0] >= 0]
    columns = [
        ([number], str(number), label or "–", choose_cluster_colour(number)) for number, _, label in clusters[:top]
    ]
    if len(clusters) > top:
        rest = [number for number, *_ in clusters[top:]]
        columns.append((rest, "…", count_of(len(rest), "other cluster"), "#c3d0dd"))
    if (ends["cluster"] < 0).any():
        columns.append(([-1], "–", "outliers", choose_cluster_colour(-1)))
    return columns


def _list_cells(part: pl.DataFrame, places: dict[int, int], shown: list[str], row_height: int) -> list[dict[str, Any]]:
    rows = {prompt: number for number, prompt in enumerate(shown)}
    alone = Counter(places.values())
    cells: dict[tuple[int, int], dict[str, Any]] = {}
    for row in part.filter(pl.col("initial_prompt").is_in(shown)).iter_rows(named=True):
        place = (rows[row["initial_prompt"]], places[row["cluster"]])
        if place in cells:  # of several clusters that have one column
            cells[place]["count"] += row["count"]
            cells[place] |= {"share": cells[place]["share"] + row["share"], "said": "–", "chance": "–", "more": False}
            cells[place]["cluster"] += f", {row['cluster']}"
            continue
        cells[place] = {
            "x": CELL_WIDTH * place[1],
            "x2": CELL_WIDTH * (place[1] + 1),
            "y": row_height * place[0],
            "y2": row_height * (place[0] + 1),
            "share": row["share"],
            "count": row["count"],
            "prompt": row["initial_prompt"],
            "cluster": "outliers" if row["cluster"] < 0 else f"{row['cluster']}: {row['cluster_label'] or '–'}",
            "said": f"{row['share']:.2f}"
            + ("" if row["lower"] is None else f" [{row['lower']:.2f}, {row['upper']:.2f}]"),
            "chance": "–" if row["null_p"] is None else f"{row['null_mean']:.2f} on average, p = {row['null_p']:.2g}",
            "more": alone[place[1]] == 1 and row["null_p"] is not None and row["null_p"] <= SIGNIFICANT,
        }
    return list(cells.values())


def _list_sums(part: pl.DataFrame, places: dict[int, int], top: float, row_height: int) -> list[dict[str, Any]]:
    """Sum the columns for the row below the table: how many runs of all prompts end in each."""
    sums: dict[int, int] = {}
    for cluster, count in part.group_by("cluster", maintain_order=True).agg(pl.sum("count")).iter_rows():
        sums[places[cluster]] = sums.get(places[cluster], 0) + count
    total = sum(sums.values())
    return [
        {
            "x": CELL_WIDTH * place,
            "x2": CELL_WIDTH * (place + 1),
            "y": top,
            "y2": top + row_height,
            "share": count / total,
            "count": count,
            "prompt": "all prompts",
            "cluster": "–",
            "said": f"{count / total:.2f}",
            "chance": "–",
            "more": False,
        }
        for place, count in sums.items()
    ]


def _draw_cells(cells: list[dict[str, Any]], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    titles = {"prompt": "initial prompt", "cluster": "ends in", "count": "runs", "said": "share", "chance": "by chance"}
    height = cells[0]["y2"] - cells[0]["y"] if cells else ROW_HEIGHT
    for cell in cells:
        cell["ink"] = "white" if cell["share"] > 0.5 else INK
    rectangles: alt.Chart = alt.Chart(alt.InlineData(values=cells)).mark_rect(stroke="white", strokeWidth=1)
    texts: alt.Chart = alt.Chart(alt.InlineData(values=cells)).mark_text(dx=CELL_WIDTH / 2, dy=height / 2)
    corner = 0.3 * min(CELL_WIDTH, height)
    more = [{"x": cell["x2"], "y": cell["y"]} for cell in cells if cell["more"]]
    corners: alt.Chart = alt.Chart(alt.InlineData(values=more)).mark_point(
        shape="M0,0 L-1,0 L0,1 Z", size=4 * corner**2, fill="#d55e00", stroke=None, opacity=1, filled=True
    )
    colour = alt.Color("share:Q").scale(domain=[0, 1], range=list(SCHEME), interpolate="rgb").legend(None)
    tooltip = [alt.Tooltip(f"{name}:N", title=title) for name, title in titles.items()]
    return [
        rectangles.encode(x=x, x2="x2:Q", y=y, y2="y2:Q", color=colour, tooltip=tooltip),
        texts.encode(x=x, y=y, text="count:Q", color=alt.Color("ink:N").scale(None)),
        corners.encode(x=x, y=y),
    ]


def _write_rows(shown: list[str], counted: dict[str, int], row_height: int, width: float, y: alt.Y) -> list[alt.Chart]:
    """Write the prompts beside the rows, and how many runs each has after them."""
    lines_each = 2 if row_height >= 2 * LINE_HEIGHT else 1
    prompts, numbers = [], []
    for place, prompt in enumerate(shown):
        lines = wrap_text(prompt, PROMPT_WIDTH - 12, 11, lines_each)
        centre = row_height * (place + 0.5)
        prompts.append({"y": centre - LINE_HEIGHT * len(lines) / 2 + 1, "text": "\n".join(lines)})
        numbers.append({"y": centre - 5.5, "text": f"{counted[prompt]:,}"})
    bottom = row_height * (len(shown) + 0.5) + MARGIN - 5.5
    prompts.append({"y": bottom, "text": "all prompts"})
    numbers.append({"y": bottom, "text": f"{sum(counted.values()):,}"})
    numbers.append({"y": -17, "text": "runs"})
    return [
        write_texts(prompts, x=alt.value(-10), y=y, align="right"),
        write_texts(numbers, x=alt.value(width + 34), y=y, align="right", color=FAINT_INK),
    ]


def _draw_columns(
    columns: list[tuple[list[int], str, str, str]], width: float, height: float, x: alt.X, y: alt.Y
) -> list[alt.Chart]:
    """Give each column its colour and number above it, and what they stand for in a key on the right."""
    boxes, numbers, heads, labels = [], [], [], []
    room = max(12, int((height + 30) // (2 * LINE_HEIGHT + 6)))
    if len(columns) == room + 1:  # its own line takes no more room than "and 1 more"
        room += 1
    for place, (_, number, label, colour) in enumerate(columns):
        centre = CELL_WIDTH * (place + 0.5)
        boxes.append(
            {"x": centre - SWATCH / 2, "x2": centre + SWATCH / 2, "y": -20, "y2": -20 + SWATCH, "colour": colour}
        )
        numbers.append({"x": centre, "text": number})
        if place < room:
            top = -20 + place * (2 * LINE_HEIGHT + 6)
            boxes.append({"x": width + 56, "x2": width + 56 + SWATCH, "y": top, "y2": top + SWATCH, "colour": colour})
            heads.append({"y": top, "text": number})
            labels.append({"y": top, "text": "\n".join(wrap_text(label, KEY_WIDTH - 110, 11, 2))})
    if len(columns) > room:
        labels.append({"y": -20 + room * (2 * LINE_HEIGHT + 6), "text": f"and {len(columns) - room} more"})
    drawn: alt.Chart = alt.Chart(alt.InlineData(values=boxes)).mark_rect(stroke=RULE, strokeWidth=0.5)
    return [
        drawn.encode(x=x, x2="x2:Q", y=y, y2="y2:Q", color=alt.Color("colour:N").scale(None)),
        write_texts(numbers, x=x, y=alt.value(-34), align="center", bold=True),
        write_texts(heads, x=alt.value(width + 92), y=y, align="right", bold=True),
        write_texts(labels, x=alt.value(width + 100), y=y, color=FAINT_INK),
    ]


def _say_bits(row: dict[str, Any]) -> str:
    if row["estimate"] is None:
        return f"what prompts tell of the end: {row['reason']}"
    interval = "" if row["lower"] is None else f" [{row['lower']:.2f}, {row['upper']:.2f}]"
    chance = (
        ""
        if row["null_p"] is None
        else f"; ends dealt out to the runs give {row['null_mean']:.2f}, p = {row['null_p']:.2g}"
    )
    return f"the prompt tells {row['estimate']:.2f} bits{interval} of where a run ends{chance}"


def _describe(basins: pl.DataFrame, groups: int, max_groups: int) -> list[str]:
    parts = [*describe_result(basins), "a run ends in the cluster of its last embedded output"]
    parts.append("shade: share of the prompt's runs")
    if basins["null_p"].is_not_null().any():
        parts.append(f"orange corner: more than ends dealt out to the runs give (p ≤ {SIGNIFICANT})")
    if groups > max_groups:
        parts.append(f"the first {max_groups} of {groups} groups drawn")
    if not list_group_columns(basins, UNGROUPED):
        parts.append("all networks together")
    return parts
