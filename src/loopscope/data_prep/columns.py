"""Columns of frames, declared as data: what each is called, of which type it is, and what it means."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import polars as pl
from polars.datatypes import DataType, DataTypeClass

Types: TypeAlias = Mapping[str, DataType | DataTypeClass]
"""Columns by name, with their types."""

INSTANT = pl.Datetime("us", "UTC")


@dataclass(frozen=True)
class Column:
    """One column of a frame."""

    name: str
    dtype: DataType | DataTypeClass
    meaning: str


RUN_ID = Column("run_id", pl.Int64, "the run")
EXPERIMENT_ID = Column("experiment_id", pl.Int64, "the run's experiment")
NETWORK = Column("network", pl.String, "the run's generators in order, such as A→B")
INITIAL_PROMPT = Column("initial_prompt", pl.String, "what the run began with")
SEED = Column("seed", pl.Int64, "the run's seed; null where its randomness is fresh")
EMBEDDING_MODEL = Column("embedding_model", pl.String, "the name of the embedding model")
SEQUENCE_NUMBER = Column("sequence_number", pl.Int64, "the position of the invocation in its run, from 0")
OUTPUT_TYPE = Column("output_type", pl.String, "text or image")
CLUSTERING_RESULT_ID = Column("clustering_result_id", pl.Int64, "the clustering result")

RUN_KEYS = (RUN_ID, EXPERIMENT_ID, NETWORK, INITIAL_PROMPT, SEED)


def schema_of(columns: Iterable[Column]) -> pl.Schema:
    """Turn columns into a schema of polars."""
    return pl.Schema({column.name: column.dtype for column in columns})


def conform(frame: pl.DataFrame, columns: Iterable[Column]) -> pl.DataFrame:
    """Keep exactly these columns, in their order and of their types; a struct keeps the fields that it has."""
    return frame.select(
        pl.col(column.name) if isinstance(column.dtype, pl.Struct) else pl.col(column.name).cast(column.dtype)
        for column in columns
    )
