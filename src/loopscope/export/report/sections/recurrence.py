"""Has it been here before."""

from itertools import pairwise
from statistics import NormalDist

import polars as pl

from loopscope.data_prep.recurrence import load_recurrence_pairs_df
from loopscope.datavis.change_points import plot_change_points
from loopscope.datavis.recurrence import plot_recurrence
from loopscope.datavis.wording import count_of
from loopscope.errors import LoopscopeError
from loopscope.export.report.about import About
from loopscope.export.report.answer import Answer, Download, Figure, Section
from loopscope.export.report.numbers import Row, against_null, number, share, with_interval
from loopscope.export.report.saying import say_each, say_reasons

LEVEL = 0.05
"""What p must not exceed for a rise or a cut to be told as one."""
ROUNDING = 1e-9
SMALLEST = 0.001
"""A corrected p below is not told more exactly: nothing is known of the tails of the null."""
WIDTHS = 2 * NormalDist().inv_cdf(0.975)
"""So many standard deviations of a normal law hold 95 % of it."""


def answer_recurrence(about: About) -> Answer:
    """Say how much of the recurrences are of stretches, whether a period stands out, and where runs change."""
    estimates = about.of_model("recurrence_estimates")
    said = _say_stretches(estimates)
    cycles, measures, changes = (
        about.of_model("vector_near_cycles"),
        about.of_model("recurrence"),
        about.of_model("change_points"),
    )
    said += say_cycles(cycles) + say_changes(changes)
    lacking = [*say_reasons(estimates, "quantity", "network"), *say_reasons(cycles, "compared", "period", "network")]
    figures = []
    run_id = choose_run(measures)
    if run_id is not None:
        said.append(f"Drawn is {about.name_run(run_id)}: of the longest runs, that with the largest determinism.")
        figures = _draw_run(about, run_id, lacking)
    frames = {
        "recurrence_estimates": estimates,
        "recurrence": measures,
        "vector_near_cycles": cycles,
        "change_points": changes,
    }
    downloads = tuple(Download(name, frame) for name, frame in frames.items())
    return Answer(tuple(said), tuple(figures), downloads, tuple(lacking))


def _say_stretches(estimates: pl.DataFrame) -> list[str]:
    """Say determinism beside both nulls: steps in any order, and steps that depend on the one before alone."""
    determinism = estimates.filter(pl.col("quantity") == "det")
    memory = {(row["network"], row["generator"]): row for row in determinism.filter(pl.col("null") == "M1").to_dicts()}

    def write(row: Row) -> str:
        nulls = against_null(row, "shuffled order", share)
        beside = memory.get((row["network"], row["generator"]))
        if beside is not None:
            nulls += f"; {against_null(beside, 'one step of memory', share)}"
        return (
            f"{with_interval(row, share)} of the recurrences (by {row['embedding_model']}) come in stretches "
            f"(determinism); {nulls}"
        )

    return say_each(determinism.filter(pl.col("null") == "S").to_dicts(), write)


def say_cycles(cycles: pl.DataFrame) -> list[str]:
    """Say at which period above 1 outputs are alike more than at the period before and than in shuffled order.

    Where likeness only falls with the distance in time, the largest τ is at the smallest period, whatever runs do: a
    near-cycle is a rise. Its p is times the number of periods looked at (Bonferroni), since the best of them is told;
    99 shuffles cannot give a p that is small enough for that, so that it is of a normal law as wide as the null.

    Parameters
    ----------
    cycles
        One row for each network and period, with ``estimate`` and what the null gives.
    """
    said = []
    for _, part in cycles.group_by("network", maintain_order=True):
        rows = part.filter(pl.col("estimate").is_not_null()).sort("period").to_dicts()
        looked = [pair for pair in pairwise(rows) if pair[1]["period"] == pair[0]["period"] + 1]
        if not looked:
            continue
        rises = [
            row | {"before": before, "corrected": _correct(row, len(looked))}
            for before, row in looked
            if row["estimate"] > before["estimate"] + ROUNDING
        ]
        beyond = [row for row in rises if row["null_p"] is not None and max(row["null_p"], row["corrected"]) <= LEVEL]
        if beyond:
            told = max(beyond, key=lambda row: row["estimate"])
        else:
            told = looked[0][1] | {"before": None, "risen": len(rises)}
        said.append(told | {"looked": len(looked)})
    return say_each(said, _write_cycle)


def _correct(row: Row, looked: int) -> float:
    """Give p of a τ as large, by a normal law of the null's mean and width, times the number of periods looked at."""
    if row["null_mean"] is None or row["null_upper"] is None or row["null_upper"] <= row["null_lower"]:
        return 1.0
    null = NormalDist(row["null_mean"], (row["null_upper"] - row["null_lower"]) / WIDTHS)
    return min(1.0, looked * null.cdf(2 * row["null_mean"] - row["estimate"]))


