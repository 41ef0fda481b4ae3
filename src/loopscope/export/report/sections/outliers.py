"""How far the clustering can be trusted."""

import polars as pl

from loopscope.data_prep.outlier_diagnostics import load_outlier_diagnostics_df
from loopscope.datavis.outlier_diagnostics import plot_outlier_diagnostics
from loopscope.datavis.wording import count_of, percentage
from loopscope.export.report.about import About
from loopscope.export.report.answer import Answer, Download, Figure, Section
from loopscope.export.report.naming import count_in
from loopscope.export.report.numbers import Row, against_null, share, with_interval


def answer_trust(about: About) -> Answer:
    """Say how many are outliers, how much that depends on the setting, and whether outliers are far from others."""
    diagnostics = load_outlier_diagnostics_df(about.store, about.result["clustering_result_id"])
    kinds = {(row["parameter"], row["kind"]): row for row in diagnostics.to_dicts()[::-1]}
    overall, separation = kinds["all", "share"], kinds.get(("neighbour distance", "separation"))
    said = [f"{say_share(overall)} of the outputs are outliers.", *say_largest(about.medoids)]
    settings = diagnostics.filter(pl.col("parameter") == "min_cluster_size", pl.col("estimate").is_not_null())
    if settings.height > 1:
        low, high = settings.sort("estimate").to_dicts()[:: settings.height - 1]
        said.append(
            f"With min_cluster_size from {settings['value'][0]} to {settings['value'][-1]} it would be between "
            f"{share(low['estimate'])} and {share(high['estimate'])}; in a Gaussian cloud without clusters it is "
            f"{share(_null(settings, 'min'))} to {share(_null(settings, 'max'))}."
        )
    lacking = [f"{row['parameter']}: {count_in(row['reason'])}" for row in diagnostics.to_dicts() if row["reason"]]
    if separation is not None and separation["estimate"] is not None:
        said.append(
            f"An outlier is farther from its neighbours than a member with probability {with_interval(separation)}; "
            f"{against_null(separation, 'by chance that')}."
        )
    chart = plot_outlier_diagnostics(diagnostics)
    figure = Figure(chart, f"Share of outliers by setting, distance, network and model. {said[0]}")
    return Answer(tuple(said), (figure,), (Download("outlier_diagnostics", diagnostics),), tuple(lacking))


def say_largest(medoids: pl.DataFrame) -> list[str]:
    """Say where one cluster holds most of the outputs: then there is hardly a clustering.

    Parameters
    ----------
    medoids
        One row for each cluster, and one for outliers, with ``cluster_id`` and ``cluster_size``.
    """
    clusters = medoids.filter(pl.col("cluster_id") >= 0).sort("cluster_size", descending=True)
    total = int(medoids["cluster_size"].sum())
    if clusters.is_empty() or 2 * clusters["cluster_size"][0] <= total:
        return []
    size, number = int(clusters["cluster_size"][0]), clusters["cluster_id"][0]
    others = count_of(clusters.height - 1, "other cluster") if clusters.height > 1 else "no other cluster"
    return [
        f"Cluster {number} alone holds {percentage(size, total)} of the outputs, beside {others}: whatever is said of "
        "clusters is mostly said of being in it or not."
    ]


def say_share(row: Row) -> str:
    """Write a share with its interval; none or all in every resample of the runs is no certainty.

    Examples
    --------
    >>> say_share({"estimate": 0.0, "lower": 0.0, "upper": 0.0})
    '0 % (no interval: no run differs in it)'
    """
    if row["lower"] is not None and row["lower"] == row["upper"]:
        return f"{share(row['estimate'])} (no interval: no run differs in it)"
    return with_interval(row, share)


def _null(settings: pl.DataFrame, which: str) -> float:
    values = settings["null_mean"].drop_nulls()
    return float(getattr(values, which)()) if len(values) else float("nan")


SECTION = Section("trust", "How far can the clustering be trusted?", answer_trust)
