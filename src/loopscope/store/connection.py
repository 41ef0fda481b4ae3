"""Opening a database and its two kinds of transaction: one that reads, one that writes."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from loopscope.errors import NoDatabaseError, StoreError
from loopscope.store.location import Location, parse_location
from loopscope.store.revision import check_revision, read_revision
from loopscope.store.sqlite import BUSY_TIMEOUT_SECONDS, SqliteFile
from loopscope.store.translation import read_only_message, translate_error

WRITER = 0x6C6F6F70
"""The advisory lock that a writer holds in a PostgreSQL database, as SQLite has one for its file."""


class Store:
    """An open database.

    Its sessions may be used from several threads at once, one session a thread. Errors of the database leave a
    session as a ``StoreError`` that says what happened and what to type; inside it they are SQLAlchemy's, so that an
    ``IntegrityError`` can be handled where it is expected. Close it when done, or use it as a context manager.

    Attributes
    ----------
    location
        Where it is, as shown to people: the path, or the URL without its password.
    dialect
        ``"sqlite"`` or ``"postgresql"``.
    folder
        The folder of the SQLite file, or the current one: what is written beside the database goes there.
    """

    location: str
    dialect: Literal["sqlite", "postgresql"]
    folder: Path
    place: Location

    def __init__(self, place: Location) -> None:
        self.location = place.name
        self.folder = place.folder
        self.place = place
        self._file = None if place.path is None else SqliteFile(place.path)
        if self._file is not None:
            self.dialect = "sqlite"
            self._engine = self._file.engine()
            self._reader = self._engine
        else:
            self.dialect = "postgresql"
            self._engine = _postgresql_engine(place)
            self._reader = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._writer = self._engine.execution_options(writes=True)
        driver: Any = self._engine.dialect.dbapi
        self._errors: tuple[type[Exception], ...] = (DBAPIError, driver.Error)

    @property
    def writable(self) -> bool:
        """Whether this user may write the file; always so for PostgreSQL, which decides by itself."""
        return self._file is None or self._file.writable

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Read: a session in one transaction that sees the database as it was at its first query.

        Raises
        ------
        StoreError
            When the database cannot be read, or something is written in it.
        """
        before = self._file.state() if self._file is not None and self._file.immutable() else None
        with self._translated(), Session(self._reader, expire_on_commit=False) as session:
            yield session
        if before is not None and self._file is not None and self._file.state() != before:
            raise StoreError(f"{self.location} was changed by another user while it was read; type the same again")

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Write: a session in one transaction, committed at the end, rolled back on any error.

        There is one writer at a time, on SQLite and PostgreSQL alike: it holds a lock from the start, so keep it
        short: compute first, then write.

        Raises
        ------
        StoreError
            When the database cannot be written.
        StoreConflictError
            When a row contradicts those there.
        """
        self.require_writable()
        with self._translated(), Session(self._writer, expire_on_commit=False) as session, session.begin():
            session.connection()
            if self.dialect == "postgresql":
                session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITER})
            yield session

    def require_writable(self) -> None:
        """Refuse to go on with what would write.

        Raises
        ------
        StoreError
            When this user may not write the database.
        """
        if not self.writable:
            raise StoreError(read_only_message(self.place))

    def close(self) -> None:
        """Close every connection; the last one to an SQLite file takes its ``-wal`` away."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            raise translate_error(error, self.place, writable=self.writable) from error


def open_store(location: str | Path = "loopscope.db", *, create: bool = False) -> Store:
    """Open a database.

    Parameters
    ----------
    location
        A path, ``sqlite:///PATH`` or a PostgreSQL URL such as ``postgresql+psycopg://user@host/name``.
    create
        Whether to make the file and the tables where there are none.

    Returns
    -------
    Store
        To be closed after use; it is a context manager.

    Raises
    ------
    NoDatabaseError
        When there is no database, or one without tables, and ``create`` is false.
    StoreError
        When it is no Loopscope database or one of another version, or when it cannot be read.
    """
    place = parse_location(location)
    if place.path is not None:
        _check_path(place, place.path, create)
    store = Store(place)
    try:
        with store.session() as session:
            revision = read_revision(session.connection(), place)
        if revision is not None:
            check_revision(revision, place)
        elif create:
            from loopscope.store.upgrade import upgrade_to_head  # Alembic is loaded only where it is needed

            upgrade_to_head(store)
        else:
            raise NoDatabaseError(f"{place.name} has no tables yet; {_how_to_create(place)}")
        _use_write_ahead_log(store)
    except BaseException:
        store.close()
        raise
    return store


def _use_write_ahead_log(store: Store) -> None:
    """Let readers of an SQLite file go on while it is written; the file remembers it.

    SQLite does not wait for others here, whatever its busy timeout, so the waiting is ours.
    """
    if store.dialect != "sqlite" or not store.writable:
        return
    give_up = time.monotonic() + BUSY_TIMEOUT_SECONDS
    with store._translated(), store._engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        while True:
            try:
                driver.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                    raise
            time.sleep(0.01)


def _check_path(place: Location, path: Path, create: bool) -> None:
    """Refuse a path where no database can be, before SQLite makes a file there."""
    if path.exists():
        return
    if not create:
        raise NoDatabaseError(f"there is no database at {place.name}; {_how_to_create(place)}")
    if not path.absolute().parent.is_dir():
        raise StoreError(
            f"there is no folder {path.parent} for the database {place.name}; make it: mkdir -p {path.parent}"
        )
    if not SqliteFile(path).writable:
        raise StoreError(read_only_message(place))


def _how_to_create(place: Location) -> str:
    return f"begin one by performing an experiment: loopscope experiment perform FILE {place.option}"


def _postgresql_engine(place: Location) -> Engine:
    assert place.url is not None
    given = place.url.query.get("options", "")
    try:
        return create_engine(
            place.url,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": 10,
                "options": f"{given} -c lock_timeout={BUSY_TIMEOUT_SECONDS * 1000:.0f}".strip(),
            },
        )
    except ImportError as error:
        raise StoreError(
            f"{place.name} needs the PostgreSQL driver, which is not installed ({error}); "
            "install it: pip install 'loopscope[postgres]'"
        ) from error
