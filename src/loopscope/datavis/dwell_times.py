"""How long runs stay in a cluster: stays by length, a panel for each of the clusters with most steps."""

from dataclasses import dataclass
from typing import Any, Final

import altair as alt
import numpy as np
import polars as pl

from loopscope.datavis.groups import GROUPED_BY
from loopscope.datavis.key import KeyEntry, draw_key
from loopscope.datavis.subject import name_result, require_one, require_rows, write_subtitle
from loopscope.datavis.text_marks import write_texts
from loopscope.datavis.theme import FAINT_INK, INK, apply_theme, choose_cluster_colour
from loopscope.datavis.wording import count_of, percentage, wrap_text
from loopscope.errors import ChartError
from loopscope.types import OUTLIER

FEWEST_BARS: Final = 5
MOST_BARS: Final = 30
COMMON: Final = 0.995
"""Stays longer than this share of them, and twice as long, are in one bar."""
CENSORED_OPACITY: Final = 0.35
NEEDED: Final = (
    *("clustering_result_id", "embedding_model", "run_id", "cluster_id", "length"),
    *("left_censored", "right_censored"),
)
ESTIMATES_NEEDED: Final = ("cluster_id", "quantity", "null", "estimate", "lower", "upper", "null_p", "reason")


def plot_dwell_times(
    dwell_times: pl.DataFrame,
    estimates: pl.DataFrame | None = None,
    medoids: pl.DataFrame | None = None,
    *,
    max_clusters: int = 12,
) -> alt.HConcatChart:
    """Draw how many stays in each cluster have which length, and how many a geometric law would give.

    Parameters
    ----------
    dwell_times
        As `load_dwell_times_df` gives it, of one clustering result.
    estimates
        As `load_dwell_time_estimates_df` gives it of the same runs with ``by=()``: mean and dispersion are written
        above each panel, and the mean gives the geometric law.
    medoids
        A frame with `cluster_id` and `cluster_label`, as `load_medoids_df` gives it: the heading of each panel.
    max_clusters
        So many panels at most: of the clusters with the most steps, and of the outliers, which come last.

    Returns
    -------
    altair.HConcatChart
        Bars: stays whose beginning and end were seen, and pale those that a run's beginning or end cuts. Line: how many
        would end after each length, of those that last so long, if it were with one probability at each step.

    Raises
    ------
    ChartError
        If a frame is empty, lacks a column, or holds several clustering results or groups.
    """
    advice = (
        "`load_dwell_times_df(session, RESULT)` loads it; `loopscope cluster list` shows the results. "
        "With milestoning, a run that comes to no cluster has no stay."
    )
    require_rows(dwell_times, NEEDED, chart="dwell-times", advice=advice)
    require_one(dwell_times, "clustering_result_id", chart="dwell-times", noun="results", option="--clustering")
    if estimates is not None:
        require_rows(estimates, ESTIMATES_NEEDED, chart="dwell-times", advice="Load the estimates with `by=()`.")
        _require_one_group(estimates)
    order = _order_clusters(dwell_times)
    labels = _find_labels(medoids)
    shown = order if len(order) <= max_clusters else [*order[: max_clusters - 1], order[-1]]
    columns = min(len(shown), 4)
    size = {1: (520, 280), 2: (400, 220), 3: (300, 190)}.get(columns, (240, 150))
    panels = [
        _draw_panel(
            dwell_times.filter(pl.col("cluster_id") == cluster),
            None if estimates is None else estimates.filter(pl.col("cluster_id") == cluster),
            labels.get(cluster),
            size,
            outer=(number >= len(shown) - columns, number % columns == 0),
        )
        for number, cluster in enumerate(shown)
    ]
    body = alt.ConcatChart(concat=panels, columns=columns, align="each", spacing=18)
    title = alt.Title(
        "How long runs stay in a cluster",
        subtitle=write_subtitle(_describe(dwell_times, len(order), len(shown)), columns * size[0] + 200),
    )
    return apply_theme(alt.HConcatChart(hconcat=[body, _draw_key()], spacing=28, title=title))


def _require_one_group(estimates: pl.DataFrame) -> None:
    grouped = [name for name in GROUPED_BY if name in estimates.columns and estimates[name].n_unique() > 1]
    if grouped:
        raise ChartError(
            f"The dwell-times chart shows all runs together, but the estimates are by {', '.join(grouped)}. "
            "Load them with `by=()`, or filter both frames to one group."
        )


def _order_clusters(dwell_times: pl.DataFrame) -> list[int]:
    steps = dwell_times.group_by("cluster_id").agg(pl.sum("length"))
    outliers = pl.col("cluster_id") == OUTLIER
    return steps.sort(outliers, -pl.col("length"), "cluster_id")["cluster_id"].to_list()


