"""What a medoid is called: its text, or the caption of its picture."""

from typing import Any

import polars as pl
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from loopscope.data_prep.facts import fetch_frame
from loopscope.schemas import Cluster, Embedding, Invocation, Run

OUTLIER_LABEL = "OUTLIER"

_SCHEMA = {
    "medoid_embedding_id": pl.Int64,
    "medoid_invocation_id": pl.Int64,
    "run_id": pl.Int64,
    "sequence_number": pl.Int64,
    "output_type": pl.String,
    "medoid_text": pl.String,
    "initial_prompt": pl.String,
}
_RUNS_AT_A_TIME = 500


def load_medoid_captions(session: Session, clustering_result_id: int | None = None) -> pl.DataFrame:
    """Load one row for each embedding that is a medoid, with its caption.

    The caption is the medoid's text; for a picture it is the text that was made from it, else the text output nearest
    to it in its run (the earlier of two), else the initial prompt.

    Parameters
    ----------
    clustering_result_id
        The result whose medoids are meant; by default all.

    Returns
    -------
    polars.DataFrame
        ``medoid_embedding_id, medoid_invocation_id, run_id, sequence_number, output_type, medoid_text, caption``.
    """
    statement = (
        select(
            Embedding.id,
            Invocation.id,
            Invocation.run_id,
            Invocation.sequence_number,
            Invocation.output_type,
            Invocation.output_text,
            Run.initial_prompt,
        )
        .join(Invocation, Invocation.id == Embedding.invocation_id)
        .join(Run, Run.id == Invocation.run_id)
        .where(Embedding.id.in_(_medoids(clustering_result_id)))
    )
    medoids = fetch_frame(session, statement, _SCHEMA)
    described = _load_descriptions(session, clustering_result_id)
    medoids = medoids.join(described, on="medoid_invocation_id", how="left")
    bare = medoids.filter((pl.col("output_type") == "image") & pl.col("description").is_null())
    medoids = medoids.join(_load_nearest_texts(session, bare), on="medoid_invocation_id", how="left")
    caption = pl.coalesce("medoid_text", "description", "nearest_text", "initial_prompt")
    return medoids.with_columns(caption=caption).drop("description", "nearest_text", "initial_prompt")


def _medoids(clustering_result_id: int | None) -> Select[int | None]:
    statement = select(Cluster.medoid_embedding_id).where(Cluster.medoid_embedding_id.is_not(None))
    if clustering_result_id is not None:
        statement = statement.where(Cluster.clustering_result_id == clustering_result_id)
    return statement


def _load_descriptions(session: Session, clustering_result_id: int | None) -> pl.DataFrame:
    """Load the texts that were made from picture medoids: ``medoid_invocation_id, description``."""
    picture, text = aliased(Invocation), aliased(Invocation)
    statement: Select[*tuple[Any, ...]] = (
        select(text.input_invocation_id, text.output_text)
        .join(picture, picture.id == text.input_invocation_id)
        .join(Embedding, Embedding.invocation_id == picture.id)
        .where(Embedding.id.in_(_medoids(clustering_result_id)))
        .where(picture.output_type == "image", text.output_type == "text")
    )
    found = fetch_frame(session, statement, {"medoid_invocation_id": pl.Int64, "description": pl.String})
    return found.unique("medoid_invocation_id")


def _load_nearest_texts(session: Session, medoids: pl.DataFrame) -> pl.DataFrame:
    """Find the texts nearest to these medoids in their runs: ``medoid_invocation_id, nearest_text``."""
    run_ids = medoids["run_id"].unique().to_list()
    schema = {"run_id": pl.Int64, "text_number": pl.Int64, "nearest_text": pl.String}
    parts = [pl.DataFrame(schema=schema)]
    for start in range(0, len(run_ids), _RUNS_AT_A_TIME):
        statement = select(Invocation.run_id, Invocation.sequence_number, Invocation.output_text).where(
            Invocation.run_id.in_(run_ids[start : start + _RUNS_AT_A_TIME]), Invocation.output_type == "text"
        )
        parts.append(fetch_frame(session, statement, schema))
    distance = (pl.col("text_number") - pl.col("sequence_number")).abs()
    return (
        medoids.select("medoid_invocation_id", "run_id", "sequence_number")
        .join(pl.concat(parts), on="run_id")
        .sort("medoid_invocation_id", distance, "text_number")
        .unique("medoid_invocation_id", keep="first", maintain_order=True)
        .select("medoid_invocation_id", "nearest_text")
    )
