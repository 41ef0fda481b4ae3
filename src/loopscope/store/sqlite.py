"""Connections to an SQLite file, writable or not.

Python's driver never begins a transaction of its own here (``isolation_level=None``): the engine says ``BEGIN``, so
that a read is one snapshot and a write holds its lock from the start.

A database in WAL mode needs its ``-wal`` and ``-shm`` files beside it, which cannot be made in a folder that may not
be written. Where the file or its folder is read-only, the file is therefore read alone (``immutable=1``) as long as no
``-wal`` holds changes, and with its ``-wal`` (``mode=ro``) otherwise.
"""

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, NullPool, QueuePool, create_engine, event

BUSY_TIMEOUT_SECONDS = 30.0
"""How long a connection waits for a lock."""


@dataclass(frozen=True)
class FileState:
    """What tells that a file changed while it was read without locks."""

    size: int
    modified: int
    wal_size: int


@dataclass(frozen=True)
class SqliteFile:
    """A database file: how it may be used, and how it is connected to."""

    path: Path

    @property
    def wal(self) -> Path:
        """The file that holds the changes not yet in the database file."""
        return self.path.with_name(self.path.name + "-wal")

    @property
    def writable(self) -> bool:
        """Whether this user may write the file (or make it) and the files beside it."""
        folder = os.access(self.path.parent, os.W_OK | os.X_OK)
        return folder and (not self.path.exists() or os.access(self.path, os.W_OK))

    def state(self) -> FileState:
        """Read what changes when somebody writes."""
        status = self.path.stat()
        return FileState(status.st_size, status.st_mtime_ns, self._wal_size())

    def immutable(self) -> bool:
        """Tell whether the file alone holds everything and this user can change nothing."""
        return not self.writable and self._wal_size() == 0

    def connect(self) -> sqlite3.Connection:
        """Connect, for writing where that is allowed, with foreign keys on."""
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?{self._mode()}",
            uri=True,
            timeout=BUSY_TIMEOUT_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            connection.close()
            raise
        return connection

    def engine(self) -> Engine:
        """Make the engine: connections are kept between transactions where the file may be written.

        A read-only file is connected to anew for each session, since whether it may be read alone can change.
        """
        engine = create_engine(
            "sqlite+pysqlite://",
            creator=self.connect,
            poolclass=QueuePool if self.writable else NullPool,
        )
        event.listen(engine, "begin", _begin)
        return engine

    def _mode(self) -> str:
        if self.writable:
            return "mode=rwc"
        return "mode=ro&immutable=1" if self.immutable() else "mode=ro"

    def _wal_size(self) -> int:
        try:
            return self.wal.stat().st_size
        except FileNotFoundError:
            return 0


def _begin(connection: Connection) -> None:
    """Begin as the execution option ``writes`` says; a read transaction refuses to write."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql(f"PRAGMA query_only = {0 if writes else 1}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
