"""The transition matrix: how likely each cluster leads to each, closed classes outlined."""

from dataclasses import dataclass
from typing import Any, Final

import altair as alt
import polars as pl

from loopscope.datavis.groups import draw_reason, iterate_group_frames, write_heading
from loopscope.datavis.subject import describe_result, require_one_result, require_rows, write_subtitle
from loopscope.datavis.text_marks import LINE_HEIGHT, write_texts
from loopscope.datavis.theme import FAINT_INK, INK, RULE, apply_theme, choose_cluster_colour
from loopscope.datavis.wording import count_of, percentage, shorten_text

LABEL_WIDTH: Final = 250
NUMBER_WIDTH: Final = 30
SWATCH: Final = 12
LARGEST_CELL: Final = 44
SMALLEST_CELL: Final = 13
MATRIX_SIZE: Final = 520
NUMBERED_FROM: Final = 18
"""Cells of at least this size, in pixels, have their probability written in them."""
SIGNIFICANT: Final = 0.05
SCHEME: Final = ("#e3edf6", "#bcd5ea", "#84b3d8", "#4a90c2", "#1c669f", "#083a68")
NEEDED: Final = (
    *("clustering_result_id", "from_cluster", "from_label", "to_cluster", "count", "probability"),
    *(
        "class",
        "closed",
        "class_count",
        "class_runs",
        "pi",
        "lower",
        "upper",
        "null_mean",
        "null_p",
        "null",
        "lag",
        "milestoning",
        "group_runs",
    ),
)


@dataclass(frozen=True)
class _State:
    number: int
    label: str
    count: int
    class_number: int | None
    closed: bool
    class_count: int
    class_runs: int
    pi: float | None


def plot_transition_matrix(transitions: pl.DataFrame, *, top: int = 40, max_groups: int = 6) -> alt.VConcatChart:
    """Draw the probability of each transition, a panel for each group of runs.

    Parameters
    ----------
    transitions
        As `load_transitions_df` gives it, of one clustering result.
    top
        Of more clusters than these, those that transitions begin in most often are drawn, and the heading says so.
    max_groups
        Of more groups than these, the first are drawn, and the subtitle says so.

    Returns
    -------
    altair.VConcatChart
        Rows lead to columns. Clusters stand by communicating class, the largest class first, and within it by
        decreasing number of transitions; closed classes have a thick outline.

    Raises
    ------
    ChartError
        If the frame is empty, lacks a column, or holds several clustering results.
    """
    advice = "`loopscope cluster list` shows what there is; `loopscope cluster perform MODEL` makes a clustering."
    require_rows(transitions, NEEDED, chart="transition matrix", advice=advice)
    require_one_result(transitions, chart="transition matrix")
    groups = list(iterate_group_frames(transitions))
    panels = [_draw_panel(name, part, top) for name, part in groups[:max_groups]]
    title = alt.Title(
        "Which cluster leads to which, and how likely",
        subtitle=write_subtitle(_describe(transitions, len(groups), max_groups), 760),
    )
    return apply_theme(alt.VConcatChart(vconcat=panels, spacing=36, title=title))


def _draw_panel(name: str, part: pl.DataFrame, top: int) -> alt.LayerChart:
    if part["from_cluster"].null_count():
        return draw_reason(name, part, width=MATRIX_SIZE)
    states = _list_states(part)
    shown = sorted(sorted(states, key=lambda each: -each.count)[:top], key=_place)
    size = int(max(SMALLEST_CELL, min(LARGEST_CELL, MATRIX_SIZE / max(len(shown), 1))))
    side = size * len(shown)
    places = {state.number: number for number, state in enumerate(shown)}
    x = alt.X("x:Q").scale(domain=[0, side], nice=False).axis(None)
    y = alt.Y("y:Q").scale(domain=[side, 0], nice=False).axis(None)
    cells = _list_cells(part, places, size)
    layers = [
        _draw_squares([{"x": 0, "x2": side, "y": 0, "y2": side}], x, y, fill="white", stroke=RULE),
        _draw_cells(cells, x, y),
        *_draw_marks(cells, size, x, y),
        *_draw_edges(shown, size, x, y),
        *_draw_closed(shown, size, x, y),
        write_heading(
            _head(name, part["group_runs"][0], states, shown),
            width=side + LABEL_WIDTH + 220,
            above=36,
            left=-LABEL_WIDTH,
        ),
    ]
    return alt.LayerChart(layer=layers, width=side, height=side)


