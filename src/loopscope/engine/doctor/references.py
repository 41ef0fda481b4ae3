"""Whether every foreign key leads to a row; told once for each clustering result, and once for each other key."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Table, and_, null, select
from sqlalchemy.orm import Session

from loopscope.engine.doctor.fault import Fault, Row
from loopscope.engine.doctor.remedies import delete_by_hand
from loopscope.schemas import Base, ClusteringResult, Embedding

OF_RESULT = "clustering_result_id"
EXPECTED = "a reference that leads to a row"


@dataclass
class _Lost:
    """References that lead nowhere: which was found first, and how many there are in each table."""

    row: Row
    said: str
    counts: Counter[str] = field(default_factory=Counter)


def check_references(session: Session) -> Iterator[Fault]:
    """Check that every foreign key leads to a row: what ``PRAGMA foreign_key_check`` does, with the keys of rows."""
    of_results: dict[int, _Lost] = {}
    for table in Base.metadata.sorted_tables:
        for constraint in sorted(table.foreign_key_constraints, key=lambda each: list(each.column_keys)):
            lost: _Lost | None = None
            for row, said, result_id in _find_lost(session, table, constraint):
                if result_id is not None:
                    lost = of_results.setdefault(result_id, _Lost(row, said))
                else:
                    lost = lost or _Lost(row, said)
                lost.counts[table.name] += 1
            if lost is not None and OF_RESULT not in table.c:
                yield _tell(session, table, constraint, lost)
    uuids = dict(session.execute(select(ClusteringResult.id, ClusteringResult.uuid)).all()) if of_results else {}
    for result_id, lost in sorted(of_results.items()):
        yield _tell_result(session, result_id, uuids.get(result_id), lost)


def _find_lost(
    session: Session, table: Table, constraint: ForeignKeyConstraint
) -> Iterator[tuple[Row, str, int | None]]:
    """Find the rows whose reference leads nowhere: the key, where it leads, and the clustering result it is of."""
    parent = constraint.referred_table.alias("parent")
    pairs = [(element.parent, parent.c[element.column.name]) for element in constraint.elements]
    keys = list(table.primary_key.columns)
    result_id: Any = table.c[OF_RESULT] if OF_RESULT in table.c else null()
    statement = (
        select(result_id.label("of_result"), *keys, *(here.label(f"to_{here.name}") for here, _ in pairs))
        .outerjoin_from(table, parent, and_(*(here == there for here, there in pairs)))
        .where(pairs[0][1].is_(None), *(here.is_not(None) for here, _ in pairs))
        .order_by(*keys)
    )
    for of_result, *values in session.execute(statement.execution_options(yield_per=1000)):
        row = dict(zip((column.name for column in keys), values, strict=False))
        leads = zip((here.name for here, _ in pairs), values[len(keys) :], strict=True)
        refers = ", ".join(f"{name} {value}" for name, value in leads)
        yield row, f"{refers}, of which there is no row in {constraint.referred_table.name}", of_result


def _tell(session: Session, table: Table, constraint: ForeignKeyConstraint, lost: _Lost) -> Fault:
    """Tell of a key; what its rows belonged to is gone, and the database would have deleted them with it."""
    count = lost.counts[table.name]
    said = f"{lost.said}; so it is with {count - 1:,} more" if count > 1 else lost.said
    [element, *_] = constraint.elements
    command = None
    if constraint.ondelete == "CASCADE" and _can_be_deleted(session, table):
        there = f"(SELECT {element.column.name} FROM {constraint.referred_table.name})"  # noqa: S608 - shown only
        where = f"{element.parent.name} NOT IN {there}"
        command = delete_by_hand(session, f"DELETE FROM {table.name} WHERE {where}")  # noqa: S608 - shown only
    return Fault(table.name, lost.row, said, EXPECTED, command)


def _can_be_deleted(session: Session, table: Table) -> bool:
    """Say whether rows hold nothing that could not be made again, and nothing keeps them from being deleted.

    SQLite does not look at references unless it is asked to; PostgreSQL keeps an embedding that a result holds.
    """
    if table is Embedding.__table__:
        return session.connection().dialect.name == "sqlite"
    return not any(
        key.referred_table is table for each in Base.metadata.sorted_tables for key in each.foreign_key_constraints
    )


def _tell_result(session: Session, result_id: int, uuid: UUID | None, lost: _Lost) -> Fault:
    """Tell of a clustering result that has lost rows; it cannot be trusted, and is deleted whole."""
    counted = ", ".join(f"{count:,} of {name}" for name, count in sorted(lost.counts.items()))
    first = ", ".join(f"{name} {value}" for name, value in lost.row.items())
    found = f"references that lead to no row: {counted}; the first ({first}) has {lost.said}"
    if uuid is not None:
        row: Row = {"id": result_id, "uuid": uuid}
        return Fault("clustering_result", row, found, EXPECTED, f"loopscope cluster delete {uuid.hex[:8]}")
    tables = [table.name for table in reversed(Base.metadata.sorted_tables) if OF_RESULT in table.c]
    deletes = "; ".join(f"DELETE FROM {name} WHERE {OF_RESULT} = {result_id}" for name in tables)  # noqa: S608 - shown, never performed
    return Fault("clustering_result", {"id": result_id}, found, EXPECTED, delete_by_hand(session, deletes))
