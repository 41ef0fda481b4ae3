"""Mending what has one right answer: all of it in one transaction, each row only if it is still as it was found."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import JSON, Table, and_, delete, select, update
from sqlalchemy.orm import Session

from loopscope.engine.doctor.fault import Fault, Mend
from loopscope.store.connection import Store


def mend(store: Store, faults: Sequence[Fault]) -> list[Fault]:
    """Mend the faults that can be; outputs, vectors, labels and medoids are never touched.

    Returns
    -------
    list of Fault
        Those that were mended; a row that somebody else has changed or deleted since is left alone.

    Raises
    ------
    StoreError
        If the database cannot be written; nothing is mended then.
    """
    fixable = [(fault, fault.mend) for fault in faults if fault.mend is not None]
    if not fixable:
        return []
    with store.transaction() as session:
        return [fault for fault, change in fixable if _apply(session, change)]


def _apply(session: Session, change: Mend) -> bool:
    """Change a row, and tell whether it was still as it was found."""
    table = cast("Table", change.table.__table__)
    this = and_(*(table.c[name] == value for name, value in change.key.items()))
    now = session.execute(select(*table.primary_key.columns, *(table.c[name] for name in change.was)).where(this))
    row = now.mappings().first()
    if row is None or any(not _is_still(row[name], value) for name, value in change.was.items()):
        return False
    if change.becomes is None:
        session.execute(delete(table).where(this))
    else:
        values = {name: _merged(table, row, name, value) for name, value in change.becomes.items()}
        session.execute(update(table).where(this).values(values))
    return True


def _is_still(now: Any, was: Any) -> bool:
    if isinstance(was, Mapping):
        return all(now.get(name) == value for name, value in was.items())
    return bool(now == was)


def _merged(table: Table, row: Mapping[Any, Any], name: str, value: Any) -> Any:
    """Put entries into what a JSON column holds; any other column takes the value as it is."""
    return {**row[name], **value} if isinstance(table.c[name].type, JSON) else value
