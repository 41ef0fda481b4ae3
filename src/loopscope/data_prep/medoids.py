"""The frame of medoids: every cluster by the very text or picture that stands for it."""

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.data_prep.captions import OUTLIER_LABEL, load_medoid_captions
from loopscope.data_prep.clustering_results import load_clustering_results_df
from loopscope.data_prep.columns import (
    OUTPUT_TYPE,
    RUN_KEYS,
    SEQUENCE_NUMBER,
    Column,
    conform,
)
from loopscope.data_prep.facts import fetch_frame
from loopscope.data_prep.keys import load_run_keys, load_run_uuids, refuse_cluster
from loopscope.data_prep.parameters import RESULT_KEYS
from loopscope.data_prep.properties import N_PROMPTS, N_RUNS, load_properties
from loopscope.schemas import Invocation, Picture
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
    N_RUNS,
    N_PROMPTS,
    Column("clustering_result_uuid", pl.String, "the public id of the clustering result"),
    Column("run_uuid", pl.String, "the public id of the medoid's run"),
    Column("model", pl.String, "the generator that gave the medoid"),
    Column("companion_invocation_id", pl.Int64, "of a text the picture it describes, of a picture the text made of it"),
    Column("source_invocation_id", pl.Int64, "what the medoid was made from; null where that is the initial prompt"),
    Column("source_text", pl.String, "the text or initial prompt that it was made from; null for a picture"),
    Column("next_invocation_id", pl.Int64, "what was made from the medoid; null where nothing was"),
    Column("next_text", pl.String, "the text that was made from it; null where none was"),
)
PICTURE = Column("picture", pl.Binary, "the medoid's picture, or that which its text describes; null where none is")
NEXT_PICTURE = Column("next_picture", pl.Binary, "the picture that was made from the medoid; null where none was")

_RESULT_FACTS = (*(column.name for column in RESULT_KEYS), "uuid")
_PICTURES_AT_A_TIME = 500


def load_medoids_df(
    session: Session,
    clustering_result_id: int | None = None,
    include_pictures: bool = False,
    cluster_id: int | None = None,
) -> pl.DataFrame:
    """Load one row for each cluster, in the order of result and number, the outlier cluster first.

    Parameters
    ----------
    clustering_result_id
        The result that is meant; by default all.
    include_pictures
        Whether to add the columns ``PICTURE`` and ``NEXT_PICTURE``: encoded bytes.
    cluster_id
        The number of the one cluster that is meant; by default all.

    Returns
    -------
    polars.DataFrame
        With the columns ``COLUMNS``.

    Raises
    ------
    NotFoundError
        When there is no such result, or it has no cluster of this number.
    """
    results = load_clustering_results_df(session, clustering_result_id)
    clusters = load_properties(session, clustering_result_id, cluster_id)
    if cluster_id is not None and clusters.is_empty():
        refuse_cluster(session, clustering_result_id, cluster_id)
    frame = (
        clusters.join(results.select(*_RESULT_FACTS), on="clustering_result_id")
        .join(load_medoid_captions(session, clustering_result_id, cluster_id), on="medoid_embedding_id", how="left")
        .join(load_run_keys(session), on="run_id", how="left")
        .join(load_run_uuids(session), on="run_id", how="left")
        .with_columns(
            clustering_result_uuid="uuid",
            cluster_label=pl.when(pl.col("cluster_id") == OUTLIER).then(pl.lit(OUTLIER_LABEL)).otherwise("caption"),
        )
        .sort("clustering_result_id", "cluster_id")
    )
    if not include_pictures:
        return conform(frame, COLUMNS)
    return conform(_add_pictures(session, frame), (*COLUMNS, PICTURE, NEXT_PICTURE))


def _add_pictures(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """Add the picture that a medoid is or describes, and that which was made from it."""
    own = pl.when(pl.col("output_type") == "image").then("medoid_invocation_id")
    described = pl.when(pl.col("source_type") == "image").then("source_invocation_id")
    painted = pl.when(pl.col("next_type") == "image").then("next_invocation_id")
    frame = frame.with_columns(picture_of=pl.coalesce(own, described), next_picture_of=painted)
    wanted = pl.concat([frame["picture_of"], frame["next_picture_of"]]).drop_nulls().unique().sort().to_list()
    pictures = _load_pictures(session, wanted)
    for name in ("picture", "next_picture"):
        renamed = pictures.rename({"invocation_id": f"{name}_of", "data": name})
        frame = frame.join(renamed, on=f"{name}_of", how="left", maintain_order="left")
    return frame


def _load_pictures(session: Session, invocation_ids: list[int]) -> pl.DataFrame:
    """Load the pictures that these invocations gave: ``invocation_id, data``."""
    schema = {"invocation_id": pl.Int64, "data": pl.Binary}
    parts = [pl.DataFrame(schema=schema)]
    for start in range(0, len(invocation_ids), _PICTURES_AT_A_TIME):
        statement = (
            select(Invocation.id, Picture.data)
            .join(Picture, Picture.id == Invocation.picture_id)
            .where(Invocation.id.in_(invocation_ids[start : start + _PICTURES_AT_A_TIME]))
        )
        parts.append(fetch_frame(session, statement, schema))
    return pl.concat(parts)