def _write_cycle(row: Row) -> str:
    periods = f"periods 2 to {row['looked'] + 1}" if row["looked"] > 1 else "periods, of which 2 alone could be seen"
    before = row["before"]
    if before is not None:
        corrected = f"= {row['corrected']:.1g}" if row["corrected"] >= SMALLEST else f"< {SMALLEST}"
        return (
            f"there is a near-cycle: outputs {row['period']} steps apart are more alike than those "
            f"{before['period']} apart, τ = {with_interval(row)} beside {with_interval(before)}; "
            f"{against_null(row, 'shuffled order')}, and p {corrected} corrected for "
            f"{count_of(row['looked'], 'period')} looked at (Bonferroni, of a normal law as wide as the null)"
        )
    if row["null_mean"] is None:
        return f"near-cycles could not be told from chance: no null was drawn (of {periods})"
    if row["risen"]:
        return (
            f"there is no near-cycle beyond chance among {periods}: where likeness rises with the distance in time, it "
            f"does not exceed shuffled order (p ≤ {LEVEL}, Bonferroni)"
        )
    return f"there is no near-cycle among {periods}: the likeness of outputs only decays with their distance in time"


def say_changes(changes: pl.DataFrame) -> list[str]:
    """Say in how many runs the best cut gains more than in shuffled order, how many are cut, and which are missing.

    Parameters
    ----------
    changes
        One row for each change point, or for each run and generator without one.
    """
    every = changes.unique(["run_id", "generator"], maintain_order=True)
    runs = every.filter(pl.col("n_change_points").is_not_null())
    if runs.is_empty():
        return []
    of = _count_sequences(runs)
    cut = int((runs["n_change_points"] > 0).sum())
    tested = runs.filter(pl.col("run_null_p").is_not_null())
    said = [
        f"{cut} of {of} {'is' if cut == 1 else 'are'} cut, {_most_often(runs)} (a cut must gain more than a penalty)."
    ]
    if tested.height:
        beyond = int((tested["run_null_p"] <= LEVEL).sum())
        expected = LEVEL * tested.height
        said.insert(
            0,
            f"In {beyond} of {_count_sequences(tested)} the best cut in two parts gains more than in shuffled order "
            f"(p ≤ {LEVEL} each); by chance alone {number(expected)} would.",
        )
    missing = every.filter(pl.col("n_change_points").is_null())
    if missing.height:
        reasons = missing.group_by("reason", maintain_order=True).len().to_dicts()
        told = "; ".join(f"{row['len']}: {row['reason'].replace('1 steps', '1 step')}" for row in reasons)
        said.append(f"Change points were not looked for in {_count_sequences(missing)} ({told}).")
    return said


def _count_sequences(rows: pl.DataFrame) -> str:
    of = count_of(rows["run_id"].n_unique(), "run")
    if rows["run_id"].n_unique() == rows.height:
        return of
    return f"{rows.height:,} sequences of outputs ({of}, those of each generator for themselves)"


def _most_often(runs: pl.DataFrame) -> str:
    return f"{count_of(max(runs['n_change_points'].to_list()), 'time')} at most"


def choose_run(measures: pl.DataFrame) -> int | None:
    """Choose of the longest runs that with the largest determinism: short runs have few recurrences, all or none alike.

    Parameters
    ----------
    measures
        One row for each run and generator, with ``n_steps`` and ``det``, null where it was not measured.
    """
    known = measures.filter(pl.col("det").is_not_null())
    order = known.sort("n_steps", "det", "run_id", descending=[True, True, False])
    return None if known.is_empty() else int(order["run_id"][0])


def _draw_run(about: About, run_id: int, lacking: list[str]) -> list[Figure]:
    chosen = pl.col("run_id") == run_id
    name = about.name_run(run_id)
    figures: list[Figure] = []
    try:
        with about.store.session() as session:
            pairs = load_recurrence_pairs_df(session, about.model, run_id)
        recurrences = plot_recurrence(about.named(pairs), about.of_model("recurrence").filter(chosen))
        figures.append(Figure(recurrences, f"Recurrence plot of {name}: a dot where two steps are alike."))
    except LoopscopeError as error:
        lacking.append(f"Recurrence plot of {name}: {error}")
    try:
        changes = about.of_model("change_points").filter(chosen)
        chart = plot_change_points(about.named(changes), about.of_model("drift").filter(chosen))
        figures.append(Figure(chart, f"Step sizes of {name}, with its change points."))
    except LoopscopeError as error:
        lacking.append(f"Change points of {name}: {error}")
    return figures


SECTION = Section("recurrence", "Has it been here before?", answer_recurrence)
