"""The frame of embeddings, with or without their vectors."""

import numpy as np
import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.data_prep.columns import EMBEDDING_MODEL, OUTPUT_TYPE, RUN_KEYS, SEQUENCE_NUMBER, Column, conform
from loopscope.data_prep.facts import fetch_frame
from loopscope.data_prep.keys import load_embedding_models, load_run_keys
from loopscope.schemas import Embedding, Invocation, Run
from loopscope.store.vectors import load_vectors

COLUMNS = (
    Column("embedding_id", pl.Int64, "the embedding"),
    Column("invocation_id", pl.Int64, "the invocation whose output was embedded"),
    *RUN_KEYS,
    EMBEDDING_MODEL,
    OUTPUT_TYPE,
    SEQUENCE_NUMBER,
    Column("seconds", pl.Float64, "its share of the time that its batch took"),
)
VECTOR = Column("vector", pl.List(pl.Float32), "the vector, of unit length")


def load_embeddings_df(
    session: Session,
    embedding_model: str | None = None,
    experiment_id: int | None = None,
    include_vectors: bool = False,
) -> pl.DataFrame:
    """Load one row for each embedding, in the order of ``embedding_model, run_id, sequence_number``.

    Parameters
    ----------
    embedding_model
        The name of the model whose embeddings are meant; by default all.
    experiment_id
        The experiment whose embeddings are meant; by default all.
    include_vectors
        Whether to add the column ``VECTOR``.

    Returns
    -------
    polars.DataFrame
        With the columns ``COLUMNS``.

    Raises
    ------
    NotFoundError
        When there is no such model or experiment.
    StoreError
        When vectors are asked for and one is missing or of a wrong length.
    """
    models = load_embedding_models(session, embedding_model)
    runs = load_run_keys(session, experiment_id)
    statement = (
        select(
            Embedding.id,
            Embedding.invocation_id,
            Embedding.embedding_model_id,
            Invocation.run_id,
            Invocation.sequence_number,
            Embedding.seconds,
        )
        .join(Invocation, Invocation.id == Embedding.invocation_id)
        .where(Embedding.embedding_model_id.in_(models["embedding_model_id"].to_list()))
    )
    if experiment_id is not None:
        statement = statement.join(Run, Run.id == Invocation.run_id).where(Run.experiment_id == experiment_id)
    names = ("embedding_id", "invocation_id", "embedding_model_id", "run_id", "sequence_number")
    facts = fetch_frame(session, statement, {**dict.fromkeys(names, pl.Int64), "seconds": pl.Float64})
    frame = facts.join(models, on="embedding_model_id").join(runs, on="run_id")
    frame = frame.sort("embedding_model", "run_id", "sequence_number")
    if not include_vectors:
        return conform(frame, COLUMNS)
    return conform(_add_vectors(session, frame), (*COLUMNS, VECTOR))


def _add_vectors(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """Add the vectors to a frame that is sorted by model: they differ in length from one model to the next."""
    parts = [pl.Series("vector", [], dtype=VECTOR.dtype)]
    for (model_id,), part in frame.group_by("embedding_model_id", maintain_order=True):
        vectors = load_vectors(session, int(model_id), part["embedding_id"].to_numpy().astype(np.int64))
        parts.append(pl.Series("vector", vectors).cast(VECTOR.dtype))
    return frame.with_columns(pl.concat(parts))
