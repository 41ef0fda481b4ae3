"""A layout is told by tables and columns; anything else is refused, with what was found."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from loopscope.errors import StoreError
from loopscope.store.legacy.layout import Form, recognise_layout
from loopscope.store.legacy.source import Source

BASE = {
    "experimentconfig": "id, networks, seeds, prompts, embedding_models, max_length, started_at, completed_at",
    "run": "id, network, seed, max_length, initial_prompt, experiment_id",
    "invocation": "id, started_at, completed_at, model, type, seed, run_id, sequence_number, input_invocation_id, "
    "output_text, output_image_data",
    "embedding": "id, started_at, completed_at, invocation_id, embedding_model, vector",
}
RESULT = {"clusteringresult": "id, created_at, started_at, completed_at, embedding_model, algorithm, parameters"}
WITH_JSON = {"clusteringresult": RESULT["clusteringresult"] + ", clusters"}
LABELS = {"embeddingcluster": "id, embedding_id, clustering_result_id, cluster_id"}
CLUSTER = {"cluster": "id, clustering_result_id, cluster_id, medoid_embedding_id, size, properties"}
MEDOIDS = {"embeddingcluster": "id, embedding_id, clustering_result_id, medoid_embedding_id"}


def write(path: Path, tables: dict[str, str], *statements: str, end: str = "") -> Path:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for table, columns in tables.items():
            connection.execute(f"CREATE TABLE {table} ({columns}){end}")
        for statement in statements:
            connection.execute(statement)
    return path


def recognise(path: Path):
    with Source(path) as source:
        return recognise_layout(source)


@pytest.mark.parametrize(
    ("tables", "form"),
    [
        ({}, Form.NO_CLUSTERINGS),
        (WITH_JSON | LABELS, Form.CLUSTERS_AS_JSON),
        (RESULT | CLUSTER | LABELS, Form.CLUSTERS_AS_TABLE),
        (WITH_JSON | CLUSTER | LABELS, Form.CLUSTERS_AS_TABLE),
        (RESULT | MEDOIDS, Form.MEDOIDS_ONLY),
    ],
)
def test_each_form_is_recognised(tmp_path: Path, tables: dict[str, str], form: Form) -> None:
    assert recognise(write(tmp_path / "old.db", BASE | tables)).form is form


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ({"a": "b", "c": "d, e"}, r"it has no table experimentconfig;.* Found the tables a, c$"),
        (
            BASE | RESULT | LABELS,
            r"its table clusteringresult has no clusters\. Found .*clusteringresult \(id, .*parameters\)",
        ),
        (BASE | RESULT, r"has no table embeddingcluster"),
        (
            BASE | {"run": "id"},
            r"its table run has no network, seed, .* Found the tables embedding, .*, run \(id\)",
        ),
        (BASE | RESULT | {"embeddingcluster": LABELS["embeddingcluster"] + ", medoid_embedding_id"}, "has both"),
        ({}, r"Found the tables \(none\)"),
    ],
)
def test_anything_else_is_refused_with_what_was_found(tmp_path: Path, tables: dict[str, str], told: str) -> None:
    path = write(tmp_path / "old.db", tables, "PRAGMA user_version = 1")
    with pytest.raises(StoreError, match=told):
        recognise(path)


def test_a_loopscope_database_is_refused_as_such(tmp_path: Path) -> None:
    tables = dict.fromkeys(("alembic_version", "experiment", "embedding_model", "embedding_cluster"), "id")
    with pytest.raises(StoreError, match="is a Loopscope database itself"):
        recognise(write(tmp_path / "old.db", tables))


def test_clusters_in_two_places_are_refused(tmp_path: Path) -> None:
    statement = "INSERT INTO clusteringresult (clusters) VALUES ('[{\"id\": 0}]')"
    path = write(tmp_path / "old.db", BASE | WITH_JSON | CLUSTER | LABELS, statement)
    with pytest.raises(StoreError, match=r"in the table cluster and in clusteringresult\.clusters"):
        recognise(path)


def test_tables_without_row_numbers_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "old.db", BASE | {"run": BASE["run"].replace("id,", "id PRIMARY KEY,", 1)})
    assert recognise(path).form is Form.NO_CLUSTERINGS
    with closing(sqlite3.connect(path)) as connection:
        columns = BASE["embedding"].replace("id,", "id PRIMARY KEY,", 1)
        connection.executescript(f"DROP TABLE embedding; CREATE TABLE embedding ({columns}) WITHOUT ROWID")
    with pytest.raises(StoreError, match=r"the table embedding of .*\(WITHOUT ROWID\)"):
        recognise(path)


def test_what_is_not_read_is_told(tmp_path: Path) -> None:
    tables = BASE | {"notes": "text", "alembic_version": "v", "persistencediagram": "id"}
    tables["run"] += ", colour"
    path = write(tmp_path / "old.db", tables, "INSERT INTO notes VALUES ('one')", "INSERT INTO notes VALUES ('two')")
    layout = recognise(path)
    assert layout.unread_tables == {"notes": 2}
    assert layout.unread_columns == ("run.colour", "invocation.seed")
