"""The frame of clustering results."""

import json

import polars as pl
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from loopscope.data_prep.columns import INSTANT, Column, conform
from loopscope.data_prep.keys import require_clustering_result
from loopscope.data_prep.parameters import RESULT_KEYS, parameters_series
from loopscope.schemas import Cluster, ClusteringResult, EmbeddingModel
from loopscope.types import OUTLIER

COLUMNS = (
    *RESULT_KEYS,
    Column("uuid", pl.String, "its public id"),
    Column("selection", pl.String, "which embeddings were candidates, as JSON"),
    Column("n_candidates", pl.Int64, "how many those were"),
    Column("n_clusters", pl.Int64, "how many clusters there are, the outlier cluster not among them"),
    Column("n_members", pl.Int64, "how many embeddings are in them"),
    Column("n_outliers", pl.Int64, "how many embeddings are outliers"),
    Column("last_embedding_id", pl.Int64, "the newest embedding there was: those with a larger id came later"),
    Column("started_at", INSTANT, "when it was begun"),
    Column("finished_at", INSTANT, "when it was computed"),
)


def load_clustering_results_df(session: Session, clustering_result_id: int | None = None) -> pl.DataFrame:
    """Load one row for each clustering result, oldest first, with the columns ``COLUMNS``.

    Parameters
    ----------
    clustering_result_id
        The one that is meant; by default all.

    Raises
    ------
    NotFoundError
        When there is no such result.
    """
    statement = (
        select(ClusteringResult, EmbeddingModel.name)
        .join(EmbeddingModel, EmbeddingModel.id == ClusteringResult.embedding_model_id)
        .order_by(ClusteringResult.id)
    )
    if clustering_result_id is not None:
        require_clustering_result(session, clustering_result_id)
        statement = statement.where(ClusteringResult.id == clustering_result_id)
    found = session.execute(statement).all()
    rows = [
        (
            *(result.id, str(result.uuid), model, result.algorithm, result.downsample, json.dumps(result.selection)),
            *(result.parameters.get("epsilon"), result.counts.get("candidates"), result.last_embedding_id),
            *(result.started_at, result.finished_at),
        )
        for result, model in found
    ]
    names = (
        *("clustering_result_id", "uuid", "embedding_model", "algorithm", "downsample", "selection"),
        *("epsilon", "n_candidates", "last_embedding_id", "started_at", "finished_at"),
    )
    types = {column.name: column.dtype for column in COLUMNS}
    frame = pl.DataFrame(rows, schema={name: types[name] for name in names}, orient="row").with_columns(
        parameters_series([result.parameters for result, _ in found])
    )
    frame = frame.join(_count(session), on="clustering_result_id", how="left", maintain_order="left")
    return conform(frame.with_columns(pl.col("n_clusters", "n_members", "n_outliers").fill_null(0)), COLUMNS)


def _count(session: Session) -> pl.DataFrame:
    outliers = Cluster.cluster_id == OUTLIER
    statement = select(
        Cluster.clustering_result_id,
        func.sum(case((outliers, 0), else_=1)),
        func.sum(case((outliers, 0), else_=Cluster.size)),
        func.sum(case((outliers, Cluster.size), else_=0)),
    ).group_by(Cluster.clustering_result_id)
    names = ("clustering_result_id", "n_clusters", "n_members", "n_outliers")
    rows = [tuple(int(value) for value in row) for row in session.execute(statement)]
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.Int64), orient="row")
