"""The frame of medoids: every cluster by the very text or picture that stands for it."""

import polars as pl
from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from loopscope.data_prep.captions import OUTLIER_LABEL, load_medoid_captions
from loopscope.data_prep.clustering_results import load_clustering_results_df
from loopscope.data_prep.clusters import load_assignments, load_positions
from loopscope.data_prep.columns import (
    OUTPUT_TYPE,
    RUN_KEYS,
    SEQUENCE_NUMBER,
    Column,
    conform,
)
from loopscope.data_prep.facts import fetch_frame
from loopscope.data_prep.keys import load_run_keys
from loopscope.data_prep.parameters import RESULT_KEYS
from loopscope.schemas import Cluster, Embedding, Invocation, Picture
from loopscope.types import OUTLIER

COLUMNS = (
    *RESULT_KEYS,
    Column("cluster_id", pl.Int64, "the number of the cluster within its result; -1 is the outlier cluster"),
    Column("cluster_size", pl.Int64, "how many embeddings are in it"),
    Column("cluster_label", pl.String, "the medoid's text or caption; OUTLIER for the outlier cluster"),
    Column("medoid_embedding_id", pl.Int64, "its medoid; null, as all that follows of it, for the outlier cluster"),
    Column("medoid_invocation_id", pl.Int64, "the invocation whose output the medoid is"),
    *RUN_KEYS,
    SEQUENCE_NUMBER,
    OUTPUT_TYPE,
    Column("medoid_text", pl.String, "the medoid's text; null for a picture"),
    Column("caption", pl.String, "the medoid's text, or that nearest to its picture"),
    Column("n_runs", pl.Int64, "from how many runs its embeddings come"),
    Column("n_prompts", pl.Int64, "from how many initial prompts its embeddings come"),
    Column("clustering_result_uuid", pl.String, "the public id of the clustering result"),
)
PICTURE = Column("picture", pl.Binary, "the medoid's picture, or that which its text describes; null where none is")


def load_medoids_df(
    session: Session, clustering_result_id: int | None = None, include_pictures: bool = False
) -> pl.DataFrame:
    """Load one row for each cluster, in the order of result and number, the outlier cluster first.

    Parameters
    ----------
    clustering_result_id
        The result that is meant; by default all.
    include_pictures
        Whether to add the column ``PICTURE``: the encoded bytes.

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
    runs = load_run_keys(session)
    statement = select(
        Cluster.id, Cluster.clustering_result_id, Cluster.cluster_id, Cluster.size, Cluster.medoid_embedding_id
    )
    if clustering_result_id is not None:
        statement = statement.where(Cluster.clustering_result_id == clustering_result_id)
    names = ("cluster_key", "clustering_result_id", "cluster_id", "cluster_size", "medoid_embedding_id")
    frame = (
        fetch_frame(session, statement, dict.fromkeys(names, pl.Int64))
        .join(results, on="clustering_result_id")
        .join(load_medoid_captions(session, clustering_result_id), on="medoid_embedding_id", how="left")
        .join(runs, on="run_id", how="left")
        .join(_count_origins(session, clustering_result_id, runs), on="cluster_key", how="left")
        .with_columns(
            clustering_result_uuid="uuid",
            cluster_label=pl.when(pl.col("cluster_id") == OUTLIER).then(pl.lit(OUTLIER_LABEL)).otherwise("caption"),
        )
        .sort("clustering_result_id", "cluster_id")
    )
    if not include_pictures:
        return conform(frame, COLUMNS)
    pictures = _load_pictures(session, clustering_result_id)
    frame = frame.join(pictures, on="medoid_invocation_id", how="left", maintain_order="left")
    return conform(frame, (*COLUMNS, PICTURE))


def _count_origins(session: Session, clustering_result_id: int | None, runs: pl.DataFrame) -> pl.DataFrame:
    """Count the runs and initial prompts of each cluster: ``cluster_key, n_runs, n_prompts``."""
    positions = load_positions(session, clustering_result_id, include_unclustered=False)
    return (
        load_assignments(session, clustering_result_id)
        .join(positions.select("embedding_id", "run_id"), on="embedding_id")
        .select("cluster_key", "run_id")
        .unique()
        .join(runs, on="run_id")
        .group_by("cluster_key")
        .agg(n_runs=pl.len(), n_prompts=pl.col("initial_prompt").n_unique())
    )


def _load_pictures(session: Session, clustering_result_id: int | None) -> pl.DataFrame:
    """Load the pictures that medoids are, or that medoid texts were made from: ``medoid_invocation_id, picture``."""
    medoid, source = aliased(Invocation), aliased(Invocation)
    medoids = select(Cluster.medoid_embedding_id).where(Cluster.medoid_embedding_id.is_not(None))
    if clustering_result_id is not None:
        medoids = medoids.where(Cluster.clustering_result_id == clustering_result_id)
    statement = (
        select(medoid.id, Picture.data)
        .join(Embedding, Embedding.invocation_id == medoid.id)
        .outerjoin(source, source.id == medoid.input_invocation_id)
        .join(Picture, Picture.id == func.coalesce(medoid.picture_id, source.picture_id))
        .where(Embedding.id.in_(medoids))
    )
    found = fetch_frame(session, statement, {"medoid_invocation_id": pl.Int64, "picture": pl.Binary})
    return found.unique("medoid_invocation_id")