def _list_states(part: pl.DataFrame) -> list[_State]:
    """Every state of a group: those that are left, and those that only ever end a run."""
    columns = ["from_label", "class", "closed", "class_count", "class_runs", "pi"]
    left = part.group_by("from_cluster", maintain_order=True).agg(pl.sum("count").alias("n"), pl.first(*columns))
    return [
        _State(number, label or "–", n, class_number, bool(closed), class_count or 0, class_runs or 0, pi)
        for number, n, label, class_number, closed, class_count, class_runs, pi in left.iter_rows()
    ]


def _place(state: _State) -> tuple[int, int, int]:
    unknown = 1_000_000
    return (unknown if state.class_number is None else state.class_number, -state.count, state.number)


def _list_cells(part: pl.DataFrame, places: dict[int, int], size: int) -> list[dict[str, Any]]:
    cells = []
    kept = part.filter(pl.col("to_cluster").is_in(list(places)), pl.col("from_cluster").is_in(list(places)))
    for row in kept.iter_rows(named=True):
        left, upper = size * places[row["to_cluster"]], size * places[row["from_cluster"]]
        probability, p = row["probability"], row["null_p"]
        interval = "" if row["lower"] is None else f" [{row['lower']:.2f}, {row['upper']:.2f}]"
        chance = "–" if p is None else f"{row['null_mean']:.3f} on average, p = {p:.2g} (null {row['null']})"
        cells.append(
            {
                "x": left,
                "x2": left + size,
                "y": upper,
                "y2": upper + size,
                "p": probability,
                "text": f"{100 * probability:.0f}" if probability >= 0.005 else "",
                "ink": "white" if probability > 0.5 else INK,
                "from": _name(row["from_cluster"], row["from_label"]),
                "to": _name(row["to_cluster"], row["to_label"]),
                "said": f"{probability:.3f}{interval}",
                "count": row["count"],
                "chance": chance,
                "more": p is not None and p <= SIGNIFICANT and probability > row["null_mean"],
            }
        )
    return cells


def _name(number: int, label: str | None) -> str:
    return "outliers" if number < 0 else f"{number}: {label or '–'}"


def _draw_cells(cells: list[dict[str, Any]], x: alt.X, y: alt.Y) -> alt.Chart:
    titles = {"from": "from", "to": "to", "said": "probability", "count": "transitions", "chance": "by chance"}
    legend = alt.Legend(
        title="probability", orient="right", offset=24, gradientLength=120, format="%", values=[0, 0.25, 0.5, 0.75, 1]
    )
    drawn: alt.Chart = alt.Chart(alt.InlineData(values=cells)).mark_rect(stroke="white", strokeWidth=0.5)
    return drawn.encode(
        x=x,
        x2="x2:Q",
        y=y,
        y2="y2:Q",
        color=alt.Color("p:Q").scale(domain=[0, 1], range=list(SCHEME), interpolate="rgb").legend(legend),
        tooltip=[alt.Tooltip(f"{name}:N", title=title) for name, title in titles.items()],
    )


