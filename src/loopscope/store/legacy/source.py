"""The file that is imported: opened so that nothing in it can change, and read table by table."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from loopscope.errors import StoreError
from loopscope.store.sqlite import SqliteFile

AT_A_TIME = 2_000
"""How many narrow rows are fetched at a time."""

_MAGIC = b"SQLite format 3\x00"


class Source:
    """An SQLite file, open for reading only.

    Where a ``-wal`` beside it holds changes they are read as well (``mode=ro``; SQLite may leave a ``-shm`` beside the
    file then), otherwise the file is read alone (``immutable=1``), without any lock. It is one snapshot in either case.

    Attributes
    ----------
    path
        The file.
    reads_wal
        Whether its latest changes are read from a ``-wal`` beside it.
    """

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises
        ------
        StoreError
            When it is missing, no SQLite file, cannot be read, or its last writer was interrupted.
        """
        self.path = path
        _check(path)
        self._file = SqliteFile(path)
        self._before = self._file.state()
        self.reads_wal = self._before.wal_size > 0
        mode = "mode=ro" if self.reads_wal else "mode=ro&immutable=1"
        try:
            self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, isolation_level=None)
            # What is no UTF-8 is read all the same, and judged where it stands.
            self._connection.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
            self._connection.execute("BEGIN")
            self._connection.execute("SELECT count(*) FROM sqlite_master")
        except sqlite3.Error as error:
            raise StoreError(self._cannot_read(error)) from error

    def rows(self, statement: str, parameters: Sequence[Any] = (), at_a_time: int = AT_A_TIME) -> Iterator[list[Any]]:
        """Fetch the rows of a query, some at a time.

        Raises
        ------
        StoreError
            When the file is damaged there.
        """
        try:
            cursor = self._connection.execute(statement, parameters)
            while rows := cursor.fetchmany(at_a_time):
                yield rows
        except sqlite3.Error as error:
            raise StoreError(self._cannot_read(error)) from error

    def all(self, statement: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Fetch the rows of a query that has few."""
        return [row for rows in self.rows(statement, parameters) for row in rows]

    def tables(self) -> dict[str, list[str]]:
        """Return the columns of every table, by its name."""
        found = self.all(
            "SELECT t.name, c.name FROM sqlite_master AS t, pragma_table_info(t.name) AS c "
            "WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY t.name, c.cid"
        )
        tables: dict[str, list[str]] = {}
        for table, column in found:
            tables.setdefault(table, []).append(column)
        return tables

    def count(self, table: str) -> int:
        """Count the rows of a table."""
        return int(self.all(f'SELECT count(*) FROM "{table}"')[0][0])  # noqa: S608 - its name comes from the file

    def has_rowid(self, table: str) -> bool:
        """Tell whether the rows of a table have numbers of their own."""
        try:
            self._connection.execute(f'SELECT rowid FROM "{table}" LIMIT 0')  # noqa: S608 - its name is a known one
        except sqlite3.OperationalError:
            return False
        return True

    def check_unchanged(self) -> None:
        """Refuse what was read while somebody wrote it.

        Raises
        ------
        StoreError
            When the file changed since it was opened.
        """
        if self._file.state() != self._before:
            raise StoreError(f"{self.path} was changed by another program while it was read; type the same again")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def _cannot_read(self, error: sqlite3.Error) -> str:
        cause = " ".join(str(error).split())
        if self.reads_wal and "unable to open" in cause:
            return (
                f"{self.path} cannot be read together with its latest changes in {self._file.wal.name} ({cause}); "
                "copy both into a folder that you may write, and import that copy"
            )
        return (
            f"{self.path} cannot be read ({cause}); expected an undamaged SQLite file: "
            f"sqlite3 {self.path} 'PRAGMA quick_check'"
        )


def _check(path: Path) -> None:
    """Refuse what is no SQLite file, and one that must be repaired before it can be read."""
    if not path.is_file():
        raise StoreError(f"there is no file {path}; expected an SQLite file of an earlier tool: ls *.db *.sqlite")
    try:
        with path.open("rb") as file:
            begins = file.read(len(_MAGIC))
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}); see who may: ls -l {path}") from error
    if begins != _MAGIC:
        raise StoreError(f"{path} is no SQLite file; expected one that an earlier tool wrote")
    journal = path.with_name(path.name + "-journal")
    if journal.exists() and journal.stat().st_size:
        raise StoreError(
            f"the last program that wrote {path} was interrupted: {journal.name} beside it undoes what is half-written"
            f"; copy both, let SQLite repair the copy (sqlite3 COPY .tables), and import that copy"
        )
