"""The frame of cluster stability: which clusters of a result come again when runs are left out."""

from typing import Any

import polars as pl

from loopscope.data_prep.cache import cached
from loopscope.data_prep.columns import CLUSTERING_RESULT_ID, EMBEDDING_MODEL, Column, schema_of
from loopscope.data_prep.estimates import ESTIMATE_COLUMNS, estimate_values
from loopscope.data_prep.medoids import load_medoids_df
from loopscope.engine.progress import Progress
from loopscope.store.connection import Store

COLUMNS = (
    CLUSTERING_RESULT_ID,
    Column("clustering_result_uuid", pl.String, "its public id"),
    EMBEDDING_MODEL,
    Column("algorithm", pl.String, "such as hdbscan"),
    Column("cluster_id", pl.Int64, "the number of the cluster"),
    Column("cluster", pl.Int64, "the same"),
    Column("cluster_label", pl.String, "its medoid's text or caption"),
    Column("cluster_size", pl.Int64, "how many embeddings it has"),
    Column("jaccard", pl.Float64, "the estimate: its mean best Jaccard index over the resamples; null if never seen"),
    Column("recovered", pl.Float64, "the share of resamples with an index above .75"),
    Column("dissolved", pl.Float64, "the share of resamples with an index of at most .5"),
    Column("verdict", pl.String, "what Hennig's rule says: from .75 on stable, from .6 on a pattern"),
    *ESTIMATE_COLUMNS,
)


@cached
def load_cluster_stability_df(
    store: Store,
    clustering_result_id: int,
    *,
    resamples: int = 50,
    share: float = 0.8,
    clouds: int = 20,
    seed: int = 0,
    progress: Progress | None = None,
) -> pl.DataFrame:
    """Compute one row for each cluster of a result, by number; the store is read, and nothing is written.

    Parameters
    ----------
    store
        Not a session: no transaction is open while subsamples are clustered.
    clustering_result_id, resamples, share, clouds, seed, progress
        As for :func:`loopscope.engine.stability.measure_stability`.

    Returns
    -------
    polars.DataFrame
        With the columns ``COLUMNS``.

    Raises
    ------
    NotFoundError
        When there is no such result.
    ClusteringError
        When it cannot be clustered again.
    """
    from loopscope.engine.stability import measure_stability  # which brings a compiler along

    found = measure_stability(
        store, clustering_result_id, resamples=resamples, share=share, clouds=clouds, seed=seed, progress=progress
    )
    with store.session() as session:
        labels = load_medoids_df(session, clustering_result_id).select("cluster_id", "cluster_label")
    every: dict[str, Any] = {
        "clustering_result_id": clustering_result_id,
        "clustering_result_uuid": str(found.clustering.uuid),
        "embedding_model": found.clustering.trajectories.embedding_model,
        "algorithm": found.clustering.algorithm,
    }
    named = dict(labels.iter_rows())
    rows = []
    for each in found.clusters:
        values = estimate_values(each.jaccard)
        rows.append(
            every
            | {"cluster_id": each.cluster, "cluster": each.cluster, "cluster_label": named[each.cluster]}
            | {"cluster_size": each.size, "jaccard": values["estimate"], "verdict": each.verdict}
            | {"recovered": each.recovered, "dissolved": each.dissolved, **values}
        )
    return pl.DataFrame(rows, schema=schema_of(COLUMNS)).with_columns(pl.col("recovered", "dissolved").fill_nan(None))