def _draw_marks(cells: list[dict[str, Any]], size: int, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Write probabilities where there is room, and a corner on what is more likely than by chance."""
    layers = []
    if size >= NUMBERED_FROM:
        texts: alt.Chart = alt.Chart(alt.InlineData(values=cells)).mark_text(
            fontSize=10 if size >= 22 else 9, dx=size / 2, dy=size / 2
        )
        layers.append(texts.encode(x=x, y=y, text="text:N", color=alt.Color("ink:N").scale(None)))
    corner = max(5.0, 0.3 * size)
    more = [{"x": cell["x2"], "y": cell["y"]} for cell in cells if cell["more"]]
    corners: alt.Chart = alt.Chart(alt.InlineData(values=more)).mark_point(
        shape="M0,0 L-1,0 L0,1 Z", size=4 * corner**2, fill="#d55e00", stroke=None, opacity=1, filled=True
    )
    return [*layers, corners.encode(x=x, y=y)]


def _draw_edges(shown: list[_State], size: int, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Give each cluster its colour, number and medoid beside its row, its colour and number above its column."""
    boxes, numbers, labels, above = [], [], [], []
    swatch = min(SWATCH, size - 3)
    step = max(1, -(-LINE_HEIGHT // size))
    for place, state in enumerate(shown):
        centre = size * (place + 0.5)
        colour = choose_cluster_colour(state.number)
        for left, upper in ((-swatch - 5, centre - swatch / 2), (centre - swatch / 2, -swatch - 5)):
            boxes.append({"x": left, "x2": left + swatch, "y": upper, "y2": upper + swatch, "colour": colour})
        number = "–" if state.number < 0 else str(state.number)
        text = shorten_text("outliers" if state.number < 0 else state.label, LABEL_WIDTH - NUMBER_WIDTH - 30, 11)
        numbers.append({"y": centre - 5.5, "text": number})
        labels.append({"y": centre - 5.5, "text": text})
        if size >= NUMBERED_FROM or place % step == 0:
            above.append({"x": centre, "text": number})
    drawn: alt.Chart = alt.Chart(alt.InlineData(values=boxes)).mark_rect()
    font = 11 if size >= LINE_HEIGHT else size - 2
    return [
        drawn.encode(x=x, x2="x2:Q", y=y, y2="y2:Q", color=alt.Color("colour:N").scale(None)),
        write_texts(numbers, x=alt.value(-swatch - 12), y=y, align="right", size=font, bold=True),
        write_texts(labels, x=alt.value(-swatch - 12 - NUMBER_WIDTH), y=y, align="right", size=font, color=FAINT_INK),
        write_texts(above, x=x, y=alt.value(-swatch - 18), align="center", size=min(font, max(9, size - 5)), bold=True),
    ]


def _draw_closed(shown: list[_State], size: int, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Outline each closed class, and say beside it on how much that rests."""
    squares, texts = [], []
    numbers = [state.class_number for state in shown]
    for number in sorted({state.class_number for state in shown if state.closed and state.class_number is not None}):
        first, state = numbers.index(number), shown[numbers.index(number)]
        members = numbers.count(number)
        low, high = size * first, size * (first + members)
        squares.append({"x": low, "x2": high, "y": low, "y2": high})
        said = f"closed class of {members}: not left in" if members > 1 else "closed: not left in"
        evidence = f"{count_of(state.class_count, 'transition')} of {count_of(state.class_runs, 'run')}"
        texts.append({"y": low + 2, "text": f"{said}\n{evidence}"})
    side = size * len(shown)
    return [
        _draw_squares(squares, x, y, stroke=INK, strokeWidth=2.5, fill=None),
        write_texts(_apart(texts), x=alt.value(side + 8), y=y, color=INK),
    ]


def _apart(texts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    free = 0.0
    for text in texts:
        text["y"] = max(text["y"], free)
        free = text["y"] + 2 * LINE_HEIGHT + 3
    return texts


def _draw_squares(values: list[dict[str, Any]], x: alt.X, y: alt.Y, **style: Any) -> alt.Chart:
    squares: alt.Chart = alt.Chart(alt.InlineData(values=values)).mark_rect(**style)
    return squares.encode(x=x, x2="x2:Q", y=y, y2="y2:Q")


def _head(name: str, runs: int, states: list[_State], shown: list[_State]) -> str:
    name = f"{name} · {count_of(runs, 'run')}"
    if len(shown) == len(states):
        return name
    whole = sum(state.count for state in states)
    part = sum(state.count for state in shown)
    return f"{name} · {len(shown)} of {len(states)} states, with {percentage(part, whole)} of all transitions"


def _describe(transitions: pl.DataFrame, groups: int, max_groups: int) -> list[str]:
    row = transitions.row(0, named=True)
    parts = [*describe_result(transitions), f"transitions over {count_of(row['lag'], 'step')}"]
    parts.append("a row sums to 100 %" + (", outliers replaced by the last cluster" if row["milestoning"] else ""))
    chance = "in shuffled order" if row["null"] == "S" else "in a chain of first order"
    parts.append(f"orange corner: more often than {chance} (p ≤ {SIGNIFICANT})")
    parts.append("thick outline: a closed class, which no transition leaves")
    if groups > max_groups:
        parts.append(f"the first {max_groups} of {groups} groups drawn")
    return parts
