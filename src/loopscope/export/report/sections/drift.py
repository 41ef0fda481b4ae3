"""How far does it drift from its prompt."""

import polars as pl

from loopscope.datavis.drift import Since, plot_drift
from loopscope.datavis.wording import count_of
from loopscope.errors import NotFoundError
from loopscope.export.report.about import About
from loopscope.export.report.answer import Answer, Download, Figure, Section
from loopscope.export.report.numbers import median, number, quantile


def answer_drift(about: About) -> Answer:
    """Say how far the last outputs are from the prompt, and draw the way there."""
    drift = about.frame("drift")
    if drift.is_empty():
        raise NotFoundError("no output of this experiment is embedded: it names no embedding_models")
    said, figures, lacking = [], [], []
    for (model,), part in drift.group_by("embedding_model", maintain_order=True):
        since: Since = "prompt" if part["drift_from_prompt"].is_not_null().any() else "start"
        if since == "start":
            lacking.append(
                f"Drift from the prompt by {model}: it embeds pictures, and a prompt is a text. Drawn is drift from "
                "the first picture."
            )
        sentence = _say_drift(part, since, str(model))
        said.append(sentence)
        figures.append(Figure(plot_drift(part, since=since), f"Drift of every run from its {since}. {sentence}"))
    order = sorted(range(len(said)), key=lambda at: "its prompt" not in said[at])
    return Answer(
        tuple(said[at] for at in order),
        tuple(figures[at] for at in order),
        (Download("drift", drift),),
        tuple(lacking),
    )


def _say_drift(part: pl.DataFrame, since: Since, model: str) -> str:
    runs = part.sort("sequence_number").group_by("run_id", maintain_order=True)
    drift = pl.col(f"drift_from_{since}").drop_nulls()
    ends = runs.agg(first=drift.first(), last=drift.last())
    last = ends["last"]
    middle = f"{number(quantile(last, 0.25))} to {number(quantile(last, 0.75))}"
    medians = f"(medians over {count_of(ends.height, 'run')}; the middle half of the last is {middle}; 1 is unrelated)"
    if since == "prompt":
        return (
            f"By {model}, a run's first output is {number(median(ends['first']))} from its prompt and its last "
            f"{number(median(last))} {medians}."
        )
    return f"By {model}, a run's last output is {number(median(last))} from its first {medians}."


SECTION = Section("drift", "How far does it drift from where it began?", answer_drift)
