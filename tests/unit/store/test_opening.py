"""Opening an SQLite database, and what is said where it cannot be opened, read or written: for real, not pretended."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from loopscope.errors import StoreConflictError, StoreError
from loopscope.schemas import Experiment, Picture, Run
from loopscope.store.connection import Store, open_store
from loopscope.store.revision import HEAD
from loopscope.store.sqlite import SqliteFile
from loopscope.store.upgrade import upgrade_store

COUNT = select(func.count()).select_from(Experiment)
IMPORTS = """
import sys
from datetime import datetime, UTC
from sqlalchemy import func, insert, select
from loopscope.errors import StoreError
from loopscope.schemas import Experiment, Picture
from loopscope.store.connection import open_store
"""
READ_AND_WRITE = """
with open_store(sys.argv[1]) as store:
    with store.session() as session:
        print("rows", session.scalar(select(func.count()).select_from(Experiment)))
    try:
        with store.transaction() as session:
            session.add(Experiment(config={}, config_hash="", created_at=datetime.now(UTC)))
    except StoreError as error:
        print("refused", error)
"""


@pytest.fixture
def path(sqlite_template: Path, tmp_path: Path) -> Path:
    """A database with one experiment in a folder of its own, closed."""
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.copyfile(sqlite_template, folder / "a.db")
    with open_store(folder / "a.db") as store:
        add_experiment(store)
    return folder / "a.db"


def add_experiment(store: Store) -> None:
    with store.transaction() as session:
        session.add(Experiment(config={}, config_hash="", created_at=datetime.now(UTC)))


def add_and_fail(session: Session) -> None:
    session.add(Experiment(config={}, config_hash="", created_at=datetime.now(UTC)))
    session.flush()
    raise KeyError


def count(store: Store) -> int:
    with store.session() as session:
        return session.scalar(COUNT) or 0


def python(code: str, *arguments: object, before: list[str] | None = None) -> list[str]:
    return [*(before or []), sys.executable, "-W", "error", "-c", IMPORTS + code, *map(str, arguments)]


def output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def unprivileged() -> list[str]:
    """What to put before a command, so that permissions hold for it though root runs it."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root may write everything, and setpriv is not installed to take that away")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]


# Opening


def test_a_missing_file_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(tmp_path / "none.db")
    assert str(caught.value) == (
        f"there is no database at {tmp_path}/none.db; begin one by performing an experiment: "
        f"loopscope experiment perform FILE --db {tmp_path}/none.db"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=f"no folder {tmp_path}/none for .* mkdir -p {tmp_path}/none"):
        open_store(tmp_path / "none" / "a.db", create=True)


def test_an_empty_file_is_no_database_yet(tmp_path: Path) -> None:
    (tmp_path / "a.db").touch()
    with pytest.raises(StoreError, match="has no tables yet; begin one by performing"):
        open_store(tmp_path / "a.db")
    with open_store(tmp_path / "a.db", create=True) as store:
        assert count(store) == 0


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"a text, not a database" * 100)
    for create in (True, False):
        with pytest.raises(StoreError, match=r"a\.db is no database; expected a Loopscope database"):
            open_store(tmp_path / "a.db", create=create)
    assert (tmp_path / "a.db").read_bytes() == b"a text, not a database" * 100


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "a.db")
    other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()
    before = (tmp_path / "a.db").read_bytes()
    for create in (True, False):
        with pytest.raises(StoreError, match=r"a database of something else \(its tables: bookmarks\)"):
            open_store(tmp_path / "a.db", create=create)
    with pytest.raises(StoreError, match="something else"):
        upgrade_store(tmp_path / "a.db")
    assert (tmp_path / "a.db").read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["a.db"]


def test_another_revision_is_refused(path: Path) -> None:
    with open_store(path) as store, store.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    for refused in (open_store, upgrade_store):
        with pytest.raises(StoreError, match=rf"revision 0999; .* newer than {HEAD}; install a newer Loopscope"):
            refused(path)


def test_opening_loads_no_migrations(path: Path) -> None:
    code = "open_store(sys.argv[1]).close(); print('alembic' in sys.modules)"
    assert output(python(code, path)).strip() == "False"


def test_a_closed_database_is_one_file(path: Path) -> None:
    assert [each.name for each in path.parent.iterdir()] == ["a.db"]


