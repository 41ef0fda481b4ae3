"""What HDBSCAN gives over a grid of settings: outliers, clusters, the largest of them, and how much settings agree."""

from typing import Final, cast

import altair as alt
import polars as pl

from loopscope.datavis.subject import require_one, require_rows, write_subtitle
from loopscope.datavis.theme import INK, RULE, apply_theme
from loopscope.datavis.wording import count_of

CELL: Final = (52, 30)
MOST_WRITTEN: Final = 14
"""Cells have their values written in them in grids of at most so many columns."""
DARK: Final = 0.55
"""From this part of the scale on, text in a cell is white."""

PANELS: Final = (
    ("outlier_share", "outlier share", "#4d4d4d", True),
    ("n_clusters", "number of clusters", "#08519c", False),
    ("largest_cluster", "share of the largest cluster", "#a63603", True),
    ("ari_to_neighbour", "adjusted Rand index with smaller settings", "#54278f", True),
)
"""Column, what it is, its darkest colour (grey is for outliers), and whether it is a share or an index up to 1."""

SETTINGS: Final = ("min_cluster_size", "min_samples", "epsilon")


def plot_parameter_sweep(sweep: pl.DataFrame, explained: dict[str, float] | None = None) -> alt.VConcatChart:
    """Draw four maps of the settings: by ``epsilon`` from left to right, by ``min_cluster_size`` from bottom to top.

    Parameters
    ----------
    sweep
        As `load_parameter_sweep_df` gives it, of one embedding model. Each ``min_samples`` has a row of maps.
    explained
        Which share of the variation of the outlier share each setting explains, for the title.

    Returns
    -------
    altair.VConcatChart
        Maps in lightness of one hue each, so that they are read without telling colours apart.

    Raises
    ------
    ChartError
        If the frame is empty, lacks a column, or holds several embedding models.
    """
    advice = "`loopscope cluster sweep MODEL` tries settings."
    require_rows(
        sweep, ("embedding_model", "n", "n_distinct", *SETTINGS, *(panel[0] for panel in PANELS)),
        chart="sweep", advice=advice,
    )  # fmt: skip
    require_one(sweep, "embedding_model", chart="sweep", noun="embedding models", option="MODEL")
    rows = []
    for min_samples, part in sorted(sweep.group_by("min_samples"), key=lambda each: each[0]):
        maps = [_draw_map(part, sweep, *panel) for panel in PANELS]
        across = 4 if part["epsilon"].n_unique() <= 4 else 2
        heading = alt.Title(f"min_samples {min_samples[0]}", fontSize=12, offset=8)
        rows.append(alt.ConcatChart(concat=maps, columns=across, spacing=36, title=heading))
    first = sweep.row(0, named=True)
    said = [
        first["embedding_model"],
        f"{count_of(first['n'], 'embedding')}, {first['n_distinct']:,} distinct",
        count_of(sweep.height, "setting"),
        *_say_explained(explained or {}),
    ]
    title = alt.Title(_name_chart(sweep), subtitle=write_subtitle(said, 900))
    return apply_theme(alt.VConcatChart(vconcat=rows, spacing=30, title=title))


def _draw_map(
    part: pl.DataFrame, sweep: pl.DataFrame, column: str, heading: str, darkest: str, share: bool
) -> alt.LayerChart:
    highest = 1.0 if share else max(float(cast("int", sweep[column].max())), 1.0)
    values = []
    for row in part.iter_rows(named=True):
        depth = None if row[column] is None else min(max(row[column] / highest, 0), 1)
        told = {"text": _say(row[column], column), "colour": _shade(darkest, depth), "ink": _choose_ink(depth)}
        values.append({name: row[name] for name in SETTINGS} | told)
    sizes, epsilons = part["min_cluster_size"].n_unique(), part["epsilon"].n_unique()
    base: alt.Chart = alt.Chart(alt.InlineData(values=values)).encode(
        x=alt.X("epsilon:O").axis(title="epsilon", labelAngle=0, format=".3~g", domain=False, ticks=False),
        y=alt.Y("min_cluster_size:O")
        .sort("descending")
        .axis(title="min_cluster_size", titlePadding=10, domain=False, ticks=False),
    )
    tooltip = [alt.Tooltip(f"{name}:O") for name in SETTINGS] + [alt.Tooltip("text:N", title=heading)]
    layers = [base.mark_rect(stroke="white").encode(color=alt.Color("colour:N").scale(None), tooltip=tooltip)]
    if epsilons <= MOST_WRITTEN:
        layers.append(base.mark_text(fontSize=10).encode(text="text:N", color=alt.Color("ink:N").scale(None)))
    wide, high = CELL if epsilons <= MOST_WRITTEN else (600 / epsilons, CELL[1])
    title = alt.Title(heading, fontSize=12, fontWeight="normal", offset=6)
    frame = alt.ViewBackground(stroke=RULE)
    return alt.LayerChart(layer=layers, width=wide * epsilons, height=high * sizes, title=title, view=frame)


def _shade(darkest: str, depth: float | None) -> str:
    """Mix a colour with white: from a tenth of it to all of it; nothing is white."""
    if depth is None:
        return "#ffffff"
    part = 0.08 + 0.92 * depth
    channels = [int(darkest[start : start + 2], 16) for start in (1, 3, 5)]
    return "#" + "".join(f"{round(255 + (channel - 255) * part):02x}" for channel in channels)


def _choose_ink(depth: float | None) -> str:
    return "#ffffff" if depth is not None and depth > DARK else INK


def _say(value: float | None, column: str) -> str:
    if value is None:
        return "–"
    if column == "n_clusters":
        return str(value)
    return f"{value:.2f}" if column == "ari_to_neighbour" else f"{100 * value:.0f} %"


def _name_chart(sweep: pl.DataFrame) -> str:
    least, most = (sweep["outlier_share"].arg_min(), sweep["outlier_share"].arg_max())
    assert least is not None
    assert most is not None
    low, high = sweep.row(least, named=True), sweep.row(most, named=True)
    if low["outlier_share"] == high["outlier_share"]:
        return f"{low['outlier_share']:.0%} are outliers at every setting"
    return (
        f"From {low['outlier_share']:.0%} outliers (epsilon {low['epsilon']:.3g}, size {low['min_cluster_size']}) "
        f"to {high['outlier_share']:.0%} (epsilon {high['epsilon']:.3g}, size {high['min_cluster_size']})"
    )


def _say_explained(explained: dict[str, float]) -> list[str]:
    if not explained:
        return []
    shares = ", ".join(f"{name} {share:.0%}" for name, share in explained.items())
    return [f"of the variation of the outlier share each setting explains by itself: {shares}"]
