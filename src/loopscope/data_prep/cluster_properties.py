"""The frame of clusters by their properties: how large, how wide, how lasting, of how many runs and prompts."""

import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep.captions import OUTLIER_LABEL, load_medoid_captions
from loopscope.data_prep.clustering_results import load_clustering_results_df
from loopscope.data_prep.columns import CLUSTERING_RESULT_ID, EMBEDDING_MODEL, Column, conform
from loopscope.data_prep.parameters import ALGORITHM
from loopscope.data_prep.properties import N_PROMPTS, N_RUNS, OTHER, PROPERTIES, load_properties
from loopscope.types import OUTLIER

COLUMNS = (
    CLUSTERING_RESULT_ID,
    Column("clustering_result_uuid", pl.String, "the public id of the clustering result"),
    EMBEDDING_MODEL,
    ALGORITHM,
    Column("cluster_id", pl.Int64, "the number of the cluster within its result; -1 is the outlier cluster"),
    Column("cluster_size", pl.Int64, "how many embeddings are in it"),
    Column("cluster_label", pl.String, "the medoid's text or caption; OUTLIER for the outlier cluster"),
    Column("medoid_embedding_id", pl.Int64, "its medoid; null for the outlier cluster"),
    Column("medoid_invocation_id", pl.Int64, "the invocation whose output the medoid is"),
    N_RUNS,
    N_PROMPTS,
    *PROPERTIES,
    OTHER,
)


def load_cluster_properties_df(session: Session, clustering_result_id: int | None = None) -> pl.DataFrame:
    """Load one row for each cluster, in the order of result and number, the outlier cluster first.

    The outlier cluster has counts and no measures. Distances are of the metric that the result's parameters name:
    for ``cosine`` they are chords between unit vectors, from 0 to 2.

    Parameters
    ----------
    clustering_result_id
        The result that is meant; by default all.

    Returns
    -------
    polars.DataFrame
        With the columns ``COLUMNS``. A property that the algorithm has not, or that was not recorded, is null.

    Raises
    ------
    NotFoundError
        When there is no such result.
    """
    results = load_clustering_results_df(session, clustering_result_id)
    captions = load_medoid_captions(session, clustering_result_id)
    frame = (
        load_properties(session, clustering_result_id)
        .join(results.select("clustering_result_id", "uuid", "embedding_model", "algorithm"), on="clustering_result_id")
        .join(captions, on="medoid_embedding_id", how="left")
        .with_columns(
            clustering_result_uuid="uuid",
            cluster_label=pl.when(pl.col("cluster_id") == OUTLIER).then(pl.lit(OUTLIER_LABEL)).otherwise("caption"),
        )
        .sort("clustering_result_id", "cluster_id")
    )
    return conform(frame, COLUMNS)
