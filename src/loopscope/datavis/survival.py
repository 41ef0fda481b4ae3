"""How soon runs settle: the share of runs not yet absorbed, step by step, a panel for each group and output type."""

from typing import Any, Final

import altair as alt
import polars as pl

from loopscope.datavis.groups import iterate_group_frames
from loopscope.datavis.key import KeyEntry, draw_key
from loopscope.datavis.step_panels import NULL_COLOUR
from loopscope.datavis.subject import name_result, require_one, require_rows, write_subtitle
from loopscope.datavis.text_marks import write_texts
from loopscope.datavis.theme import FAINT_INK, INK, SERIES_COLOURS, apply_theme
from loopscope.datavis.wording import count_of, wrap_text

COLOURS: Final = {"image": SERIES_COLOURS[1], "text": SERIES_COLOURS[0]}
MOST_PANELS: Final = 60
MOST_POINTS: Final = 250
"""A curve that changes at more steps than these is drawn at every second, third, … of them."""
NEEDED: Final = (
    *("output_type", "embedding_model", "clustering_result_id", "null", "step", "n_at_risk", "n_absorbed"),
    *("estimate", "lower", "upper", "n_runs", "null_lower", "null_upper", "method", "reason"),
)
NULL_NAMES: Final = {"S": "null: shuffled order (95 %)", "M1": "null: first-order Markov surrogates (95 %)"}


def plot_survival(survival: pl.DataFrame) -> alt.HConcatChart:
    """Draw the Kaplan-Meier curve of absorption of each group of runs.

    Parameters
    ----------
    survival
        As `load_survival_df` gives it, of exact outputs or of one clustering result.

    Returns
    -------
    altair.HConcatChart
        A panel for each group and output type: the share of runs absorbed later, its 95 % band, a tick where runs end
        without having settled, and where surrogates lie, as a grey band.

    Raises
    ------
    ChartError
        If the frame is empty, lacks a column, or holds several clustering results or nulls.
    """
    advice = "`load_survival_df(session)` loads it; `loopscope experiment list` shows what there is."
    require_rows(survival, NEEDED, chart="survival", advice=advice)
    require_one(survival, "clustering_result_id", chart="survival", noun="clustering results", option="--clustering")
    require_one(survival, "null", chart="survival", noun="nulls", option="--null")
    groups = [
        (name, part.sort("step"))
        for by_type in survival.partition_by("output_type", maintain_order=True)
        for name, part in iterate_group_frames(by_type)
    ]
    shown = groups[:MOST_PANELS]
    several = survival["output_type"].n_unique() > 1
    columns = _choose_columns(len(shown), survival["output_type"].n_unique())
    size = {1: (600, 320), 2: (430, 260), 3: (300, 200)}.get(columns, (190, 130))
    last = max(int(part["step"].max()) for _, part in shown) + 1  # type: ignore[arg-type]
    panels = []
    for number, (name, part) in enumerate(shown):
        outer = (number >= len(shown) - columns, number % columns == 0)
        panels.append(_draw_panel(name, part, last, size, outer=outer, several=several))
    body = alt.ConcatChart(concat=panels, columns=columns, align="each", spacing=18)
    title = alt.Title(
        "How soon runs settle at a fixed point or in a cycle",
        subtitle=write_subtitle(_describe(survival, len(groups)), columns * size[0] + 200),
    )
    return apply_theme(alt.HConcatChart(hconcat=[body, _draw_key(survival)], spacing=28, title=title))


