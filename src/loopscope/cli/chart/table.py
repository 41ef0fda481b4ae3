"""Every chart there is, as data: a new one is one more entry here and a function that draws it."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from loopscope.cli.chart.choice import Choice

OF_RESULT = ("experiment", "clustering", "model")
OF_VECTORS = ("experiment", "model")
OF_RUN = ("run", "model")


@dataclass(frozen=True)
class Chart:
    """One chart.

    Attributes
    ----------
    name
        As it is typed.
    shows
        What it shows, for the list.
    takes
        The options that say something to it.
    drawn_by
        ``module:function`` under ``loopscope.cli.chart``, imported when it is used: a `Choice` goes in.
    suffix
        Of the file where none is named.
    """

    name: str
    shows: str
    takes: tuple[str, ...]
    drawn_by: str
    suffix: str = "html"

    def draw(self, choice: Choice) -> Any:
        """Draw it, of what was chosen."""
        module, _, function = self.drawn_by.partition(":")
        draw: Callable[[Choice], Any] = getattr(import_module(f"loopscope.cli.chart.{module}"), function)
        return draw(choice)


CHARTS: tuple[Chart, ...] = (
    Chart("raster", "runs × steps, coloured by cluster", (*OF_RESULT, "by", "sort"), "clusters:draw_raster"),
    Chart("sizes", "clusters by size, with their medoids", ("clustering", "model"), "clusters:draw_sizes"),
    Chart("gallery", "medoid pictures with their captions", ("clustering", "model"), "clusters:draw_gallery", "png"),
    Chart("occupancy", "the share of each cluster over time", (*OF_RESULT, "by"), "settling:draw_occupancy"),
    Chart(
        "survival",
        "how many runs are not yet absorbed: in exact outputs, or in clusters with --clustering",
        (*OF_RESULT, "by"),
        "settling:draw_survival",
    ),
    Chart("dwell", "how long runs stay in each cluster", OF_RESULT, "settling:draw_dwell_times"),
    Chart("transitions", "what follows what, closed classes marked", (*OF_RESULT, "by"), "settling:draw_transitions"),
    Chart("graph", "the commonest transitions, as a graph", (*OF_RESULT, "by"), "settling:draw_graph"),
    Chart("basins", "in which cluster the runs of each prompt end", OF_RESULT, "settling:draw_basins"),
    Chart("coverage", "how many clusters hold most runs at the end", (*OF_RESULT, "by"), "settling:draw_coverage"),
    Chart("drift", "how far outputs are from where their run began", (*OF_VECTORS, "since"), "vectors:draw_drift"),
    Chart("recoverability", "how well the prompt is told at each step", OF_VECTORS, "vectors:draw_recoverability"),
    Chart("divergence", "how far apart runs are at each step", (*OF_VECTORS, "by"), "vectors:draw_divergence"),
    Chart("recurrence", "which steps of a run are alike", OF_RUN, "vectors:draw_recurrence"),
    Chart("change-points", "at which steps a run changes", OF_RUN, "vectors:draw_change_points"),
    Chart("persistence", "persistence diagrams by group", (*OF_VECTORS, "by"), "shapes:draw_persistence"),
    Chart("barcode", "the persistence bars of a run", OF_RUN, "shapes:draw_barcode"),
    Chart("entropy", "persistence entropy by group", (*OF_VECTORS, "by"), "shapes:draw_entropy"),
    Chart(
        "diagram-distances",
        "how far the persistence diagrams of runs are apart",
        (*OF_VECTORS, "by"),
        "shapes:draw_diagram_distances",
    ),
    Chart("outliers", "what the share of outliers depends on", ("clustering", "model"), "clusters:draw_outliers"),
    Chart("durations", "how long each model takes", ("experiment",), "clusters:draw_durations"),
)
"""In the order in which a reader would ask."""
