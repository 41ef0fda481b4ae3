"""How far runs wander from where they began: drift over steps, by prompt and network.

With few prompts there is a panel for each network, with a colour for each prompt; with more, a small panel for each
prompt, with a colour for each network. Runs and bands travel as short texts of numbers and are split by the browser.
"""

from typing import Any, Final, Literal, cast

import altair as alt
import polars as pl

from loopscope.datavis.key import KeyEntry, draw_key
from loopscope.datavis.step_panels import NULL_COLOUR
from loopscope.datavis.subject import require_one, require_rows, write_subtitle
from loopscope.datavis.text_marks import write_texts
from loopscope.datavis.theme import INK, SERIES_COLOURS, apply_theme
from loopscope.datavis.wording import count_of, wrap_text
from loopscope.errors import ChartError

FEW_PROMPTS: Final = len(SERIES_COLOURS)
MOST_STEPS: Final = 250
"""A run of more steps is drawn at every second, third, … of them: a panel is not wider in pixels than that."""
MOST_LINES: Final = 400
"""Of more runs than these, evenly spaced ones have a thin line; medians and bands are of all of them."""

SMALLEST_RANGE: Final = 0.1
"""The drift axis goes at least up to this, so that a run that stays where it is looks like one."""

Since = Literal["prompt", "start"]


def plot_drift(drift: pl.DataFrame, *, since: Since = "prompt", max_prompts: int = 60) -> alt.HConcatChart:
    """Draw the semantic drift of every run, and its median and middle half for each prompt.

    Parameters
    ----------
    drift
        One row for each embedding of one embedding model, with `drift_from_prompt` and `drift_from_start`: 1 − cosine,
        0 for the same direction, 1 for an unrelated one.
    since
        Drift from the initial prompt, or from the run's first embedded output.
    max_prompts
        Of more prompts than these, the first in alphabetical order have a panel, and the subtitle says so.

    Returns
    -------
    altair.HConcatChart
        Panels with a thin line for each run, a band from the first to the third quartile, a thick line at the median.

    Raises
    ------
    ChartError
        If the frame is empty, lacks a column, holds several embedding models, or has no such drift.
    """
    column = f"drift_from_{since}"
    needed = ("run_id", "network", "initial_prompt", "seed", "embedding_model", "sequence_number", column)
    advice = "`loopscope experiment list` shows what there is; `loopscope experiment perform FILE` embeds as it goes."
    require_rows(drift, needed, chart="drift", advice=advice)
    require_one(drift, "embedding_model", chart="drift", noun="embedding models", option="--model")
    known = drift.rename({column: "drift"}).filter(pl.col("drift").is_not_null() & pl.col("drift").is_not_nan())
    if known.is_empty():
        other = "start" if since == "prompt" else "prompt"
        raise ChartError(
            f"The drift chart found no value in {column}: {drift['embedding_model'][0]} embeds no {since}. "
            f"Draw the other one: --since {other}."
        )
    described = _describe(known, max_prompts)
    known = _tell_generators_apart(known)
    prompts = _sort_names(known, "initial_prompt")
    kept = known.filter(pl.col("initial_prompt").is_in(prompts[:max_prompts]))
    panel, series = ("network", "initial_prompt") if len(prompts) <= FEW_PROMPTS else ("initial_prompt", "network")
    entries = [KeyEntry(colour, "", name) for name, colour in _choose_colours(kept, series).items()]
    title = alt.Title(f"How far runs drift from their {since}", subtitle=write_subtitle(described, 900))
    unrelated = f"unrelated_to_{since}"
    if unrelated in kept.columns and kept[unrelated].null_count() < kept.height:
        kept = kept.rename({unrelated: "unrelated"})
        entries.append(
            KeyEntry(NULL_COLOUR, "", f"null: to the {since}s of runs with other prompts (dashed: median; band: 95 %)")
        )
    parts: list[Any] = [_draw_panels(kept, panel, series)]
    if series == "initial_prompt" or len(entries) > 1:
        parts.append(draw_key(entries, title=series.replace("_", " "), text_lines=4))
    return apply_theme(alt.HConcatChart(hconcat=parts, spacing=28, title=title))


def _sort_names(frame: pl.DataFrame, column: str) -> list[str]:
    return sorted(frame[column].unique().to_list(), key=lambda name: (name.lower(), name))


