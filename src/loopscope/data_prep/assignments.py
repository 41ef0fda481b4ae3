"""Which embedding is in which cluster: the narrow facts that frames of clusters are made of."""

from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from loopscope.data_prep.facts import fetch_frame
from loopscope.schemas import Cluster, ClusteringResult, Embedding, EmbeddingCluster, Invocation, LaterAssignment
from loopscope.types import OUTLIER


def load_assignments(session: Session, clustering_result_id: int | None, run_id: int | None = None) -> pl.DataFrame:
    """Load ``clustering_result_id, embedding_id, cluster_key, probability``, in no order.

    ``cluster_key`` is the ``id`` of the cluster, not its number.
    """
    statement = select(
        EmbeddingCluster.clustering_result_id,
        EmbeddingCluster.embedding_id,
        EmbeddingCluster.cluster_id,
        EmbeddingCluster.probability,
    ).where(*_of_run(EmbeddingCluster.embedding_id, run_id))
    if clustering_result_id is not None:
        statement = statement.where(EmbeddingCluster.clustering_result_id == clustering_result_id)
    names = ("clustering_result_id", "embedding_id", "cluster_key")
    return fetch_frame(session, statement, {**dict.fromkeys(names, pl.Int64), "probability": pl.Float64})


def load_later_assignments(
    session: Session, clustering_result_id: int | None, run_id: int | None = None
) -> pl.DataFrame:
    """Load ``clustering_result_id, embedding_id, later_cluster_id, later_probability``, in no order.

    ``later_cluster_id`` is the number of the cluster, −1 for an outlier.
    """
    statement = (
        select(
            LaterAssignment.clustering_result_id,
            LaterAssignment.embedding_id,
            Cluster.cluster_id,
            LaterAssignment.probability,
        )
        .outerjoin(Cluster, Cluster.id == LaterAssignment.cluster_id)
        .where(*_of_run(LaterAssignment.embedding_id, run_id))
    )
    if clustering_result_id is not None:
        statement = statement.where(LaterAssignment.clustering_result_id == clustering_result_id)
    names = ("clustering_result_id", "embedding_id", "later_cluster_id")
    frame = fetch_frame(session, statement, {**dict.fromkeys(names, pl.Int64), "later_probability": pl.Float64})
    return frame.with_columns(pl.col("later_cluster_id").fill_null(OUTLIER))


def load_positions(
    session: Session, clustering_result_id: int | None, include_unclustered: bool, run_id: int | None = None
) -> pl.DataFrame:
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
    if run_id is not None:
        statement = statement.where(Invocation.run_id == run_id)
    if include_unclustered:
        statement = statement.where(Embedding.embedding_model_id.in_(models))
    elif run_id is None:
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


def _of_run(embedding_id: InstrumentedAttribute[int], run_id: int | None) -> list[ColumnElement[bool]]:
    """Say that an embedding is of this run, as conditions of a query."""
    if run_id is None:
        return []
    of_run: Select[Any] = (
        select(Embedding.id)
        .join(Invocation, Invocation.id == Embedding.invocation_id)
        .where(Invocation.run_id == run_id)
    )
    return [embedding_id.in_(of_run)]
