"""Does the prompt matter."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from loopscope.datavis.basins import plot_basins
from loopscope.datavis.motif_coverage import plot_motif_coverage
from loopscope.datavis.recoverability import plot_recoverability
from loopscope.errors import LoopscopeError
from loopscope.export.report.about import About
from loopscope.export.report.answer import Answer, Download, Figure, Section
from loopscope.export.report.numbers import against_null, share, with_interval
from loopscope.export.report.saying import say_each, say_reasons


def answer_prompt(about: About) -> Answer:
    """Say how well the prompt is told at the first step and at the end, and what it tells of the last cluster."""
    estimates = about.of_model("recoverability_estimates")
    said = say_told(estimates)
    lacking = say_reasons(estimates, "quantity", "network")
    curve = about.of_model("recoverability")
    figures, downloads = (
        [],
        [Download(name, about.of_model(name)) for name in ("recoverability_estimates", "recoverability")],
    )
    try:
        chart = plot_recoverability(curve, estimates)
        figures.append(Figure(chart, f"Accuracy of telling the prompt, step by step. {' '.join(said[:1])}"))
    except LoopscopeError as error:
        lacking.append(str(error))
    try:
        said += _answer_basins(about, figures, downloads, lacking)
    except LoopscopeError as error:
        lacking.append(f"In which cluster runs end: {error}")
    return Answer(tuple(said), tuple(figures), tuple(downloads), tuple(lacking))


def say_told(estimates: pl.DataFrame) -> list[str]:
    """Say how often the prompt is told from the first outputs, and over the last quarter of the run's steps.

    Parameters
    ----------
    estimates
        The frame of recoverability estimates, of one embedding model.
    """
    chance = "dealing runs out to other prompts"
    first = {_which(row): row for row in estimates.filter(pl.col("quantity") == "accuracy_first").to_dicts()}

    def write(row: Mapping[str, Any]) -> str:
        begun, told = first[_which(row)], f"the prompt is told by {row['embedding_model']} "
        if begun["estimate"] is not None:
            told += f"from the first outputs in {with_interval(begun, share)} of cases "
            told += f"({against_null(begun, chance, share)}), and "
        told += f"over the last quarter of the run in {with_interval(row, share)} "
        return told + f"({against_null(row, chance, share)})"

    return say_each(estimates.filter(pl.col("quantity") == "accuracy_last").to_dicts(), write)


def _answer_basins(about: About, figures: list[Figure], downloads: list[Download], lacking: list[str]) -> list[str]:
    bits, basins = about.frame("basin_estimates"), about.frame("basins")
    said = say_each(
        bits.to_dicts(),
        lambda row: (
            f"the prompt tells {with_interval(row)} bits of the cluster in which a run ends; "
            + against_null(row, "dealing runs out to other prompts")
        ),
    )
    lacking += say_reasons(bits, "quantity", "network")
    figures.append(Figure(plot_basins(basins, bits), "Table: how many runs of each prompt end in which cluster."))
    figures.append(
        Figure(plot_motif_coverage(about.frame("motifs")), "Share of runs that end in the k commonest clusters.")
    )
    downloads += [Download(name, about.frame(name)) for name in ("basins", "basin_estimates", "motifs")]
    return said


def _which(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["network"], row["generator"]


SECTION = Section("prompt", "Does the prompt matter?", answer_prompt)
