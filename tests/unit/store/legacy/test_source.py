"""A source is opened for reading only, and refused where reading it would be wrong."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from loopscope.errors import StoreError
from loopscope.store.legacy.source import Source


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "old.db", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (id, x)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(str(number), number) for number in range(10)])
    return tmp_path / "old.db"


def test_rows_come_in_parts(path: Path) -> None:
    with Source(path) as source:
        assert [len(rows) for rows in source.rows("SELECT x FROM t", at_a_time=4)] == [4, 4, 2]
        assert source.tables() == {"t": ["id", "x"]}
        assert source.count("t") == 10


def test_nothing_can_be_written(path: Path) -> None:
    with Source(path) as source, pytest.raises(StoreError, match="readonly"):
        source.all("DELETE FROM t RETURNING x")


def test_a_change_while_it_is_read_is_noticed(path: Path) -> None:
    with Source(path) as source:
        source.check_unchanged()
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("CREATE TABLE more (x)")
        with pytest.raises(StoreError, match="was changed by another program"):
            source.check_unchanged()


def test_a_file_whose_writer_was_interrupted_is_refused(path: Path) -> None:
    path.with_name("old.db-journal").write_bytes(b"half")
    with pytest.raises(StoreError, match=r"interrupted: old\.db-journal"):
        Source(path)


def test_what_is_no_sqlite_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no file"):
        Source(tmp_path / "nothing.db")
    (tmp_path / "text.db").write_text("hello")
    with pytest.raises(StoreError, match="is no SQLite file"):
        Source(tmp_path / "text.db")


def test_a_damaged_file_is_told(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[100:] = b"\xff" * (len(data) - 100)
    path.write_bytes(data)
    with pytest.raises(StoreError, match=r"cannot be read .*quick_check"):
        Source(path)


def test_text_that_is_no_unicode_is_read_as_such(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE t SET x = CAST(X'61FF' AS TEXT)")
    with Source(path) as source:
        assert source.all("SELECT DISTINCT x FROM t") == [("a\udcff",)]
