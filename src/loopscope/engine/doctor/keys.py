"""Whether the next row of each table would get a key that was never used before."""

from collections.abc import Iterator

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from loopscope.engine.doctor.fault import Fault
from loopscope.schemas import Base, ClusteringResult, Embedding


def check_keys(session: Session) -> Iterator[Fault]:
    """Check the counters that give new keys.

    That an embedding came after a clustering is told by its key, which must therefore be larger than any before. On
    PostgreSQL a counter behind the keys that are there also makes the next insert fail.
    """
    if session.connection().dialect.name == "sqlite":
        yield from _check_sqlite(session)
    else:
        yield from _check_postgresql(session)


def _check_sqlite(session: Session) -> Iterator[Fault]:
    counter = session.scalar(text("SELECT max(seq) FROM sqlite_sequence WHERE name = 'embedding'")) or 0
    largest = max(counter, session.scalar(select(func.max(Embedding.id))) or 0)
    last = session.scalar(select(func.max(ClusteringResult.last_embedding_id))) or 0
    if last > largest:
        expected = f"at least {last}, the newest that a clustering result knows"
        repair = f"sqlite3 FILE \"UPDATE sqlite_sequence SET seq = {last} WHERE name = 'embedding'\""  # noqa: S608 - shown, never performed
        yield Fault("embedding", {}, f"{largest} as the largest key ever used", expected, repair)


def _check_postgresql(session: Session) -> Iterator[Fault]:
    last = session.scalar(select(func.max(ClusteringResult.last_embedding_id))) or 0
    for table in Base.metadata.sorted_tables:
        column = table.autoincrement_column
        sequence = column is not None and session.scalar(select(func.pg_get_serial_sequence(table.name, column.name)))
        if column is None or not sequence:
            continue
        used = session.scalar(text(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}")) or 0  # noqa: S608 - the name is the server's own
        largest = session.scalar(select(func.max(column))) or 0
        if table is Embedding.__table__:
            largest = max(largest, last)
        if used < largest:
            repair = f"psql -c \"SELECT setval('{sequence}', {largest})\""
            yield Fault(table.name, {}, f"{used} as the last key given", f"{largest}, which is in use", repair)
