"""Distances between persistence diagrams: every run against every run, and within groups against between them."""

from typing import Any, Final

import altair as alt
import numpy as np
import numpy.typing as npt
import polars as pl

from loopscope.datavis.homology import ADVICE, NULL_COLOUR, name_bars
from loopscope.datavis.key import KeyEntry, draw_key
from loopscope.datavis.subject import require_one, require_rows, write_subtitle
from loopscope.datavis.text_marks import write_texts
from loopscope.datavis.theme import FAINT_INK, INK, SERIES_COLOURS, apply_theme
from loopscope.datavis.wording import count_of, wrap_text
from loopscope.errors import ChartError

NEEDED: Final = (
    *("embedding_model", "run_a", "run_b", "network_a", "network_b", "initial_prompt_a", "initial_prompt_b"),
    *("seed_a", "seed_b", "dimension", "order", "distance_name", "ground_metric", "distance", "reason"),
)
NEEDED_OF_GROUPS: Final = ("contrast", "estimate", "lower", "upper", "null_lower", "null_upper", "null_p", "reason")
MATRIX: Final = 460
"""How wide and high the matrix is in pixels; with many groups it grows, so that each has its name."""
LARGEST_MATRIX: Final = 840
NAME_HEIGHT: Final = 13
MOST_CELLS: Final = 120
"""Of more runs, neighbours in the order share a row and a column, which show their mean."""
LABEL_WIDTH: Final = 190
SIDE: Final = 360
SAID: Final = {"network": "network", "initial_prompt": "prompt", "seed": "seed"}

Numbers = npt.NDArray[np.float64]


def plot_diagram_distances(
    pairs: pl.DataFrame, estimates: pl.DataFrame | None = None, *, by: str = "network"
) -> alt.HConcatChart:
    """Draw the distances between the diagrams of all runs as a matrix, and those within and between groups.

    Parameters
    ----------
    pairs
        As `load_diagram_distances_df` gives it, of one embedding model.
    estimates
        As `load_diagram_distances_estimates_df` gives it: how much further groups are apart than their runs, with the
        null of permuted labels as a grey band.
    by
        `network`, `initial_prompt` or `seed`: runs of one group stand together in the matrix.

    Raises
    ------
    ChartError
        If a frame is empty, lacks a column, or holds several embedding models, or no distance is known.
    """
    chart = "diagram distances"
    advice = f"{ADVICE} Pairs need at least two runs."
    require_rows(pairs, NEEDED, chart=chart, advice=advice)
    require_one(pairs, "embedding_model", chart=chart, noun="embedding models", option="--model")
    if by not in SAID:
        raise ChartError(f"found no column {by} to group by; expected one of {', '.join(SAID)}")
    known = pairs.filter(pl.col("distance").is_not_null())
    if known.is_empty():
        raise ChartError(f"The {chart} chart has nothing to draw: {pairs['reason'].drop_nulls()[0]}")
    runs = _order_runs(known, by)
    size = min(max(MATRIX, NAME_HEIGHT * runs[by].n_unique()), LARGEST_MATRIX)
    sides: list[Any] = [_draw_matrix(known, runs, by, size)]
    if estimates is not None:
        require_rows(estimates, NEEDED_OF_GROUPS, chart=chart, advice=advice)
        sides.append(_draw_contrasts(known, estimates))
    subtitle = write_subtitle(_describe(pairs, known, runs), LABEL_WIDTH + size + SIDE)
    title = alt.Title(f"How unlike the {name_bars(known['dimension'][0])} of any two runs are", subtitle=subtitle)
    return apply_theme(alt.HConcatChart(hconcat=sides, spacing=60, title=title))


def _describe(pairs: pl.DataFrame, known: pl.DataFrame, runs: pl.DataFrame) -> list[str]:
    row = known.row(0, named=True)
    said = [
        row["embedding_model"],
        f"{row['distance_name']} distance of dimension {row['dimension']}, ground metric {row['ground_metric']}",
        f"{count_of(runs.height, 'run')}, {count_of(known.height, 'pair')}",
    ]
    missing = pairs.height - known.height
    if missing:
        reason = pairs.filter(pl.col("distance").is_null())["reason"][0]
        said.append(f"{count_of(missing, 'pair')} not known: {reason}")
    return said


def _order_runs(known: pl.DataFrame, by: str) -> pl.DataFrame:
    """List the runs, those of one group together."""
    names = ("run", "network", "initial_prompt", "seed")
    sides = [known.select(pl.col(f"{name}_{side}").alias(name) for name in names) for side in "ab"]
    return pl.concat(sides).unique("run").sort(by, *(name for name in names[1:] if name != by), "run", nulls_last=True)


def _fill(known: pl.DataFrame, runs: pl.DataFrame) -> Numbers:
    """Shape (number of runs, number of runs): NaN on the diagonal, and where a distance is not known."""
    place = {run: number for number, run in enumerate(runs["run"])}
    a = known["run_a"].replace_strict(place).to_numpy()
    b = known["run_b"].replace_strict(place).to_numpy()
    matrix = np.full((runs.height, runs.height), np.nan)
    matrix[a, b] = matrix[b, a] = known["distance"].to_numpy()
    return matrix


