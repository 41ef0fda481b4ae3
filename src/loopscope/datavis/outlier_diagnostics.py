"""On what being an outlier depends: the share of outliers by value of everything that is known, and effects."""

from typing import Any, Final

import altair as alt
import polars as pl

from loopscope.datavis.subject import require_one_result, require_rows, write_subtitle
from loopscope.datavis.text_marks import write_texts
from loopscope.datavis.theme import FAINT_INK, OUTLIER_COLOUR, SERIES_COLOURS, apply_theme
from loopscope.datavis.wording import count_of, shorten_text

LABEL_WIDTH: Final = 270
WIDTH: Final = 360
ROW_HEIGHT: Final = 19
HEADING_HEIGHT: Final = 28
EFFECT_HEIGHT: Final = 2 * ROW_HEIGHT + 4
AXIS_HEIGHT: Final = 65
"""So much room the axis below a chart takes, and the gap to the next."""
SHARE_COLOUR: Final = "#4d4d4d"
"""A dark grey: what is shown is of outliers."""
NULL_COLOUR: Final = OUTLIER_COLOUR
NEEDED: Final = (
    *("clustering_result_id", "parameter", "value", "kind", "unit", "n", "estimate", "lower", "upper", "null_mean"),
)


def plot_outlier_diagnostics(diagnostics: pl.DataFrame) -> alt.HConcatChart:
    """Draw the share of outliers by value of each parameter, and the effect of each, in two columns alike in height.

    Parameters
    ----------
    diagnostics
        As `load_outlier_diagnostics_df` gives it, of one clustering result.

    Returns
    -------
    altair.HConcatChart
        A dot with its interval for each share and each effect, a light bar where the null has it.

    Raises
    ------
    ChartError
        If the frame is empty, lacks a column, or holds several clustering results.
    """
    advice = "`loopscope cluster outliers ID` diagnoses outliers."
    require_rows(diagnostics, NEEDED, chart="outliers", advice=advice)
    require_one_result(diagnostics, chart="outliers")
    shares = diagnostics.filter(pl.col("kind") == "share", pl.col("value").is_not_null())
    effects = diagnostics.filter(pl.col("kind") == "coefficient")
    overall = diagnostics.filter(pl.col("parameter") == "all").row(0, named=True)
    left, right = _halve(shares, effects.height)
    columns: list[Any] = [_draw_shares(left, overall["estimate"])]
    second: list[Any] = [] if right.is_empty() else [_draw_shares(right, overall["estimate"])]
    second += [] if effects.is_empty() else [_draw_effects(effects)]
    if second:
        columns.append(alt.VConcatChart(vconcat=second, spacing=24))
    title = alt.Title(_name_chart(diagnostics, overall), subtitle=write_subtitle(_describe(diagnostics, overall), 1000))
    return apply_theme(alt.HConcatChart(hconcat=columns, spacing=40, title=title))


