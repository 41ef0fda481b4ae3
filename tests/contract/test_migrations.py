"""The migrations make exactly the tables that the models declare, on SQLite and on PostgreSQL."""

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, MetaData, inspect, text

from loopscope.errors import StoreError
from loopscope.schemas import Base
from loopscope.store.connection import Store, open_store
from loopscope.store.location import parse_location
from loopscope.store.revision import HEAD, read_revision
from loopscope.store.upgrade import upgrade_store


def describe(connection: Connection) -> dict[str, Any]:
    """Everything the database says of its tables, in an order of its own."""
    inspector = inspect(connection)
    return {
        table: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], bool(column.get("autoincrement")))
                for column in inspector.get_columns(table)
            },
            "primary key": inspector.get_pk_constraint(table),
            "uniques": by_name(inspector.get_unique_constraints(table)),
            "checks": by_name(inspector.get_check_constraints(table)),
            "foreign keys": by_name(inspector.get_foreign_keys(table)),
            "indexes": by_name(inspector.get_indexes(table)),
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def by_name(found: list[Any]) -> dict[str, Any]:
    return {item["name"]: item for item in found}


def clauses(connection: Connection) -> dict[str, list[str]]:
    """SQLite's own text of every table, as a sorted list of its clauses: what reflection leaves out is in it."""
    tables = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")).all()
    return {name: sorted(split(sql)) for name, sql in tables if name not in ("alembic_version", "sqlite_sequence")}


def split(sql: str) -> list[str]:
    head, _, rest = sql.partition("(")
    body, _, tail = rest.rpartition(")")
    clauses = [head, *re.split(r",(?![^(]*\))", body), tail]
    return [re.sub(r"\s+", " ", clause).strip() for clause in clauses]


def from_models(location: str, find: Any) -> Any:
    models = MetaData(naming_convention=Base.metadata.naming_convention)  # create_all changes its own metadata
    for table in Base.metadata.sorted_tables:
        table.to_metadata(models)
    with Store(parse_location(location)) as store, store.transaction() as session:
        models.create_all(session.connection())
        found = find(session.connection())
        session.rollback()
    return found


def from_migrations(location: str, find: Any) -> Any:
    make_empty(location)
    upgrade_store(location)
    with open_store(location) as store, store.session() as session:
        return find(session.connection())


def make_empty(location: str) -> None:
    """Make the file of an SQLite database; an empty PostgreSQL database is there already."""
    if "://" not in location:
        Path(location).touch()


def test_migrated_tables_are_those_of_the_models(location: str) -> None:
    expected = from_models(location, describe)
    found = from_migrations(location, describe)
    assert set(found) == set(Base.metadata.tables)
    for table, description in expected.items():
        assert found[table] == description, table


def test_every_named_constraint_of_the_models_is_in_the_database(location: str) -> None:
    """A guard of the comparison: reflection finds what the models name, so that equality means something."""
    found = from_migrations(location, describe)
    for name, table in Base.metadata.tables.items():
        reflected = found[name]
        names = {found[name]["primary key"]["name"]}
        for kind in ("uniques", "checks", "foreign keys", "indexes"):
            names |= set(reflected[kind])
        declared = {str(constraint.name) for constraint in table.constraints} | {
            str(index.name) for index in table.indexes
        }
        if name == "embedding" and location.endswith(".db"):
            declared -= {"pk_embedding"}  # SQLite's AUTOINCREMENT key has no name
        assert declared <= names, name


def test_sqlite_clauses_are_those_of_the_models(tmp_path: Path) -> None:
    location = str(tmp_path / "a.db")
    expected = from_models(location, clauses)
    assert from_migrations(location, clauses) == expected
    assert any("WITHOUT ROWID" in clause for clause in expected["embedding_cluster"])
    assert any("AUTOINCREMENT" in clause for clause in expected["embedding"])
    assert any("DEFERRABLE INITIALLY DEFERRED" in clause for clause in expected["cluster"])


def test_postgresql_defers_the_medoid(postgres_store: Store) -> None:
    query = "SELECT condeferrable, condeferred FROM pg_constraint WHERE conname = 'fk_cluster_medoid_is_member'"
    with postgres_store.session() as session:
        assert session.execute(text(query)).one() == (True, True)


def test_create_makes_a_database_of_the_newest_revision(location: str) -> None:
    with open_store(location, create=True) as store, store.session() as session:
        assert read_revision(session.connection(), store.place) == HEAD


def test_upgrading_the_newest_revision_changes_nothing(location: str) -> None:
    open_store(location, create=True).close()
    upgrade = upgrade_store(location)
    assert (upgrade.before, upgrade.after) == (HEAD, HEAD)


def test_a_failed_upgrade_leaves_nothing(location: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise StoreError("the index cannot be made")

    make_empty(location)
    monkeypatch.setattr("alembic.op.create_index", fail)
    with pytest.raises(StoreError, match="index cannot be made"):
        upgrade_store(location)
    with Store(parse_location(location)) as store, store.session() as session:
        assert inspect(session.connection()).get_table_names() == []
