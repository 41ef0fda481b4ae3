"""The transition graph: clusters on a ring, arrows for what leads where, closed classes with a dark rim."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, Literal

import altair as alt
import numpy as np
import polars as pl

from loopscope.datavis.groups import draw_reason, iterate_group_frames, write_heading
from loopscope.datavis.subject import describe_result, require_one_result, require_rows, write_subtitle
from loopscope.datavis.text_marks import LINE_HEIGHT, write_texts
from loopscope.datavis.theme import FAINT_INK, INK, apply_theme, choose_cluster_colour
from loopscope.datavis.wording import count_of, percentage, wrap_text

WIDTH: Final = 860
HEIGHT: Final = 560
CENTRE: Final = (WIDTH / 2, HEIGHT / 2)
RADIUS: Final = 200
LARGEST_NODE: Final = 24
SMALLEST_NODE: Final = 6
LABEL_WIDTH: Final = 185
CURVE: Final = np.linspace(0, 1, 60)
ARROW: Final = 7
MOST_CLASSES: Final = 3
SIDES: Final[tuple[tuple[int, Literal["left", "center", "right"]], ...]] = ((1, "left"), (-1, "right"), (0, "center"))
NEEDED: Final = (
    *("clustering_result_id", "from_cluster", "from_label", "to_cluster", "count", "probability"),
    *("class", "closed", "class_count", "class_runs", "lag", "milestoning", "group_runs", "lower", "upper"),
)


@dataclass(frozen=True)
class _Node:
    number: int
    label: str
    share: float
    stays: float
    closed: bool
    angle: float

    @property
    def radius(self) -> float:
        return max(SMALLEST_NODE, LARGEST_NODE * float(np.sqrt(self.share / 0.4)) if self.share < 0.4 else LARGEST_NODE)

    @property
    def place(self) -> tuple[float, float]:
        return CENTRE[0] + RADIUS * float(np.sin(self.angle)), CENTRE[1] - RADIUS * float(np.cos(self.angle))


def plot_transition_graph(
    transitions: pl.DataFrame, *, top: int = 14, least: float = 0.05, max_groups: int = 4
) -> alt.VConcatChart:
    """Draw the commonest clusters on a ring with arrows for the transitions between them, for each group of runs.

    Parameters
    ----------
    transitions
        As `load_transitions_df` gives it, of one clustering result.
    top
        So many clusters are drawn at most, those that transitions begin in most often.
    least
        Transitions of a lower probability have no arrow.
    max_groups
        Of more groups than these, the first are drawn, and the subtitle says so.

    Returns
    -------
    altair.VConcatChart
        A disc's area is the cluster's share of the steps that are left, an arrow's width its probability, its colour
        that of the cluster it leaves. Clusters that exchange most stand side by side.

    Raises
    ------
    ChartError
        If the frame is empty, lacks a column, or holds several clustering results.
    """
    advice = "`loopscope cluster list` shows what there is; `loopscope cluster perform MODEL` makes a clustering."
    require_rows(transitions, NEEDED, chart="transition graph", advice=advice)
    require_one_result(transitions, chart="transition graph")
    groups = list(iterate_group_frames(transitions))
    panels = [_draw_panel(name, part, top, least) for name, part in groups[:max_groups]]
    row = transitions.row(0, named=True)
    said = [
        *describe_result(transitions),
        f"arrows: probabilities from {100 * least:.0f} % over {count_of(row['lag'], 'step')}",
    ]
    said += ["disc: share of the steps", "dark rim: in a closed class, which no transition leaves"]
    said += ["outliers replaced by the last cluster"] if row["milestoning"] else []
    said += [f"the first {max_groups} of {len(groups)} groups drawn"] if len(groups) > max_groups else []
    title = alt.Title("Where each cluster leads", subtitle=write_subtitle(said, WIDTH))
    return apply_theme(alt.VConcatChart(vconcat=panels, spacing=30, title=title))


def _draw_panel(name: str, part: pl.DataFrame, top: int, least: float) -> alt.LayerChart:
    if part["from_cluster"].null_count():
        return draw_reason(name, part, width=WIDTH)
    nodes, n_states = _list_nodes(part, top)
    by_number = {node.number: node for node in nodes}
    seen = part.filter(pl.col("to_cluster").is_in(list(by_number)), pl.col("from_cluster").is_in(list(by_number)))
    moves = seen.filter(pl.col("from_cluster") != pl.col("to_cluster"), pl.col("probability") >= least)
    x = alt.X("x:Q").scale(domain=[0, WIDTH], nice=False).axis(None)
    y = alt.Y("y:Q").scale(domain=[HEIGHT, 0], nice=False).axis(None)
    heading = f"{name} · {count_of(part['group_runs'][0], 'run')}"
    if n_states > len(nodes):
        whole = int(part["count"].sum())
        inside = int(part.filter(pl.col("from_cluster").is_in(list(by_number)))["count"].sum())
        heading += f" · {len(nodes)} of {n_states} states, with {percentage(inside, whole)} of all transitions"
    heading += _say_evidence(part, by_number)
    layers = [
        *_draw_arrows(moves, by_number, x, y),
        _draw_nodes(nodes, x, y),
        *_write_labels(nodes, x, y),
        write_heading(heading, width=WIDTH, above=4),
    ]
    return alt.LayerChart(layer=layers, width=WIDTH, height=HEIGHT)


def _say_evidence(part: pl.DataFrame, drawn: Collection[int]) -> str:
    """Say on how much each closed class rests of which a cluster is drawn."""
    seen = part.filter(pl.col("closed"), pl.col("from_cluster").is_in(list(drawn)))["class"].unique()
    closed = part.filter(pl.col("closed"), pl.col("class").is_in(seen.to_list()))
    classes = closed.group_by("class", maintain_order=True).agg(
        pl.first("class_count", "class_runs"), pl.col("from_cluster").unique().sort()
    )
    rows = classes.sort("class_count", descending=True).head(MOST_CLASSES).iter_rows(named=True)
    said = [
        f"{_name_class(row['from_cluster'])}: not left in "
        f"{count_of(row['class_count'], 'transition')} of {count_of(row['class_runs'], 'run')}"
        for row in rows
    ]
    more = [f"and {count_of(classes.height - MOST_CLASSES, 'more closed class', 'more closed classes')}"]
    return f" · closed: {'; '.join(said + (more if classes.height > MOST_CLASSES else []))}" if said else ""


def _name_class(members: list[int]) -> str:
    return f"a class of {len(members)}" if len(members) > MOST_CLASSES else ", ".join(map(_name, members))


def _list_nodes(part: pl.DataFrame, top: int) -> tuple[list[_Node], int]:
    """List the states drawn, in their order around the ring, and say how many there are in all."""
    left = part.group_by("from_cluster").agg(pl.sum("count").alias("n"), pl.first("from_label", "closed"))
    shown = left.sort(-pl.col("n"), "from_cluster").head(top)
    total = max(int(left["n"].sum()), 1)
    facts = {number: (n, label, closed) for number, n, label, closed in shown.iter_rows()}
    counts = {
        (origin, target): count
        for origin, target, count in part.select("from_cluster", "to_cluster", "count").iter_rows()
    }
    order = _order_around(list(facts), counts)
    nodes = []
    for place, number in enumerate(order):
        n, label, closed = facts[number]
        stays = counts.get((number, number), 0) / n if n else 0.0
        angle = 2 * np.pi * place / len(order)
        nodes.append(_Node(number, label or "–", n / total, stays, bool(closed), float(angle)))
    return nodes, left.height


def _order_around(numbers: list[int], counts: dict[tuple[int, int | None], int]) -> list[int]:
    """Begin with the largest, and go on with whichever exchanges most with the last one."""
    order = numbers[:1]
    rest = numbers[1:]
    while rest:
        last = order[-1]
        following = max(rest, key=lambda each: counts.get((last, each), 0) + counts.get((each, last), 0))
        order.append(following)
        rest.remove(following)
    return order


def _draw_arrows(moves: pl.DataFrame, nodes: dict[int, _Node], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    lines, heads = [], []
    for number, row in enumerate(moves.sort("probability").iter_rows(named=True)):
        start, end = nodes[row["from_cluster"]], nodes[row["to_cluster"]]
        path = _bend(start, end)
        interval = "" if row["lower"] is None else f" [{row['lower']:.2f}, {row['upper']:.2f}]"
        told = {
            "arrow": number,
            "colour": choose_cluster_colour(start.number),
            "width": 1 + 9 * row["probability"],
            "from": _name(start.number),
            "to": _name(end.number),
            "said": f"{row['probability']:.2f}{interval}",
            "count": row["count"],
        }
        lines += [told | {"x": float(px), "y": float(py), "t": step} for step, (px, py) in enumerate(path)]
        direction = path[-1] - path[-8]
        turned = np.degrees(np.arctan2(direction[0], -direction[1]))
        size = (ARROW + 12 * row["probability"]) ** 2
        heads.append(told | {"x": float(path[-1][0]), "y": float(path[-1][1]), "angle": float(turned), "size": size})
    colour = alt.Color("colour:N").scale(None)
    tooltip = [alt.Tooltip(f"{key}:N", title=key) for key in ("from", "to")]
    tooltip += [alt.Tooltip("said:N", title="probability"), alt.Tooltip("count:Q", title="transitions")]
    drawn: alt.Chart = alt.Chart(alt.InlineData(values=lines)).mark_trail(opacity=0.6)
    tips: alt.Chart = alt.Chart(alt.InlineData(values=heads)).mark_point(
        shape="triangle", filled=True, opacity=1, stroke="white", strokeWidth=0.8
    )
    width = alt.Size("width:Q").scale(None).legend(None)
    return [
        drawn.encode(x=x, y=y, order="t:Q", detail="arrow:N", color=colour, size=width, tooltip=tooltip),
        tips.encode(
            x=x,
            y=y,
            color=colour,
            angle=alt.Angle("angle:Q").scale(None),
            size=alt.Size("size:Q").scale(None),
            tooltip=tooltip,
        ),
    ]


def _bend(start: _Node, end: _Node) -> Any:
    """Shape (points, 2): a curve that bends towards the middle of the ring, from rim to rim, right of its return."""
    a, b = np.array(start.place), np.array(end.place)
    middle = (a + b) / 2
    along = (b - a) / max(float(np.linalg.norm(b - a)), 1e-9)
    aside = np.array([-along[1], along[0]])
    control = middle + 0.45 * (np.array(CENTRE) - middle) + 16 * aside
    t = CURVE[:, None]
    points = (1 - t) ** 2 * a + 2 * t * (1 - t) * control + t**2 * b
    away = np.linalg.norm(points - a, axis=1) > start.radius + 2
    before = np.linalg.norm(points - b, axis=1) > end.radius + 7
    kept = points[away & before]
    return kept if len(kept) > 8 else points


def _draw_nodes(nodes: list[_Node], x: alt.X, y: alt.Y) -> alt.Chart:
    values = [
        {
            "x": node.place[0],
            "y": node.place[1],
            "size": float(np.pi * node.radius**2),
            "colour": choose_cluster_colour(node.number),
            "rim": INK if node.closed else "white",
            "cluster": _name(node.number),
            "label": node.label,
            "share": f"{100 * node.share:.1f} %",
            "stays": f"{100 * node.stays:.0f} %",
            "closed": "yes" if node.closed else "no",
        }
        for node in nodes
    ]
    titles = {
        "cluster": "cluster",
        "label": "medoid",
        "share": "of the steps",
        "stays": "stays",
        "closed": "closed class",
    }
    discs: alt.Chart = alt.Chart(alt.InlineData(values=values)).mark_point(
        shape="circle", filled=True, opacity=1, strokeWidth=2.5
    )
    return discs.encode(
        x=x,
        y=y,
        size=alt.Size("size:Q").scale(None).legend(None),
        fill=alt.Fill("colour:N").scale(None),
        stroke=alt.Stroke("rim:N").scale(None),
        tooltip=[alt.Tooltip(f"{name}:N", title=title) for name, title in titles.items()],
    )


def _write_labels(nodes: list[_Node], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Write number, probability of staying and medoid outside the ring, on the side where the disc is."""
    layers = []
    for side, align in SIDES:
        heads, texts = [], []
        for node in nodes:
            across, down = float(np.sin(node.angle)), -float(np.cos(node.angle))
            if side != (0 if abs(across) < 0.1 else int(np.sign(across))):
                continue
            lines = [] if node.number < 0 else wrap_text(node.label, LABEL_WIDTH, 11, 2)
            height = LINE_HEIGHT * (1 + len(lines))
            px = node.place[0] + across * (node.radius + 12)
            py = node.place[1] + down * (node.radius + 12 + height / 2) - height / 2
            heads.append({"x": px, "y": py, "text": f"{_name(node.number)} · stays {100 * node.stays:.0f} %"})
            texts.append({"x": px, "y": py + LINE_HEIGHT, "text": "\n".join(lines)})
        layers.append(write_texts(heads, x=x, y=y, align=align, bold=True))
        layers.append(write_texts(texts, x=x, y=y, align=align, color=FAINT_INK))
    return layers


def _name(number: int) -> str:
    return "outliers" if number < 0 else str(number)