def _share_cells(matrix: Numbers) -> tuple[Numbers, int]:
    """Average neighbours until there are few enough rows; and how many runs share one."""
    every = -(-len(matrix) // MOST_CELLS)
    if every == 1:
        return matrix, 1
    starts = np.arange(0, len(matrix), every)
    filled, there = np.nan_to_num(matrix), np.isfinite(matrix).astype(np.float64)
    sums = np.add.reduceat(np.add.reduceat(filled, starts, axis=0), starts, axis=1)
    counts = np.add.reduceat(np.add.reduceat(there, starts, axis=0), starts, axis=1)
    return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0), every


def _draw_matrix(known: pl.DataFrame, runs: pl.DataFrame, by: str, size: int) -> alt.LayerChart:
    matrix, every = _share_cells(_fill(known, runs))
    n = len(matrix)
    cells = [
        {"row": row, "value": ",".join("" if np.isnan(value) else f"{value:.4g}" for value in values)}
        for row, values in enumerate(matrix)
    ]
    data: alt.Chart = (
        alt.Chart(alt.InlineData(values=cells))
        .transform_calculate(distance="split(datum.value, ',')", column=f"sequence({n})")
        .transform_flatten(["distance", "column"])
        .transform_filter("datum.distance != ''")
        .transform_calculate(distance="toNumber(datum.distance)", right="datum.column + 1.03", below="datum.row + 1.03")
    )
    limits = [float(known["distance"].quantile(0.01) or 0.0), float(known["distance"].quantile(0.99) or 1.0)]
    if limits[0] == limits[1]:
        limits = [0.0, limits[1] or 1.0]
    colour = (
        alt.Color("distance:Q")
        .scale(scheme="cividis", domain=limits, clamp=True, reverse=True)
        .legend(title="distance", orient="bottom", direction="horizontal", gradientLength=220, offset=12)
    )
    x: Any = alt.X("column:Q").scale(domain=[0, n], nice=False).axis(None)
    y: Any = alt.Y("row:Q").scale(domain=[n, 0], nice=False).axis(None)
    rectangles = data.mark_rect().encode(
        x=x, x2="right:Q", y=y, y2="below:Q", color=colour, tooltip=[alt.Tooltip("distance:Q", format=".4f")]
    )
    layers = [rectangles, *_draw_groups(runs, by, every, x, y, size)]
    if every > 1:
        note = f"each row and column is the mean of {every} runs that stand together"
        layers.append(write_texts([{"text": note}], x=alt.value(0), y=alt.value(size + 6), color=FAINT_INK))
    return alt.LayerChart(layer=layers, width=size, height=size)


def _draw_groups(runs: pl.DataFrame, by: str, every: int, x: Any, y: Any, size: int) -> list[alt.Chart]:
    """Draw the lines between groups, and the name of each beside its rows."""
    groups = runs.with_row_index("place").group_by(by, maintain_order=True).agg(pl.min("place"), pl.len())
    edges = [{"row": place / every, "column": place / every} for place in groups["place"].to_list() if place]
    lines: alt.Chart = alt.Chart(alt.InlineData(values=edges)).mark_rule(
        stroke="white", strokeWidth=1.5 if groups.height <= 20 else 0.6
    )
    layers = [
        lines.encode(y=y, x=alt.value(0), x2=alt.value(size)),
        lines.encode(x=x, y=alt.value(0), y2=alt.value(size)),
    ]
    names = []
    last = -np.inf
    for key, place, count in groups.iter_rows():
        middle = (place + count / 2) / runs.height * size
        if middle - last < NAME_HEIGHT - 0.5:  # a name that would overlap the last is left out
            continue
        last = middle
        said = "fresh randomness" if key is None else f"seed {key}" if by == "seed" else str(key)
        words = wrap_text(said.replace("→", "→ "), LABEL_WIDTH, 11, 2 if count / runs.height * size > 30 else 1)
        top = (middle - 6.5 * len(words)) / size * runs.height / every
        names.append({"text": "\n".join(words).replace("→ ", "→"), "row": top})
    written = write_texts(names, x=alt.value(-8), y=y, align="right")
    return [*layers, written]


def _draw_contrasts(known: pl.DataFrame, estimates: pl.DataFrame) -> alt.VConcatChart:
    """Draw, for each kind of group, distances within and between, and how far apart they are, with the null."""
    contrasts = estimates.filter(pl.col("contrast").is_in(list(SAID)))
    return alt.VConcatChart(
        vconcat=[
            _draw_distributions(known, contrasts["contrast"].to_list()),
            _draw_estimates(contrasts),
            draw_key(
                [
                    KeyEntry(
                        SERIES_COLOURS[0], "distances", "the middle half thick, nine tenths thin, the median white"
                    ),
                    KeyEntry(INK, "between less within", "its mean over pairs with its 95 % interval"),
                    KeyEntry(NULL_COLOUR, "null: permuted labels (95 %)", "where groups make no difference"),
                ],
                title="",
            ),
        ],
        spacing=44,
    )


