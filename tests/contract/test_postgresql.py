"""What is said where a PostgreSQL database cannot be opened or written: for real, not pretended."""

import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event, Thread

import pytest
from sqlalchemy import Connection, insert, make_url, select, text

from loopscope.errors import StoreError
from loopscope.schemas import Experiment
from loopscope.store.connection import Store, open_store
from loopscope.store.location import Location
from loopscope.store.translation import translate_error


def url_of(store: Store) -> str:
    assert store.place.url is not None
    return store.place.url.render_as_string(hide_password=False)


def test_no_server_says_so() -> None:
    with socket.socket() as taken:  # bound but not listening: nobody answers
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(StoreError, match=r"no PostgreSQL server answers at postgresql\+psycopg://me:\*\*\*@127"):
            open_store(f"postgresql://me:secret@127.0.0.1:{port}/name")


def test_an_unknown_database_says_so(postgres_url: str) -> None:
    url = make_url(postgres_url).set(database="nowhere").render_as_string(hide_password=False)
    with pytest.raises(StoreError, match=r'cannot be used .*database "nowhere" does not exist.*createdb'):
        open_store(url)


def test_a_refused_password_says_so() -> None:
    import psycopg

    error = psycopg.OperationalError('connection failed: FATAL:  password authentication failed for user "me"')
    told = str(translate_error(error, Location("postgresql+psycopg://me:***@host/name"), writable=True))
    assert told.startswith("postgresql+psycopg://me:***@host/name refused the password")
    assert told.endswith("write it in the URL, in ~/.pgpass or in PGPASSWORD")


def test_a_missing_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"pip install 'loopscope\[postgres\]'"):
        open_store("postgresql://me@host/name")


def test_an_empty_database_says_what_to_type(postgres_location: str) -> None:
    with pytest.raises(StoreError, match=r"has no tables yet; .* loopscope experiment perform FILE --db"):
        open_store(postgres_location)


def test_a_database_of_something_else_is_left_alone(postgres_store: Store) -> None:
    with postgres_store.transaction() as session:
        session.execute(text("DROP TABLE alembic_version"))
    with pytest.raises(StoreError, match="a database of something else"):
        open_store(url_of(postgres_store), create=True)


def test_a_session_does_not_write(postgres_store: Store) -> None:
    row = {"config": {}, "config_hash": "", "created_at": datetime.now(UTC)}
    with pytest.raises(StoreError, match="opened for reading here"), postgres_store.session() as session:
        session.execute(insert(Experiment), row)


def test_a_session_sees_one_moment(postgres_store: Store) -> None:
    with postgres_store.session() as session:
        assert session.scalars(select(Experiment)).all() == []
        with postgres_store.transaction() as writing:
            writing.add(Experiment(config={}, config_hash="", created_at=datetime.now(UTC)))
        assert session.scalars(select(Experiment)).all() == []
    with postgres_store.session() as session:
        assert len(session.scalars(select(Experiment)).all()) == 1


def test_a_long_lock_is_told(postgres_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loopscope.store.connection.BUSY_TIMEOUT_SECONDS", 0.2)
    with postgres_store.transaction() as session, open_store(url_of(postgres_store)) as other:
        lock(session.connection())
        expected = "was locked by another program for longer"
        with pytest.raises(StoreError, match=expected), other.transaction() as waiting:
            lock(waiting.connection())


def lock(connection: Connection) -> None:
    connection.execute(text("LOCK TABLE experiment IN ACCESS EXCLUSIVE MODE"))


def test_many_may_make_one_database_at_once(postgres_location: str) -> None:
    def make(_: int) -> None:
        open_store(postgres_location, create=True).close()

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(make, range(6))) == [None] * 6


def test_there_is_one_writer_at_a_time(postgres_store: Store) -> None:
    began, written = Event(), []

    def write() -> None:
        began.set()
        with postgres_store.transaction():
            written.append("second")

    with postgres_store.transaction():
        other = Thread(target=write)
        other.start()
        began.wait()
        other.join(timeout=0.5)
        written.append("first")
    other.join()
    assert written == ["first", "second"]
