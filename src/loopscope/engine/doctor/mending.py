"""Mending what has one right answer: all of it in one transaction, each row only if it is still as it was found."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import JSON, Table, and_, bindparam, delete, select, tuple_, update
from sqlalchemy.orm import Session

from loopscope.engine.doctor.fault import Fault, Mend
from loopscope.schemas import Base
from loopscope.store.connection import Store

AT_A_TIME = 400
"""How many rows are looked up in one query."""

Key: TypeAlias = tuple[int, ...]


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
    mended: set[int] = set()
    with store.transaction() as session:
        for name in sorted({change.table.__tablename__ for _, change in fixable}):
            of_table = [(fault, change) for fault, change in fixable if change.table.__tablename__ == name]
            mended |= _mend_table(session, Base.metadata.tables[name], of_table)
    return [fault for fault, _ in fixable if id(fault) in mended]


def _mend_table(session: Session, table: Table, faults: Sequence[tuple[Fault, Mend]]) -> set[int]:
    """Mend the rows of one table, and return the identities of the faults that were mended."""
    rows = _load_rows(session, table, {_key(table, change) for _, change in faults})
    mended, changed, doomed = set(), dict[Key, dict[str, Any]](), list[Key]()
    for fault, change in faults:
        key = _key(table, change)
        now = rows.get(key)
        if now is None or any(not _is_still(now[name], value) for name, value in change.was.items()):
            continue
        mended.add(id(fault))
        if change.becomes is None:
            doomed.append(key)
            continue
        for name, value in change.becomes.items():
            entries = isinstance(table.c[name].type, JSON)
            now[name] = {**now[name], **value} if entries else value
            changed.setdefault(key, {})[name] = now[name]
    _write(session, table, changed, doomed)
    return mended


def _write(session: Session, table: Table, changed: Mapping[Key, Mapping[str, Any]], doomed: Iterable[Key]) -> None:
    """Update and delete rows in bulk: one statement for each set of columns."""
    keys = [column.name for column in table.primary_key.columns]
    this = and_(*(table.c[name] == bindparam(f"key_{name}") for name in keys))

    def parameters(key: Key) -> dict[str, Any]:
        return {f"key_{name}": value for name, value in zip(keys, key, strict=True)}

    for columns in sorted({tuple(row) for row in changed.values()}):
        values = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in columns}
        new = [
            parameters(key) | {f"new_{name}": value for name, value in row.items()}
            for key, row in changed.items()
            if tuple(row) == columns
        ]
        session.connection().execute(update(table).where(this).values(values), new)
    if gone := [parameters(key) for key in doomed]:
        session.connection().execute(delete(table).where(this), gone)


def _load_rows(session: Session, table: Table, keys: set[Key]) -> dict[Key, dict[str, Any]]:
    """Load rows by their keys, without what is large."""
    columns = [column for column in table.columns if column.name != "data"]
    primary = list(table.primary_key.columns)
    rows: dict[Key, dict[str, Any]] = {}
    for some in _in_parts(sorted(keys)):
        found = session.execute(select(*columns).where(tuple_(*primary).in_(some)))
        for row in found.mappings():
            rows[tuple(row[column.name] for column in primary)] = dict(row)
    return rows


def _in_parts(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    for start in range(0, len(keys), AT_A_TIME):
        yield keys[start : start + AT_A_TIME]


def _is_still(now: Any, was: Any) -> bool:
    if isinstance(was, Mapping):
        return all(now.get(name) == value for name, value in was.items())
    return bool(now == was)


def _key(table: Table, change: Mend) -> Key:
    return tuple(change.key[column.name] for column in table.primary_key.columns)
