"""The frame of clusters: which embedding is in which cluster of which result."""

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.data_prep.captions import OUTLIER_LABEL, load_medoid_captions
from loopscope.data_prep.clustering_results import load_clustering_results_df
from loopscope.data_prep.columns import (
    RUN_KEYS,
    SEQUENCE_NUMBER,
    Column,
    conform,
)
from loopscope.data_prep.facts import fetch_frame
from loopscope.data_prep.keys import load_run_keys
from loopscope.data_prep.parameters import RESULT_KEYS
from loopscope.schemas import Cluster, ClusteringResult, Embedding, EmbeddingCluster, Invocation
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
)


def load_clusters_df(
    session: Session, clustering_result_id: int | None = None, include_unclustered: bool = False
) -> pl.DataFrame:
    """Load one row for each (clustering result, embedding), in the order of result, run and sequence number.

    Group by ``clustering_result_id, cluster_id``: labels may be shared.

    Parameters
    ----------
    clustering_result_id
        The result that is meant; by default all.
    include_unclustered
        Whether to add the embeddings of the result's model that it left out: with the status ``not sampled`` those
        that were there when it was made, with ``added later`` those that were not.

    Returns
    -------
    polars.DataFrame
        With the columns ``COLUMNS``.

    Raises
    ------
    NotFoundError
        When there is no such result.
    """
    results = load_clustering_results_df(session, clustering_result_id)
    positions = load_positions(session, clustering_result_id, include_unclustered)
    clusters = load_labelled_clusters(session, clustering_result_id)
    facts = load_assignments(session, clustering_result_id).join(clusters, on="cluster_key")
    if include_unclustered:
        everything = load_candidates(session, clustering_result_id, positions)
        facts = everything.join(facts, on=["clustering_result_id", "embedding_id"], how="left")
    frame = (
        facts.join(positions, on="embedding_id")
        .join(results, on="clustering_result_id")
        .join(load_run_keys(session), on="run_id")
        .with_columns(status=_status())
        .sort("clustering_result_id", "run_id", "sequence_number")
    )
    return conform(frame, COLUMNS)


def load_assignments(session: Session, clustering_result_id: int | None) -> pl.DataFrame:
    """Load ``clustering_result_id, embedding_id, cluster_key`` (the ``id`` of the cluster), in no order."""
    statement = select(
        EmbeddingCluster.clustering_result_id, EmbeddingCluster.embedding_id, EmbeddingCluster.cluster_id
    )
    if clustering_result_id is not None:
        statement = statement.where(EmbeddingCluster.clustering_result_id == clustering_result_id)
    names = ("clustering_result_id", "embedding_id", "cluster_key")
    return fetch_frame(session, statement, dict.fromkeys(names, pl.Int64))


def load_positions(session: Session, clustering_result_id: int | None, include_unclustered: bool) -> pl.DataFrame:
    """Load ``embedding_id, embedding_model_id, invocation_id, run_id, sequence_number`` of the embeddings concerned."""
    statement = select(
        Embedding.id,
        Embedding.embedding_model_id,
        Embedding.invocation_id,
        Invocation.run_id,
        Invocation.sequence_number,
    ).join(Invocation, Invocation.id == Embedding.invocation_id)
    models, clustered = select(ClusteringResult.embedding_model_id), select(EmbeddingCluster.embedding_id)
    if clustering_result_id is not None:
        models = models.where(ClusteringResult.id == clustering_result_id)
        clustered = clustered.where(EmbeddingCluster.clustering_result_id == clustering_result_id)
    if include_unclustered:
        statement = statement.where(Embedding.embedding_model_id.in_(models))
    else:
        statement = statement.where(Embedding.id.in_(clustered))
    names = ("embedding_id", "embedding_model_id", "invocation_id", "run_id", "sequence_number")
    return fetch_frame(session, statement, dict.fromkeys(names, pl.Int64))


def load_candidates(session: Session, clustering_result_id: int | None, positions: pl.DataFrame) -> pl.DataFrame:
    """Pair each result with every embedding of its model: ``clustering_result_id, embedding_id``."""
    statement = select(ClusteringResult.id, ClusteringResult.embedding_model_id)
    if clustering_result_id is not None:
        statement = statement.where(ClusteringResult.id == clustering_result_id)
    names = ("clustering_result_id", "embedding_model_id")
    results = fetch_frame(session, statement, dict.fromkeys(names, pl.Int64))
    return results.join(positions, on="embedding_model_id").select("clustering_result_id", "embedding_id")


def load_labelled_clusters(session: Session, clustering_result_id: int | None) -> pl.DataFrame:
    """Load one row for each cluster, by ``cluster_key``: number, size, label and medoid."""
    statement = select(Cluster.id, Cluster.cluster_id, Cluster.size, Cluster.medoid_embedding_id)
    if clustering_result_id is not None:
        statement = statement.where(Cluster.clustering_result_id == clustering_result_id)
    names = ("cluster_key", "cluster_id", "cluster_size", "medoid_embedding_id")
    clusters = fetch_frame(session, statement, dict.fromkeys(names, pl.Int64))
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
