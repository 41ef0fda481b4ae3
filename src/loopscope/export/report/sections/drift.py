"""How far does it drift from its prompt."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from loopscope.datavis.drift import Since, plot_drift
from loopscope.datavis.wording import count_of
from loopscope.errors import NotFoundError
from loopscope.export.report.about import About
from loopscope.export.report.answer import Answer, Download, Figure, Section
from loopscope.export.report.numbers import number, with_interval
from loopscope.export.report.saying import say_each


def answer_drift(about: About) -> Answer:
    """Say how far the last outputs are from the prompt, and draw the way there."""
    drift = about.frame("drift")
    if drift.is_empty():
        raise NotFoundError("no output of this experiment is embedded: it names no embedding_models")
    estimates = about.frame("drift_estimates")
    parts: list[tuple[bool, list[str], Figure]] = []
    lacking = []
    for (model,), part in drift.group_by("embedding_model", maintain_order=True):
        since: Since = "prompt" if part["drift_from_prompt"].is_not_null().any() else "start"
        if since == "start":
            lacking.append(
                f"Drift from the prompt by {model}: it embeds pictures, and a prompt is a text. Drawn is drift from "
                "the first picture."
            )
        sentences = say_drift(estimates, str(model), since)
        alt = f"Drift of every run from its {since}. {' '.join(sentences[:1])}"
        parts.append((since == "start", sentences, Figure(plot_drift(part, since=since), alt)))
    parts.sort(key=lambda part: part[0])  # drift from the prompt is told first
    return Answer(
        tuple(sentence for _, sentences, _ in parts for sentence in sentences),
        tuple(figure for _, _, figure in parts),
        (Download("drift", drift), Download("drift_estimates", estimates)),
        tuple(lacking),
    )


def say_drift(estimates: pl.DataFrame, model: str, since: Since) -> list[str]:
    """Say how far the first and the last outputs are, beside outputs of other prompts, in each network.

    Parameters
    ----------
    estimates
        One row for each network, quantity and step, with ``estimate`` and what the null gives.
    """
    quantity = pl.col("quantity") == f"drift_from_{since}"
    known = estimates.filter(quantity, pl.col("embedding_model") == model, pl.col("estimate").is_not_null()).sort("t")
    first = {row["network"]: row for row in known.unique("network", keep="first", maintain_order=True).to_dicts()}
    last = known.unique("network", keep="last", maintain_order=True)
    unrelated = "outputs of runs of other prompts are"

    def write(row: Mapping[str, Any]) -> str:
        begun = first[row["network"]]
        far = f"{with_interval(row)} (mean 1 − cosine over {count_of(row['n_runs'], 'run')})"
        null = f"; {_beside(row, unrelated)}"
        if since == "start":
            return f"by {model}, a run's last output, step {row['t']} of its type, is {far} from its first{null}"
        if row["t"] == begun["t"]:
            return f"by {model}, a run's only output is {far} from its prompt{null}"
        return (
            f"by {model}, a run's last output, step {row['t']} of its type, is {far} from its prompt{null}. "
            f"The first was {with_interval(begun)} away; {_beside(begun, unrelated)}"
        )

    return say_each(last.sort("network").drop("generator").to_dicts(), write)


def _beside(row: Mapping[str, Any], unrelated: str) -> str:
    """Say how far is what is not related, and that p is of being nearer than that."""
    if row["null_mean"] is None:
        return "there is no run of another prompt to compare with"
    band = f" [{number(row['null_lower'])}, {number(row['null_upper'])}]" if row["null_lower"] is not None else ""
    return f"{unrelated} {number(row['null_mean'])}{band} away, p = {row['null_p']:.2g} of being so near by chance"


SECTION = Section("drift", "How far does it drift from where it began?", answer_drift)
