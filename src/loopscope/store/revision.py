"""Which revision of the tables a database has, told without loading the migrations."""

from sqlalchemy import Connection, text

from loopscope.errors import StoreError
from loopscope.store.location import Location

REVISIONS = ("0001", "0002", "0003")
"""Every revision of the tables, oldest first; equal to those in ``migrations/versions``."""

HEAD = REVISIONS[-1]
"""The revision that this version of Loopscope reads and writes."""

_OWN_TABLES = frozenset({"alembic_version", "experiment", "run", "invocation"})
_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
}


def read_revision(connection: Connection, location: Location) -> str | None:
    """Read the revision of a database.

    Returns
    -------
    str or None
        The revision; None for a database without any table.

    Raises
    ------
    StoreError
        When the database holds the tables of something else.
    """
    tables = set(connection.execute(text(_TABLES[connection.dialect.name])).scalars())
    if not tables:
        return None
    if tables >= _OWN_TABLES:
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if revision is not None:
            return str(revision)
    shown = ", ".join(sorted(tables)[:5]) + (", …" if len(tables) > 5 else "")
    raise StoreError(
        f"{location.name} is a database of something else (its tables: {shown}); "
        "expected a Loopscope database: name another one with --db"
    )


def check_revision(revision: str, location: Location, revisions: tuple[str, ...] = REVISIONS) -> None:
    """Refuse a database whose tables are not those of this version of Loopscope.

    Parameters
    ----------
    revision
        The revision found in the database.
    location
        Where the database is.
    revisions
        Every revision that this version of Loopscope knows, oldest first.

    Raises
    ------
    StoreError
        When the revision is older than, newer than, or unknown to this version.
    """
    head = revisions[-1]
    if revision == head:
        return
    if revision in revisions:
        raise StoreError(
            f"{location.name} has tables of revision {revision}; this version of Loopscope expects revision {head}; "
            f"bring it up to date with: loopscope db upgrade {location.option}"
        )
    raise StoreError(
        f"{location.name} has tables of revision {revision}; this version of Loopscope knows none newer than {head}; "
        "install a newer Loopscope: pip install --upgrade loopscope"
    )