def _find_labels(medoids: pl.DataFrame | None) -> dict[int, str]:
    if medoids is None:
        return {}
    named = medoids.filter(pl.col("cluster_label").is_not_null()).unique("cluster_id")
    return dict(named.select("cluster_id", "cluster_label").iter_rows())


def _draw_panel(
    stays: pl.DataFrame,
    estimates: pl.DataFrame | None,
    label: str | None,
    size: tuple[int, int],
    *,
    outer: tuple[bool, bool],
) -> alt.LayerChart:
    width, height = size
    cluster = int(stays["cluster_id"][0])
    bars, line = _count(stays, _find_mean(stays, estimates))
    bins = _choose_bins(stays)
    x: Any = (
        alt.X("x:Q")
        .scale(domain=[0.5, max(bins.every * bins.count, FEWEST_BARS) + 0.5], nice=False)
        .axis(grid=False, tickMinStep=1, format="d", title="length in steps" if outer[0] else None)
    )
    y = _count_axis(max(bar["y"] for bar in bars), titled=outer[1])
    colour = choose_cluster_colour(cluster)
    tooltip = [
        alt.Tooltip("steps:N", title="steps"),
        alt.Tooltip("stays:Q", title="stays"),
        alt.Tooltip("kind:N", title="which"),
    ]
    drawn = alt.Chart(alt.InlineData(values=bars)).mark_rect(color=colour, aria=False)
    layers: list[alt.Chart] = [
        drawn.encode(x=x, x2="x2:Q", y=y, y2="y2:Q", opacity=alt.Opacity("opacity:Q").scale(None), tooltip=tooltip)
    ]
    if line:
        law = alt.Chart(alt.InlineData(values=line))
        expected = [alt.Tooltip("steps:N", title="steps"), alt.Tooltip("y:Q", title="expected", format=".1f")]
        halo = law.mark_line(color="white", strokeWidth=4, point={"size": 50, "color": "white"})
        ink = law.mark_line(color=INK, strokeWidth=1.5, point={"size": 16, "color": INK})
        layers += [halo.encode(x=x, y=y), ink.encode(x=x, y=y, tooltip=expected)]
    name = "outliers" if cluster == OUTLIER else f"{cluster} · {label}" if label else f"cluster {cluster}"
    heading = wrap_text(name, width, 12, 2)
    notes = _say(stays, estimates)
    notes = [line for note in notes for line in wrap_text(note, width, 11, 2)]
    top = -8 - 14 * len(notes)
    place = alt.value(top - 15 * len(heading))
    layers += [
        write_texts([{"text": "\n".join(heading)}], x=alt.value(0), y=place, size=12, bold=True, line_height=15),
        write_texts([{"text": "\n".join(notes)}], x=alt.value(0), y=alt.value(top), color=FAINT_INK, line_height=14),
    ]
    return alt.LayerChart(layer=layers, width=width, height=height)


def _count_axis(highest: int, *, titled: bool) -> Any:
    words: dict[str, Any] = {"format": "d", "title": "stays" if titled else None, "tickCount": 4}
    if highest <= 4:  # else Vega marks halves of stays
        words["values"] = list(range(highest + 1))
    return alt.Y("y:Q").scale(domainMin=0).axis(**words)


@dataclass(frozen=True)
class _Bins:
    """So many bars, of so many lengths each; the last may gather all that is longer."""

    every: int
    count: int
    open_ended: bool

    def name(self, number: int) -> str:
        first, last = number * self.every + 1, (number + 1) * self.every
        if self.open_ended and number == self.count - 1:
            return f"{first} or more"
        return str(first) if self.every == 1 else f"{first} to {last}"


def _find_mean(stays: pl.DataFrame, estimates: pl.DataFrame | None) -> float | None:
    """Find the mean of the geometric law: as estimated, or steps at risk over ends."""
    if estimates is not None:
        found = estimates.filter(pl.col("quantity") == "mean")["estimate"].drop_nulls()
        return None if found.is_empty() else float(found[0])
    ends = stays.height - int(stays["right_censored"].sum())
    return (int(stays["length"].sum()) - stays.height + ends) / ends if ends else None


