"""The frame of outlier diagnostics: on what being an outlier of a result depends."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import polars as pl

from loopscope.data_prep.cache import cached
from loopscope.data_prep.columns import CLUSTERING_RESULT_ID, EMBEDDING_MODEL, Column, schema_of
from loopscope.data_prep.estimates import ESTIMATE_COLUMNS, estimate_values
from loopscope.statistics.estimate import Estimate
from loopscope.store.connection import Store

if TYPE_CHECKING:
    from loopscope.engine.outliers import OutlierReport

COLUMNS = (
    CLUSTERING_RESULT_ID,
    Column("clustering_result_uuid", pl.String, "its public id"),
    EMBEDDING_MODEL,
    Column("algorithm", pl.String, "such as hdbscan"),
    Column("parameter", pl.String, "on what: neighbour distance, min_cluster_size, caption length, repeats, …"),
    Column("value", pl.String, "at which value or range of values; null for all of them together"),
    Column("kind", pl.String, "share, coefficient or separation: what the estimate is"),
    Column("unit", pl.String, "of a coefficient: for what change of the parameter"),
    Column("n", pl.Int64, "of how many embeddings the share is"),
    Column("share", pl.Float64, "the estimate, where it is the share of outliers among these"),
    Column("coefficient", pl.Float64, "the estimate, where it is a change of the log-odds of being an outlier"),
    *ESTIMATE_COLUMNS,
)


@cached
def load_outlier_diagnostics_df(store: Store, clustering_result_id: int, **settings: Any) -> pl.DataFrame:
    """Compute one row for each share and each effect; the store is read, and nothing is written.

    First the share of outliers among all, then how well the neighbour distance tells them (``separation``: the
    probability that an outlier's is larger than a member's), then shares by value, then coefficients of one logistic
    regression on everything but the distance.

    Parameters
    ----------
    store
        Not a session: no transaction is open while vectors are linked.
    clustering_result_id, settings
        As for :func:`loopscope.engine.outliers.explain_outliers`.

    Returns
    -------
    polars.DataFrame
        With the columns ``COLUMNS``.

    Raises
    ------
    NotFoundError
        When there is no such result.
    ClusteringError
        When its vectors cannot be linked.
    """
    from loopscope.engine.outliers import explain_outliers  # which brings a compiler along

    report = explain_outliers(store, clustering_result_id, **settings)
    every = {
        "clustering_result_id": clustering_result_id,
        "clustering_result_uuid": str(report.clustering.uuid),
        "embedding_model": report.clustering.trajectories.embedding_model,
        "algorithm": report.clustering.algorithm,
    }
    return pl.DataFrame([every | row for row in _rows(report)], schema=schema_of(COLUMNS))


def _rows(report: "OutlierReport") -> Iterator[dict[str, Any]]:
    yield _row("all", "share", report.overall, n=len(report.distances))
    yield _row(
        report.diagnosis.shares[0].factor,
        "separation",
        report.separation,
        unit=f"distance of neighbour {report.neighbour}",
    )
    for share in (*report.by_size, *report.diagnosis.shares):
        yield _row(share.factor, "share", share.share, value=share.value, n=share.n)
    for effect in report.diagnosis.effects:
        yield _row(effect.factor, "coefficient", effect.coefficient, value=effect.value, unit=effect.unit)


def _row(parameter: str, kind: str, estimate: Estimate, **told: Any) -> dict[str, Any]:
    values = estimate_values(estimate)
    named = {kind: values["estimate"]} if kind in ("share", "coefficient") else {}
    return {"parameter": parameter, "kind": kind, **named, **told, **values}
