"""Which revisions are accepted, and what is said of the others."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text

from loopscope.errors import StoreError
from loopscope.store import migrations
from loopscope.store.location import Location
from loopscope.store.revision import HEAD, REVISIONS, check_revision, read_revision

HERE = Location("my file.db", Path("my file.db"))


@pytest.fixture
def connection() -> Connection:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_the_known_revisions_are_those_of_the_migrations() -> None:
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(Path(migrations.__path__[0])))
    assert script.get_current_head() == HEAD
    assert tuple(each.revision for each in script.walk_revisions())[::-1] == REVISIONS


def test_the_newest_is_accepted() -> None:
    check_revision("0002", HERE, ("0001", "0002"))


def test_an_older_one_is_told_how_to_come_up_to_date() -> None:
    with pytest.raises(StoreError) as caught:
        check_revision("0001", HERE, ("0001", "0002"))
    assert str(caught.value) == (
        "my file.db has tables of revision 0001; this version of Loopscope expects revision 0002; "
        "bring it up to date with: loopscope db upgrade --db 'my file.db'"
    )


@pytest.mark.parametrize("revision", ["0003", "9f1c"])
def test_a_newer_or_unknown_one_needs_a_newer_loopscope(revision: str) -> None:
    with pytest.raises(StoreError, match=f"revision {revision}; .* newer than 0002; install a newer Loopscope"):
        check_revision(revision, HERE, ("0001", "0002"))


def test_no_tables_have_no_revision(connection: Connection) -> None:
    assert read_revision(connection, HERE) is None


@pytest.mark.parametrize(
    "tables",
    [["a"], ["alembic_version"], ["experiment", "run", "invocation"], ["a", "b", "c", "d", "e", "f"]],
    ids=["others", "of another program's migrations", "without a revision", "many"],
)
def test_tables_of_something_else_are_named(connection: Connection, tables: list[str]) -> None:
    for name in tables:
        connection.execute(text(f"CREATE TABLE {name} (version_num TEXT)"))
    with pytest.raises(StoreError, match=f"a database of something else \\(its tables: {sorted(tables)[0]}"):
        read_revision(connection, HERE)


def test_a_migration_that_did_not_end_is_no_loopscope_database(connection: Connection) -> None:
    for name in ("alembic_version", "experiment", "run", "invocation"):
        connection.execute(text(f"CREATE TABLE {name} (version_num TEXT)"))
    with pytest.raises(StoreError, match="something else"):
        read_revision(connection, HERE)
