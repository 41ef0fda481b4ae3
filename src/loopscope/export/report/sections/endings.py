"""How the runs ended."""

import polars as pl

from loopscope.datavis.wording import count_of
from loopscope.export.report.about import About
from loopscope.export.report.answer import Answer, Download, Section
from loopscope.export.report.numbers import listed, median, number


def answer_endings(about: About) -> Answer:
    """Say why the runs stopped, and how far they came."""
    runs = about.frame("runs")
    counts = dict(runs["stop_reason"].fill_null("unfinished").value_counts().iter_rows())
    seeded = int(runs["seed"].is_not_null().sum())
    words = {
        "length": "reached their length",
        "cycle": "stopped in a cycle, in a state that they had been in before",
        "failed": "failed",
        "unfinished": "are unfinished",
    }
    parts = [f"{counts[reason]} {said}" for reason, said in words.items() if reason in counts]
    said = [f"Of {count_of(runs.height, 'run')}, {listed(parts)}."]
    lacking = [
        f"What would have followed in run {row['uuid'][:8]}: {row['failure']}"
        for row in runs.filter(pl.col("failure").is_not_null()).to_dicts()
    ]
    if seeded < runs.height:
        fresh = runs.height - seeded
        said.append(
            f"{fresh} of them draw fresh randomness at every step: they are never stopped, whatever they repeat."
        )
    if counts.get("cycle"):
        cycles = runs.filter(pl.col("stop_reason") == "cycle")
        said.append(f"Those that stopped did so after {number(median(cycles['length']))} invocations (median).")
    return Answer(tuple(said), (), (Download("runs", runs),), tuple(lacking[:10]))


SECTION = Section("endings", "How did the runs end?", answer_endings)
