"""How far the clustering can be trusted."""

import polars as pl

from loopscope.data_prep.outlier_diagnostics import load_outlier_diagnostics_df
from loopscope.datavis.outlier_diagnostics import plot_outlier_diagnostics
from loopscope.export.report.about import About
from loopscope.export.report.answer import Answer, Download, Figure, Section
from loopscope.export.report.numbers import against_null, share, with_interval


def answer_trust(about: About) -> Answer:
    """Say how many are outliers, how much that depends on the setting, and whether outliers are far from others."""
    diagnostics = load_outlier_diagnostics_df(about.store, about.result["clustering_result_id"])
    kinds = {(row["parameter"], row["kind"]): row for row in diagnostics.to_dicts()[::-1]}
    overall, separation = kinds["all", "share"], kinds.get(("neighbour distance", "separation"))
    said = [f"{with_interval(overall, share)} of the outputs are outliers."]
    settings = diagnostics.filter(pl.col("parameter") == "min_cluster_size", pl.col("estimate").is_not_null())
    if settings.height > 1:
        low, high = settings.sort("estimate").to_dicts()[:: settings.height - 1]
        said.append(
            f"With min_cluster_size from {settings['value'][0]} to {settings['value'][-1]} it would be between "
            f"{share(low['estimate'])} and {share(high['estimate'])}; in a Gaussian cloud without clusters it is "
            f"{share(_null(settings, 'min'))} to {share(_null(settings, 'max'))}."
        )
    lacking = [f"{row['parameter']}: {row['reason']}" for row in diagnostics.to_dicts() if row["reason"]]
    if separation is not None and separation["estimate"] is not None:
        said.append(
            f"An outlier is farther from its neighbours than a member with probability {with_interval(separation)}; "
            f"{against_null(separation, 'by chance that')}."
        )
    chart = plot_outlier_diagnostics(diagnostics)
    figure = Figure(chart, f"Share of outliers by setting, distance, network and model. {said[0]}")
    return Answer(tuple(said), (figure,), (Download("outlier_diagnostics", diagnostics),), tuple(lacking))


def _null(settings: pl.DataFrame, which: str) -> float:
    values = settings["null_mean"].drop_nulls()
    return float(getattr(values, which)()) if len(values) else float("nan")


SECTION = Section("trust", "How far can the clustering be trusted?", answer_trust)