def _halve(shares: pl.DataFrame, n_effects: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part the parameters so that those on the left are about as high as the others and the effects together."""
    parts = shares.partition_by("parameter", maintain_order=True)
    heights = [HEADING_HEIGHT + ROW_HEIGHT * part.height for part in parts]
    effects = (HEADING_HEIGHT + EFFECT_HEIGHT * n_effects + AXIS_HEIGHT) if n_effects else 0
    heights_of_right = [
        sum(heights[at:]) + (AXIS_HEIGHT if at < len(parts) else 0) + effects for at in range(len(parts) + 1)
    ]
    at = min(range(1, len(parts) + 1), key=lambda each: max(sum(heights[:each]), heights_of_right[each]))
    return pl.concat(parts[:at]), pl.concat(parts[at:]) if at < len(parts) else shares.clear()


def _draw_shares(shares: pl.DataFrame, overall: float) -> alt.LayerChart:
    rows, headings, height = [], [], 0.0
    for (parameter,), part in shares.group_by("parameter", maintain_order=True):
        headings.append({"y": height + 8, "text": str(parameter)})
        height += HEADING_HEIGHT
        for row in part.iter_rows(named=True):
            label = shorten_text(f"{row['value']}", LABEL_WIDTH - 60, 11)
            rows.append(_place(row, height + ROW_HEIGHT / 2, label) | {"size": f"{row['n']:,}", "colour": SHARE_COLOUR})
            height += ROW_HEIGHT
    y = alt.Y("y:Q").scale(domain=[height, 0], nice=False).axis(None)
    axis = alt.Axis(title="share of outliers (dashed: of all)", format=".0%", tickCount=5, grid=True)
    x = alt.X("estimate:Q", axis=axis).scale(domain=[0, 1], nice=False)
    dashed: alt.Chart = alt.Chart(alt.InlineData(values=[{"at": overall}]))
    rule = dashed.mark_rule(strokeDash=[5, 4], color=FAINT_INK).encode(x="at:Q", y=alt.value(0), y2=alt.value(height))
    texts = [
        write_texts(headings, x=alt.value(-LABEL_WIDTH), y=y, bold=True),
        write_texts(_texts(rows, "label"), x=alt.value(8 - LABEL_WIDTH), y=y),
        write_texts(_texts(rows, "size"), x=alt.value(-10), y=y, align="right", color=FAINT_INK),
    ]
    return alt.LayerChart(layer=[rule, *_draw_dots(rows, x, y), *texts], width=WIDTH, height=height)


def _draw_effects(effects: pl.DataFrame) -> alt.LayerChart:
    rows, names, units = [], [], []
    step = EFFECT_HEIGHT
    for number, row in enumerate(effects.iter_rows(named=True)):
        name = row["parameter"] if row["value"] is None else f"{row['parameter']} {row['value']}"
        clear = row["lower"] is not None and (row["lower"] > 0 or row["upper"] < 0)
        centre = HEADING_HEIGHT + step * (number + 0.5)
        rows.append(_place(row, centre, name) | {"size": "", "colour": SERIES_COLOURS[0] if clear else FAINT_INK})
        names.append({"y": centre - 14, "text": shorten_text(name, LABEL_WIDTH - 12, 11)})
        units.append({"y": centre, "text": shorten_text(row["unit"], LABEL_WIDTH - 12, 11)})
    height = HEADING_HEIGHT + step * len(rows)
    y = alt.Y("y:Q").scale(domain=[height, 0], nice=False).axis(None)
    ends = [value for row in rows for value in (row["lower"], row["upper"], row["estimate"], row["null"])]
    furthest = 1.1 * max(0.5, *(abs(value) for value in ends if value is not None))
    axis = alt.Axis(title="change of the log-odds of being an outlier", tickCount=5, grid=True)
    x = alt.X("estimate:Q", axis=axis).scale(domain=[-furthest, furthest], nice=False)
    zero: alt.Chart = alt.Chart(alt.InlineData(values=[{"at": 0}]))
    heading = [{"y": 8, "text": "effects, all others being equal"}]
    layers = [
        zero.mark_rule(color=FAINT_INK).encode(x="at:Q", y=alt.value(HEADING_HEIGHT), y2=alt.value(height)),
        *_draw_dots(rows, x, y),
        write_texts(heading, x=alt.value(-LABEL_WIDTH), y=y, bold=True),
        write_texts(names, x=alt.value(8 - LABEL_WIDTH), y=y),
        write_texts(units, x=alt.value(8 - LABEL_WIDTH), y=y, color=FAINT_INK),
    ]
    return alt.LayerChart(layer=layers, width=WIDTH, height=height)


def _place(row: dict[str, Any], y: float, label: str) -> dict[str, Any]:
    known = row["lower"] is not None
    return {
        "label": label,
        "y": y,
        "top": y - ROW_HEIGHT / 2 + 2,
        "bottom": y + ROW_HEIGHT / 2 - 2,
        "estimate": row["estimate"],
        "lower": row["lower"] if known else row["estimate"],
        "upper": row["upper"] if known else row["estimate"],
        "null": row["null_mean"],
        "interval": f"{row['lower']:.3g} to {row['upper']:.3g}" if known else "–",
    }


def _draw_dots(rows: list[dict[str, Any]], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    nulls: alt.Chart = alt.Chart(alt.InlineData(values=[row for row in rows if row["null"] is not None]))
    chart: alt.Chart = alt.Chart(alt.InlineData(values=rows))
    colour = alt.Color("colour:N").scale(None)
    tooltip = [
        alt.Tooltip("label:N", title="of"),
        alt.Tooltip("estimate:Q", format=".3f"),
        alt.Tooltip("interval:N", title="95 % interval"),
        alt.Tooltip("null:Q", title="where the null holds", format=".3f"),
        alt.Tooltip("size:N", title="embeddings"),
    ]
    null = alt.X("null:Q")
    y_top, y_bottom = alt.Y("top:Q", scale=y["scale"], axis=None), alt.Y2("bottom:Q")
    return [
        nulls.mark_rule(strokeWidth=4, color=NULL_COLOUR).encode(x=null, y=y_top, y2=y_bottom, tooltip=tooltip),
        chart.mark_rule(strokeWidth=2).encode(x=alt.X("lower:Q"), x2="upper:Q", y=y, color=colour, tooltip=tooltip),
        chart.mark_point(size=45, filled=True, opacity=1).encode(x=x, y=y, color=colour, tooltip=tooltip),
    ]


def _texts(rows: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [{"y": row["y"] - 5, "text": row[name]} for row in rows]


def _name_chart(diagnostics: pl.DataFrame, overall: dict[str, Any]) -> str:
    said = f"{100 * overall['estimate']:.1f} % are outliers"
    separation = diagnostics.filter(pl.col("kind") == "separation")
    if separation.is_empty() or separation["estimate"][0] is None:
        return said
    return f"{said}; their neighbours are further away than a member's with probability {separation['estimate'][0]:.2f}"


def _describe(diagnostics: pl.DataFrame, overall: dict[str, Any]) -> list[str]:
    parts = [overall.get("embedding_model"), overall.get("algorithm")]
    if overall.get("clustering_result_uuid"):
        parts.append(f"clustering {overall['clustering_result_uuid'][:8]}")
    parts += [count_of(overall["n"], "embedding"), count_of(overall["n_runs"], "run")]
    parts += ["dot and line: share or effect with its 95 % interval over runs", "light bar: where the null has it"]
    if "min_cluster_size" in diagnostics["parameter"]:
        parts.append("null of min_cluster_size: a Gaussian cloud of the same covariance")
    return [part for part in parts if part]