def _choose_columns(panels: int, types: int) -> int:
    """Choose how many panels stand side by side: with two output types, each has rows of its own."""
    each = -(-panels // types)
    if each <= 3:
        return each
    return 3 if each <= 9 else 5


def _draw_panel(
    name: str, part: pl.DataFrame, last: int, size: tuple[int, int], *, outer: tuple[bool, bool], several: bool
) -> alt.LayerChart:
    width, height = size
    bottom, left = outer
    output_type = part["output_type"][0]
    x: Any = (
        alt.X("step:Q")
        .scale(domain=[0, last], nice=False)
        .axis(grid=False, tickMinStep=1, format="d", labels=bottom, ticks=bottom, title="step" if bottom else None)
    )
    y: Any = alt.Y("estimate:Q").scale(domain=[0, 1.02], nice=False)
    y = y.axis(
        values=[0, 0.25, 0.5, 0.75, 1],
        format="%",
        labels=left,
        ticks=left,
        title="runs not yet settled" if left else None,
    )
    known = part.filter(pl.col("estimate").is_not_null())
    lines = wrap_text(name, width, 12, 2)
    layers: list[alt.Chart] = []
    if not known.is_empty():
        layers += _draw_curve(known, last, x, y, COLOURS.get(output_type, INK))
    else:
        empty: alt.Chart = alt.Chart(alt.InlineData(values=[])).mark_point()
        said = wrap_text(f"No estimate: {part['reason'][0]}", 0.8 * width, 12, 5)
        layers += [
            empty.encode(x=x, y=y),
            write_texts([{"text": "\n".join(said)}], x=alt.value(width / 2), y=alt.value(height / 2), align="center"),
        ]
    note = wrap_text(f"{output_type}s: {_say(part)}" if several else _say(part), width, 11, 2)
    top = -8 - 14 * len(note)
    layers += [
        write_texts(
            [{"text": "\n".join(lines)}],
            x=alt.value(0),
            y=alt.value(top - 15 * len(lines)),
            size=12,
            bold=True,
            line_height=15,
        ),
        write_texts([{"text": "\n".join(note)}], x=alt.value(0), y=alt.value(top), color=FAINT_INK, line_height=14),
    ]
    return alt.LayerChart(layer=layers, width=width, height=height)


def _say(part: pl.DataFrame) -> str:
    n_runs, absorbed = int(part["n_runs"].max() or 0), int(part["n_absorbed"].sum())  # type: ignore[arg-type]
    half = part.filter(pl.col("estimate") <= 0.5)["step"].min()
    if not absorbed:
        return f"0 of {count_of(n_runs, 'run')} settled"
    median = "under half" if half is None else f"half by step {half}"  # type: ignore[str-bytes-safe]
    return f"{absorbed:,} of {count_of(n_runs, 'run')} settled; {median}"


def _draw_curve(known: pl.DataFrame, last: int, x: Any, y: Any, colour: str) -> list[alt.Chart]:
    columns = ["estimate", "lower", "upper", "null_lower", "null_upper"]
    changes = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in columns)
    points = known.filter(changes | (pl.col("step") == 0))
    every = -(-points.height // MOST_POINTS)
    thinned = points.gather_every(every).select("step", *columns, "n_at_risk")
    end = known.tail(1).select("step", *columns, "n_at_risk")
    end = end.with_columns(pl.when(pl.col("estimate") > 0).then(pl.col("step") + 1).otherwise(last).alias("step"))
    curve = _chart(pl.concat([thinned, end]))
    left = pl.col("n_at_risk") - pl.col("n_absorbed") - pl.col("n_at_risk").shift(-1, fill_value=0)
    censored = known.with_columns(left=left).filter(pl.col("left") > 0).select("step", "estimate", "left")
    every = -(-censored.height // MOST_POINTS) or 1
    layers = []
    if known["null_lower"].null_count() < known.height:
        band = curve.mark_area(color=NULL_COLOUR, interpolate="step-after", opacity=0.9)
        layers.append(band.encode(x=x, y=alt.Y("null_lower:Q", scale=y["scale"], axis=y["axis"]), y2="null_upper:Q"))
    if known["lower"].null_count() < known.height:
        band = curve.mark_area(color=colour, interpolate="step-after", opacity=0.22)
        layers.append(band.encode(x=x, y=alt.Y("lower:Q", scale=y["scale"], axis=y["axis"]), y2="upper:Q"))
    names = {"step": "step", "n_at_risk": "runs still watched"}
    tooltip = [alt.Tooltip(f"{name}:Q", title=title) for name, title in names.items()]
    tooltip += [alt.Tooltip(f"{name}:Q", format=".1%") for name in ("estimate", "lower", "upper")]
    line = curve.mark_line(color=colour, strokeWidth=2, interpolate="step-after")
    ticks = _chart(censored.gather_every(every)).mark_tick(
        color=colour, orient="vertical", size=10, thickness=1.5, yOffset=0
    )
    told = [alt.Tooltip("step:Q", title="last seen at step"), alt.Tooltip("left:Q", title="runs that had not settled")]
    return [*layers, line.encode(x=x, y=y, tooltip=tooltip), ticks.encode(x=x, y=y, tooltip=told)]


def _chart(frame: pl.DataFrame) -> alt.Chart:
    numbers = [name for name, dtype in frame.schema.items() if dtype == pl.Float64]
    return alt.Chart(alt.InlineData(values=frame.with_columns(pl.col(numbers).round(4)).to_dicts()))


def _describe(survival: pl.DataFrame, n_groups: int) -> list[str]:
    row = survival.row(0, named=True)
    if row["clustering_result_id"] is None:
        parts = ["exact outputs"]
    else:
        parts = [f"clusters of {row['embedding_model']}", name_result(row)]
    by = [name for name in ("network", "initial_prompt", "seed") if name in survival.columns]
    runs = survival.group_by("output_type", *by).agg(pl.max("n_runs")).group_by("output_type").agg(pl.sum("n_runs"))
    parts.append(count_of(int(runs["n_runs"].max() or 0), "run"))  # type: ignore[arg-type]
    parts.append("Kaplan-Meier curves; a step is an output of the type named")
    method = survival["method"].filter(survival["method"] != "").first()
    if method:
        parts.append(str(method))
    if n_groups > MOST_PANELS:
        parts.append(f"the first {MOST_PANELS} of {n_groups} groups drawn")
    return parts


def _draw_key(survival: pl.DataFrame) -> alt.LayerChart:
    entries = [
        KeyEntry(COLOURS.get(name, INK), "", f"runs not yet settled, by their {name}s, and 95 % interval")
        for name in survival["output_type"].unique().sort(descending=True).drop_nulls().to_list()
    ]
    if survival["null_lower"].null_count() < survival.height:
        entries.append(KeyEntry(NULL_COLOUR, "", NULL_NAMES[survival["null"][0]]))
    entries.append(KeyEntry(None, "", "tick: runs that end there without having been seen to repeat"))
    return draw_key(entries, title="share of runs", text_lines=3)
