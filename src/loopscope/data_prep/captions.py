"""What stands for a cluster: its medoid, what that was made from, what was made from it, and what it is called."""

import polars as pl
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from loopscope.data_prep.facts import fetch_frame
from loopscope.data_prep.keys import of_cluster
from loopscope.schemas import Cluster, Embedding, Invocation, Run

OUTLIER_LABEL = "OUTLIER"

_SCHEMA = {
    "medoid_embedding_id": pl.Int64,
    "medoid_invocation_id": pl.Int64,
    "run_id": pl.Int64,
    "sequence_number": pl.Int64,
    "model": pl.String,
    "output_type": pl.String,
    "medoid_text": pl.String,
    "initial_prompt": pl.String,
    "source_invocation_id": pl.Int64,
    "source_type": pl.String,
    "source_text": pl.String,
    "next_invocation_id": pl.Int64,
    "next_type": pl.String,
    "next_text": pl.String,
}
_RUNS_AT_A_TIME = 500


def load_medoid_captions(
    session: Session, clustering_result_id: int | None = None, cluster_id: int | None = None
) -> pl.DataFrame:
    """Load one row for each embedding that is a medoid: its output, those before and after it, and its caption.

    The caption is the medoid's text; for a picture it is the text that was made from it, else the text output nearest
    to it in its run (the earlier of two), else the initial prompt.

    Parameters
    ----------
    clustering_result_id
        The result whose medoids are meant; by default all.
    cluster_id
        The number of the one cluster whose medoid is meant; by default all.

    Returns
    -------
    polars.DataFrame
        ``medoid_embedding_id, medoid_invocation_id, run_id, sequence_number, model, output_type, medoid_text``;
        ``source_invocation_id, source_type, source_text`` of what the medoid was made from (of the initial prompt only
        the text), ``next_invocation_id, next_type, next_text`` of what was made from it; ``companion_invocation_id``,
        the picture that a text was made from or the text that was made from a picture; ``caption``.
    """
    medoids = _load_neighbours(session, clustering_result_id, cluster_id)
    bare = medoids.filter((pl.col("output_type") == "image") & (pl.col("next_type") != "text").fill_null(True))
    medoids = medoids.join(_load_nearest_texts(session, bare), on="medoid_invocation_id", how="left")
    described = pl.when(pl.col("output_type") == "image").then("next_text")
    first = pl.col("sequence_number") == 0
    return medoids.with_columns(
        caption=pl.coalesce("medoid_text", described, "nearest_text", "initial_prompt"),
        source_type=pl.when(first).then(pl.lit("text")).otherwise("source_type"),
        source_text=pl.when(first).then("initial_prompt").otherwise("source_text"),
        companion_invocation_id=_companion(),
    ).drop("nearest_text", "initial_prompt")


def _medoids(clustering_result_id: int | None, cluster_id: int | None) -> Select[int | None]:
    medoids = select(Cluster.medoid_embedding_id).where(Cluster.medoid_embedding_id.is_not(None))
    return medoids.where(*of_cluster(clustering_result_id, cluster_id))


def _companion() -> pl.Expr:
    described = (pl.col("output_type") == "text") & (pl.col("source_type") == "image")
    describing = (pl.col("output_type") == "image") & (pl.col("next_type") == "text")
    return pl.when(described).then("source_invocation_id").when(describing).then("next_invocation_id")


def _load_neighbours(session: Session, clustering_result_id: int | None, cluster_id: int | None) -> pl.DataFrame:
    """Load the medoids with the invocations before and after each, as of ``_SCHEMA``."""
    medoid, source, following = aliased(Invocation), aliased(Invocation), aliased(Invocation)
    statement = (
        select(
            *(Embedding.id, medoid.id, medoid.run_id, medoid.sequence_number),
            *(medoid.model, medoid.output_type, medoid.output_text, Run.initial_prompt),
            *(source.id, source.output_type, source.output_text),
            *(following.id, following.output_type, following.output_text),
        )
        .select_from(Embedding)
        .join(medoid, medoid.id == Embedding.invocation_id)
        .join(Run, Run.id == medoid.run_id)
        .outerjoin(source, source.id == medoid.input_invocation_id)
        .outerjoin(following, following.input_invocation_id == medoid.id)
        .where(Embedding.id.in_(_medoids(clustering_result_id, cluster_id)))
    )
    found = fetch_frame(session, statement, _SCHEMA).sort("medoid_embedding_id", "next_invocation_id")
    return found.unique("medoid_embedding_id", keep="first", maintain_order=True)


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
