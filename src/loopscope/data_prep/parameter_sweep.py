"""The frame of a parameter sweep: what HDBSCAN gives at every setting of a grid."""

from typing import Any

import polars as pl

from loopscope.data_prep.cache import cached
from loopscope.data_prep.columns import EMBEDDING_MODEL, Column, schema_of
from loopscope.data_prep.estimates import ESTIMATE_COLUMNS, estimate_values
from loopscope.store.connection import Store

COLUMNS = (
    EMBEDDING_MODEL,
    Column("n", pl.Int64, "how many embeddings are clustered"),
    Column("n_distinct", pl.Int64, "how many of them are different"),
    Column("min_cluster_size", pl.Int64, "the smallest number of distinct embeddings that is a cluster"),
    Column("min_samples", pl.Int64, "the neighbour whose distance is the core distance"),
    Column("epsilon", pl.Float64, "clusters that part below this distance are kept together"),
    Column("n_clusters", pl.Int64, "how many clusters there are, the outlier cluster not among them"),
    Column("outlier_share", pl.Float64, "the estimate: the share of embeddings that are outliers"),
    Column("largest_cluster", pl.Float64, "the share of embeddings in the largest cluster"),
    Column("ari_to_smaller_size", pl.Float64, "the adjusted Rand index with the next smaller min_cluster_size"),
    Column("ari_to_smaller_epsilon", pl.Float64, "the adjusted Rand index with the next smaller epsilon"),
    Column("ari_to_neighbour", pl.Float64, "the smaller of these two, of those that there are"),
    *ESTIMATE_COLUMNS,
)
AGREES = 0.8
"""From this adjusted Rand index on, two settings give nearly the same clustering."""


@cached
def load_parameter_sweep_df(store: Store, embedding_model: str, **settings: Any) -> pl.DataFrame:
    """Compute one row for each setting of a grid; the store is read, and nothing is written.

    Parameters
    ----------
    store
        Not a session: no transaction is open while settings are tried.
    embedding_model, settings
        As for :func:`loopscope.engine.sweeping.sweep_clusterings`.

    Returns
    -------
    polars.DataFrame
        With the columns ``COLUMNS``, by ``min_samples``, ``min_cluster_size`` and ``epsilon``.

    Raises
    ------
    ClusteringError
        When there are no such embeddings, or they cannot be clustered at a setting.
    """
    from loopscope.engine.sweeping import sweep_clusterings  # which brings a compiler along

    found = sweep_clusterings(store, embedding_model, **settings)
    scores = ("ari_to_smaller_size", "ari_to_smaller_epsilon", "ari_to_neighbour")
    rows = []
    for setting in found.settings:
        values = estimate_values(setting.outlier_share)
        known = ("min_cluster_size", "min_samples", "epsilon", "n_clusters", "largest_cluster", *scores)
        rows.append(
            {"embedding_model": embedding_model, "n": found.n, "n_distinct": found.n_distinct}
            | {name: getattr(setting, name) for name in known}
            | {"outlier_share": values["estimate"], **values}
        )
    return pl.DataFrame(rows, schema=schema_of(COLUMNS)).with_columns(pl.col(scores).fill_nan(None))


def explain_outlier_share(sweep: pl.DataFrame) -> dict[str, float]:
    """Say which share of the variation of the outlier share over the grid each setting explains by itself.

    Parameters
    ----------
    sweep
        As :func:`load_parameter_sweep_df` gives it: of a full grid.

    Returns
    -------
    dict
        By the name of each setting that varies, the variance of the means over all else, divided by the variance of
        all: the main effects of an analysis of variance. Empty where the outlier share does not vary.
    """
    variance = sweep.select(pl.col("outlier_share").var(ddof=0)).item()
    if not variance:
        return {}
    shares = {}
    for name in ("epsilon", "min_cluster_size", "min_samples"):
        means = sweep.select(pl.col("outlier_share").mean().over(name)).to_series()
        if sweep[name].n_unique() > 1:
            shares[name] = float(means.var(ddof=0) or 0.0) / variance  # type: ignore[arg-type]
    return shares


def outlier_share_by(sweep: pl.DataFrame, name: str) -> pl.DataFrame:
    """Give the mean outlier share at each value of a setting, over all else: columns ``name`` and ``outlier_share``."""
    return sweep.group_by(name).agg(pl.mean("outlier_share")).sort(name)


def choose_setting(sweep: pl.DataFrame) -> dict[str, Any] | None:
    """Choose the setting to try: of those that tell something and agree with their neighbour, the fewest outliers.

    A setting tells something when there are several clusters, and neither the outliers nor one cluster are more than
    half of the embeddings; where none is so, when there are several clusters at all. It agrees from an
    ``ari_to_neighbour`` of .8 on; the smallest of several sizes, which has no smaller neighbour, never does. Where none
    agrees, the one that agrees most is taken.

    Parameters
    ----------
    sweep
        As :func:`load_parameter_sweep_df` gives it.

    Returns
    -------
    dict or None
        Its row; None when no setting gives several clusters.
    """
    several = sweep.filter(pl.col("n_clusters") > 1)
    telling = several.filter(pl.col("outlier_share") <= 0.5, pl.col("largest_cluster") <= 0.5)
    if not telling.is_empty():
        several = telling
    index = "ari_to_smaller_size" if sweep["min_cluster_size"].n_unique() > 1 else "ari_to_smaller_epsilon"
    several = several.with_columns(agreement=pl.when(pl.col(index).is_not_null()).then("ari_to_neighbour"))
    agreeing = several.filter(pl.col("agreement") >= AGREES)
    if agreeing.is_empty():
        ordered = several.sort("agreement", descending=True, nulls_last=True, maintain_order=True)
    else:
        ordered = agreeing.sort("outlier_share", maintain_order=True)
    return next(ordered.drop("agreement").iter_rows(named=True), None)
