"""How long does it stay, and does it come back."""

import polars as pl

from loopscope.data_prep.dwell_times import load_dwell_time_estimates_df
from loopscope.data_prep.return_times import load_return_time_estimates_df
from loopscope.datavis.dwell_times import plot_dwell_times
from loopscope.datavis.wording import count_of, percentage
from loopscope.errors import NotFoundError
from loopscope.export.report.about import About
from loopscope.export.report.answer import Answer, Download, Figure, Section
from loopscope.export.report.numbers import against_null, with_interval
from loopscope.export.report.saying import say_reasons

AREA = "mean (Kaplan-Meier)"
DISPERSION = "dispersion"
LIKELY = 0.05


def answer_staying(about: About) -> Answer:
    """Say how long stays are in the largest cluster, in how many they are longer than by chance, and who returns."""
    result_id = about.result["clustering_result_id"]
    with about.store.session() as session:
        estimates = load_dwell_time_estimates_df(session, result_id, about.experiment_id, by=())
        of_returns = load_return_time_estimates_df(session, result_id, about.experiment_id, by=())
    dwell_times, returns = about.frame("dwell_times"), about.frame("return_times")
    inside = dwell_times.filter(pl.col("cluster_id") >= 0)
    if inside.is_empty():
        raise NotFoundError("every output is an outlier: there is no cluster to stay in")
    means = estimates.filter(pl.col("quantity") == "mean", pl.col("cluster_id") >= 0, pl.col("null") == "S")
    steps = inside.group_by("cluster_id").agg(pl.col("length").sum())
    largest = steps.sort("length", "cluster_id", descending=[True, False])["cluster_id"][0]
    n_clusters = about.medoids.filter(pl.col("cluster_id") >= 0)["cluster_id"].n_unique()
    said = say_stays(means, largest, n_clusters)
    said += [say_returns(inside, returns), *say_gaps(of_returns.filter(pl.col("cluster_id") == largest))]
    chart = plot_dwell_times(about.named(dwell_times), estimates, about.medoids)
    figure = Figure(chart, f"Distribution of dwell times in the largest clusters. {said[0]}")
    downloads = [Download("dwell_time_estimates", estimates), Download("dwell_times", dwell_times)]
    downloads += [Download("return_time_estimates", of_returns), Download("return_times", returns)]
    return Answer(tuple(said), (figure,), tuple(downloads), tuple(say_reasons(means, "cluster_id")))


def say_stays(means: pl.DataFrame, largest: int, n_clusters: int) -> list[str]:
    """Say how long stays last in the largest cluster, and in how many clusters longer than in shuffled order.

    The mean is the estimate that minds stays that are cut off, not the mean of lengths, which is too short.

    Parameters
    ----------
    means
        Rows of the frame of dwell time estimates: the mean of each cluster against null S.
    largest
        The cluster in which most steps are.
    n_clusters
        How many clusters the clustering has.
    """
    said = []
    for row in means.filter(pl.col("cluster_id") == largest, pl.col("estimate").is_not_null()).iter_rows(named=True):
        cut = row["n_censored"]
        whole = f" ({cut:,} of {count_of(row['n_durations'], 'stay')} last on when the run ends)" if cut else ""
        null = against_null(row, "shuffled order")
        mean = f"{with_interval(row)} steps on average{whole}"
        said.append(f"In cluster {largest}, where most steps are, a stay lasts {mean}; {null}.")
    compared = means.filter(pl.col("estimate").is_not_null(), pl.col("null_p").is_not_null())
    if compared.height:
        longer = int(((compared["estimate"] > compared["null_mean"]) & (compared["null_p"] <= LIKELY)).sum())
        missing = _say_missing(means, compared, n_clusters)
        said.append(
            f"In {longer:,} of {count_of(n_clusters, 'cluster')} a stay is longer than in shuffled order "
            f"(p ≤ {LIKELY} each){missing}."
        )
    return said


def _say_missing(means: pl.DataFrame, compared: pl.DataFrame, n_clusters: int) -> str:
    """Say of which clusters nothing is known, and why."""
    without = means.join(compared, on="cluster_id", how="anti").with_columns(
        why=pl.col("reason").fill_null("it cannot be compared")
    )
    told = []
    for why, clusters in without.group_by("why", maintain_order=True).agg("cluster_id").iter_rows():
        more = f" and {len(clusters) - 1} more" if len(clusters) > 1 else ""
        told.append(f"cluster {clusters[0]}{more}: {why}")
    unseen = n_clusters - means["cluster_id"].n_unique()
    if unseen > 0:
        told.append(f"{count_of(unseen, 'cluster')} without an output of these runs")
    return f"; nothing is known of {n_clusters - compared.height} ({'; '.join(told)})" if told else ""


def say_returns(inside: pl.DataFrame, returns: pl.DataFrame) -> str:
    """Say how often a cluster that was left is seen to be visited again.

    Parameters
    ----------
    inside, returns
        The frames of dwell times, without outliers, and of return times.
    """
    left = int((~inside["right_censored"]).sum())
    if not left:
        return "No cluster is ever left."
    back = returns.filter(pl.col("cluster_id") >= 0, ~pl.col("censored"), pl.col("gap") > 1).height
    said = f"After leaving a cluster, a run is seen to come back to it in {back:,} of {count_of(left, 'case')}"
    return f"{said} ({percentage(min(back, left), left)}); in the others the run ended first."


def say_gaps(estimates: pl.DataFrame) -> list[str]:
    """Say how long it is from a step in a cluster to the next in it, and whether visits come in bursts.

    Parameters
    ----------
    estimates
        Rows of the frame of return time estimates, of one cluster.
    """
    known = estimates.filter(pl.col("reason").is_null())
    of = {(row["quantity"], row["null"]): row for row in known.iter_rows(named=True)}
    said = []
    mean, bursts = of.get((AREA, None)), of.get((DISPERSION, "S"))
    if mean:
        said.append(
            f"From a step in cluster {mean['cluster_id']} to the next in it are {with_interval(mean)} steps on average "
            "or more: staying is 1 step, and what runs that ended first would have added is not seen."
        )
    if bursts:
        said.append(
            f"The dispersion of these steps, above 1 where visits come in bursts, is {with_interval(bursts)}; "
            f"{against_null(bursts, 'shuffled order')}."
        )
    return said


SECTION = Section("staying", "How long does it stay, and does it come back?", answer_staying)
