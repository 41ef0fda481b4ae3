"""How well the initial prompt is told from the embedding at each step, against chance."""

from typing import Any, Final

import altair as alt
import polars as pl

from loopscope.datavis.key import KeyEntry, draw_key
from loopscope.datavis.step_panels import (
    GROUPS,
    NULL_COLOUR,
    Axes,
    Curve,
    Panel,
    Point,
    Rule,
    draw_step_panels,
    find_estimate,
    name_generator,
    name_group,
    say_estimate,
)
from loopscope.datavis.subject import require_one, require_rows, write_subtitle
from loopscope.datavis.theme import INK, SERIES_COLOURS, apply_theme
from loopscope.datavis.wording import count_of

COLOUR: Final = SERIES_COLOURS[0]
MOST_PANELS: Final = 60
NEEDED: Final = (
    *("embedding_model", "generator", "t", "accuracy", "chance", "fitted", "n_prompts", "lower", "upper"),
    *("null_lower", "null_upper", "n_runs", "reason"),
)


def plot_recoverability(recoverability: pl.DataFrame, estimates: pl.DataFrame | None = None) -> alt.HConcatChart:
    """Draw the balanced accuracy of telling the initial prompt over steps, a panel for each group and generator.

    Parameters
    ----------
    recoverability
        As `load_recoverability_df` gives it, of one embedding model.
    estimates
        As `load_recoverability_estimates_df` gives it, by the same groups: decay times are written above the panels.

    Returns
    -------
    altair.HConcatChart
        Curves with 95 % bands, the decay dashed, the null as a grey band, a rule at chance.

    Raises
    ------
    ChartError
        If the frame is empty, lacks a column, or holds several embedding models.
    """
    advice = "`load_recoverability_df(session, MODEL)` loads it; `loopscope model list` shows the models."
    require_rows(recoverability, NEEDED, chart="recoverability", advice=advice)
    require_one(recoverability, "embedding_model", chart="recoverability", noun="embedding models", option="--model")
    by: list[str] = [name for name in GROUPS if name in recoverability.columns]
    groups = recoverability.partition_by([*by, "generator"], maintain_order=True)
    several = recoverability["generator"].n_unique() > 1
    panels = [_make_panel(group, by, estimates, several=several) for group in groups[:MOST_PANELS]]
    axes = Axes("step (outputs of the type)", "prompts told (balanced accuracy)", (0.0, 1.0), ".0%")
    title = alt.Title(
        "How well the initial prompt can be told from the output at each step",
        subtitle=write_subtitle(_describe(recoverability, len(groups)), 1000),
    )
    parts: list[Any] = [draw_step_panels(panels, axes), _draw_key(recoverability)]
    return apply_theme(alt.HConcatChart(hconcat=parts, spacing=28, title=title))


def _describe(recoverability: pl.DataFrame, n_groups: int) -> list[str]:
    by = [name for name in GROUPS if name in recoverability.columns]
    runs = recoverability.group_by(by or "embedding_model").agg(pl.max("n_runs"))["n_runs"].sum()
    parts = [recoverability["embedding_model"][0], count_of(int(runs), "run")]
    parts.append("each run told by the nearest mean of the other runs' outputs at its step")
    if n_groups > MOST_PANELS:
        parts.append(f"the first {MOST_PANELS} of {n_groups} groups drawn")
    return parts


def _make_panel(group: pl.DataFrame, by: list[str], estimates: pl.DataFrame | None, *, several: bool) -> Panel:
    rows = group.sort("t").rows(named=True)
    curves = [
        Curve(
            "null: prompts permuted (95 %)",
            NULL_COLOUR,
            [Point(row["t"], row["null_lower"], row["null_lower"], row["null_upper"]) for row in rows],
            band=True,
            width=0,
            opacity=0.9,
        ),
        Curve(
            "prompts told",
            COLOUR,
            [Point(row["t"], row["accuracy"], row["lower"], row["upper"]) for row in rows],
            band=True,
        ),
    ]
    fitted = [Point(row["t"], row["fitted"]) for row in rows]
    if any(point.value is not None for point in fitted):
        curves.append(Curve("decay", INK, fitted, dashed=True, width=1.4))
    chances = {row["chance"] for row in rows if row["chance"] is not None}
    rules = [Rule("", value=chance) for chance in chances] if len(chances) == 1 else []
    notes = name_generator(group, several=several)
    notes.append(count_of(max(row["n_prompts"] for row in rows), "prompt"))
    if estimates is not None:
        row = find_estimate(estimates, group, by, quantity="decay_time")
        notes.append(say_estimate(row, "decay time", " steps"))
    unknown = group["accuracy"].null_count() == group.height
    nothing = str(group["reason"].drop_nulls().first()) if unknown else None
    return Panel(name_group(group, by), notes, curves, rules, nothing)


def _draw_key(recoverability: pl.DataFrame) -> alt.LayerChart:
    entries = [KeyEntry(COLOUR, "", "prompts told, with its 95 % interval over runs")]
    if recoverability["null_lower"].null_count() < recoverability.height:
        entries.append(KeyEntry(NULL_COLOUR, "", "null: prompts permuted across runs (95 %)"))
    if recoverability["fitted"].null_count() < recoverability.height:
        entries.append(KeyEntry(INK, "", "dashed: exponential decay to a plateau"))
    entries.append(KeyEntry(None, "", "dotted rule: chance, one in as many prompts as there are"))
    return draw_key(entries, title="balanced accuracy", text_lines=4)
