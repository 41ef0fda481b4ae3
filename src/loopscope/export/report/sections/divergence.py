"""Do runs diverge."""

import polars as pl

from loopscope.datavis.divergence import plot_divergence
from loopscope.datavis.wording import count_of
from loopscope.export.report.about import About
from loopscope.export.report.answer import Answer, Download, Figure, Section
from loopscope.export.report.numbers import Row, against_null, with_interval
from loopscope.export.report.saying import say_each, say_reasons

NULL = "dealing runs out to other prompts"
WIDEST = 30
"""A time whose interval spans more than this factor is not determined."""


def answer_divergence(about: About) -> Answer:
    """Say how far apart runs of one prompt are at the end, how soon they got there, and how sensitive they begin."""
    estimates = about.of_model("divergence_estimates")
    said = say_divergence(estimates.filter(pl.col("pairs") == "same prompt"))
    curves = about.of_model("divergence")
    figure = Figure(
        plot_divergence(curves, estimates), f"Mean squared distance of runs, step by step. {' '.join(said[:1])}"
    )
    downloads = (Download("divergence_estimates", estimates), Download("divergence", curves))
    fitted = pl.col("quantity").is_in(["d2_0", "d2_inf", "r2"])  # there or not with the relaxation time
    kinds = estimates.filter(~fitted).partition_by("pairs", maintain_order=True)
    lacking = [reason for kind in kinds for reason in say_reasons(kind, "quantity", "pairs", "network")]
    return Answer(tuple(said), (figure,), downloads, tuple(lacking))


def say_divergence(same: pl.DataFrame) -> list[str]:
    """Say how far apart runs of one prompt begin and end, each beside its null, and how soon they get there.

    Parameters
    ----------
    same
        One row for each network, generator and quantity, of pairs of runs of one prompt.
    """
    rows = same.to_dicts()
    first, times = (
        {_which(row): row for row in rows if row["quantity"] == quantity} for quantity in ("d2_first", "tau")
    )

    def write(row: Row) -> str:
        begun = first.get(_which(row))
        begin = ""
        if begun is not None and begun["estimate"] is not None:
            begin = f"begin {with_interval(begun)} apart ({against_null(begun, NULL)}) and "
        return (
            f"runs of one prompt {begin}are {with_interval(row)} apart over the last quarter of the steps "
            f"({against_null(row, NULL)}): mean squared distances by {row['embedding_model']}"
        )

    said = say_each([row for row in rows if row["quantity"] == "d2_last"], write)
    said += say_each(list(times.values()), _write_time)
    return said + say_each(
        [row for row in rows if row["quantity"] == "exponent"],
        lambda row: (
            f"the early exponent of pairs of one prompt is {with_interval(row)} a step over the first "
            f"{count_of(row['window'], 'step')}"
        ),
    )


def _write_time(row: Row) -> str:
    low, high = row["lower"], row["upper"]
    if low is not None and (high is None or low <= 0 or high / low > WIDEST):
        return "the relaxation time of pairs of one prompt is not determined by these runs"
    unit = "step" if row["estimate"] == 1 else "steps"
    return f"the relaxation time of pairs of one prompt is {with_interval(row)} {unit}"


def _which(row: Row) -> tuple[str, str]:
    return row["network"], row["generator"]


SECTION = Section("divergence", "Do runs diverge?", answer_divergence)
