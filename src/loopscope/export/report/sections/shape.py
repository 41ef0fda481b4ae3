"""What shape has it."""

import polars as pl

from loopscope.data_prep.affordable_nulls import MOST_POINTS, choose_nulls
from loopscope.data_prep.persistence_entropy import load_persistence_entropy_df, load_persistence_entropy_estimates_df
from loopscope.data_prep.sliding_windows import load_sliding_window_estimates_df
from loopscope.datavis.persistence_diagram import plot_persistence_diagram
from loopscope.datavis.persistence_entropy import plot_persistence_entropy
from loopscope.datavis.wording import count_of
from loopscope.errors import NotFoundError
from loopscope.export.report.about import About
from loopscope.export.report.answer import Answer, Download, Figure, Section
from loopscope.export.report.numbers import Row, against_null, with_interval
from loopscope.export.report.saying import say_each, say_reasons

NULLS = 99
NULLS_OF_A_RUN = 19
LOOPS = 1
CLOUDS = ("a Gaussian cloud", "those of Gaussian clouds")
SHUFFLED = ("shuffled order", "those of shuffled order")
MOST_SHUFFLED_WORK = 200_000
"""Where embeddings times the steps of the longest run are more than this, windows are not shuffled: minutes."""


def answer_shape(about: About) -> Answer:
    """Say how large the largest loop is beside that of a cloud without loops, and whether runs go round."""
    bars = about.of_model("persistence_diagrams")
    lacking: list[str] = []
    if bars.is_empty():
        if not about.embedding_models:
            raise NotFoundError("no output of this experiment is embedded: it names no embedding_models")
        lacking.append(
            f"Persistence diagrams: none is there; compute them, then write the report again: `loopscope persistence "
            f"perform {about.model}`"
        )
    windows = _load_windows(about, lacking)
    circling = say_each(
        windows.to_dicts(),
        lambda row: (
            f"the largest loop of a sliding window of {count_of(row['window'], 'step')} (by {about.model}) lasts "
            f"{with_interval(row)}; " + say_beside(row, *SHUFFLED)
        ),
    )
    lacking += say_reasons(windows, "window", "network")
    downloads = [Download("sliding_window_estimates", windows)]
    if bars.is_empty():
        return Answer(tuple(circling), (), tuple(downloads), tuple(lacking))
    if not (bars["dimension"] == LOOPS).any():
        lacking.append("The shape of loops: no diagram has a bar of dimension 1")
        return Answer(tuple(circling), (), tuple(downloads), tuple(lacking))
    said, figures = _answer_diagrams(about, bars, downloads, lacking)
    return Answer((*said, *circling), tuple(figures), tuple(downloads), tuple(lacking))


def _load_windows(about: About, lacking: list[str]) -> pl.DataFrame:
    longest = max(about.frame("runs")["length"].to_list())
    if about.experiment["n_embeddings"] * longest <= MOST_SHUFFLED_WORK:
        return about.of_model("sliding_window_estimates")
    lacking.append(
        "Null S, shuffled windows: it would take long for so many steps; in Python: "
        "load_sliding_window_estimates_df(session, model)"
    )
    with about.store.session() as session:
        return load_sliding_window_estimates_df(session, about.model, experiment_id=about.experiment_id, nulls=0)


def _answer_diagrams(
    about: About, bars: pl.DataFrame, downloads: list[Download], lacking: list[str]
) -> tuple[list[str], list[Figure]]:
    few = choose_nulls(bars, NULLS)
    if not few:
        lacking.append(
            f"Null G, Gaussian clouds without loops: there are more than {MOST_POINTS:,} points, so that it would take "
            "long; in Python: load_persistence_entropy_estimates_df(session, model, nulls=99)"
        )
    with about.store.session() as session:
        of = (session, about.model, about.experiment_id)
        runs = load_persistence_entropy_df(*of, nulls=NULLS_OF_A_RUN if few else 0)
        estimates = load_persistence_entropy_estimates_df(*of, nulls=NULLS if few else 0)
    loops = estimates.filter(pl.col("dimension") == LOOPS)
    said = say_each(
        loops.filter(pl.col("measure") == "largest_persistence").to_dicts(),
        lambda row: (
            f"the longest bar of a loop (by {about.model}) is {with_interval(row)} long; " + say_beside(row, *CLOUDS)
        ),
    )
    said += say_each(
        loops.filter(pl.col("measure") == "entropy").to_dicts(),
        lambda row: f"the entropy of its loops is {with_interval(row)}; " + say_beside(row, *CLOUDS),
    )
    lacking += say_reasons(estimates, "measure", "dimension", "network")
    downloads[:0] = [Download("persistence_entropy_estimates", estimates), Download("persistence_diagrams", bars)]
    figures = [
        Figure(
            plot_persistence_diagram(bars, null=runs if few else None),
            "Persistence diagrams: birth and death of every loop.",
        ),
        Figure(plot_persistence_entropy(runs, estimates), "Persistence entropy of the loops of every run, by network."),
    ]
    return said, figures


def say_beside(row: Row, null: str, those: str) -> str:
    """Say what a null gives, and in words where the estimate is outside its band: p is of one side alone.

    Examples
    --------
    >>> row = {"estimate": 0.05, "null_mean": 0.1, "null_lower": 0.08, "null_upper": 0.12, "null_p": 1.0}
    >>> say_beside(row, "a Gaussian cloud", "those of Gaussian clouds")
    'it is smaller than those of Gaussian clouds: a Gaussian cloud gives 0.1 [0.08, 0.12], p = 1'
    """
    told = against_null(row, null)
    if row["null_lower"] is not None and row["estimate"] < row["null_lower"]:
        return f"it is smaller than {those}: {told}"
    if row["null_upper"] is not None and row["estimate"] > row["null_upper"]:
        return f"it is larger than {those}: {told}"
    return told


SECTION = Section("shape", "What shape has it?", answer_shape)
