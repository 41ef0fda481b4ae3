"""The frame of persistence diagrams, bar by bar."""

import numpy as np
import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.data_prep.columns import EMBEDDING_MODEL, RUN_KEYS, Column, conform
from loopscope.data_prep.facts import fetch_frame
from loopscope.data_prep.keys import load_embedding_models, load_run_keys
from loopscope.schemas import PersistenceDiagram

COLUMNS = (
    *RUN_KEYS,
    EMBEDDING_MODEL,
    Column("dimension", pl.Int64, "of the homology: 0 for components, 1 for loops"),
    Column("birth", pl.Float64, "the distance at which the bar begins"),
    Column("death", pl.Float64, "the distance at which it ends; infinite where it does not"),
    Column("n_unique", pl.Int64, "how many different embeddings the diagram is of"),
)


def load_persistence_diagrams_df(session: Session) -> pl.DataFrame:
    """Load one row for each bar, in the order of run, embedding model and dimension, with the columns ``COLUMNS``."""
    statement = select(
        PersistenceDiagram.run_id,
        PersistenceDiagram.embedding_model_id,
        PersistenceDiagram.dimension,
        PersistenceDiagram.n_unique,
        PersistenceDiagram.points,
    )
    names = ("run_id", "embedding_model_id", "dimension", "n_unique")
    diagrams = fetch_frame(session, statement, {**dict.fromkeys(names, pl.Int64), "points": pl.Binary})
    bars = [np.frombuffer(points, dtype="<f8").reshape(-1, 2) for points in diagrams["points"]]
    rows = np.repeat(np.arange(len(bars)), [len(each) for each in bars])
    points = np.concatenate(bars) if bars else np.empty((0, 2))
    frame = (
        diagrams.drop("points")[rows]
        .with_columns(birth=pl.Series(points[:, 0]), death=pl.Series(points[:, 1]))
        .join(load_embedding_models(session), on="embedding_model_id")
        .join(load_run_keys(session), on="run_id")
        .sort("run_id", "embedding_model", "dimension", maintain_order=True)
    )
    return conform(frame, COLUMNS)
