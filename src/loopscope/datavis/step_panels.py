"""Curves over the steps of runs, in panels that share their axes, and words where there is no curve."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import altair as alt
import polars as pl

from loopscope.datavis.text_marks import write_texts
from loopscope.datavis.theme import FAINT_INK, INK
from loopscope.datavis.wording import wrap_text

MOST_STEPS: Final = 250
"""A curve of more steps is drawn at every second, third, … of them: a panel is not wider in pixels than that."""
NULL_COLOUR: Final = "#d4d4d4"
NOTE_LINES: Final = 3
GROUPS: Final = ("network", "initial_prompt", "seed")
"""By what frames may be grouped."""


@dataclass(frozen=True)
class Point:
    """A value at a step, with the ends of its interval where it has one."""

    step: float
    value: float | None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Curve:
    """What is drawn of one quantity.

    Attributes
    ----------
    name, colour
        For the tooltip, and as in the key.
    points
        In the order of steps; those without a value are left out.
    band
        Whether the interval is drawn, and whether the line is.
    dashed, width
        The style of the line; of width 0 there is none.
    """

    name: str
    colour: str
    points: Sequence[Point]
    band: bool = False
    dashed: bool = False
    width: float = 2.0
    opacity: float = 0.2


@dataclass(frozen=True)
class Rule:
    """A line across a panel at a step, or at a value, with a word beside it."""

    text: str
    step: float | None = None
    value: float | None = None


@dataclass(frozen=True)
class Panel:
    """One panel: a heading, what it says in words, curves from back to front, rules."""

    heading: str
    notes: Sequence[str]
    curves: Sequence[Curve]
    rules: Sequence[Rule] = field(default=())
    nothing: str | None = None


@dataclass(frozen=True)
class Axes:
    """What all panels share."""

    step_title: str
    value_title: str
    values: tuple[float, float]
    value_format: str = ""


def name_group(group: pl.DataFrame, by: Sequence[str]) -> str:
    """Name a group of runs by what they have in common."""
    return ", ".join("fresh seeds" if group[name][0] is None else f"{group[name][0]}" for name in by) or "all runs"


def name_generator(group: pl.DataFrame, *, several: bool) -> list[str]:
    """Say whose outputs a group is of, where there are several generators."""
    return [f"outputs of {group['generator'][0]}"] if several else []


def find_estimate(
    estimates: pl.DataFrame, group: pl.DataFrame, by: Sequence[str], **values: str
) -> dict[str, Any] | None:
    """Find the row of a frame of estimates that is of a group and generator and has these values."""
    same = [pl.col(name).eq_missing(group[name][0]) for name in (*by, "generator")]
    rows = estimates.filter(*same, **values)
    return None if rows.is_empty() else rows.row(0, named=True)


def say_estimate(row: dict[str, Any] | None, name: str, unit: str) -> str:
    """Say an estimate with its interval, or why there is none."""
    if row is None:
        return f"{name} not estimated"
    if row["estimate"] is None:
        return f"no {name}: {row['reason']}"
    interval = "" if row["lower"] is None else f" [{_write_number(row['lower'])}, {_write_number(row['upper'])}]"
    return f"{name} = {_write_number(row['estimate'])}{interval}{unit}"


def _write_number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2g}"


def draw_step_panels(panels: Sequence[Panel], axes: Axes) -> alt.ConcatChart:
    """Draw panels, in one row if there are two, else in rows of as many as are readable.

    Parameters
    ----------
    panels
        At least one.
    axes
        Titles, and between which values the vertical axis goes.
    """
    columns = {1: 1, 2: 2, 4: 2}.get(len(panels), min(len(panels), 3 if len(panels) <= 9 else 5))
    width, height = {1: (600, 330), 2: (430, 300), 3: (300, 220)}.get(columns, (190, 140))
    steps = [point.step for panel in panels for curve in panel.curves for point in curve.points]
    first, last = (min(steps), max(steps)) if steps else (0.0, 1.0)
    domain = (first, last) if last > first else (first - 1, last + 1)
    drawn = []
    for number, panel in enumerate(panels):
        below = number >= len(panels) - columns
        x = _step_axis(axes, domain, labelled=below)
        y = _value_axis(axes, labelled=number % columns == 0)
        drawn.append(_draw_panel(panel, x, y, width, height, gap=4 * (domain[1] - domain[0]) / width))
    return alt.ConcatChart(concat=drawn, columns=columns, align="each", spacing=18)


def _step_axis(axes: Axes, domain: tuple[float, float], *, labelled: bool) -> Any:
    words: dict[str, Any] = {"labels": labelled, "ticks": labelled, "title": axes.step_title if labelled else None}
    if domain[1] - domain[0] <= 10:  # else Vega marks halves of steps
        words["values"] = list(range(int(domain[0]), int(domain[1]) + 1))
    return alt.X("step:Q").scale(domain=list(domain), nice=False, zero=False).axis(**words, grid=False, format="d")


def _value_axis(axes: Axes, *, labelled: bool) -> Any:
    words: dict[str, Any] = {"labels": labelled, "ticks": labelled, "title": axes.value_title if labelled else None}
    if axes.value_format:
        words["format"] = axes.value_format
    return alt.Y("value:Q").scale(domain=list(axes.values), nice=False, zero=False).axis(**words, tickCount=5)


def _draw_panel(panel: Panel, x: Any, y: Any, width: int, height: int, *, gap: float) -> alt.LayerChart:
    layers: list[alt.Chart] = []
    for curve in panel.curves:
        layers += _draw_curve(curve, x, y)
    layers += _draw_rules(panel.rules, x, y, height, gap=gap)
    if panel.nothing is not None:
        lines = wrap_text(f"No estimate: {panel.nothing}", 0.8 * width, 12, 6)
        layers.append(
            write_texts(
                [{"text": "\n".join(lines)}],
                x=alt.value(width / 2), y=alt.value(height / 2 - 8 * len(lines)), align="center", size=12, color=INK,
            )
        )  # fmt: skip
    heading = wrap_text(panel.heading, width, 12, 2)
    notes = [line for note in panel.notes for line in wrap_text(note, width, 11, NOTE_LINES)]
    top = -10 - 14 * len(notes)
    layers.append(
        write_texts(
            [{"text": "\n".join(heading)}],
            x=alt.value(0), y=alt.value(top - 15 * len(heading)), size=12, bold=True, line_height=15,
        )
    )  # fmt: skip
    if notes:
        layers.append(
            write_texts([{"text": "\n".join(notes)}], x=alt.value(0), y=alt.value(top), color=FAINT_INK, line_height=14)
        )
    if not panel.curves:
        empty: alt.Chart = alt.Chart(alt.InlineData(values=[])).mark_point()
        layers.insert(0, empty.encode(x=x, y=y))
    return alt.LayerChart(layer=layers, width=width, height=height)


def _draw_curve(curve: Curve, x: Any, y: Any) -> list[alt.Chart]:
    known = [point for point in curve.points if point.value is not None]
    every = -(-len(known) // MOST_STEPS) or 1
    values = [
        {"step": point.step, "value": point.value, "lower": point.lower, "upper": point.upper, "of": curve.name}
        for point in known[::every]
    ]
    chart: alt.Chart = alt.Chart(alt.InlineData(values=values))
    tooltip = [alt.Tooltip("of:N", title="of"), alt.Tooltip("step:Q", title="step")]
    tooltip += [alt.Tooltip(f"{name}:Q", format=".3g") for name in ("value", "lower", "upper")]
    layers = []
    if curve.band and any(point.lower is not None for point in known):
        banded = chart.transform_filter("isValid(datum.lower)")
        area = banded.mark_area(color=curve.colour, opacity=curve.opacity, clip=True)
        layers.append(area.encode(x=x, y=alt.Y("lower:Q", scale=y["scale"], axis=y["axis"]), y2="upper:Q"))
    if curve.width:
        style: dict[str, Any] = {"strokeDash": [6, 4]} if curve.dashed else {}
        if len(values) == 1:
            style["point"] = {"size": 40, "color": curve.colour}
        line = chart.mark_line(color=curve.colour, strokeWidth=curve.width, clip=len(values) > 1, **style)
        layers.append(line.encode(x=x, y=y, tooltip=tooltip))
    return layers


def _draw_rules(rules: Sequence[Rule], x: Any, y: Any, height: int, *, gap: float) -> list[alt.Chart]:
    layers = []
    for rule in rules:
        chart: alt.Chart = alt.Chart(alt.InlineData(values=[{"step": rule.step, "value": rule.value}]))
        line = chart.mark_rule(color=FAINT_INK, strokeDash=[2, 3])
        word: list[dict[str, Any]] = [{"step": rule.step, "value": rule.value, "text": rule.text}]
        if rule.step is not None:
            layers.append(line.encode(x=x))
            word[0]["step"] = rule.step + gap
            layers.append(write_texts(word, x=x, y=alt.value(height - 16), color=FAINT_INK))
        else:
            layers.append(line.encode(y=y))
            layers.append(write_texts(word, x=alt.value(4), y=y, color=FAINT_INK))
    return layers
