"""A sound database has no fault; and what every check takes for granted is checked first."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from loopscope.engine.doctor.examining import examine
from loopscope.engine.doctor.mending import mend
from loopscope.engine.progress import Silence
from loopscope.errors import StoreError
from loopscope.schemas import ClusteringResult, EmbeddingCluster
from loopscope.store.clusterings import delete_clustering
from loopscope.store.connection import open_store
from loopscope.store.upgrade import upgrade_store

SAVED = Path(__file__).parents[1] / "saved"


def test_a_sound_database_has_every_kind_of_row_and_no_fault(spoilt: Any) -> None:
    rows = spoilt.contents()
    assert all(rows.values()), [name for name, there in rows.items() if not there]
    assert {row.stop_reason for row in rows["run"]} == {"length", "cycle", "failed"}
    assert {row.cluster_id for row in rows["cluster"]} >= {-1, 0, 1}
    assert spoilt.examine() == []
    assert spoilt.contents() == rows


def test_an_unfinished_run_is_no_fault(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.add_run(length=3, max_length=24, stop_reason=None)
    assert spoilt.examine() == []


@pytest.mark.parametrize(
    ("statement", "table", "found", "expected"),
    [
        ("UPDATE run SET network = '{}' WHERE id = 1", "run", "in network a value of another kind", "a JSON list"),
        ("UPDATE cluster SET properties = '[1]' WHERE id = 1", "cluster", "in properties", "a JSON object"),
        (
            "DELETE FROM embedding_cluster WHERE embedding_id IN (SELECT medoid_embedding_id FROM cluster WHERE id = 1)"
            " AND clustering_result_id = 1",
            "clustering_result",
            "of which there is no row in embedding_cluster",
            "a reference that leads to a row",
        ),
        (
            "DELETE FROM invocation WHERE sequence_number = 5 AND run_id IN "
            "(SELECT id FROM run WHERE initial_prompt = 'a later fox')",
            "embedding",
            "of which there is no row in invocation",
            "a reference that leads to a row",
        ),
    ],
)
def test_what_later_checks_take_for_granted_is_told_alone(
    spoilt: Any, statement: str, table: str, found: str, expected: str
) -> None:
    spoilt.plain(statement)
    [fault] = spoilt.examine()
    assert (fault.table, fault.fixable) == (table, False)
    assert found in fault.found
    assert expected in fault.expected
    assert mend(spoilt.store, [fault]) == []


@pytest.mark.parametrize("lost", ["cluster", "embedding"])
def test_lost_rows_are_told_once_for_each_result(spoilt: Any, lost: str) -> None:
    """Whatever a clustering result has lost, what is typed about it deletes the result whole."""
    with spoilt.made() as rows:
        first, cluster = rows.first_result(), rows.first_cluster()
        key = {"cluster": cluster.id, "embedding": rows.members_of(cluster)[0]}[lost]
        holding = select(EmbeddingCluster.clustering_result_id).where(EmbeddingCluster.embedding_id == key)
        results = {first.id} if lost == "cluster" else set(rows.session.scalars(holding))
        uuids = {result.id: result.uuid.hex[:8] for result in rows.results_of()}
        result_id, size = first.id, cluster.size
        cluster.properties = {}
    spoilt.plain(f"DELETE FROM {lost} WHERE id = {key}")
    faults = spoilt.examine()
    told = [fault for fault in faults if fault.table == "clustering_result"]
    assert {fault.row["id"] for fault in told} == results
    assert {fault.command for fault in told} == {f"loopscope cluster delete {uuids[each]}" for each in results}
    [of_first] = [fault for fault in told if fault.row["id"] == result_id]
    count = size if lost == "cluster" else 1
    assert f"{count} of embedding_cluster" in of_first.found
    assert len(faults) == len(told) + (lost == "embedding")  # its vector is told, too
    with spoilt.store.transaction() as session:
        for each in results:
            if session.get(ClusteringResult, each) is not None:
                delete_clustering(session, each)
    for fault in faults:
        if fault.table == "embedding_vector":
            spoilt.plain(fault.command.split('"')[1])
    assert spoilt.examine() == []


def test_a_lost_result_is_told_once_with_what_deletes_the_rest(spoilt: Any) -> None:
    with spoilt.made() as rows:
        result_id = rows.results_of()[3].id
        rows.first_cluster().properties = {}
    spoilt.plain(f"DELETE FROM clustering_result WHERE id = {result_id}")
    [fault] = spoilt.examine()
    assert (fault.table, dict(fault.row)) == ("clustering_result", {"id": result_id})
    spoilt.plain(*fault.command.split('"')[1].split("; "))
    assert spoilt.examine() == []


def test_a_large_file_takes_a_while(spoilt: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    class Heard(Silence):
        def say(self, message: str) -> None:
            said.append(message)

    monkeypatch.setattr("loopscope.engine.doctor.examining.LARGE", 1)
    examine(spoilt.store, progress=Heard())
    assert ["may take a while" in message for message in said] == ([True] if spoilt.store.dialect == "sqlite" else [])


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("run.network", "'nonsense'", "a JSON list"),
        ("run.uuid", "'5E10'", "a UUID of 32 hexadecimal digits"),
        ("run.uuid", "'06888680505507509783087363769G05'", "a UUID of 32 hexadecimal digits"),
        ("run.max_length", "'many'", "an integer"),
        ("run.initial_prompt", "x'00'", "a text"),
        ("invocation.seconds", "'long'", "a number"),
        ("experiment.created_at", "'yesterday'", "an instant in UTC"),
        ("experiment.created_at", "'2026-01-01T00:00:00'", "an instant in UTC"),
        ("clustering_result.durations", "'[1]'", "a JSON object"),
    ],
)
def test_a_value_of_another_kind_is_told_on_sqlite(sqlite_copy: Any, column: str, value: str, expected: str) -> None:
    table, name = column.split(".")
    sqlite_copy.plain(f"UPDATE {table} SET {name} = {value} WHERE id = 1")
    [fault] = sqlite_copy.examine()
    assert (fault.table, dict(fault.row), fault.found) == (table, {"id": 1}, f"in {name} a value of another kind")
    assert fault.expected.startswith(expected)


def test_a_row_that_breaks_its_table_s_check_is_told_on_sqlite(sqlite_copy: Any) -> None:
    sqlite_copy.plain("UPDATE cluster SET size = -1 WHERE id = 1")
    [fault] = sqlite_copy.examine()
    assert (fault.table, dict(fault.row)) == ("cluster", {"id": 1})
    assert (fault.found, fault.expected) == ("a row that breaks ck_cluster_size", "size >= 1")


def test_damaged_pages_are_told_and_nothing_else_on_sqlite(sqlite_copy: Any) -> None:
    store = sqlite_copy.store
    with store.session() as session:
        root = session.scalar(text("SELECT rootpage FROM sqlite_master WHERE name = 'experiment'"))
        size = session.scalar(text("PRAGMA page_size"))
    store.close()
    with open(store.place.path, "r+b") as file:
        file.seek((root - 1) * size + 8)  # where the page says at which bytes its rows begin
        file.write(b"\xff" * 4)
    faults = sqlite_copy.examine()
    assert {fault.table for fault in faults} == {"database"}
    assert all(fault.expected == "a file that is whole" and "recover" in (fault.command or "") for fault in faults)


def test_a_file_that_was_cut_cannot_be_examined(sqlite_copy: Any) -> None:
    path = sqlite_copy.store.place.path
    sqlite_copy.store.close()
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(StoreError, match="damaged"):
        sqlite_copy.examine()


def test_a_counter_behind_a_result_is_told_on_sqlite(sqlite_copy: Any) -> None:
    sqlite_copy.plain(
        "DELETE FROM sqlite_sequence", "UPDATE clustering_result SET last_embedding_id = 9999 WHERE origin <> 'null'"
    )
    [fault] = sqlite_copy.examine()
    assert (fault.table, fault.expected) == ("embedding", "at least 9999, the newest that a clustering result knows")


def test_a_counter_behind_the_keys_is_told_on_postgresql(postgres_copy: Any) -> None:
    postgres_copy.plain("SELECT setval(pg_get_serial_sequence('run', 'id'), 2)")
    [fault] = postgres_copy.examine()
    assert (fault.table, fault.found) == ("run", "2 as the last key given")
    assert "setval" in fault.command


def test_a_constraint_that_was_never_validated_is_told_on_postgresql(postgres_copy: Any) -> None:
    postgres_copy.plain(
        "ALTER TABLE cluster DROP CONSTRAINT ck_cluster_size",
        "ALTER TABLE cluster ADD CONSTRAINT ck_cluster_size CHECK (size >= 1) NOT VALID",
    )
    [fault] = postgres_copy.examine()
    assert fault.table == "cluster"
    assert "ck_cluster_size" in fault.found
    assert "VALIDATE CONSTRAINT ck_cluster_size" in fault.command


def test_a_saved_sample_tells_what_is_made_up_in_it(tmp_path: Path) -> None:
    """What was saved holds pictures, configs and a cycle that are none: each is told, and nothing of its clustering."""
    path = tmp_path / "saved.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((SAVED / "0001.sql").read_text())
    upgrade_store(path)
    with open_store(path) as store:
        faults = examine(store)
    assert {fault.table for fault in faults} == {"experiment", "run", "invocation", "picture"}
    assert sum(fault.found.startswith("in config") for fault in faults) == 2
    assert sum(fault.table == "picture" for fault in faults) == 8


def test_a_row_that_changed_since_is_left_alone(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.first_cluster(rows.results_of()[1]).size = 99
        rows.set_property("runs", 1001)
    faults = spoilt.examine()
    with spoilt.made() as rows:
        rows.first_cluster(rows.results_of()[1]).size = 98
    assert [fault.found for fault in mend(spoilt.store, faults)] == ["runs 1001"]
    assert [fault.found for fault in spoilt.examine()] == ["size 98"]
