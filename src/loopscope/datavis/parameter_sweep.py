"""What HDBSCAN gives over a grid of settings: outliers, clusters, the largest of them, and how much settings agree."""

from typing import Any, Final, cast

import altair as alt
import polars as pl

from loopscope.datavis.subject import require_one, require_rows, write_subtitle
from loopscope.datavis.theme import INK, RULE, apply_theme
from loopscope.datavis.wording import count_of

CELL: Final = (52, 30)
NARROWEST: Final = 220
"""A map of few columns has wider cells, so that its heading fits above it."""
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

NOISE: Final = ("null_mean", "outlier share in noise", "#4d4d4d", True)
"""Drawn beside the others when clouds of noise were clustered alike."""

SETTINGS: Final = ("min_cluster_size", "min_samples", "epsilon")


def plot_parameter_sweep(sweep: pl.DataFrame, explained: dict[str, float] | None = None) -> alt.VConcatChart:
    """Draw four maps of the settings: by ``epsilon`` from left to right, by ``min_cluster_size`` from bottom to top.

    Where ``epsilon`` does not vary, ``min_samples`` goes from left to right. A fifth map is of the outlier share in
    noise.

    Parameters
    ----------
    sweep
        As `load_parameter_sweep_df` gives it, of one embedding model. Each ``min_samples`` has a row of maps, unless
        it is from left to right.
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
    with_noise = "null_mean" in sweep.columns and not sweep["null_mean"].is_null().all()
    panels = (PANELS[0], NOISE, *PANELS[1:]) if with_noise else PANELS
    by_epsilon = sweep["epsilon"].n_unique() > 1 or sweep["min_samples"].n_unique() == 1
    along, apart = ("epsilon", "min_samples") if by_epsilon else ("min_samples", "epsilon")
    groups = sorted(sweep.group_by(apart), key=lambda each: each[0])
    for value, part in groups:
        maps = [_draw_map(part, sweep, along, *panel) for panel in panels]
        across = len(panels) if len(groups) > 1 or part[along].n_unique() <= 4 else 2
        heading = alt.Title(f"{apart} {value[0]:g}", fontSize=12, offset=8)
        rows.append(alt.ConcatChart(concat=maps, columns=across, spacing=36, title=heading))
    first = sweep.row(0, named=True)
    said = [
        first["embedding_model"],
        f"{count_of(first['n'], 'embedding')}, {first['n_distinct']:,} distinct",
        count_of(sweep.height, "setting"),
        *_say_explained(explained or {}),
        *_say_few_clusters(sweep),
    ]
    title = alt.Title(_name_chart(sweep), subtitle=write_subtitle(said, 900))
    return apply_theme(alt.VConcatChart(vconcat=rows, spacing=30, title=title))


def _draw_map(
    part: pl.DataFrame, sweep: pl.DataFrame, along: str, column: str, heading: str, darkest: str, share: bool
) -> alt.LayerChart:
    highest = 1.0 if share else max(float(cast("int", sweep[column].max())), 1.0)
    values = []
    for row in part.iter_rows(named=True):
        depth = None if row[column] is None else min(max(row[column] / highest, 0), 1)
        told = {"text": _say(row[column], column), "colour": _shade(darkest, depth), "ink": _choose_ink(depth)}
        values.append({name: row[name] for name in SETTINGS} | told)
    sizes, columns = part["min_cluster_size"].n_unique(), part[along].n_unique()
    base: alt.Chart = alt.Chart(alt.InlineData(values=values)).encode(
        x=alt.X(f"{along}:O").axis(title=along, labelAngle=0, format=".3~g", domain=False, ticks=False),
        y=alt.Y("min_cluster_size:O")
        .sort("descending")
        .axis(title="min_cluster_size", titlePadding=10, domain=False, ticks=False),
    )
    tooltip = [alt.Tooltip(f"{name}:O") for name in SETTINGS] + [alt.Tooltip("text:N", title=heading)]
    layers = [base.mark_rect(stroke="white").encode(color=alt.Color("colour:N").scale(None), tooltip=tooltip)]
    if columns <= MOST_WRITTEN:
        layers.append(base.mark_text(fontSize=10).encode(text="text:N", color=alt.Color("ink:N").scale(None)))
    wide = max(CELL[0], NARROWEST / columns) if columns <= MOST_WRITTEN else 600 / columns
    title = alt.Title(heading, fontSize=12, fontWeight="normal", offset=6)
    frame = alt.ViewBackground(stroke=RULE)
    return alt.LayerChart(layer=layers, width=wide * columns, height=CELL[1] * sizes, title=title, view=frame)


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
    return f"{value:z.2f}" if column == "ari_to_neighbour" else f"{100 * value:.0f} %"


def _name_chart(sweep: pl.DataFrame) -> str:
    least, most = (sweep["outlier_share"].arg_min(), sweep["outlier_share"].arg_max())
    assert least is not None
    assert most is not None
    low, high = sweep.row(least, named=True), sweep.row(most, named=True)
    said = f"From {low['outlier_share']:.0%} outliers{_name_setting(low, sweep)} to {high['outlier_share']:.0%}"
    said += _name_setting(high, sweep)
    if low["outlier_share"] == high["outlier_share"]:
        said = f"{low['outlier_share']:.0%} are outliers at every setting"
    few = int((sweep["n_clusters"] <= 1).sum())
    if few == sweep.height:
        return f"No setting gives more than one cluster: {said[0].lower()}{said[1:]}"
    return said


def _name_setting(row: dict[str, Any], sweep: pl.DataFrame) -> str:
    """Say the values of all settings that vary."""
    varying = [f"{name} {row[name]:.3g}" for name in SETTINGS if sweep[name].n_unique() > 1]
    return f" ({', '.join(varying)})" if varying else ""


def _say_explained(explained: dict[str, float]) -> list[str]:
    if not explained:
        return []
    shares = ", ".join(f"{name} {share:.0%}" for name, share in explained.items())
    return [f"of the variation of the outlier share each setting explains by itself: {shares}"]


def _say_few_clusters(sweep: pl.DataFrame) -> list[str]:
    few = int((sweep["n_clusters"] <= 1).sum())
    if few <= sweep.height / 2:
        return []
    return [f"{few} of {count_of(sweep.height, 'setting')} give one cluster or none: try other settings"]
