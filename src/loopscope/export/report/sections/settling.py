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
    "length": "reached their length",
    "cycle": "were stopped in a cycle, in a state that they had been in before",
    "failed": "failed",
    "unfinished": "are unfinished",
}


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
    said += _say_ends(about.frame("runs"))
    failed = about.frame("runs").filter(pl.col("failure").is_not_null())
    lacking += [
        f"What would have followed in run {row['uuid'][:8]}: {row['failure']}" for row in failed.head(5).to_dicts()
    ]
    downloads.append(Download("runs", about.frame("runs")))
    return Answer(tuple(said), tuple(figures), tuple(downloads), tuple(lacking))


def _say_absorption(about: About, of: str, what: str) -> tuple[list[str], list[str]]:
    estimates = about.frame(f"{of}absorption_estimates").filter(pl.col("null") == "S")
    kinds = estimates["output_type"].unique(maintain_order=True).to_list()
    kind = "text" if "text" in kinds else kinds[0]
    chosen = estimates.filter(pl.col("output_type") == kind)
    shares = chosen.filter(pl.col("quantity") == "share absorbed").to_dicts()
    outputs = {"text": "texts", "image": "pictures"}[kind]
    thing = f"repeat their {outputs} exactly" if what == "output" else "stay in one cluster, or a cycle of clusters,"
    onsets = {row["network"]: row for row in chosen.filter(pl.col("quantity") == "median onset").to_dicts()}

    def write(row: Mapping[str, Any]) -> str:
        n, absorbed = row["n_runs"], round(row["estimate"] * row["n_runs"])
        null = (
            f"shuffled order gives {round(row['null_mean'] * n)} of {n}" if row["null_mean"] is not None else "no null"
        )
        onset = onsets.get(row["network"])
        soon = f", at a median onset of step {with_interval(onset)}" if onset and onset["estimate"] is not None else ""
        told = f"{absorbed} of {count_of(n, 'run')} {thing} from some step on ({with_interval(row, share)})"
        return f"{told}{soon}; {null}" + (f", p = {row['null_p']:.2g}" if row["null_p"] is not None else "")

    return say_each(shares, write), say_reasons(chosen, "quantity", "network")


def _draw(about: About, name: str, said: list[str]) -> list[Figure]:
    survival = about.frame(name)
    kind = "text" if (survival["output_type"] == "text").any() else None
    if kind is not None and name == "survival":
        survival = survival.filter(pl.col("output_type") == kind)
    try:
        return [Figure(plot_survival(survival), f"Kaplan-Meier curve of runs not yet absorbed. {' '.join(said)}")]
    except ChartError:
        return []


def _say_ends(runs: pl.DataFrame) -> list[str]:
    counts = dict(runs["stop_reason"].fill_null("unfinished").value_counts().iter_rows())
    parts = [f"{counts[reason]} {words}" for reason, words in ENDS.items() if reason in counts]
    said = [f"Of {count_of(runs.height, 'run')}, {listed(parts)}."]
    fresh = int(runs["seed"].is_null().sum())
    if fresh:
        said.append(f"{fresh} draw fresh randomness at every step: such a run is never stopped, whatever it repeats.")
    return said


SECTION = Section("stuck", "Does it get stuck, and how soon?", answer_stuck)
