"""Every chart there is, as data: a new one is one more entry here and a function that draws it."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from loopscope.cli.chart.choice import Choice

OF_RESULT = ("experiment", "clustering", "model")
OF_VECTORS = ("experiment", "model")


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
    Chart("raster", "runs × steps, coloured by cluster", OF_RESULT, "clusters:draw_raster"),
    Chart("sizes", "clusters by size, with their medoids", ("clustering", "model"), "clusters:draw_sizes"),
    Chart(
        "gallery",
        "medoid pictures with their captions (PNG)",
        ("clustering", "model"),
        "clusters:draw_gallery",
        suffix="png",
    ),
    Chart(
        "drift",
        "how far texts or pictures are from where their run began",
        (*OF_VECTORS, "since"),
        "vectors:draw_drift",
    ),
)
"""In the order in which a reader would ask."""
