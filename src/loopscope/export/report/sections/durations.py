"""Which model takes the time."""

from loopscope.data_prep.invocation_durations import load_invocation_durations_df
from loopscope.datavis.invocation_durations import plot_invocation_durations
from loopscope.errors import NotFoundError
from loopscope.export.report.about import About
from loopscope.export.report.answer import Answer, Download, Figure, Section
from loopscope.export.report.numbers import number, share, with_interval


def answer_durations(about: About) -> Answer:
    """Say which model takes most of the time, and how long one call of each takes."""
    with about.store.session() as session:
        durations = load_invocation_durations_df(session, about.experiment_id)
    if durations.is_empty():
        raise NotFoundError("no invocation of this experiment is finished; go on: loopscope experiment resume ID")
    rows = durations.to_dicts()
    first = rows[0]
    if len(rows) == 1:
        said = [
            f"{first['model']}, the only model, takes {seconds(first['median'])} a call (median of {first['n']:,})."
        ]
    elif first["total"] == 0:
        said = ["No call took a measurable time."]
    else:
        takes = with_interval(first, share)
        if first["lower"] is not None and share(first["lower"]) == share(first["upper"]):
            takes = share(first["estimate"])  # an interval within the rounding of the number says nothing
        said = [f"{first['model']} takes {takes} of the time that the models take, {seconds(first['median'])} a call."]
        others = "; ".join(
            f"{row['model']} {share(row['estimate'])}, {seconds(row['median'])} a call" for row in rows[1:]
        )
        said.append(f"The others: {others} (medians).")
    chart = plot_invocation_durations(about.frame("invocations"))
    figure = Figure(chart, f"Distribution of the seconds that the calls of each model took. {said[0]}")
    return Answer(tuple(said), (figure,), (Download("invocation_durations", durations),))


def seconds(value: float) -> str:
    """Write a duration.

    >>> seconds(0.0042), seconds(2.0)
    ('4.2 ms', '2 s')
    """
    return f"{number(1000 * value)} ms" if value < 0.9995 else f"{number(value)} s"


SECTION = Section("time", "Which model takes the time?", answer_durations)
