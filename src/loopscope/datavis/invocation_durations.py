"""How long invocations take, by model: distributions on a logarithmic axis, with quartiles."""

from typing import Any, Final

import altair as alt
import numpy as np
import polars as pl

from loopscope.datavis.subject import require_rows, write_subtitle
from loopscope.datavis.text_marks import write_texts
from loopscope.datavis.theme import FAINT_INK, INK, SERIES_COLOURS, apply_theme
from loopscope.datavis.wording import count_of, percentage, shorten_text

WIDTH: Final = 620
ROW_HEIGHT: Final = 64
HILL: Final = 46
"""The height of the highest hill, in pixels."""
LABEL_WIDTH: Final = 170
BINS: Final = 60
SHORTEST: Final = 1e-6
"""Seconds: what took no measurable time is drawn here."""
MOST_TICKS: Final = 8


def plot_invocation_durations(invocations: pl.DataFrame) -> alt.LayerChart:
    """Draw the distribution of the seconds that each model's invocations took.

    Parameters
    ----------
    invocations
        As `load_invocations_df` gives it.

    Returns
    -------
    altair.LayerChart
        A hill for each model, all of the same area on the logarithmic axis, the model that took most time first; under
        it a bar from the first to the third quartile with a dot at the median.

    Raises
    ------
    ChartError
        If the frame is empty or lacks a column.
    """
    advice = "`loopscope experiment perform FILE` performs an experiment."
    require_rows(invocations, ("model", "seconds", "run_id"), chart="duration", advice=advice)
    known = invocations.with_columns(seconds=pl.max_horizontal("seconds", pl.lit(SHORTEST)))
    models = known.group_by("model").agg(pl.col("seconds").sum()).sort("seconds", "model", descending=[True, False])
    names = models["model"].to_list()
    edges = _choose_edges(known["seconds"])
    hills, bars, labels = [], [], []
    tallest = max(_count(known, name, edges).max() for name in names)
    for row, name in enumerate(names):
        seconds = known.filter(pl.col("model") == name)["seconds"]
        base = row * ROW_HEIGHT + HILL
        colour = SERIES_COLOURS[row % len(SERIES_COLOURS)]
        hills += _draw_hill(_count(known, name, edges), edges, base, tallest, name, colour)
        bars.append(_describe(seconds, base, name, colour))
        took = percentage(round(1000 * seconds.sum()), max(1, round(1000 * known["seconds"].sum())))
        labels += _label(name, f"{took} of the time · {count_of(len(seconds), 'call')}", base)
    height = ROW_HEIGHT * len(names)
    parts = [count_of(known["run_id"].n_unique(), "run"), count_of(known.height, "invocation")]
    parts.append("hills of equal area · bar and dot: quartiles and median · a batch's time is shared among its calls")
    title = alt.Title("How long each model takes", subtitle=write_subtitle(parts, WIDTH + LABEL_WIDTH))
    return apply_theme(
        alt.LayerChart(layer=_layers(hills, bars, labels, edges, height), width=WIDTH, height=height, title=title)
    )


def _choose_edges(seconds: pl.Series) -> Any:
    """Choose bins of equal width on a logarithmic axis, a little wider than the data."""
    logs = np.log10(seconds.to_numpy())
    low, high = logs.min(), logs.max()
    margin = max(0.08 * (high - low), 0.1)
    return np.linspace(low - margin, high + margin, BINS + 1)


def _count(known: pl.DataFrame, name: str, edges: Any) -> Any:
    """Count a model's invocations in each bin, as shares, smoothed a little."""
    counts, _ = np.histogram(np.log10(known.filter(pl.col("model") == name)["seconds"].to_numpy()), edges)
    smooth = np.convolve(counts, [0.25, 0.5, 0.25], mode="same")
    return smooth / smooth.sum()


def _draw_hill(shares: Any, edges: Any, base: float, tallest: float, name: str, colour: str) -> list[dict[str, Any]]:
    centres = 10 ** ((edges[1:] + edges[:-1]) / 2)
    return [
        {
            "x": float(f"{x:.4g}"),
            "y": round(base - HILL * share / tallest, 1),
            "base": base,
            "model": name,
            "colour": colour,
        }
        for x, share in zip(centres, shares, strict=True)
    ]


def _describe(seconds: pl.Series, base: float, name: str, colour: str) -> dict[str, Any]:
    low, middle, high = (seconds.quantile(at, "linear") for at in (0.25, 0.5, 0.75))
    return {"low": low, "median": middle, "high": high, "y": base + 6, "model": name, "colour": colour}


def _label(name: str, said: str, base: float) -> list[dict[str, Any]]:
    return [
        {"y": base - 26, "text": shorten_text(name, LABEL_WIDTH - 12, 12), "ink": INK},
        {"y": base - 11, "text": said, "ink": FAINT_INK},
    ]


def _choose_ticks(low: float, high: float) -> list[float]:
    """Choose round numbers between two, as many as have room."""
    found: list[float] = []
    for digits in ((1,), (1, 3), (1, 2, 5), range(1, 10)):
        ticks = [float(f"{digit}e{power}") for power in range(-7, 8) for digit in digits]
        inside = [tick for tick in ticks if low <= tick <= high]
        if len(inside) > MOST_TICKS:
            break
        found = inside
    return found


def _layers(
    hills: list[dict[str, Any]], bars: list[dict[str, Any]], labels: list[dict[str, Any]], edges: Any, height: int
) -> list[Any]:
    colour = alt.Color("colour:N").scale(None)
    domain = [float(10 ** edges[0]), float(10 ** edges[-1])]
    written = "datum.value < 0.0009 ? format(datum.value * 1e6, ',~g') + ' µs' : datum.value < 0.9 ? "
    written += "format(datum.value * 1000, ',~g') + ' ms' : format(datum.value, ',~g') + ' s'"
    axis: dict[str, Any] = {"labelExpr": written, "grid": True, "values": _choose_ticks(*domain)}
    x = alt.X("x:Q", title="time of one invocation").scale(type="log", domain=domain, nice=False).axis(**axis)
    y = alt.Y("y:Q").scale(domain=[height, 0], nice=False).axis(None)
    hill: alt.Chart = alt.Chart(alt.InlineData(values=hills)).mark_area(fillOpacity=0.45, line=False)
    bar: alt.Chart = alt.Chart(alt.InlineData(values=bars))
    tooltip = [alt.Tooltip("model:N"), *(alt.Tooltip(f"{name}:Q", format=".3~s") for name in ("low", "median", "high"))]
    low = alt.X("low:Q").scale(type="log", domain=domain, nice=False)
    return [
        hill.encode(x=x, y=y, y2="base:Q", color=colour, detail="model:N"),
        bar.mark_rule(strokeWidth=3).encode(x=low, x2="high:Q", y=y, color=colour, tooltip=tooltip),
        bar.mark_point(filled=True, size=50, opacity=1).encode(x="median:Q", y=y, color=colour, tooltip=tooltip),
        *(
            write_texts([label], x=alt.value(-LABEL_WIDTH), y=y, bold=label["ink"] == INK, color=label["ink"])
            for label in labels
        ),
    ]
