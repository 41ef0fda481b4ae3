"""Rows in bulk: straight from the driver's cursor, without an object for each row of SQLAlchemy."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Select
from sqlalchemy.orm import Session

CHUNK = 2_000
"""How many rows are fetched at a time."""


def fetch_rows(session: Session, statement: Select[*tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """Fetch the rows of a query, as the driver gives them, in lists.

    Values are the driver's own: an instant, a UUID or JSON is text on SQLite and an object on PostgreSQL, so ask for
    numbers, text and bytes only.

    Parameters
    ----------
    statement
        A SELECT; its rows come in its order.

    Yields
    ------
    list of tuple
        At most ``CHUNK`` rows.
    """
    result = session.connection().execute(statement)
    try:
        cursor = result.cursor
        assert cursor is not None
        while rows := cursor.fetchmany(CHUNK):
            yield rows  # type: ignore[misc]  # the driver's rows are tuples
    finally:
        result.close()


def fetch_integers(session: Session, statement: Select[*tuple[Any, ...]]) -> npt.NDArray[np.int64]:
    """Fetch a query of integer columns without nulls.

    Returns
    -------
    numpy.ndarray
        Shape (columns, rows), int64: one row of the array for each column of the query.
    """
    parts = [np.array(rows, dtype=np.int64).T for rows in fetch_rows(session, statement)]
    if not parts:
        return np.empty((len(statement.selected_columns), 0), dtype=np.int64)
    return np.concatenate(parts, axis=1)
