"""What holds for any sound database: the file is whole, values are of their types, and constraints hold.

On PostgreSQL the server holds types, and it holds constraints unless somebody has made them NOT VALID or switched the
triggers of foreign keys off, as a restore may; so rows are held against both there as well. Its files are the business
of ``pg_amcheck``.
"""

import sqlite3
from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ColumnElement,
    Float,
    Integer,
    LargeBinary,
    Table,
    Uuid,
    and_,
    case,
    func,
    literal,
    null,
    or_,
    select,
    text,
)
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from loopscope.engine.doctor.fault import Fault
from loopscope.schemas import Base, Run
from loopscope.schemas.base import UtcDateTime

SAVE_WHAT_CAN_BE = "sqlite3 FILE .recover | sqlite3 saved.db"


def read_size(session: Session) -> int:
    """Return how many bytes an SQLite file has; 0 for another database, whose files are not read whole."""
    if session.connection().dialect.name != "sqlite":
        return 0
    pages, size = (session.scalar(text(f"PRAGMA {name}")) or 0 for name in ("page_count", "page_size"))
    return int(pages * size)


def check_file(session: Session) -> Iterator[Fault]:
    """Check that an SQLite file is whole: its pages, its indexes, and that no value is missing."""
    if session.connection().dialect.name != "sqlite":
        return
    for line in _read_integrity(session):
        if line != "ok" and not line.startswith(("***", "CHECK constraint failed")):
            yield Fault("database", {}, line, "a file that is whole", SAVE_WHAT_CAN_BE)


def _read_integrity(session: Session) -> list[str]:
    lines: list[str] = []
    try:
        for said in session.execute(text("PRAGMA integrity_check")).scalars():
            lines += said.splitlines()
    except DatabaseError as error:
        if getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_CORRUPT:
            raise
        # What is so damaged that SQLite cannot read on ends the list, or is all of it.
        lines = lines or [str(error.orig)]
    return lines


def check_constraints(session: Session) -> Iterator[Fault]:
    """Check that PostgreSQL has looked whether every row keeps each constraint."""
    if session.connection().dialect.name != "postgresql":
        return
    statement = (
        "SELECT CAST(conrelid AS regclass), conname FROM pg_constraint "
        "WHERE NOT convalidated AND connamespace = CAST(current_schema() AS regnamespace) ORDER BY conname"
    )
    for table, name in session.execute(text(statement)):
        yield Fault(
            str(table),
            {},
            f"the constraint {name}, which was never held against the rows that were there",
            "every constraint validated",
            f'psql -c "ALTER TABLE {table} VALIDATE CONSTRAINT {name}"',
        )


def check_rows(session: Session) -> Iterator[Fault]:
    """Check that every row keeps the CHECK constraints of its table."""
    for table in Base.metadata.sorted_tables:
        for constraint in sorted(_checks(table), key=lambda check: str(check.name)):
            keys = list(table.primary_key.columns)
            broken = select(*keys).where(text(f"NOT ({constraint.sqltext})")).order_by(*keys)
            for row in session.execute(broken):
                key = dict(zip((column.name for column in keys), row, strict=True))
                yield Fault(table.name, key, f"a row that breaks {constraint.name}", str(constraint.sqltext))


def _checks(table: Table) -> list[CheckConstraint]:
    return [constraint for constraint in table.constraints if isinstance(constraint, CheckConstraint)]


def check_values(session: Session) -> Iterator[Fault]:
    """Check that every value is of the type of its column, which SQLite leaves to whoever writes.

    Vectors and pictures are left out, since other checks read each of them.
    """
    sqlite = session.connection().dialect.name == "sqlite"
    for table in Base.metadata.sorted_tables:
        kinds = [(column, *kind) for column in table.columns if (kind := _kind(column, sqlite)) is not None]
        if not kinds:
            continue
        keys = list(table.primary_key.columns)
        wrong = [case((condition, literal(column.name)), else_=null()) for column, condition, _ in kinds]
        rows = session.execute(select(*keys, *wrong).where(or_(*(condition for _, condition, _ in kinds))))
        for row in rows:
            key = dict(zip((column.name for column in keys), row, strict=False))
            for (column, _, expected), name in zip(kinds, row[len(keys) :], strict=True):
                if name is not None:
                    yield Fault(table.name, key, f"in {column.name} a value of another kind", expected)


def _kind(column: Column[Any], sqlite: bool) -> tuple[ColumnElement[bool], str] | None:
    """Return the condition under which a value is of another kind than its column, and what was expected."""
    if isinstance(column.type, JSON):
        return _json_kind(column, sqlite)
    if not sqlite or isinstance(column.type, LargeBinary):
        return None
    stored = func.typeof(column)
    if isinstance(column.type, Uuid):
        malformed = or_(stored != "text", func.length(column) != 32, text(f"{column} GLOB '*[^0-9a-f]*'"))
        return and_(column.is_not(None), malformed), "a UUID of 32 hexadecimal digits"
    if isinstance(column.type, UtcDateTime):
        instant = or_(stored != "text", func.datetime(column).is_(None), text(f"{column} NOT LIKE '%+00:00'"))
        return and_(column.is_not(None), instant), "an instant in UTC such as 2026-01-01T00:00:00.000000+00:00"
    if isinstance(column.type, Float):
        return stored.not_in(["real", "integer", "null"]), "a number"
    if isinstance(column.type, Integer):
        return stored.not_in(["integer", "null"]), "an integer"
    return stored.not_in(["text", "null"]), "a text"


def _json_kind(column: Column[Any], sqlite: bool) -> tuple[ColumnElement[bool], str]:
    is_list = column is Run.__table__.c.network
    kind = func.json_type(column) if sqlite else func.json_typeof(column)
    accepted = ["array" if is_list else "object", *(["null"] if column.nullable else [])]
    wrong = and_(column.is_not(None), kind.not_in(accepted))
    if sqlite:  # json_type raises for what is no JSON, so that it must not be asked then
        wrong = case((column.is_(None), False), (func.json_valid(column) == 0, True), else_=kind.not_in(accepted))
    return wrong, "a JSON list" if is_list else "a JSON object"
