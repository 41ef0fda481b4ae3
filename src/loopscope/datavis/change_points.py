"""Where a run changes: the size of each step, with rules at the change points."""

from typing import Any, Final, cast

import altair as alt
import polars as pl

from loopscope.datavis.subject import name_run, require_one, require_rows, write_subtitle
from loopscope.datavis.text_marks import write_texts
from loopscope.datavis.theme import FAINT_INK, INK, SERIES_COLOURS, apply_theme
from loopscope.datavis.wording import count_of, shorten_text, wrap_text

WIDTH: Final = 760
LABEL_GAPS: Final = 8
MOST_DOTS: Final = 150
HOW_OFTEN: Final = {1: "once", 2: "twice"}
HEIGHT: Final = 190
COLOUR: Final = SERIES_COLOURS[0]
CHANGE_COLOUR: Final = SERIES_COLOURS[1]
STEPS_NEEDED: Final = ("run_id", "embedding_model", "generator", "sequence_number", "step_of_generator")
NEEDED: Final = (
    *("run_id", "embedding_model", "generator", "network", "initial_prompt", "seed", "change_point"),
    *("sequence_number", "gain", "penalty", "null_p", "run_null_p", "reason"),
)


def plot_change_points(change_points: pl.DataFrame, drift: pl.DataFrame) -> alt.VConcatChart:
    """Draw the step sizes of a run and its change points, a panel for each generator.

    Parameters
    ----------
    change_points
        As `load_change_points_df` gives it, of one run.
    drift
        As `load_drift_df` gives it, of the same embedding model: where the step sizes come from.

    Returns
    -------
    altair.VConcatChart
        1 − cosine to the generator's output before, over sequence numbers; rules where the run goes over into something
        else, with what each gains.

    Raises
    ------
    ChartError
        If a frame is empty, lacks a column, or `change_points` holds several runs.
    """
    advice = "`load_change_points_df(session, MODEL)` loads it; `.filter(run_id=RUN)` chooses the run."
    require_rows(change_points, NEEDED, chart="change points", advice=advice)
    require_one(change_points, "run_id", chart="change points", noun="runs", option="--run")
    require_one(change_points, "embedding_model", chart="change points", noun="embedding models", option="--model")
    run = change_points.row(0, named=True)
    steps = drift.filter(run_id=run["run_id"], embedding_model=run["embedding_model"])
    require_rows(steps, STEPS_NEEDED, chart="change points", advice="`load_drift_df(session, MODEL)` loads step sizes.")
    parts = change_points.partition_by("generator", maintain_order=True)
    panels = [_draw_panel(part, steps, named=len(parts) > 1, last=part is parts[-1]) for part in parts]
    title = alt.Title(_name_chart(change_points), subtitle=write_subtitle(_describe(run), WIDTH))
    return apply_theme(alt.VConcatChart(vconcat=panels, spacing=30, title=title))


def _name_chart(change_points: pl.DataFrame) -> str:
    run = name_run(change_points.row(0, named=True)).capitalize()
    found = int(change_points["change_point"].is_not_null().sum())
    if not found:
        return f"{run} does not go over into something else"
    return f"{run} goes over into something else {HOW_OFTEN.get(found, f'{found} times')}"


def _describe(run: dict[str, Any]) -> list[str]:
    seed = "fresh seeds" if run["seed"] is None else f"seed {run['seed']}"
    parts = [run["embedding_model"], run["network"], shorten_text(f"“{run['initial_prompt']}”", 420, 12), seed]
    return [*parts, "numbers at the rules: what a change point gains, and p against shuffled steps"]


def _draw_panel(points: pl.DataFrame, steps: pl.DataFrame, *, named: bool, last: bool) -> alt.LayerChart:
    mine = steps.filter(generator=points["generator"][0]).sort("sequence_number")
    every = steps["sequence_number"]
    domain = [cast("int", every.min()) - 0.5, cast("int", every.max()) + 0.5]
    highest = mine["step_of_generator"].max()
    top = 1.35 * max(0.1, cast("float", highest or 0.0))
    words = "step (sequence number)" if last else None
    x = alt.X("x:Q").scale(domain=domain, nice=False, zero=False)
    x = x.axis(grid=False, title=words, tickMinStep=1, format="d")
    y = alt.Y("y:Q", title="step size, 1 − cosine").scale(domain=[0, top], nice=False).axis(tickCount=4)
    values = [
        {"x": number, "y": size}
        for number, size in mine.select("sequence_number", "step_of_generator").drop_nulls().iter_rows()
    ]
    line: alt.Chart = alt.Chart(alt.InlineData(values=values))
    found = points.filter(pl.col("change_point").is_not_null()).sort("sequence_number").rows(named=True)
    rules: alt.Chart = alt.Chart(alt.InlineData(values=[{"x": row["sequence_number"] - 0.5} for row in found]))
    dots: Any = {"size": 14, "color": COLOUR} if len(values) <= MOST_DOTS else False
    layers = [
        line.mark_line(color=COLOUR, strokeWidth=1.6 if dots else 0.8, point=dots).encode(
            x=x, y=y, tooltip=[alt.Tooltip("x:Q", title="step"), alt.Tooltip("y:Q", title="1 − cosine", format=".3f")]
        ),
        rules.mark_rule(color=CHANGE_COLOUR, strokeWidth=1.6).encode(x=x),
        *_label_rules(found, x, gap=0.006 * (domain[1] - domain[0])),
        _write_heading(points, named=named),
    ]
    return alt.LayerChart(layer=layers, width=WIDTH, height=HEIGHT)


def _label_rules(found: list[dict[str, Any]], x: Any, *, gap: float) -> list[alt.Chart]:
    kept: list[dict[str, Any]] = []
    for row in found:  # those too near to the one before have no label
        if not kept or row["sequence_number"] - kept[-1]["sequence_number"] >= LABEL_GAPS * gap:
            kept.append(row)
    labels = [
        {
            "x": row["sequence_number"] - 0.5 + gap,
            "text": f"{row['gain']:.1f}" + ("" if row["null_p"] is None else f"\np {row['null_p']:.2g}"),
        }
        for row in kept
    ]
    return [write_texts(labels, x=x, y=alt.value(2), color=INK, size=10, line_height=11)] if labels else []


def _write_heading(points: pl.DataFrame, *, named: bool) -> alt.Chart:
    row = points.row(0, named=True)
    said = [f"outputs of {row['generator']}"] if named else []
    found = points["change_point"].is_not_null().sum()
    if found:
        said.append(f"{count_of(int(found), 'change point')}, beside a penalty of {row['penalty']:.2f}")
    else:
        said.append(f"No change point: {row['reason']}")
    if row["run_null_p"] is not None:
        said.append(f"does it change at all? p = {row['run_null_p']:.2g} against shuffled steps")
    lines = wrap_text(" · ".join(said), WIDTH, 11, 2)
    return write_texts([{"text": "\n".join(lines)}], x=alt.value(0), y=alt.value(-6 - 14 * len(lines)), color=FAINT_INK)