def test_many_may_make_one_database_at_once(tmp_path: Path) -> None:
    code = "store = open_store(sys.argv[1], create=True); store.close(); print('opened')"
    started = [
        subprocess.Popen(python(code, tmp_path / "a.db"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    for process in started:
        out, error = process.communicate()
        assert (out, error) == ("opened\n", "")
    with open_store(tmp_path / "a.db") as store:
        assert count(store) == 0


# Sessions


def test_a_session_sees_one_moment(path: Path) -> None:
    with open_store(path) as store, store.session() as session:
        assert session.scalar(COUNT) == 1
        add_experiment(store)
        assert session.scalar(COUNT) == 1
        assert count(store) == 2


def test_a_session_does_not_write(path: Path) -> None:
    with open_store(path) as store:
        with (
            pytest.raises(StoreError, match=r"opened for reading here; nothing was written"),
            store.session() as session,
        ):
            session.execute(insert(Picture), {"media_type": "", "width": 1, "height": 1, "data": b""})
        add_experiment(store)
        assert count(store) == 2


def test_an_error_rolls_a_transaction_back(path: Path) -> None:
    with open_store(path) as store:
        with pytest.raises(KeyError), store.transaction() as session:
            add_and_fail(session)
        assert count(store) == 1


def test_a_conflict_can_be_handled_inside_and_is_told_outside(path: Path) -> None:
    row = {"experiment_id": 9, "number": 0, "network": [], "initial_prompt": "", "seed": 1, "max_length": 1}
    with open_store(path) as store:
        with store.transaction() as session, pytest.raises(IntegrityError):
            session.execute(insert(Run), row)
        with pytest.raises(StoreConflictError, match="contradicts what it holds"), store.transaction() as session:
            session.execute(insert(Run), row)


def test_a_naive_instant_is_refused(path: Path) -> None:
    with open_store(path) as store, pytest.raises(Exception, match="naive instant"), store.transaction() as session:
        session.add(Experiment(config={}, config_hash="", created_at=datetime(2026, 1, 1)))  # noqa: DTZ001


# Locks


@pytest.fixture
def locked(path: Path) -> Iterator[Path]:
    """A database that another process writes, and goes on writing."""
    code = """
with open_store(sys.argv[1]) as store, store.transaction() as session:
    print("locked", flush=True)
    sys.stdin.read()
"""
    holder = subprocess.Popen(python(code, path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        yield path


def test_a_long_lock_is_told_and_reading_goes_on(locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loopscope.store.sqlite.BUSY_TIMEOUT_SECONDS", 0.2)
    with open_store(locked) as store:
        assert count(store) == 1
        with pytest.raises(StoreError, match=r"a\.db was locked by another program for longer than .* type the same"):
            add_experiment(store)


# Permissions


def read_and_write(path: Path, unprivileged: list[str]) -> list[str]:
    return output(python(READ_AND_WRITE, path, before=unprivileged)).splitlines()


@pytest.fixture
def modes(path: Path) -> Iterator[Callable[[int, int], None]]:
    """Set the modes of the files and of their folder."""

    def change(file: int, folder: int) -> None:
        for each in path.parent.iterdir():
            each.chmod(file)
        path.parent.chmod(folder)

    yield change
    path.parent.chmod(0o755)


@pytest.mark.parametrize(("file", "folder"), [(0o444, 0o755), (0o444, 0o555), (0o644, 0o555)])
def test_a_read_only_database_is_read_and_not_written(
    path: Path, unprivileged: list[str], modes: Callable[[int, int], None], file: int, folder: int
) -> None:
    modes(file, folder)
    read, refused = read_and_write(path, unprivileged)
    assert read == "rows 1"
    assert refused.startswith(f"refused {path} is read-only: you may not write it, or its folder")
    assert refused.endswith(f"chmod u+w {path.parent} {path}")
    assert [each.name for each in path.parent.iterdir()] == ["a.db"]


@pytest.fixture
def interrupted(path: Path) -> Path:
    """A database whose last change is still in its ``-wal``, since its writer was killed."""
    code = """
import os
store = open_store(sys.argv[1])
with store.transaction() as session:
    session.add(Experiment(config={}, config_hash="", created_at=datetime.now(UTC)))
os._exit(0)
"""
    output(python(code, path))
    assert path.with_name("a.db-wal").stat().st_size > 0
    return path


def test_a_read_only_database_is_read_with_what_its_writer_left(
    interrupted: Path, unprivileged: list[str], modes: Callable[[int, int], None]
) -> None:
    modes(0o444, 0o555)
    assert read_and_write(interrupted, unprivileged)[0] == "rows 2"


def test_an_interrupted_write_is_there_at_the_next_opening(interrupted: Path) -> None:
    with open_store(interrupted) as store:
        assert count(store) == 2
    assert [each.name for each in interrupted.parent.iterdir()] == ["a.db"]


def test_a_file_that_may_not_be_read_says_so(
    path: Path, unprivileged: list[str], modes: Callable[[int, int], None]
) -> None:
    if not unprivileged and os.geteuid() == 0:
        pytest.skip("root may read everything")
    modes(0o000, 0o755)
    code = "\ntry:\n    open_store(sys.argv[1])\nexcept StoreError as error:\n    print(error)"
    assert "cannot be opened" in output(python(code, path, before=unprivileged))


def test_a_change_under_a_reader_without_locks_is_noticed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SqliteFile, "writable", False)
    with open_store(path) as store:
        assert count(store) == 1
        with pytest.raises(StoreError, match="changed by another user while it was read"), store.session():
            os.utime(path, ns=(1, 1))


# Disks

FILL = """
import resource
with open_store(sys.argv[1]) as store:
    if len(sys.argv) > 2:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
    try:
        with store.transaction() as session:
            session.execute(insert(Picture), {"media_type": "", "width": 1, "height": 1, "data": bytes(3_000_000)})
    except StoreError as error:
        print(error)
    with store.session() as session:
        print(session.scalar(select(func.count()).select_from(Picture)))
"""


def test_a_file_size_limit_is_told(path: Path) -> None:
    told, pictures = output(python(FILL, path, 1_000_000)).splitlines()
    assert told.startswith(f"{path} could not be read or written (disk I/O error)")
    assert pictures == "0"


def test_a_full_disk_is_told_and_nothing_is_half_written(path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = path.parent / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("no small disk can be mounted here")
    try:
        shutil.copyfile(path, disk / "a.db")
        told, pictures = output(python(FILL, disk / "a.db")).splitlines()
        assert told == (
            f"the disk that holds {disk}/a.db is full; nothing of this step was saved; "
            "free some space, then type the same again"
        )
        assert pictures == "0"
        with open_store(disk / "a.db") as store:
            assert count(store) == 1
    finally:
        subprocess.run(["umount", str(disk)], check=True)
