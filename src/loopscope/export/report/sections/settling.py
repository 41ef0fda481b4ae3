"""Does it get stuck, and how soon."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from loopscope.datavis.survival import plot_survival
from loopscope.datavis.wording import count_of
from loopscope.errors import ChartError, LoopscopeError
from loopscope.export.report.about import About
from loopscope.export.report.answer import Answer, Download, Figure, Section
from loopscope.export.report.numbers import listed, share, with_interval
from loopscope.export.report.saying import say_each, say_reasons

ENDS = {
    "length": ("reached its length", "reached their length"),
    "failed": ("failed", "failed"),
    "unfinished": ("is unfinished", "are unfinished"),
}
OUTPUTS = {"text": ("text", "texts"), "image": ("picture", "pictures")}
STAY = "stay{s} in one cluster, or a cycle of clusters,"
OUTLIERS = -1
LIKELY = 0.05


def answer_stuck(about: About) -> Answer:
    """Say how many runs are absorbed and when, in exact outputs and in clusters, and how the runs ended."""
    said, lacking = _say_absorption(about, "", "output")
    figures = _draw(about, "survival", said)
    downloads = [Download(name, about.frame(name)) for name in ("absorption", "absorption_estimates", "survival")]
    try:
        in_clusters, more = _say_absorption(about, "cluster_", "cluster")
        said, lacking = said + in_clusters, lacking + more
        figures += _draw(about, "cluster_survival", in_clusters)
        downloads.append(Download("cluster_absorption_estimates", about.frame("cluster_absorption_estimates")))
    except LoopscopeError as error:
        lacking.append(f"In clusters: {error}")
    said += say_ends(about.frame("runs"), about.frame("absorption"))
    failed = about.frame("runs").filter(pl.col("failure").is_not_null())
    lacking += [
        f"What would have followed in run {row['uuid'][:8]}: {row['failure']}" for row in failed.head(5).to_dicts()
    ]
    downloads.append(Download("runs", about.frame("runs")))
    return Answer(tuple(said), tuple(figures), tuple(downloads), tuple(lacking))


def _say_absorption(about: About, of: str, what: str) -> tuple[list[str], list[str]]:
    estimates = about.frame(f"{of}absorption_estimates")
    kind = choose_kind(estimates)
    chosen = estimates.filter(pl.col("output_type") == kind)
    runs = about.frame(f"{of}absorption").filter(pl.col("output_type") == kind)
    said = say_absorption(chosen, runs, f"repeat{{s}} {{its}} {OUTPUTS[kind][1]} exactly" if what == "output" else STAY)
    return said, say_reasons(chosen.filter(pl.col("null") == "S"), "quantity", "network")


def say_absorption(estimates: pl.DataFrame, runs: pl.DataFrame, stay: str) -> list[str]:
    """Say how many runs of each network are absorbed, and when, against the nulls.

    Of clusters a chain with one step of memory is told of as well: a run that stays in clusters at all ends in a stay.
    A run of exact outputs that are all different is its own only chain, so that there it says nothing.

    Parameters
    ----------
    estimates, runs
        The frames of absorption estimates and of absorption, of one output type.
    stay
        What a run does that is absorbed, ``{s}`` and ``{its}`` standing for what the number of runs decides.
    """
    rows = {(row["network"], row["quantity"], row["null"]): row for row in estimates.iter_rows(named=True)}

    def write(row: Mapping[str, Any]) -> str:
        network, n = row["network"], row["n_runs"]
        absorbed = round(row["estimate"] * n)
        what = stay.format(s="s" if absorbed == 1 else "", its="its" if absorbed == 1 else "their")
        of = runs.filter(pl.col("network") == network, pl.col("reason").is_null())
        told = f"{absorbed} of {count_of(n, 'run')} of {_say_length(of['n'])} {what}"
        told += f" from some step on ({with_interval(row, share)})"
        onset = rows.get((network, "median onset", "S"))
        if onset and onset["estimate"] is not None:
            told += f", at a median onset of step {with_interval(onset)}"
        outlying = int((of["cluster_id"] == OUTLIERS).fill_null(value=False).sum())
        told += f"; {outlying} of them stay{'s' if outlying == 1 else ''} at an outlier" if outlying else ""
        told += f"; {_say_null(row, 'shuffled order')}"
        return told + (_say_memory(rows[network, "share absorbed", "M1"]) if stay == STAY else "")

    return say_each([row for (_, name, null), row in rows.items() if (name, null) == ("share absorbed", "S")], write)


def _say_length(steps: pl.Series) -> str:
    longest, shortest = int(steps.max() or 0), int(steps.min() or 0)  # type: ignore[arg-type]
    return f"{'' if longest == shortest else 'up to '}{count_of(longest, 'step')}"


def _say_null(row: Mapping[str, Any], null: str) -> str:
    if row["null_mean"] is None:
        return f"not compared with {null}"
    n = row["n_runs"]
    return f"{null} gives {round(row['null_mean'] * n)} of {n}, p = {row['null_p']:.2g}"


def _say_memory(row: Mapping[str, Any]) -> str:
    told = f"; {_say_null(row, 'one step of memory')}"
    if row["estimate"] and row["null_p"] is not None and row["null_p"] > LIKELY:
        told += ", so that this is no more than the last ordinary stay of a run"
    return told


def choose_kind(frame: pl.DataFrame) -> str:
    """Choose the output type that is told of: text where there is any."""
    kinds = frame["output_type"].unique(maintain_order=True).to_list()
    return "text" if "text" in kinds else str(kinds[0])


def _draw(about: About, name: str, said: list[str]) -> list[Figure]:
    survival = about.named(about.frame(name))
    kind = "text" if (survival["output_type"] == "text").any() else None
    if kind is not None and name == "survival":
        survival = survival.filter(pl.col("output_type") == kind)
    try:
        return [Figure(plot_survival(survival), f"Kaplan-Meier curve of runs not yet absorbed. {' '.join(said)}")]
    except ChartError:
        return []


def say_ends(runs: pl.DataFrame, absorption: pl.DataFrame) -> list[str]:
    """Say how runs ended, and those that were stopped in a state of before, in a loop of how many outputs.

    Parameters
    ----------
    runs, absorption
        The frames of runs and of their absorption in exact outputs.
    """
    counts = dict(runs["stop_reason"].fill_null("unfinished").value_counts().iter_rows())
    parts = [f"{counts[reason]:,} {words[counts[reason] > 1]}" for reason, words in ENDS.items() if reason in counts]
    if "cycle" in counts:
        stopped = runs.filter(pl.col("stop_reason") == "cycle")
        were = "was" if stopped.height == 1 else "were"
        parts.insert(1, f"{stopped.height:,} {were} stopped in a state of before{_say_loops(stopped, absorption)}")
    said = [f"Of {count_of(runs.height, 'run')}, {listed(parts)}."] if parts else []
    fresh = int(runs["seed"].is_null().sum())
    if fresh:
        draws = "draws" if fresh == 1 else "draw"
        said.append(
            f"{fresh:,} {draws} fresh randomness at every step: such a run is never stopped, whatever it repeats."
        )
    return said


def _say_loops(stopped: pl.DataFrame, absorption: pl.DataFrame) -> str:
    """Tell how many outputs recur, which the period of a run, in invocations of all its models, does not."""
    of = absorption.join(stopped, on="run_id", how="semi").filter(pl.col("period").is_not_null())
    if of.is_empty():
        return ""
    kind = choose_kind(of)
    one, many = OUTPUTS[kind]
    periods = of.filter(pl.col("output_type") == kind)["period"].value_counts().sort("period")
    loops = [
        f"{n:,} {f'a fixed {one}' if period == 1 else f'a cycle of {period:,} {many}'}" for period, n in periods.rows()
    ]
    return f" ({', '.join(loops)})"


SECTION = Section("stuck", "Does it get stuck, and how soon?", answer_stuck)
