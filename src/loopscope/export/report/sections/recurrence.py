"""Has it been here before."""

import polars as pl

from loopscope.data_prep.recurrence import load_recurrence_pairs_df
from loopscope.datavis.change_points import plot_change_points
from loopscope.datavis.recurrence import plot_recurrence
from loopscope.datavis.wording import count_of
from loopscope.errors import LoopscopeError
from loopscope.export.report.about import About
from loopscope.export.report.answer import Answer, Download, Figure, Section
from loopscope.export.report.numbers import against_null, share, with_interval
from loopscope.export.report.saying import say_each, say_reasons


def answer_recurrence(about: About) -> Answer:
    """Say how much of the recurrences are of stretches, whether a period stands out, and where runs change."""
    estimates = about.of_model("recurrence_estimates")
    stretches = estimates.filter(pl.col("quantity") == "det", pl.col("null") == "S").to_dicts()
    said = say_each(
        stretches,
        lambda row: (
            f"{with_interval(row, share)} of the recurrences come in stretches (determinism); "
            + against_null(row, "shuffled order", share)
        ),
    )
    cycles, measures, changes = (
        about.of_model("vector_near_cycles"),
        about.of_model("recurrence"),
        about.of_model("change_points"),
    )
    said += _say_cycles(cycles) + _say_changes(changes)
    lacking = [*say_reasons(estimates, "quantity", "network"), *say_reasons(cycles, "compared", "network")]
    figures = []
    run_id = _choose_run(measures)
    if run_id is not None:
        said.append(f"Drawn is the run with the largest determinism, run {run_id}.")
        figures = _draw_run(about, run_id, lacking)
    frames = {
        "recurrence_estimates": estimates,
        "recurrence": measures,
        "vector_near_cycles": cycles,
        "change_points": changes,
    }
    downloads = tuple(Download(name, frame) for name, frame in frames.items())
    return Answer(tuple(said), tuple(figures), downloads, tuple(lacking))


def _say_cycles(cycles: pl.DataFrame) -> list[str]:
    longer = cycles.filter(pl.col("period") > 1, pl.col("estimate").is_not_null())
    best = longer.sort("estimate", descending=True).unique("network", keep="first", maintain_order=True)
    return say_each(
        best.to_dicts(),
        lambda row: (
            f"of all periods above 1, outputs {row['period']} steps apart are the most alike, "
            f"τ = {with_interval(row)}; {against_null(row, 'shuffled order')}"
        ),
    )


def _say_changes(changes: pl.DataFrame) -> list[str]:
    runs = changes.filter(pl.col("n_change_points").is_not_null()).unique(["run_id", "generator"])
    if runs.is_empty():
        return []
    some = int((runs["n_change_points"] > 0).sum())
    most = max(runs["n_change_points"].to_list())
    of = count_of(runs["run_id"].n_unique(), "run")
    if runs["run_id"].n_unique() < runs.height:
        of = f"{runs.height:,} sequences of outputs ({of}, those of each generator for themselves)"
    return [f"{some} of {of} change abruptly at some step, {count_of(most, 'time')} at most."]


def _choose_run(measures: pl.DataFrame) -> int | None:
    known = measures.filter(pl.col("det").is_not_null()).sort("det", "run_id", descending=[True, False])
    return None if known.is_empty() else int(known["run_id"][0])


def _draw_run(about: About, run_id: int, lacking: list[str]) -> list[Figure]:
    chosen = pl.col("run_id") == run_id
    figures: list[Figure] = []
    try:
        with about.store.session() as session:
            pairs = load_recurrence_pairs_df(session, about.model, run_id)
        recurrences = plot_recurrence(pairs, about.of_model("recurrence").filter(chosen))
        figures.append(Figure(recurrences, f"Recurrence plot of run {run_id}: a dot where two steps are alike."))
    except LoopscopeError as error:
        lacking.append(f"Recurrence plot of run {run_id}: {error}")
    try:
        changes = about.of_model("change_points").filter(chosen)
        chart = plot_change_points(changes, about.of_model("drift").filter(chosen))
        figures.append(Figure(chart, f"Step sizes of run {run_id}, with its change points."))
    except LoopscopeError as error:
        lacking.append(f"Change points of run {run_id}: {error}")
    return figures


SECTION = Section("recurrence", "Has it been here before?", answer_recurrence)
