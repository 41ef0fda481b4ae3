"""What tests of every kind use: databases on SQLite and PostgreSQL.

PostgreSQL is the server of ``LOOPSCOPE_TEST_POSTGRES_URL``, whose user must be allowed to create databases; else a
server that is started for these tests and ended with them, where PostgreSQL is installed. Its tests are skipped where
there is neither, and fail instead where ``LOOPSCOPE_REQUIRE_POSTGRES=1``.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NoReturn
from uuid import uuid4

import pytest


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL server, at a database in which others can be created."""
    given = os.environ.get("LOOPSCOPE_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    try:
        import psycopg  # noqa: F401
    except ImportError:
        _no_postgres("the driver psycopg is not installed")
    binaries = _postgres_binaries()
    if binaries is None:
        _no_postgres("no initdb and pg_ctl were found, and LOOPSCOPE_TEST_POSTGRES_URL is not set")
    with _postgres_server(binaries) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> Iterator[str]:
    """The name of a database with tables, of which each test gets a copy."""
    from loopscope.store.upgrade import upgrade_store

    with _postgres_database(postgres_url) as url:
        upgrade_store(url)
        yield _database_name(url)


@pytest.fixture
def postgres_location(postgres_url: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    with _postgres_database(postgres_url) as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with tables, of which each test gets a copy."""
    from loopscope.store.connection import open_store

    path = tmp_path_factory.mktemp("template") / "template.db"
    open_store(path, create=True).close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a database can be made: a path without a file, and an empty PostgreSQL database."""
    if request.param == "sqlite":
        return str(tmp_path / "loopscope.db")
    return str(request.getfixturevalue("postgres_location"))


@pytest.fixture
def sqlite_store(sqlite_template: Path, tmp_path: Path) -> Iterator[Any]:
    """An open SQLite database with tables and no rows."""
    from loopscope.store.connection import open_store

    shutil.copyfile(sqlite_template, tmp_path / "store.db")
    with open_store(tmp_path / "store.db") as store:
        yield store


@pytest.fixture
def postgres_store(postgres_url: str, postgres_template: str) -> Iterator[Any]:
    """An open PostgreSQL database with tables and no rows."""
    from loopscope.store.connection import open_store

    with _postgres_database(postgres_url, postgres_template) as url, open_store(url) as store:
        yield store


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Any:
    """An open database with tables and no rows, on SQLite and on PostgreSQL."""
    return request.getfixturevalue("sqlite_store" if request.param == "sqlite" else "postgres_store")


def _no_postgres(reason: str) -> NoReturn:
    if os.environ.get("LOOPSCOPE_REQUIRE_POSTGRES") == "1":
        pytest.fail(f"PostgreSQL is required here, but {reason}")
    pytest.skip(f"PostgreSQL: {reason}")


def _postgres_binaries() -> Path | None:
    """Find the folder of initdb and pg_ctl, which Debian keeps off the PATH; the newest version first."""
    found = shutil.which("pg_ctl")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: -float(folder.parent.name))
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)


@contextmanager
def _postgres_server(binaries: Path) -> Iterator[str]:
    """Run a server of our own on a socket in a folder of its own; as another user where this one is root."""
    folder = Path(tempfile.mkdtemp(prefix="loopscope-pg-", dir="/tmp"))
    server: dict[str, Any] = {"cwd": folder, "check": True, "capture_output": True, "text": True}
    if os.geteuid() == 0:
        user = _unprivileged_user()
        os.chown(folder, user.pw_uid, user.pw_gid)
        server |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c full_page_writes=off -c synchronous_commit=off"
    control = [str(binaries / "pg_ctl"), "-D", str(folder / "data"), "-l", str(folder / "log"), "-w", "-t", "60"]
    try:
        initdb = [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "loopscope", "-E", "UTF8"]
        subprocess.run([*initdb, "--auth=trust", "--locale=C", "--no-sync"], **server)
        subprocess.run([*control, "-o", options, "start"], **server)
        try:
            yield f"postgresql+psycopg://loopscope@/postgres?host={folder}"
        finally:
            subprocess.run([*control, "-m", "fast", "stop"], **server)
    except subprocess.CalledProcessError as error:
        _no_postgres(f"a server could not be run: {error.stderr or error.stdout or error}")
    finally:
        shutil.rmtree(folder)


def _unprivileged_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    _no_postgres("it cannot run as root, and there is neither a user postgres nor nobody")


@contextmanager
def _postgres_database(server_url: str, template: str = "template0") -> Iterator[str]:
    """Make a database on the server, and drop it at the end."""
    from sqlalchemy import make_url

    name = f"loopscope_test_{uuid4().hex}"
    _administer(server_url, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        _administer(server_url, f'DROP DATABASE "{name}"')


def _administer(server_url: str, command: str) -> None:
    import psycopg
    from sqlalchemy import make_url

    url = make_url(server_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute(command)  # type: ignore[call-overload]


def _database_name(url: str) -> str:
    from sqlalchemy import make_url

    return str(make_url(url).database)
