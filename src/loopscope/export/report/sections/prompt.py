"""Does the prompt matter."""

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
    first, last = (
        estimates.filter(pl.col("quantity") == name).to_dicts() for name in ("accuracy_first", "accuracy_last")
    )
    said = say_each(
        last,
        lambda row: (
            f"the prompt is told from the last outputs in {with_interval(row, share)} of cases; "
            + against_null(row, "prompts dealt out", share)
        ),
    )
    said += say_each(
        first,
        lambda row: (
            f"from the first outputs it was told in {with_interval(row, share)}; "
            + against_null(row, "prompts dealt out", share)
        ),
    )
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


def _answer_basins(about: About, figures: list[Figure], downloads: list[Download], lacking: list[str]) -> list[str]:
    bits, basins = about.frame("basin_estimates"), about.frame("basins")
    said = say_each(
        bits.to_dicts(),
        lambda row: (
            f"the prompt tells {with_interval(row)} bits of the cluster in which a run ends; "
            + against_null(row, "prompts dealt out")
        ),
    )
    lacking += say_reasons(bits, "quantity", "network")
    figures.append(Figure(plot_basins(basins, bits), "Table: how many runs of each prompt end in which cluster."))
    figures.append(
        Figure(plot_motif_coverage(about.frame("motifs")), "Share of runs that end in the k commonest clusters.")
    )
    downloads += [Download(name, about.frame(name)) for name in ("basins", "basin_estimates", "motifs")]
    return said


SECTION = Section("prompt", "Does the prompt matter?", answer_prompt)
