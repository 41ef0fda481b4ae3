"""From a query to a frame: narrow facts by the driver's cursor, small tables with their instants, UUIDs and JSON."""

from typing import Any
from uuid import UUID

import polars as pl
from sqlalchemy import Select
from sqlalchemy.orm import Session

from loopscope.data_prep.columns import INSTANT, Types
from loopscope.store.rows import fetch_rows


def fetch_frame(session: Session, statement: Select[*tuple[Any, ...]], schema: Types) -> pl.DataFrame:
    """Fetch many rows of numbers, texts, bytes and instants.

    Parameters
    ----------
    statement
        A query without UUIDs and JSON.
    schema
        The names and types of its columns.
    """
    # An instant is text on SQLite and a datetime on PostgreSQL.
    as_text = session.connection().dialect.name == "sqlite"
    instants = [name for name, dtype in schema.items() if dtype == INSTANT] if as_text else []
    raw = {name: pl.String if name in instants else dtype for name, dtype in schema.items()}
    parts = [pl.DataFrame(rows, schema=raw, orient="row") for rows in fetch_rows(session, statement)]
    frame = pl.concat(parts) if parts else pl.DataFrame(schema=raw)
    return frame.with_columns(pl.col(instants).str.to_datetime(time_unit="us", time_zone="UTC"))


def fetch_small_frame(session: Session, statement: Select[*tuple[Any, ...]], schema: Types) -> pl.DataFrame:
    """Fetch a few rows with values of any type, as SQLAlchemy reads them; a UUID becomes text."""
    rows = [
        tuple(str(value) if isinstance(value, UUID) else value for value in row) for row in session.execute(statement)
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")