def _choose_colours(drift: pl.DataFrame, series: str) -> dict[str, str]:
    names = _sort_names(drift, series)
    return {name: SERIES_COLOURS[number % len(SERIES_COLOURS)] for number, name in enumerate(names)}


def _tell_generators_apart(drift: pl.DataFrame) -> pl.DataFrame:
    """Where generators of a network take turns, let each have its own curves: they differ for that alone."""
    if "generator" not in drift.columns or drift.select(pl.struct("network", "generator").n_unique()).item() == len(
        drift["network"].unique()
    ):
        return drift
    return drift.with_columns(network=pl.format("{}: outputs of {}", "network", "generator"))


def _describe(drift: pl.DataFrame, max_prompts: int) -> list[str]:
    prompts = _sort_names(drift, "initial_prompt")
    networks = _sort_names(drift, "network")
    parts = [
        drift["embedding_model"][0],
        networks[0] if len(networks) == 1 else count_of(len(networks), "network"),
        count_of(len(prompts), "prompt"),
        count_of(drift["run_id"].n_unique(), "run"),
        "thick line and band: median and middle half of the runs at each step",
    ]
    if len(prompts) > max_prompts:
        parts.append(f"the first {max_prompts} prompts drawn")
    return parts


def _draw_panels(drift: pl.DataFrame, panel: str, series: str) -> alt.ConcatChart:
    names = _sort_names(drift, panel)
    colours = _choose_colours(drift, series)
    columns = min(len(names), 2 if panel == "network" else 5)
    width, height, heading_lines = {1: (600, 340, 1), 2: (420, 300, 1)}.get(columns, (190, 130, 2))
    headings = [wrap_text(name, 0.94 * width, 12, heading_lines) for name in names]
    drawn = []
    for number, (name, heading) in enumerate(zip(names, headings, strict=True)):
        part = drift.filter(pl.col(panel) == name)
        lines = _list_run_lines(part, series, colours, most=max(12, MOST_LINES // len(names)))
        bands = _list_bands(part, series, colours)
        x = _make_axis("x", drift["sequence_number"], "step (sequence number)", number >= len(names) - columns)
        y = _make_axis("y", drift["drift"], "1 − cosine (0 = the same)", number % columns == 0)
        title = write_texts(
            [{"text": "\n".join(heading)}],
            x=alt.value(0),
            y=alt.value(-8 - 14 * len(heading)),  # by itself, since a title of Vega's moves with the axis labels
            size=12,
            bold=True,
            line_height=14,
        )
        layers = _draw_layers(lines, bands, x, y)
        if nulls := _list_nulls(part) if "unrelated" in part.columns else []:
            band, line = _draw_nulls(nulls, x, y)
            layers = [band, *layers, line]
        drawn.append(alt.LayerChart(layer=[*layers, title], width=width, height=height))
    return alt.ConcatChart(concat=drawn, columns=columns, align="each", spacing=16)


def _make_axis(channel: Literal["x", "y"], values: pl.Series, title: str, labelled: bool) -> Any:
    """Make an axis that all panels have in common, with words only where they are not said by a neighbour."""
    lowest, highest = cast("float", values.min()), cast("float", values.max())
    words: dict[str, Any] = {"labels": labelled, "ticks": labelled, "title": title if labelled else None}
    if channel == "x":
        domain = [lowest, highest] if highest > lowest else [lowest - 1, highest + 1]
        if domain[1] - domain[0] <= 10:  # else Vega marks halves of steps
            words["values"] = list(range(int(domain[0]), int(domain[1]) + 1))
        return alt.X("x:Q").scale(domain=domain, nice=False, zero=False).axis(**words, grid=False, format="d")
    return (
        alt.Y("y:Q")
        .scale(domain=[min(0.0, lowest), max(highest, SMALLEST_RANGE)], nice=True)
        .axis(**words, tickCount=5)
    )


def _list_run_lines(part: pl.DataFrame, series: str, colours: dict[str, str], most: int) -> list[dict[str, Any]]:
    grouped = _thin_steps(part).sort("run_id", "sequence_number").group_by("run_id", maintain_order=True)
    runs = grouped.agg(pl.first(series, "seed"), "sequence_number", "drift")
    if runs.height > most:
        runs = runs[[number * runs.height // most for number in range(most)]]
    return [
        {
            "run": run_id,
            "series": name,
            "seed": "fresh at every step" if seed is None else str(seed),
            "colour": colours[name],
            "x": _join(steps),
            "y": _join(values),
        }
        for run_id, name, seed, steps, values in runs.iter_rows()
    ]


def _list_bands(part: pl.DataFrame, series: str, colours: dict[str, str]) -> list[dict[str, Any]]:
    quartiles = (
        _thin_steps(part)
        .group_by(series, "sequence_number")
        .agg(
            low=pl.col("drift").quantile(0.25, "linear"),
            y=pl.col("drift").median(),
            high=pl.col("drift").quantile(0.75, "linear"),
            runs=pl.len(),
        )
        .sort(series, "sequence_number")
        .group_by(series, maintain_order=True)
        .all()
    )
    return [
        {"series": row[series], "colour": colours[row[series]], "x": _join(row["sequence_number"])}
        | {name: _join(row[name]) for name in ("low", "y", "high", "runs")}
        for row in quartiles.iter_rows(named=True)
    ]


def _list_nulls(part: pl.DataFrame) -> list[dict[str, Any]]:
    """Say what is unrelated at each step: the median over runs, and where 95 % of them are."""
    levels = (
        _thin_steps(part)
        .filter(pl.col("unrelated").is_not_null())
        .group_by("sequence_number")
        .agg(
            low=pl.col("unrelated").quantile(0.025, "linear"),
            y=pl.col("unrelated").median(),
            high=pl.col("unrelated").quantile(0.975, "linear"),
        )
        .sort("sequence_number")
    )
    if levels.is_empty():
        return []
    return [
        {"x": _join(levels["sequence_number"].to_list())}
        | {name: _join(levels[name].to_list()) for name in levels.columns[1:]}
    ]


def _draw_nulls(nulls: list[dict[str, Any]], x: alt.X, y: alt.Y) -> tuple[alt.Chart, alt.Chart]:
    levels = _split(nulls, "x", "low", "y", "high")
    tooltip = [alt.Tooltip("x:Q", title="step"), alt.Tooltip("y:Q", title="unrelated, median", format=".3f")]
    return (
        levels.mark_area(color=NULL_COLOUR, fillOpacity=0.45).encode(x=x, y=alt.Y("low:Q"), y2="high:Q"),
        levels.mark_line(color=INK, strokeWidth=1.4, strokeDash=[4, 3]).encode(x=x, y=y, tooltip=tooltip),
    )


def _thin_steps(part: pl.DataFrame) -> pl.DataFrame:
    numbers = part["sequence_number"].unique().sort()
    every = -(-len(numbers) // MOST_STEPS)
    return part if every == 1 else part.filter(pl.col("sequence_number").is_in(numbers.gather_every(every).to_list()))


def _join(values: list[float]) -> str:
    return ",".join(f"{value:.4g}" if isinstance(value, float) else str(value) for value in values)


def _draw_layers(lines: list[dict[str, Any]], bands: list[dict[str, Any]], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    colour = alt.Color("colour:N").scale(None)
    one_point = all("," not in line["x"] for line in lines)
    runs = _split(lines, "x", "y").mark_line(
        strokeWidth=0.6, strokeOpacity=0.22, point={"size": 12} if one_point else False
    )
    quartiles = _split(bands, "x", "low", "y", "high", "runs")
    tooltip = [
        alt.Tooltip("series:N", title="of"),
        alt.Tooltip("x:Q", title="step"),
        alt.Tooltip("y:Q", title="median", format=".3f"),
        alt.Tooltip("low:Q", title="first quartile", format=".3f"),
        alt.Tooltip("high:Q", title="third quartile", format=".3f"),
        alt.Tooltip("runs:Q", title="runs"),
    ]
    return [
        runs.encode(x=x, y=y, color=colour, detail="run:N", tooltip=["run:N", "seed:N", "series:N"]),
        quartiles.mark_area(fillOpacity=0.22).encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=colour),
        quartiles.mark_line(strokeWidth=2.2, point={"size": 30} if one_point else False).encode(
            x=x, y=y, color=colour, tooltip=tooltip
        ),
    ]


def _split(values: list[dict[str, Any]], *names: str) -> alt.Chart:
    return (
        alt.Chart(alt.InlineData(values=values))
        .transform_calculate(**{name: f"split(datum.{name}, ',')" for name in names})
        .transform_flatten(list(names))
        .transform_calculate(**{name: f"toNumber(datum.{name})" for name in names})
    )
