"""Large tables read block by block, so that memory stays the same however many rows there are."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row, Select
from sqlalchemy.orm import InstrumentedAttribute, Session


def fetch_blocks(
    session: Session, statement: Select[*tuple[Any, ...]], key: InstrumentedAttribute[int], size: int
) -> Iterator[list[Row[*tuple[Any, ...]]]]:
    """Fetch the rows of a query in blocks, in the order of a key.

    A cursor would do the same on SQLite; on PostgreSQL it would bring all rows over at once.

    Parameters
    ----------
    statement
        A SELECT whose first column is the key.
    key
        A column whose values are at least 1 and occur once in the rows.
    size
        How many rows a block has at most.
    """
    after = 0
    while True:
        rows = list(session.execute(statement.where(key > after).order_by(key).limit(size)))
        if not rows:
            return
        yield rows
        after = rows[-1][0]
