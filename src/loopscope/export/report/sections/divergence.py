"""Do runs diverge."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from loopscope.datavis.divergence import plot_divergence
from loopscope.export.report.about import About
from loopscope.export.report.answer import Answer, Download, Figure, Section
from loopscope.export.report.numbers import against_null, number, with_interval
from loopscope.export.report.saying import say_each, say_reasons


def answer_divergence(about: About) -> Answer:
    """Say how far apart runs of one prompt are at the end, how soon they got there, and how sensitive they begin."""
    estimates = about.of_model("divergence_estimates")
    same = estimates.filter(pl.col("pairs") == "same prompt")
    first = {_which(row): row["estimate"] for row in same.filter(pl.col("quantity") == "d2_first").to_dicts()}
    times = {_which(row): row for row in same.filter(pl.col("quantity") == "tau").to_dicts()}

    def write(row: Mapping[str, Any]) -> str:
        begun, time = first.get(_which(row)), times.get(_which(row))
        begin = f"begin {number(begun)} apart (mean squared distance) and " if begun is not None else ""
        soon = (
            f" with a relaxation time of {with_interval(time)} steps" if time and time["estimate"] is not None else ""
        )
        null = against_null(row, "dealing runs out to other prompts")
        return f"runs of one prompt {begin}are {with_interval(row)} apart at the end{soon}; {null}"

    said = say_each(same.filter(pl.col("quantity") == "d2_last").to_dicts(), write)
    said += say_each(
        same.filter(pl.col("quantity") == "exponent").to_dicts(),
        lambda row: f"the early exponent is {with_interval(row)} a step over the first {row['window']} steps",
    )
    curves = about.of_model("divergence")
    figure = Figure(
        plot_divergence(curves, estimates), f"Mean squared distance of runs, step by step. {' '.join(said[:1])}"
    )
    downloads = (Download("divergence_estimates", estimates), Download("divergence", curves))
    return Answer(tuple(said), (figure,), downloads, tuple(say_reasons(estimates, "quantity", "pairs", "network")))


def _which(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["network"], row["generator"]


SECTION = Section("divergence", "Do runs diverge?", answer_divergence)
