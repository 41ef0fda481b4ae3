"""Files full of planted faults: the report names every one of them exactly once, and nothing else."""

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import select, text

from loopscope.data_prep import load_clusters_df, load_medoids_df
from loopscope.engine.doctor.examining import examine
from loopscope.schemas import ClusteringResult, Embedding, Experiment, Invocation, Run
from loopscope.store.connection import open_store
from loopscope.store.legacy.importing import Imported, import_legacy

RESTORED = "06888680505507509783087363769305"
INFINITE = "068886805055e7509783087363769318"
ALIKE = ("77777777777777777777777777777701", "77777777777777777777777777777702")
DUPLICATES = 150


class Planted:
    """The faults that were planted, and what they take with them: (table, row, what is wrong)."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str]] = []

    def __call__(self, table: str, fault: str, *names: str) -> None:
        self.rows += [(table, name, fault) for name in names]


def told(done: Imported, old: Any) -> Counter[tuple[str, str, str]]:
    assert done.rows is not None
    with done.rows.open(newline="", encoding="utf-8") as file:
        return Counter(
            (row["table"], old.names.get(row["id"], row["id"]), row["fault"]) for row in csv.DictReader(file)
        )


def plant_in_experiments(old: Any, planted: Planted) -> None:
    base = {"max_length": 3, "started_at": "2025-03-02", "networks": '[["Painter"]]', "embedding_models": "[]"}
    old.add("experimentconfig", "x unparsable", **{**base, "networks": "[[", "seeds": "[1]", "prompts": '["p"]'})
    planted(
        "experimentconfig",
        "its settings are no experiment of this version, and none of its runs is brought over",
        "x unparsable",
    )
    old.add("experimentconfig", "x fresh", **{**base, "seeds": "[-1, -1]", "prompts": '["p"]', "started_at": None})
    planted("experimentconfig", "its settings are no experiment of this version", "x fresh")
    planted("experimentconfig", "its started_at is no instant", "x fresh")
    run = {"network": '["Painter"]', "max_length": 3, "initial_prompt": "p", "experiment_id": old.id("x fresh")}
    old.add("run", "fresh", seed=-1, **run)
    planted("run", "its seed is negative", "fresh")
    old.add("run", "null seed", seed=None, **run)
    old.add("run", "orphan", seed=1, **{**run, "experiment_id": old.id("nowhere")})
    planted("run", "its experiment is not in the file", "orphan")
    old.add("run", "no network", seed=1, **{**run, "network": '"Painter"'})
    planted("run", "its network is no list of names", "no network")
    old.add("run", "no length", seed=1, **{**run, "max_length": 0})
    planted("run", "its max_length is no integer above 0", "no length")
    old.add("run", "float seed", seed=1.5, **run)
    planted("run", "its seed is no integer of 64 bits", "float seed")
    old.add("run", "no id", seed=1, **run)
    old.connection.execute("UPDATE run SET id = 'short' WHERE id = ?", [old.id("no id")])
    old.names["short"] = "no id"
    planted("run", "its id is not 32 hexadecimal digits", "no id")


def plant_in_invocations(old: Any, planted: Planted) -> None:
    def run(name: str, *steps: dict[str, Any]) -> None:
        old.add(
            "run", name, network='["Teller"]', seed=1, max_length=len(steps), initial_prompt="p",
            experiment_id=old.id("x"),
        )  # fmt: skip
        for number, columns in enumerate(steps):
            row = {
                "started_at": "2025-03-02 10:00:00", "completed_at": "2025-03-02 10:00:01", "model": "Teller",
                "type": "TEXT", "seed": 1, "run_id": old.id(name), "sequence_number": number,
                "input_invocation_id": old.id(f"{name}.{number - 1}") if number else None, "output_text": "words",
            }  # fmt: skip
            old.add("invocation", f"{name}.{number}", **{**row, **columns})

    def fault(name: str, at: int, what: str, lost: int) -> None:
        planted("invocation", what, f"{name}.{at}")
        after = "an invocation before it in its run was not brought over"
        planted("invocation", after, *(f"{name}.{number}" for number in range(at + 1, at + lost)))

    run("sound", {}, {}, {})
    run("null output", {}, {"output_text": None}, {}, {})
    fault("null output", 1, "it has no output", 3)
    run("gap", {}, {"sequence_number": 2}, {"sequence_number": 3})
    fault("gap", 1, "the sequence number before it is missing in its run", 2)
    run("twice", {}, {}, {"sequence_number": 1, "input_invocation_id": old.id("twice.0")})
    planted("invocation", "another invocation has the same sequence number in its run", "twice.1", "twice.2")
    run("wrong input", {}, {"input_invocation_id": old.id("r0.0")})
    fault("wrong input", 1, "its input is not the invocation before it", 1)
    run("first with input", {"input_invocation_id": old.id("r0.0")}, {})
    fault("first with input", 0, "it is the first of its run and has an input", 2)
    run("no input", {}, {"input_invocation_id": None})
    fault("no input", 1, "it is not the first of its run and has no input", 1)
    run("lost input", {}, {"input_invocation_id": old.id("nothing")})
    fault("lost input", 1, "its input invocation is not in the file", 1)
    run("sound film", {"type": "AUDIO"})
    fault("sound film", 0, "its type is neither TEXT nor IMAGE", 1)
    run("broken picture", {"type": "IMAGE", "output_text": None, "output_image_data": b"RIFF nothing"})
    fault("broken picture", 0, "its picture cannot be decoded", 1)
    run("negative", {"sequence_number": -4})
    fault("negative", 0, "its sequence_number is no integer from 0", 1)
    run("nul", {"output_text": "a\0b"})
    fault("nul", 0, "its output_text is no text that every database can hold", 1)
    run("no times", {"completed_at": None})
    planted("invocation", "its times are missing or run backwards", "no times.0")
    run("other model", {"model": "Stranger"})
    planted("invocation", "its model is not the one that its run's network has there", "other model.0")
    run("other seed", {"seed": 9})
    planted("run", "its invocations have seeds other than its own", "other seed")
    run("homeless", {"run_id": old.id("nothing")})
    fault("homeless", 0, "its run is not in the file", 1)
    run("of no experiment", {"run_id": old.id("orphan")})
    fault("of no experiment", 0, "its run was not brought over", 1)


def plant_in_embeddings(old: Any, tools: Any, planted: Planted) -> None:
    words = tools.vector(0, 0, 1, 0)

    def embed(name: str, invocation: str, data: bytes | None = words, model: str = "Words") -> None:
        tools.add_embedding(old, invocation, model, data, 50, name)

    embed("e same 1", "sound.0")
    embed("e same 2", "sound.0")
    embed("e differs 1", "sound.1")
    embed("e differs 2", "sound.1", tools.vector(0, 0, 0, 1))
    planted(
        "embedding",
        "another embedding of the same output by the same model has another vector",
        *("e differs 1", "e differs 2"),
    )
    embed("e short", "sound.2", words[:-1])
    embed("e long", "gap.0", words + words)
    embed("e null", "other model.0", None)
    embed("e nameless", "no times.0", model="")
    planted("embedding", "its vector has not the length of its model's others", "e short", "e long", "e null")
    planted("embedding", "its embedding_model is no name", "e nameless")
    embed("e nan", "twice.0", tools.vector(np.nan, 0, 0, 0))
    embed("e infinite", "no input.0", tools.vector(np.inf, 0, 0, 0))
    planted("embedding", "its vector has NaN or infinity in it", "e nan", "e infinite")
    embed("e nothing", "nothing")
    planted("embedding", "its invocation is not in the file", "e nothing")
    embed("e of lost", "null output.1")
    planted("embedding", "its invocation was not brought over", "e of lost")
    for number, digits in enumerate((RESTORED, INFINITE, *ALIKE)):
        invocation = ("null output.0", "wrong input.0", "lost input.0", "other seed.0")[number]
        tools.add_embedding(old, invocation, "Words", tools.vector(0, 0, 0.6, 0.8), 50, f"e number {number}")
        old.change("embedding", f"e number {number}", id=digits)
    old.add("persistencediagram", "d", run_id=old.id("r0"), embedding_model="Words", diagram_data=b"pickle")
    planted(
        "persistencediagram",
        "persistence diagrams of other tools are not read: compute them from the vectors: "
        "loopscope persistence perform MODEL",
        "d",
    )


def plant_in_tables(old: Any, planted: Planted) -> None:
    old.connection.execute("CREATE TABLE notes (id CHAR(32), words VARCHAR)")
    old.add("notes", "a note", words="remember")
    planted("notes", "its table is not known here", "a note")
    twice = old.id("twice").upper()
    old.connection.execute("INSERT INTO experimentconfig SELECT ?, '[]', '[]', '[]', '[]', 1, NULL, NULL", [twice])
    old.connection.execute(
        "INSERT INTO experimentconfig SELECT lower(id), '[]', '[]', '[]', '[]', 1, NULL, NULL "
        "FROM experimentconfig WHERE id = ?",
        [twice],
    )
    old.names |= {twice: "same id", twice.lower(): "same id"}
    planted("experimentconfig", "another row has the same id", "same id", "same id")


def plant_in_clusterings(old: Any, tools: Any, planted: Planted) -> None:
    for number in range(DUPLICATES):
        tools.assign(old, "k", "r0.1", 7, row=f"copy {number}")
    tools.assign(old, "k", "r3.3", 7, row="two clusters")
    planted(
        "embeddingcluster",
        "its embedding is in another cluster of the same result as well",
        *("k/r3.3", "two clusters"),
    )
    odd = {"lost embedding": {"embedding_id": old.id("nothing")}, "lost result": {"clustering_result_id": old.id("no")}}
    odd |= {"null embedding": {"embedding_id": None}, "wrong model": {"embedding_id": old.id("e r1.0")}}
    odd |= {"of nan": {"embedding_id": old.id("e nan")}}
    numbers = {f"number {number}": digits for number, digits in enumerate((RESTORED, INFINITE, *ALIKE))}
    odd |= {name: {"embedding_id": digits} for name, digits in numbers.items()}
    label = "medoid_embedding_id" if old.form == "c" else "cluster_id"
    outlier = {"a": -1, "b": old.id("k#-1"), "c": None}[old.form]
    for name, columns in odd.items():
        base = {"embedding_id": old.id("e r1.1"), "clustering_result_id": old.id("k"), label: outlier}
        old.add("embeddingcluster", name, **{**base, **columns})
    planted("embeddingcluster", "its embedding is not in the file", "lost embedding")
    planted("embeddingcluster", "its clustering result is not in the file", "lost result")
    planted("embeddingcluster", "it has no embedding_id", "null embedding")
    planted("embeddingcluster", "its embedding is of another embedding model than its clustering result", "wrong model")
    planted("embeddingcluster", "its embedding was not brought over", "of nan")
    planted("embeddingcluster", "its embedding_id was turned into a number", "number 0")
    planted(
        "embeddingcluster",
        "its embedding_id was turned into a number that does not tell the embedding",
        *("number 1", "number 2", "number 3"),
    )
    tools.add_clustering(old, "empty", "Words", {}, {})
    planted("clusteringresult", "it has no assignments", "empty")
    tools.add_clustering(old, "strange", "Unheard", {}, {})
    planted("clusteringresult", "no embedding of its embedding_model was brought over", "strange")
    tools.add_clustering(old, "unparsed", "Words", {"r0.1": 0}, {0: "r0.1"}, parameters="{epsilon")
    planted("clusteringresult", "its parameters are no JSON object", "unparsed")
    timeless = dict.fromkeys(("created_at", "started_at", "completed_at"))
    tools.add_clustering(old, "timeless", "Words", {"r0.1": 0}, {0: "r0.1"}, **timeless)
    planted("clusteringresult", "its times are missing or run backwards", "timeless")
    tools.add_clustering(old, "stray medoid", "Words", {"r0.1": 0, "r0.3": 0, "r1.1": -1}, {0: "r1.1"})
    if old.form == "c":
        name = f"{old.id('stray medoid')}: {old.id('e r1.1')}"
        planted("clusters by medoid_embedding_id", "its medoid is not one of its members", name)


def plant_in_json(old: Any, tools: Any, planted: Planted) -> None:
    table = "clusteringresult.clusters"
    planted(table, "its medoid is not one of its members", f"{old.id('stray medoid')}[0]")
    entries = [
        {"id": 0, "medoid_text": "one", "medoid_embedding_id": tools.hyphenated(old, "e nowhere")},
        {"id": 1, "medoid_text": "two"},
        {"id": 5, "medoid_text": "unused", "medoid_embedding_id": tools.hyphenated(old, "e r0.1")},
        {"medoid_text": "nameless", "medoid_embedding_id": tools.hyphenated(old, "e r0.1")},
        {"id": 1, "medoid_text": "two"},  # merged with the one before
        {"id": 9, "medoid_text": "one thing"},
        {"id": 9, "medoid_text": "another"},
    ]
    labels = {"r0.1": 0, "r0.3": 0, "r1.1": 1, "r2.1": 2}
    tools.add_clustering(old, "odd", "Words", labels, {}, clusters=json.dumps(entries))
    odd = old.id("odd")
    planted(table, "its medoid is not in the file", f"{odd}[0]")
    planted(table, "it has no medoid id", f"{odd}[1]")
    planted(table, "another entry of its result has the same id, and says otherwise", f"{odd}[9]", f"{odd}[9]")
    planted(table, "no embedding is assigned to it", f"{odd}[5]")
    planted(table, "it has no id that is an integer from 0", f"{odd}[None]")
    planted("clusteringresult", "clusters of its assignments are not among its clusters", "odd")
    tools.add_clustering(old, "oldest", "Words", {"r0.1": 0}, {}, clusters="[{")
    planted("clusteringresult", "its clusters are no JSON list", "oldest")
    planted("clusteringresult", "clusters of its assignments are not among its clusters", "oldest")
    old.add(
        "embeddingcluster", "no label", embedding_id=old.id("e r1.1"), clustering_result_id=old.id("odd"),
        cluster_id=None,
    )  # fmt: skip
    planted("embeddingcluster", "its cluster_id is no integer from −1", "no label")


def plant_in_table(old: Any, tools: Any, planted: Planted) -> None:
    planted("cluster", "its medoid is not one of its members", "stray medoid#0")
    old.change("cluster", "k#3", size=99)
    planted("cluster", "its size is not the number of its assignments", "k#3")
    cluster = {"clustering_result_id": old.id("k"), "cluster_id": 8, "medoid_embedding_id": old.id("e r0.1"), "size": 1}
    old.add("cluster", "unused", **cluster)
    planted("cluster", "no embedding is assigned to it", "unused")
    old.add("cluster", "unnumbered", **{**cluster, "cluster_id": None})
    planted("cluster", "its cluster_id is no integer from −1", "unnumbered")
    old.add("cluster", "of no result", **{**cluster, "clustering_result_id": old.id("no")})
    planted("cluster", "its clustering result is not in the file", "of no result")
    old.change("cluster", "stray medoid#-1", medoid_embedding_id=old.id("e r1.1"))
    planted("cluster", "it is the outlier cluster and has a medoid", "stray medoid#-1")
    for name, target in {"foreign": "unparsed#0", "dangling": "nothing", "of unnumbered": "unnumbered"}.items():
        old.add(
            "embeddingcluster", name, embedding_id=old.id("e r1.1"), clustering_result_id=old.id("k"),
            cluster_id=old.id(target),
        )  # fmt: skip
    planted("embeddingcluster", "its cluster is of another clustering result", "foreign")
    planted("embeddingcluster", "its cluster is not in the file", "dangling")
    planted("embeddingcluster", "its cluster was not brought over", "of unnumbered")


def plant_in_medoids(old: Any, tools: Any, planted: Planted) -> None:
    labels = {"r0.1": 0, "r0.3": 0, "r1.1": 1, "r1.3": 2}
    tools.add_clustering(old, "lost medoid", "Words", labels, {0: "nowhere", 1: "r1.1", 2: "r1.3"})
    name = f"{old.id('lost medoid')}: {old.id('e nowhere')}"
    planted("clusters by medoid_embedding_id", "its medoid is not in the file", name)


PLANT = {"a": plant_in_json, "b": plant_in_table, "c": plant_in_medoids}


@pytest.fixture(params=["a", "b", "c"])
def faulty(request: pytest.FixtureRequest, old_file: Any, tools: Any) -> tuple[Any, Planted]:
    """A file of each layout with every fault in it."""
    old, planted = old_file(request.param, numeric=("embeddingcluster",)), Planted()
    plant_in_experiments(old, planted)
    plant_in_invocations(old, planted)
    plant_in_embeddings(old, tools, planted)
    plant_in_tables(old, planted)
    plant_in_clusterings(old, tools, planted)
    PLANT[request.param](old, tools, planted)
    old.close()
    return old, planted


def test_every_planted_fault_is_told_exactly_once_and_nothing_else(faulty: tuple[Any, Planted], location: str) -> None:
    old, planted = faulty
    done = import_legacy(old.path, location)
    assert told(done, old) == Counter(planted.rows)
    for table in done.report.tables:
        assert table.found == table.brought_over + table.merged + table.left_out
    tables = {table.table: table for table in done.report.tables}
    assert tables["embeddingcluster"].merged == DUPLICATES
    assert tables["embedding"].merged == 1
    assert sum(table.merged for table in done.report.tables) == DUPLICATES + 1 + (old.form == "a")
    assert not done.complete
    page = done.page.read_text()
    assert "rows were not brought over" in page
    assert f"| {DUPLICATES} |" in page


def test_what_is_brought_over_of_a_faulty_file_is_sound(faulty: tuple[Any, Planted], location: str) -> None:
    old, _ = faulty
    done = import_legacy(old.path, location)
    tables = {table.table: table for table in done.report.tables}
    with open_store(location) as store, store.session() as session:
        for name, table in {
            "experimentconfig": Experiment, "run": Run, "invocation": Invocation, "embedding": Embedding,
            "clusteringresult": ClusteringResult,
        }.items():  # fmt: skip
            assert len(session.scalars(select(table)).all()) == tables[name].brought_over, name
        assert len(load_clusters_df(session)) == tables["embeddingcluster"].brought_over
        counted = session.execute(
            text(
                "SELECT c.size, count(e.embedding_id) FROM cluster c JOIN embedding_cluster e ON e.cluster_id = c.id "
                "GROUP BY c.id, c.size"
            )
        ).all()
        assert all(size == count for size, count in counted)
        medoids = load_medoids_df(session)
        assert medoids.filter(medoids["cluster_id"] >= 0)["medoid_text"].null_count() == 0
        for run in session.scalars(select(Run)):
            numbers = session.scalars(select(Invocation.sequence_number).where(Invocation.run_id == run.id)).all()
            assert sorted(numbers) == list(range(len(numbers)))
            lost = run.failure is not None
            assert run.stop_reason == ("failed" if lost else "length" if len(numbers) == run.max_length else None)


def test_the_doctor_finds_but_what_was_kept_as_it_stands(faulty: tuple[Any, Planted], location: str) -> None:
    old, _ = faulty
    import_legacy(old.path, location)
    with open_store(location) as store:
        faults = examine(store)
    assert [fault.found for fault in faults] == ["model Stranger"]  # its run's network has another there


def test_strict_leaves_out_whole_runs_and_clusterings(faulty: tuple[Any, Planted], location: str) -> None:
    old, _ = faulty
    done = import_legacy(old.path, location, strict=True)
    with open_store(location) as store, store.session() as session:
        whole = session.scalars(select(ClusteringResult.uuid)).all()
        assert whole == [UUID(old.id("timeless"))]  # its members and medoids are all there
        assert set(session.scalars(select(Run.failure))) == {None}
    found = told(done, old)
    assert found["clusteringresult", "k", "it is not whole (--strict)"] == 1
    assert found["run", "gap", "not all of its invocations can be brought over (--strict)"] == 1
    assert found["invocation", "gap.0", "its run was not brought over"] == 1
    for table in done.report.tables:
        assert table.found == table.brought_over + table.merged + table.left_out


def test_a_report_that_cannot_be_written_leaves_the_database_as_it_was(
    faulty: tuple[Any, Planted], tmp_path: Path
) -> None:
    old, _ = faulty
    folder = tmp_path / "readonly"
    folder.mkdir()
    database = folder / "new.db"
    open_store(database, create=True).close()
    before = database.read_bytes()
    long_name = old.path.with_name("x" * 230 + ".db")  # the report's name is too long for a file
    old.path.rename(long_name)
    with pytest.raises(OSError, match="too long"):
        import_legacy(long_name, database)
    assert database.read_bytes() == before
    assert [path.name for path in folder.iterdir() if path.suffix in {".md", ".csv", ".part"}] == []
