"""How far apart runs are, step by step: curves of mean squared distance with their fit, and where they saturate."""

from typing import Any, Final, cast

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

SAME_COLOUR: Final = SERIES_COLOURS[0]
OTHER_COLOUR: Final = SERIES_COLOURS[1]
MOST_PANELS: Final = 60
NEEDED: Final = (
    *("embedding_model", "pairs", "generator", "t", "d2", "fitted", "saturated", "lower", "upper"),
    *("null_lower", "null_upper", "n_runs", "reason"),
)


def plot_divergence(divergence: pl.DataFrame, estimates: pl.DataFrame | None = None) -> alt.HConcatChart:
    """Draw D²(t) of runs of one prompt and of runs of different prompts, a panel for each group.

    Parameters
    ----------
    divergence
        As `load_divergence_df` gives it, of one embedding model.
    estimates
        As `load_divergence_estimates_df` gives it, by the same groups: relaxation times are written above the panels.

    Returns
    -------
    altair.HConcatChart
        Curves with 95 % bands, the fit dashed, the null as a grey band, a rule where the fit is saturated.

    Raises
    ------
    ChartError
        If the frame is empty, lacks a column, or holds several embedding models.
    """
    advice = "`load_divergence_df(session, MODEL)` loads it; `loopscope model list` shows the models."
    require_rows(divergence, NEEDED, chart="divergence", advice=advice)
    require_one(divergence, "embedding_model", chart="divergence", noun="embedding models", option="--model")
    by: list[str] = [name for name in GROUPS if name in divergence.columns]
    groups = divergence.partition_by([*by, "generator"], maintain_order=True)
    several = divergence["generator"].n_unique() > 1
    panels = [_make_panel(group, by, estimates, several=several) for group in groups[:MOST_PANELS]]
    ends = pl.concat([divergence["upper"], divergence["d2"], divergence["null_upper"]]).drop_nulls()
    top = 1.05 * cast("float", ends.max() or 1.0)
    axes = Axes("step (outputs of the type)", "mean squared distance D²", (0.0, top if top > 0 else 1.0))
    title = alt.Title(_name_chart(divergence), subtitle=write_subtitle(_describe(divergence, len(groups)), 1000))
    parts: list[Any] = [draw_step_panels(panels, axes)]
    if divergence["d2"].null_count() < divergence.height:
        parts.append(_draw_key(divergence))
    return apply_theme(alt.HConcatChart(hconcat=parts, spacing=28, title=title))


def _name_chart(divergence: pl.DataFrame) -> str:
    if divergence["d2"].null_count() == divergence.height:
        return "There are no two runs to compare"
    same = divergence.filter(pl.col("pairs") == "same prompt")
    if same["d2"].null_count() == same.height:
        return "How far apart runs of different prompts are"
    return "How far apart runs of one prompt are, and runs of different prompts"


def _describe(divergence: pl.DataFrame, n_groups: int) -> list[str]:
    by = [name for name in GROUPS if name in divergence.columns]
    runs = divergence.group_by(by or "embedding_model").agg(pl.max("n_runs"))["n_runs"].sum()
    parts = [divergence["embedding_model"][0], count_of(int(runs), "run")]
    if divergence["lower"].null_count() < divergence.height:
        parts.append("mean over pairs of runs at each step, bands: 95 % intervals over runs")
    if n_groups > MOST_PANELS:
        parts.append(f"the first {MOST_PANELS} of {n_groups} groups drawn")
    return parts


def _make_panel(group: pl.DataFrame, by: list[str], estimates: pl.DataFrame | None, *, several: bool) -> Panel:
    same = group.filter(pl.col("pairs") == "same prompt").sort("t")
    other = group.filter(pl.col("pairs") == "other prompt").sort("t")
    curves: list[Curve] = []
    rules: list[Rule] = []
    nulls = [
        Point(row["t"], row["null_lower"], row["null_lower"], row["null_upper"]) for row in same.iter_rows(named=True)
    ]
    curves.append(Curve("null: prompts permuted (95 %)", NULL_COLOUR, nulls, band=True, width=0, opacity=0.9))
    for part, colour, name in ((other, OTHER_COLOUR, "different prompts"), (same, SAME_COLOUR, "one prompt")):
        points = [Point(row["t"], row["d2"], row["lower"], row["upper"]) for row in part.iter_rows(named=True)]
        curves.append(Curve(name, colour, points, band=True, opacity=0.15))
    for part, name in ((other, "different prompts"), (same, "one prompt")):
        fitted = [Point(row["t"], row["fitted"]) for row in part.iter_rows(named=True)]
        if any(point.value is not None for point in fitted):
            curves.append(Curve(f"fit, {name}", INK, fitted, dashed=True, width=1.4))
            at = part.filter(pl.col("saturated"))["t"].min()
            if at is not None and part is same:
                rules.append(Rule("saturated", step=cast("float", at)))
    unknown = group["d2"].null_count() == group.height
    nothing = group["reason"].drop_nulls().first() if unknown else None
    return Panel(
        name_group(group, by),
        name_generator(group, several=several) + _say_estimates(group, by, estimates),
        curves,
        rules,
        str(nothing) if nothing else None,
    )


def _say_estimates(group: pl.DataFrame, by: list[str], estimates: pl.DataFrame | None) -> list[str]:
    if estimates is None:
        return []
    return [
        say_estimate(find_estimate(estimates, group, by, pairs="same prompt", quantity=quantity), name, unit)
        for quantity, name, unit in (("tau", "τ", " steps"), ("exponent", "early exponent", " per step"))
    ]


def _draw_key(divergence: pl.DataFrame) -> alt.LayerChart:
    entries = []
    known = divergence.filter(pl.col("d2").is_not_null())["pairs"].unique().to_list()
    if "same prompt" in known:
        entries.append(KeyEntry(SAME_COLOUR, "", "runs of one prompt"))
    if "other prompt" in known:
        entries.append(KeyEntry(OTHER_COLOUR, "", "runs of different prompts"))
    if divergence["null_lower"].null_count() < divergence.height:
        entries.append(KeyEntry(NULL_COLOUR, "", "null: prompts permuted across runs (95 %)"))
    if divergence["fitted"].null_count() < divergence.height:
        entries.append(KeyEntry(INK, "", "dashed: fit D²∞ − (D²∞ − D²0) exp(−t/τ); dotted rule: within 5 % of D²∞"))
    return draw_key(entries, title="pairs of runs", text_lines=4)