def _draw_distributions(known: pl.DataFrame, contrasts: list[str]) -> alt.LayerChart:
    rows: list[dict[str, Any]] = []
    for contrast in contrasts:
        same = pl.col(f"{contrast}_a").eq_missing(pl.col(f"{contrast}_b"))
        for said, kept in (("within a", known.filter(same)), ("between two", known.filter(~same))):
            quantiles = {f"q{share}": kept["distance"].quantile(share / 100) for share in (5, 25, 50, 75, 95)}
            noun = SAID[contrast] + ("s" if said == "between two" else "")
            text = f"{said} {noun} ({count_of(kept.height, 'pair')})"
            rows.append({"y": 26 * len(rows) + 13, "text": text, "pairs": kept.height, **quantiles})
    height = 26 * len(rows)
    some = [row for row in rows if row["pairs"]]
    highest = max((row["q95"] for row in some), default=1.0)
    data = alt.InlineData(values=some)
    base: alt.Chart = alt.Chart(data)
    x: Any = alt.X("q5:Q").scale(domain=[0, 1.05 * (highest or 1.0)], nice=False).axis(title="distance", tickCount=5)
    y: Any = alt.Y("y:Q").scale(domain=[height, 0], nice=False).axis(None)
    thin = base.mark_rule(stroke=SERIES_COLOURS[0], strokeWidth=1.5).encode(x=x, x2="q95:Q", y=y)
    thick = base.mark_rule(stroke=SERIES_COLOURS[0], strokeWidth=9).encode(x=alt.X("q25:Q"), x2="q75:Q", y=y)
    median = base.mark_tick(color="white", thickness=2, height=9, orient="vertical").encode(x=alt.X("q50:Q"), y=y)
    one: alt.Chart = alt.Chart(alt.InlineData(values=[row for row in some if row["q25"] == row["q75"]])).mark_circle(
        size=60, color=SERIES_COLOURS[0], opacity=1
    )
    names = write_texts([{"text": row["text"], "y": row["y"] - 6} for row in rows], x=alt.value(-8), y=y, align="right")
    return alt.LayerChart(
        layer=[thin, thick, one.encode(x=alt.X("q50:Q"), y=y), median, names], width=SIDE - 60, height=height
    )


def _draw_estimates(contrasts: pl.DataFrame) -> alt.LayerChart:
    rows = [
        row | {"y": 34 * number + 17, "top": 34 * number + 6, "foot": 34 * number + 28}
        for number, row in enumerate(contrasts.to_dicts())
    ]
    height = 34 * len(rows)
    known = [row for row in rows if row["estimate"] is not None]
    kept = ("estimate", "lower", "upper", "null_lower", "null_upper", "y", "top", "foot")
    base: alt.Chart = alt.Chart(alt.InlineData(values=[{name: row[name] for name in kept} for row in known]))
    x: Any = alt.X("estimate:Q").scale(zero=True).axis(title="between less within", tickCount=5)
    y: Any = alt.Y("y:Q").scale(domain=[height, 0], nice=False).axis(None)
    band = base.mark_rect(color=NULL_COLOUR).encode(
        x=alt.X("null_lower:Q"),
        x2="null_upper:Q",
        y=alt.Y("top:Q").scale(domain=[height, 0], nice=False).axis(None),
        y2="foot:Q",
    )
    interval = base.mark_rule(stroke=INK, strokeWidth=2).encode(x=alt.X("lower:Q"), x2="upper:Q", y=y)
    mean = base.mark_point(shape="diamond", filled=True, size=90, color=INK, opacity=1).encode(x=x, y=y)
    zero: alt.Chart = alt.Chart(alt.InlineData(values=[{"estimate": 0}])).mark_rule(stroke=FAINT_INK, strokeDash=[3, 3])
    names = write_texts(
        [{"text": f"by {SAID[row['contrast']]}{_say_p(row)}", "y": row["y"] - 6} for row in rows],
        x=alt.value(-8),
        y=y,
        align="right",
    )
    reasons = write_texts(
        [
            {"text": "\n".join(wrap_text(f"No estimate: {row['reason']}", SIDE - 70, 11, 2)), "y": row["y"] - 13}
            for row in rows
            if row["reason"]
        ],
        x=alt.value(4),
        y=y,
        color=FAINT_INK,
    )
    drawn = [band, zero.encode(x=x), interval, mean] if known else []
    layers = [*drawn, names, reasons]
    return alt.LayerChart(layer=layers, width=SIDE - 60, height=height)


def _say_p(row: dict[str, Any]) -> str:
    return "" if row["null_p"] is None else f" (p = {row['null_p']:.2g})"
