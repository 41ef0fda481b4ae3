"""How long does it stay, and does it come back."""

import polars as pl

from loopscope.data_prep.dwell_times import load_dwell_time_estimates_df
from loopscope.datavis.dwell_times import plot_dwell_times
from loopscope.datavis.wording import count_of, percentage
from loopscope.errors import NotFoundError
from loopscope.export.report.about import About
from loopscope.export.report.answer import Answer, Download, Figure, Section
from loopscope.export.report.numbers import against_null, median, number, with_interval
from loopscope.export.report.saying import say_reasons

LIKELY = 0.05


def answer_staying(about: About) -> Answer:
    """Say how long stays are in the largest cluster and in how many they are longer than by chance, and who returns."""
    result_id = about.result["clustering_result_id"]
    with about.store.session() as session:
        estimates = load_dwell_time_estimates_df(session, result_id, about.experiment_id, by=())
    dwell_times, returns = about.frame("dwell_times"), about.frame("return_times")
    inside = dwell_times.filter(pl.col("cluster_id") >= 0)
    if inside.is_empty():
        raise NotFoundError("every output is an outlier: there is no cluster to stay in")
    means = estimates.filter(pl.col("quantity") == "mean", pl.col("cluster_id") >= 0, pl.col("null") == "S")
    known = means.filter(pl.col("estimate").is_not_null())
    said = [_say_stays(inside)]
    if known.height:
        longer = int(((known["estimate"] > known["null_mean"]) & (known["null_p"] <= LIKELY)).sum())
        largest = known.sort("cluster_id").row(0, named=True)
        of = count_of(known.height, "cluster")
        said += [
            f"In {longer} of {of} a stay is longer than in shuffled order (p ≤ {LIKELY}).",
            f"In cluster {largest['cluster_id']} its mean is {with_interval(largest)} steps; "
            f"{against_null(largest, 'shuffled order')}.",
        ]
    said.append(_say_returns(inside, returns))
    chart = plot_dwell_times(dwell_times, estimates, about.medoids)
    figure = Figure(chart, f"Distribution of dwell times in the largest clusters. {said[0]}")
    downloads = [Download("dwell_time_estimates", estimates), Download("dwell_times", dwell_times)]
    downloads += [Download("return_times", returns)]
    return Answer(tuple(said), (figure,), tuple(downloads), tuple(say_reasons(means, "cluster_id")))


def _say_stays(inside: pl.DataFrame) -> str:
    cut = int((inside["left_censored"] | inside["right_censored"]).sum())
    lengths = inside["length"]
    whole = f"; {cut} of them are cut off by the beginning or the end of a run, and are at least so long" if cut else ""
    mean = number(float(lengths.sum()) / len(lengths))
    return f"Runs stay {count_of(len(lengths), 'time')} in a cluster, {mean} steps on the average{whole}."


def _say_returns(inside: pl.DataFrame, returns: pl.DataFrame) -> str:
    left = int((~inside["right_censored"]).sum())
    back = returns.filter(pl.col("cluster_id") >= 0, ~pl.col("censored"), pl.col("gap") > 1)
    if not left:
        return "No cluster is ever left."
    said = f"After leaving a cluster, a run comes back to it in {back.height} of {count_of(left, 'case')} "
    said += f"({percentage(min(back.height, left), left)})"
    if back.height:
        said += f", after {number(median(back['gap']))} steps (median of those)"
    return f"{said}."


SECTION = Section("staying", "How long does it stay, and does it come back?", answer_staying)
