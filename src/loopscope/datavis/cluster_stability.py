"""Which clusters come again when runs are left out, beside what noise would give."""

from typing import Any, Final

import altair as alt
import polars as pl

from loopscope.datavis.subject import require_one_result, require_rows, write_subtitle
from loopscope.datavis.text_marks import LINE_HEIGHT, write_texts
from loopscope.datavis.theme import FAINT_INK, INK, OUTLIER_COLOUR, apply_theme, choose_cluster_colour
from loopscope.datavis.wording import count_of, wrap_text

LABEL_WIDTH: Final = 430
NUMBER_WIDTH: Final = 34
WIDTH: Final = 420
ROW_HEIGHT: Final = 30
STABLE: Final = 0.75
PATTERN: Final = 0.6
AXIS_TITLE: Final = "mean best Jaccard index over subsamples of the runs"
NEEDED: Final = (
    *("clustering_result_id", "cluster_id", "cluster_label", "cluster_size", "jaccard"),
    *("lower", "upper", "null_mean", "n_runs", "method"),
)


def plot_cluster_stability(stability: pl.DataFrame, top: int = 40) -> alt.LayerChart:
    """Draw the mean best Jaccard index of each cluster, with the range of its resamples.

    Parameters
    ----------
    stability
        As `load_cluster_stability_df` gives it, of one clustering result.
    top
        How many clusters have a row, from the largest.

    Returns
    -------
    altair.LayerChart
        A dot and a line for each cluster, lines from where on the verdict is a pattern (.6) and stable (.75), and in
        grey the mean of clusters found in noise.

    Raises
    ------
    ChartError
        If the frame is empty, lacks a column, or holds several clustering results.
    """
    advice = "`loopscope cluster stability ID` measures it."
    require_rows(stability, NEEDED, chart="stability", advice=advice)
    require_one_result(stability, chart="stability")
    shown = stability.sort("cluster_id").head(top)
    rows = [_place(row, number) for number, row in enumerate(shown.iter_rows(named=True))]
    seen = [row for row in rows if row["jaccard"] is not None]
    height = ROW_HEIGHT * len(rows)
    axis = alt.Axis(title=AXIS_TITLE, values=[0, 0.2, 0.4, PATTERN, STABLE, 1], format=".2f", grid=True)
    x = alt.X("jaccard:Q", axis=axis).scale(domain=[0, 1], nice=False)
    y = alt.Y("y:Q").scale(domain=[height, 0], nice=False).axis(None)
    colour = alt.Color("colour:N").scale(None)
    tooltip = [alt.Tooltip(f"{name}:N") for name in ("cluster", "medoid", "size", "said", "interval", "recovered")]
    lines: alt.Chart = alt.Chart(alt.InlineData(values=seen)).mark_rule(strokeWidth=3, opacity=0.45)
    dots: alt.Chart = alt.Chart(alt.InlineData(values=seen)).mark_point(size=95, filled=True, opacity=1)
    layers = [
        *_draw_marks(stability["null_mean"][0], height, y),
        lines.encode(x=alt.X("lower:Q"), x2="upper:Q", y=y, color=colour, tooltip=tooltip),
        dots.encode(x=x, y=y, color=colour, tooltip=tooltip),
        *_write_rows(rows, y),
    ]
    title = alt.Title(_count_stable(stability), subtitle=write_subtitle(_describe(stability, len(rows)), 860))
    return apply_theme(alt.LayerChart(layer=layers, width=WIDTH, height=height, title=title))


def _place(row: dict[str, Any], number: int) -> dict[str, Any]:
    known = row["jaccard"] is not None
    return {
        "cluster": str(row["cluster_id"]),
        "medoid": row["cluster_label"] or "–",
        "size": f"{row['cluster_size']:,}",
        "jaccard": row["jaccard"],
        "lower": row["lower"] if row["lower"] is not None else row["jaccard"],
        "upper": row["upper"] if row["upper"] is not None else row["jaccard"],
        "said": f"{row['jaccard']:.2f}" if known else "never seen",
        "interval": f"{row['lower']:.2f} to {row['upper']:.2f}" if row["lower"] is not None else "–",
        "recovered": f"{row['recovered']:.0%} of subsamples" if row.get("recovered") is not None else "–",
        "colour": choose_cluster_colour(row["cluster_id"]),
        "y": ROW_HEIGHT * (number + 0.5),
    }


def _draw_marks(null_mean: float | None, height: float, y: alt.Y) -> list[alt.Chart]:
    """Draw the rule's lines over the whole height, and what noise gives."""
    marks: list[dict[str, Any]] = [
        {"at": PATTERN, "text": "pattern", "colour": FAINT_INK},
        {"at": STABLE, "text": "stable", "colour": FAINT_INK},
    ]
    if null_mean is not None:
        near = any(abs(null_mean - mark["at"]) < 0.12 for mark in marks)
        marks.append({"at": null_mean, "text": ("\n" if near else "") + "noise", "colour": OUTLIER_COLOUR})
    rules: alt.Chart = alt.Chart(alt.InlineData(values=marks)).mark_rule(strokeDash=[5, 4], strokeWidth=1.5)
    x = alt.X("at:Q")
    tops = [mark | {"y": -LINE_HEIGHT - 3 - LINE_HEIGHT * str(mark["text"]).count("\n")} for mark in marks]
    return [
        rules.encode(x=x, y=alt.value(0), y2=alt.value(height), color=alt.Color("colour:N").scale(None)),
        write_texts(tops, x=x, y=y, align="center", color=FAINT_INK),
    ]


def _write_rows(rows: list[dict[str, Any]], y: alt.Y) -> list[alt.Chart]:
    numbers, labels, values = [], [], []
    for row in rows:
        lines = wrap_text(row["medoid"], LABEL_WIDTH - NUMBER_WIDTH - 60, 11, 2)
        labels.append({"y": row["y"] - LINE_HEIGHT * len(lines) / 2 + 1, "text": "\n".join(lines)})
        numbers.append({"y": row["y"] - 5, "text": row["cluster"]})
        values.append({"y": row["y"] - 5, "text": f"{row['said']} · {row['size']}"})
    return [
        write_texts(numbers, x=alt.value(-LABEL_WIDTH), y=y, bold=True),
        write_texts(labels, x=alt.value(NUMBER_WIDTH - LABEL_WIDTH), y=y),
        write_texts(values, x=alt.value(WIDTH + 12), y=y, color=INK),
        write_texts([{"y": -LINE_HEIGHT - 3, "text": "index · size"}], x=alt.value(WIDTH + 12), y=y, color=FAINT_INK),
    ]


def _count_stable(stability: pl.DataFrame) -> str:
    stable = int((stability["jaccard"] >= STABLE).sum())
    outcome = "comes again" if stable == 1 else "come again"
    return f"{stable} of {count_of(stability.height, 'cluster')} {outcome} when runs are left out"


def _describe(stability: pl.DataFrame, shown: int) -> list[str]:
    row = stability.row(0, named=True)
    parts = [row.get("embedding_model"), row.get("algorithm")]
    if row.get("clustering_result_uuid"):
        parts.append(f"clustering {row['clustering_result_uuid'][:8]}")
    parts += [count_of(row["n_runs"], "run"), row["method"], "dot: mean, line: 95 % of the subsamples"]
    parts.append("from .75 stable, from .6 a pattern of unsure members, below not to be trusted")
    if stability.height > shown:
        parts.append(f"the {shown} largest drawn")
    return [part for part in parts if part]
