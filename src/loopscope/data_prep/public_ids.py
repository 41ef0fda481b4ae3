"""The public ids of what a frame tells of by key: a person types these."""

import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep.keys import load_run_uuids
from loopscope.schemas import ClusteringResult


def add_public_ids(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """Add ``run_uuid`` and ``clustering_result_uuid`` beside the keys that a frame has; one that is there is kept.

    Parameters
    ----------
    frame
        Of one clustering result, if of any.
    """
    if "run_id" in frame.columns and "run_uuid" not in frame.columns:
        frame = frame.join(load_run_uuids(session), on="run_id", how="left", maintain_order="left")
    key = frame["clustering_result_id"].first() if "clustering_result_id" in frame.columns else None
    if key is not None and "clustering_result_uuid" not in frame.columns:
        uuid = str(session.get_one(ClusteringResult, key).uuid)
        frame = frame.with_columns(clustering_result_uuid=pl.lit(uuid))
    return frame