def _count(stays: pl.DataFrame, mean: float | None) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Count stays by length, whole and cut ones on top of one another, and the ends that are expected."""
    bins = _choose_bins(stays)
    cut = (stays["left_censored"] | stays["right_censored"]).to_numpy()
    bin_of = np.minimum((stays["length"].to_numpy() - 1) // bins.every, bins.count - 1)
    whole, both = (np.bincount(bin_of[kept], minlength=bins.count) for kept in (~cut, np.ones_like(cut)))
    gap = 0.04 * bins.every
    bars = []
    for number in range(bins.count):
        edges = {"x": number * bins.every + 0.5 + gap, "x2": (number + 1) * bins.every + 0.5 - gap}
        for kind, low, high, opacity in (
            ("beginning and end seen", 0, int(whole[number]), 1.0),
            ("cut by the run's beginning or end", int(whole[number]), int(both[number]), CENSORED_OPACITY),
        ):
            if high > low:
                bars.append({**edges, "steps": bins.name(number), "y": high, "y2": low, "opacity": opacity})
                bars[-1] |= {"kind": kind, "stays": high - low}
    return bars, _expect(stays, mean, bins)


def _choose_bins(stays: pl.DataFrame) -> _Bins:
    """Let the last bar gather what is longer than nearly all, where it would press all others together."""
    lengths = stays["length"].to_numpy()
    longest = int(lengths.max())
    common = max(FEWEST_BARS, int(np.quantile(lengths, COMMON, method="higher")))
    last = common + 1 if longest > 2 * common else longest
    every = -(-last // MOST_BARS)
    return _Bins(every, -(-last // every), open_ended=last < longest)


def _expect(stays: pl.DataFrame, mean: float | None, bins: _Bins) -> list[dict[str, Any]]:
    """Give, by length, how many of the stays whose beginning was seen would end, of those that last so long."""
    begun = stays.filter(~pl.col("left_censored"))
    if mean is None or begun.is_empty():
        return []
    trials = begun["length"].to_numpy() - begun["right_censored"].to_numpy()
    at_risk = np.cumsum(np.bincount(trials)[::-1])[::-1][1:]  # of those at risk at length 1, 2, …
    if not len(at_risk):
        return []
    starts = np.arange(0, min(len(at_risk), bins.every * bins.count), bins.every)
    expected = np.add.reduceat(at_risk / mean, starts)
    middles = starts + (bins.every + 1) / 2
    return [
        {"x": float(x), "y": round(float(y), 3), "steps": bins.name(number)}
        for number, (x, y) in enumerate(zip(middles, expected, strict=True))
    ]


def _say(stays: pl.DataFrame, estimates: pl.DataFrame | None) -> list[str]:
    cut = int((stays["left_censored"] | stays["right_censored"]).sum())
    said = [f"{count_of(stays.height, 'stay')}, {percentage(cut, stays.height)} cut"]
    bins = _choose_bins(stays)
    if bins.open_ended:
        first = (bins.count - 1) * bins.every + 1
        said[0] += f"; last bar {first} to {int(stays['length'].to_numpy().max())}"
    if estimates is None:
        return said
    if estimates["estimate"].null_count() == estimates.height:
        return [*said, f"no estimate: {estimates['reason'][0]}"]
    for quantity, null in (("mean", "S"), ("dispersion", "M1")):
        rows = estimates.filter(pl.col("quantity") == quantity, pl.col("null").eq_missing(null))
        said += [_write_estimate(quantity, row) for row in rows.head(1).iter_rows(named=True)]
    return said


def _write_estimate(quantity: str, row: dict[str, Any]) -> str:
    if row["estimate"] is None:
        return f"no {quantity}: {row['reason']}"
    interval = "" if row["lower"] is None else f" [{row['lower']:.3g}, {row['upper']:.3g}]"
    tested = f", M1 p = {row['null_p']:.2g}" if quantity == "dispersion" and row["null_p"] is not None else ""
    return f"{quantity} {row['estimate']:.3g}{interval}{' steps' if quantity == 'mean' else tested}"


def _describe(dwell_times: pl.DataFrame, found: int, shown: int) -> list[str]:
    parts = [dwell_times["embedding_model"][0], name_result(dwell_times.row(0, named=True))]
    parts.append(count_of(dwell_times["run_id"].n_unique(), "run"))
    parts.append(count_of(dwell_times.height, "stay"))
    if shown < found:
        parts.append(f"{shown} of {found} clusters drawn, those with most steps and the outliers")
    return parts


def _draw_key() -> alt.LayerChart:
    seen, cut = choose_cluster_colour(0), "#a6c9e0"
    entries = [
        KeyEntry(seen, "", "beginning and end of the stay were seen"),
        KeyEntry(cut, "", "pale: the run's beginning or end cuts it; it may be longer"),
        KeyEntry(INK, "", "line: ends expected if stays were geometric, of those that last so long"),
        KeyEntry(
            None, "", "dispersion: variance relative to the geometric law; below 1 more regular, above more uneven"
        ),
        KeyEntry(None, "", "M1: surrogates with the same transitions of first order"),
    ]
    return draw_key(entries, title="stays by length", text_lines=4)
