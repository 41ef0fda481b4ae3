"""The frame of clusters: which embedding is in which cluster of which result."""

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.data_prep.assignments import (
    load_assignments,
    load_candidates,
    load_later_assignments,
    load_positions,
)
from loopscope.data_prep.captions import OUTLIER_LABEL, load_medoid_captions
from loopscope.data_prep.clustering_results import load_clustering_results_df
from loopscope.data_prep.columns import (
    RUN_KEYS,
    SEQUENCE_NUMBER,
    Column,
    conform,
)
from loopscope.data_prep.facts import fetch_frame
from loopscope.data_prep.keys import load_run_keys, of_cluster, require_run
from loopscope.data_prep.parameters import RESULT_KEYS
from loopscope.schemas import Cluster
from loopscope.types import OUTLIER

COLUMNS = (
    *RESULT_KEYS,
    Column("embedding_id", pl.Int64, "the embedding"),
    Column("invocation_id", pl.Int64, "the invocation whose output was embedded"),
    *RUN_KEYS,
    SEQUENCE_NUMBER,
    Column("cluster_id", pl.Int64, "the number of its cluster; -1 for an outlier, null where it has no cluster"),
    Column("cluster_label", pl.String, "the medoid's text or caption; OUTLIER for an outlier; not unique"),
    Column("cluster_size", pl.Int64, "how many embeddings are in its cluster"),
    Column("medoid_embedding_id", pl.Int64, "the medoid of its cluster; null for an outlier"),
    Column("medoid_invocation_id", pl.Int64, "the invocation of that medoid"),
    Column("status", pl.String, "member, outlier, not sampled or added later"),
    Column("probability", pl.Float64, "how strongly it belongs to its cluster, from 0 to 1; null if not recorded"),
    Column("later_cluster_id", pl.Int64, "the cluster it was assigned to afterwards, -1 for none; else null"),
    Column("later_probability", pl.Float64, "how strongly it belongs to that one; else null"),
)

_RESULT_FACTS = (*(column.name for column in RESULT_KEYS), "last_embedding_id")


STATUSES = ("member", "outlier", "not sampled", "added later")
"""Where an embedding stands in a clustering result."""


def load_clusters_df(
    session: Session,
    clustering_result_id: int | None = None,
    include_unclustered: bool = False,
    run_id: int | None = None,
) -> pl.DataFrame:
    """Load one row for each (clustering result, embedding), in the order of result, run and sequence number.

    Group by ``clustering_result_id, cluster_id``: labels may be shared. What was assigned to a cluster after its result
    was made is no member of it: it keeps the status ``added later`` or ``not sampled``, its ``cluster_id`` is null, and
    only ``later_cluster_id`` and ``later_probability`` tell of it.

    Parameters
    ----------
    clustering_result_id
        The result that is meant; by default all.
    include_unclustered
        Whether to add the embeddings of the result's model that it left out: with the status ``not sampled`` those
        that were there when it was made, with ``added later`` those that were not.
    run_id
        The one run whose embeddings are meant; by default all.

    Returns
    -------
    polars.DataFrame
        With the columns ``COLUMNS``.

    Raises
    ------
    NotFoundError
        When there is no such result or run.
    """
    if run_id is not None:
        require_run(session, run_id)
    results = load_clustering_results_df(session, clustering_result_id).select(*_RESULT_FACTS)
    positions = load_positions(session, clustering_result_id, include_unclustered, run_id)
    clusters = _load_labelled_clusters(session, clustering_result_id)
    facts = load_assignments(session, clustering_result_id, run_id).join(clusters, on="cluster_key")
    keys = ["clustering_result_id", "embedding_id"]
    if include_unclustered:
        everything = load_candidates(session, clustering_result_id, positions)
        later = load_later_assignments(session, clustering_result_id, run_id).join(facts, on=keys, how="anti")
        facts = everything.join(facts, on=keys, how="left").join(later, on=keys, how="left")
    else:
        nothing = pl.lit(None)
        facts = facts.with_columns(later_cluster_id=nothing, later_probability=nothing)
    frame = (
        facts.join(positions, on="embedding_id")
        .join(results, on="clustering_result_id")
        .join(load_run_keys(session), on="run_id")
        .with_columns(status=_status())
        .sort("clustering_result_id", "run_id", "sequence_number")
    )
    return conform(frame, COLUMNS)


def _load_labelled_clusters(session: Session, clustering_result_id: int | None) -> pl.DataFrame:
    """Load one row for each cluster, by ``cluster_key``: number, size, label and medoid."""
    statement = select(Cluster.id, Cluster.cluster_id, Cluster.size, Cluster.medoid_embedding_id)
    names = ("cluster_key", "cluster_id", "cluster_size", "medoid_embedding_id")
    clusters = fetch_frame(session, statement.where(*of_cluster(clustering_result_id)), dict.fromkeys(names, pl.Int64))
    medoids = load_medoid_captions(session, clustering_result_id)
    labels = medoids.select("medoid_embedding_id", "medoid_invocation_id", cluster_label="caption")
    return clusters.join(labels, on="medoid_embedding_id", how="left").with_columns(
        cluster_label=pl.when(pl.col("cluster_id") == OUTLIER).then(pl.lit(OUTLIER_LABEL)).otherwise("cluster_label")
    )


def _status() -> pl.Expr:
    return (
        pl.when(pl.col("cluster_id") == OUTLIER)
        .then(pl.lit("outlier"))
        .when(pl.col("cluster_id").is_not_null())
        .then(pl.lit("member"))
        .when(pl.col("embedding_id") > pl.col("last_embedding_id"))
        .then(pl.lit("added later"))
        .otherwise(pl.lit("not sampled"))
    )
