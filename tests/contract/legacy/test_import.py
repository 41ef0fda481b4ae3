"""A clean file of each layout comes over whole: every output, vector, member and medoid."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from loopscope.clustering.medoids import medoid_of
from loopscope.config import ExperimentConfig
from loopscope.data_prep import (
    load_clusters_df,
    load_embeddings_df,
    load_experiments_df,
    load_invocations_df,
    load_medoids_df,
    load_runs_df,
)
from loopscope.engine.clustering import cluster_embeddings
from loopscope.engine.doctor.examining import examine
from loopscope.engine.performing import perform_experiment, resume_experiment
from loopscope.errors import ClusteringError, ConfigError, StoreError
from loopscope.imaging.codec import hash_picture
from loopscope.schemas import Cluster, ClusteringResult, EmbeddingModel, Experiment, Invocation, Picture, Run
from loopscope.store.connection import Store, open_store
from loopscope.store.legacy.importing import import_legacy
from loopscope.store.legacy.writing import write_clusterings
from loopscope.store.vectors import load_embedding_index, load_vectors

FORMS = ["a", "b", "c"]
OldFiles = Callable[..., Any]


@pytest.fixture(params=FORMS)
def clean(request: pytest.FixtureRequest, old_file: OldFiles) -> Any:
    """A clean file of each layout."""
    old = old_file(request.param)
    old.close()
    return old


@pytest.fixture
def imported(clean: Any, location: str) -> Any:
    """The same, imported, and the database open."""
    done = import_legacy(clean.path, location)
    assert done.complete
    assert done.report.findings == ()
    assert done.rows is None
    assert "Everything was brought over." in done.page.read_text()
    with open_store(location) as store:
        yield store


def test_experiments_and_runs_keep_their_ids_and_settings(imported: Store, clean: Any) -> None:
    with imported.session() as session:
        experiment = session.scalars(select(Experiment)).one()
        runs = session.scalars(select(Run).order_by(Run.number)).all()
        frame = load_experiments_df(session)
        lengths = load_runs_df(session)["length"].to_list()
    assert experiment.uuid == UUID(clean.id("x"))
    assert experiment.created_at.isoformat() == "2025-03-01T10:00:00+00:00"
    config = ExperimentConfig.from_dict(experiment.config)
    assert (config.prompts, config.seeds, config.max_length) == (("a fox", "a lake"), (1, 2), 6)
    assert [run.uuid for run in runs] == [UUID(clean.id(f"r{number}")) for number in range(4)]
    assert [(run.initial_prompt, run.seed) for run in runs] == [
        ("a fox", 1),
        ("a fox", 2),
        ("a lake", 1),
        ("a lake", 2),
    ]
    assert {run.stop_reason for run in runs} == {"length"}
    assert frame["networks"].to_list() == [["Painter→Teller"]]
    assert lengths == [6] * 4


def test_outputs_come_over_as_they_are(imported: Store, clean: Any, tools: Any) -> None:
    with imported.session() as session:
        run_id = session.scalars(select(Run.id).where(Run.uuid == UUID(clean.id("r2")))).one()
        rows = session.execute(
            select(Invocation, Picture)
            .outerjoin(Picture, Picture.id == Invocation.picture_id)
            .where(Invocation.run_id == run_id)
            .order_by(Invocation.sequence_number)
        ).all()
        frame = load_invocations_df(session, run_id=run_id)
    assert [row.sequence_number for row, _ in rows] == list(range(6))
    assert [row.model for row, _ in rows] == ["Painter", "Teller"] * 3
    inputs = [row.input_invocation_id for row, _ in rows]
    assert inputs == [None, *(row.id for row, _ in rows[:-1])]
    for step, (row, stored) in enumerate(rows):
        assert (row.attempts, row.seconds) == (1, 1.5)
        if step % 2:
            assert row.output_text == f"text r2.{step}"
            assert row.output_hash == blake2b(row.output_text.encode(), digest_size=16).hexdigest()
        else:
            data = tools.picture(10 * step + 2)
            assert stored.data == data
            assert (stored.media_type, stored.width, stored.height) == ("image/webp", 12, 8)
            assert row.output_hash == hash_picture(Image.open(BytesIO(data)))
    assert len(frame) == 6


def test_vectors_come_over_to_the_bit(imported: Store, clean: Any) -> None:
    with closing(sqlite3.connect(clean.path)) as connection:
        stored = dict(
            connection.execute(
                "SELECT i.output_text, e.vector FROM embedding e JOIN invocation i ON i.id = e.invocation_id "
                "WHERE e.embedding_model = 'Words'"
            ).fetchall()
        )
    with imported.session() as session:
        models = {model.name: model for model in session.scalars(select(EmbeddingModel))}
        words = models["Words"]
        index = load_embedding_index(session, words.id)
        vectors = load_vectors(session, words.id, index.embedding_id)
        texts = dict(session.execute(select(Invocation.id, Invocation.output_text)).all())
        frame = load_embeddings_df(session, "Words", include_vectors=True)
    assert {name: (model.takes, model.dimension) for name, model in models.items()} == {
        "Words": ("text", 4),
        "Sights": ("image", 2),
    }
    assert {texts[row]: vector.tobytes() for row, vector in zip(index.invocation_id, vectors, strict=True)} == stored
    assert set(frame["seconds"]) == {0.25}


def test_clusters_have_the_members_and_medoids_they_had(imported: Store, clean: Any, tools: Any) -> None:
    with imported.session() as session:
        frame = load_clusters_df(session)
        result = session.scalars(select(ClusteringResult)).one()
        clusters = session.scalars(select(Cluster).order_by(Cluster.cluster_id)).all()
        texts = dict(session.execute(select(Invocation.id, Invocation.output_text)).all())
    found = {texts[row["invocation_id"]]: (row["cluster_id"], row["status"]) for row in frame.to_dicts()}
    numbers = {7: (0, "member"), 3: (1, "member"), -1: (-1, "outlier")}  # by size: six members, then four
    assert found == {f"text {name}": numbers[label] for name, label in tools.labels.items()}
    labels = dict(frame.select("cluster_id", "cluster_label").unique().iter_rows())
    assert labels == {0: "text r0.5", 1: "text r2.3", -1: "OUTLIER"}
    assert result.uuid == UUID(clean.id("k"))
    assert (result.algorithm, result.downsample) == ("hdbscan", 1)
    assert result.parameters == {"cluster_selection_epsilon": 0.4, "downsample": 1}
    assert result.origin is not None
    told = {name: result.origin[name] for name in ("file", "id", "layout", "medoids", "downsample")}
    expected = {"file": "old.db", "id": clean.id("k"), "layout": clean.form}
    assert told == expected | {"medoids": "as stored", "downsample": "as stored"}
    assert result.counts == {"sampled": 12, "distinct": 12}
    assert (result.finished_at - result.started_at).total_seconds() == 30
    counts = {"distinct_outputs": 6, "runs": 3, "prompts": 2}
    imported_as = {
        "a": {"imported_number": 7, "imported_medoid_text": "text r0.5"},
        "b": {"imported_number": 7, "imported_properties": {"note": "old"}},
        "c": {},
    }[clean.form]
    assert [cluster.cluster_id for cluster in clusters] == [-1, 0, 1]
    told = dict(clusters[1].properties)
    assert told.pop("radius") == pytest.approx(2 * np.sin(0.03 / 2), abs=1e-6)  # from 0.02 to 0.05
    chords = [2 * np.sin(abs(angle - 0.02) / 2) for angle in (0.00, 0.01, 0.02, 0.03, 0.04, 0.05)]
    assert told.pop("mean_distance") == pytest.approx(np.mean(chords), abs=1e-6)
    assert told == counts | imported_as
    assert clusters[0].properties == {"distinct_outputs": 2, "runs": 2, "prompts": 2}


def test_a_medoid_leads_to_its_text_and_the_picture_it_described(imported: Store, tools: Any) -> None:
    with imported.session() as session:
        medoids = load_medoids_df(session, include_pictures=True)
    first = medoids.filter(medoids["cluster_id"] == 0).row(0, named=True)
    assert first["medoid_text"] == "text r0.5"
    assert first["picture"] == tools.picture(40)  # r0.4, of which r0.5 is the description


@pytest.mark.parametrize("form", FORMS)
def test_assignments_to_equal_embeddings_are_one(form: str, old_file: OldFiles, tools: Any, location: str) -> None:
    old = old_file(form)
    angle = tools.angles["r0"][2]
    same = tools.vector(np.cos(angle), np.sin(angle), 0, 0)
    tools.add_embedding(old, "r0.5", "Words", same, 50, "e again")  # equal to that of the medoid
    told = tools.assign(old, "k", "r0.5", 7, row="again")
    old.connection.execute("UPDATE embeddingcluster SET embedding_id = ? WHERE id = ?", [old.id("e again"), told])
    if form == "a":
        entries = [
            {"id": 7, "medoid_embedding_id": old.id("e again")},
            {"id": 3, "medoid_embedding_id": old.id("e r2.3")},
        ]
        old.change("clusteringresult", "k", clusters=json.dumps(entries))
    elif form == "b":
        old.change("cluster", "k#7", medoid_embedding_id=old.id("e again"))
    else:
        query = "UPDATE embeddingcluster SET medoid_embedding_id = ? WHERE medoid_embedding_id = ? AND rowid % 2"
        old.connection.execute(query, [old.id("e again"), old.id("e r0.5")])
    done = import_legacy(old.close(), location)
    assert done.complete
    assert done.report.findings == ()
    merged = {table.table: table.merged for table in done.report.tables}
    assert (merged["embedding"], merged["embeddingcluster"]) == (1, 1)
    with open_store(location) as store, store.session() as session:
        medoids = load_medoids_df(session)
    assert dict(medoids.select("cluster_id", "medoid_text").iter_rows())[0] == "text r0.5"


def test_vectors_of_no_common_length_are_all_left_out(old_file: OldFiles, tools: Any, location: str) -> None:
    old = old_file("a")
    old.connection.execute("UPDATE embedding SET vector = ? WHERE rowid % 4 = 0", [tools.vector(1, 0, 0)])
    done = import_legacy(old.close(), location)
    faults = {(each.table, each.fault): len(each) for each in done.report.findings}
    assert faults["embedding", "the vectors of its model have no common length"] == 12
    assert faults["clusteringresult", "no embedding of its embedding_model was brought over"] == 1
    with open_store(location) as store, store.session() as session:
        assert session.scalars(select(EmbeddingModel.name)).all() == ["Sights"]


def test_the_doctor_finds_nothing_wrong(imported: Store) -> None:
    assert examine(imported) == []


def test_embeddings_made_after_a_result_came_later(old_file: OldFiles, tools: Any, location: str) -> None:
    old = old_file("a")
    old.change("clusteringresult", "k", started_at="2025-03-01 11:23:00")  # between r3.3 and r3.5
    for name in ("r3.3", "r3.5", "r0.1"):
        old.delete("embeddingcluster", f"k/{name}")
    rows = old.connection.execute("SELECT * FROM embedding ORDER BY rowid").fetchall()
    old.connection.execute("DELETE FROM embedding")
    old.connection.executemany("INSERT INTO embedding VALUES (?, ?, ?, ?, ?, ?)", rows[::-1])  # not in their order
    import_legacy(old.close(), location)
    with open_store(location) as store, store.session() as session:
        frame = load_clusters_df(session, include_unclustered=True)
        texts = dict(session.execute(select(Invocation.id, Invocation.output_text)).all())
    status = {texts[row["invocation_id"]]: row["status"] for row in frame.to_dicts()}
    assert status["text r0.1"] == "not sampled"
    assert status["text r3.1"] == "member"
    assert status["text r3.3"] == "not sampled"  # though it is newer than all that were clustered
    assert status["text r3.5"] == "added later"


@pytest.mark.parametrize("form", FORMS)
def test_medoids_that_are_missing_are_recomputed_and_say_so(form: str, old_file: OldFiles, location: str) -> None:
    old = old_file(form)
    if form == "a":
        old.change("clusteringresult", "k", clusters='[{"id": 7, "medoid_text": "t"}, {"id": 3}]')
    elif form == "b":
        old.connection.execute("UPDATE cluster SET medoid_embedding_id = NULL")
    else:  # the medoids are no rows of the file
        for name in ("r0.5", "r2.3"):
            old.connection.execute(
                "UPDATE embeddingcluster SET medoid_embedding_id = ? WHERE medoid_embedding_id = ?",
                [old.id(f"lost {name}"), old.id(f"e {name}")],
            )
    done = import_legacy(old.close(), location)
    assert done.complete
    assert {each.happened for each in done.report.findings} == {"brought over with the medoid recomputed"}
    with open_store(location) as store, store.session() as session:
        result = session.scalars(select(ClusteringResult)).one()
        assert result.origin is not None
        assert result.origin["medoids"] == "recomputed"
        frame = load_clusters_df(session)
        for number in (0, 1):
            members = frame.filter(frame["cluster_id"] == number)
            ids = members["embedding_id"].to_numpy()
            vectors = load_vectors(session, result.embedding_model_id, ids)
            assert members["medoid_embedding_id"][0] == ids[medoid_of(vectors)]
    with pytest.raises(StoreError, match="already"):
        import_legacy(old.path, location)
    strict = import_legacy(old.path, "strict.db", strict=True)
    assert "it is not whole (--strict)" in {each.fault for each in strict.report.findings}
    assert {table.table: table.brought_over for table in strict.report.tables}["embeddingcluster"] == 0


def test_the_partition_is_that_of_the_source(old_file: OldFiles, tools: Any, location: str) -> None:
    rng = np.random.default_rng(3)
    texts = [f"{run}.{step}" for run in tools.angles for step in (1, 3, 5)]
    old = old_file("b")
    chosen: dict[str, dict[str, int]] = {}
    for number in range(20):
        some = rng.choice(texts, rng.integers(1, len(texts) + 1), replace=False)
        labels = {str(name): int(rng.integers(-1, 4)) for name in some}
        medoids = {label: name for name, label in labels.items() if label >= 0}
        chosen[old.id(f"random {number}")] = labels
        tools.add_clustering(old, f"random {number}", "Words", labels, medoids)
    done = import_legacy(old.close(), location)
    assert done.complete
    with open_store(location) as store, store.session() as session:
        frame = load_clusters_df(session)
        text_of = dict(session.execute(select(Invocation.id, Invocation.output_text)).all())
        uuids = {row.id: row.uuid.hex for row in session.scalars(select(ClusteringResult))}
    for (result_id,), part in frame.group_by("clustering_result_id"):
        if uuids[result_id] not in chosen:
            continue
        labels = chosen[uuids[result_id]]
        groups: dict[int, set[str]] = {}
        for row in part.to_dicts():
            groups.setdefault(row["cluster_id"], set()).add(text_of[row["invocation_id"]].removeprefix("text "))
        expected: dict[int, set[str]] = {}
        for name, label in labels.items():
            expected.setdefault(label, set()).add(name)
        assert groups.pop(-1, set()) == expected.pop(-1, set())
        assert sorted(map(sorted, groups.values())) == sorted(map(sorted, expected.values()))
        sizes = [len(groups[number]) for number in range(len(groups))]
        assert sizes == sorted(sizes, reverse=True)


def test_the_source_is_not_touched(clean: Any, tmp_path: Path) -> None:
    os.chmod(clean.path, 0o444)
    before = (clean.path.read_bytes(), clean.path.stat().st_mtime_ns, sorted(clean.path.parent.iterdir()))
    import_legacy(clean.path, tmp_path / "new.db")
    assert (clean.path.read_bytes(), clean.path.stat().st_mtime_ns, sorted(clean.path.parent.iterdir())) == before


def test_changes_in_a_wal_are_read_and_told_and_stay_where_they_are(old_file: OldFiles, tmp_path: Path) -> None:
    old = old_file("a")
    old.connection.execute("PRAGMA journal_mode = WAL")
    old.connection.execute("PRAGMA wal_autocheckpoint = 0")
    old.change("run", "r0", initial_prompt="changed")
    folder = tmp_path / "interrupted"
    folder.mkdir()
    for suffix in ("", "-wal"):
        shutil.copyfile(f"{old.path}{suffix}", folder / f"old.db{suffix}")
    old.close()
    files = [folder / "old.db", folder / "old.db-wal"]
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in files]
    done = import_legacy(folder / "old.db", tmp_path / "new.db")
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in files] == before
    assert any("old.db-wal" in note for note in done.report.notes)
    with open_store(tmp_path / "new.db") as store, store.session() as session:
        assert "changed" in set(session.scalars(select(Run.initial_prompt)))


@pytest.mark.parametrize("form", [*FORMS, "none"])
def test_a_file_without_rows_comes_over_as_nothing(form: str, old_file: OldFiles, location: str) -> None:
    done = import_legacy(old_file(form, empty=True).close(), location)
    assert done.complete
    assert {table.found for table in done.report.tables} == {0}


def test_a_file_without_clusterings_comes_over(old_file: OldFiles, location: str) -> None:
    done = import_legacy(old_file("none").close(), location)
    assert {table.table: table.brought_over for table in done.report.tables} == {
        "experimentconfig": 1,
        "run": 4,
        "invocation": 24,
        "embedding": 24,
    }


def test_a_file_is_imported_once(clean: Any, location: str) -> None:
    import_legacy(clean.path, location)
    with open_store(location) as store, store.session() as session:
        before = load_clusters_df(session)
    with pytest.raises(StoreError, match=r"1 of the 1 experiments .* already, such as experiment"):
        import_legacy(clean.path, location)
    with open_store(location) as store, store.session() as session:
        assert load_clusters_df(session).equals(before)


def test_two_files_come_side_by_side_and_work_goes_on_after_them(old_file: OldFiles, tools: Any, location: str) -> None:
    import_legacy(old_file("a").close(), location)
    other = old_file("b", empty=True, name="other.db")
    other.id = lambda name: "e" + blake2b(name.encode(), digest_size=16).hexdigest()[1:]  # type: ignore[method-assign]
    tools.fill(other)
    done = import_legacy(other.close(), location)
    assert done.complete
    with open_store(location) as store:
        with store.session() as session:
            assert len(load_medoids_df(session)) == 6
            assert session.scalars(select(EmbeddingModel.name).order_by(EmbeddingModel.name)).all() == [
                "Sights",
                "Words",
            ]
        with store.transaction() as session:  # the keys that were reserved are not given out again
            session.add(Picture(media_type="image/png", width=1, height=1, data=b""))


def test_an_imported_experiment_is_not_resumed_or_continued(clean: Any, location: str) -> None:
    import_legacy(clean.path, location)
    with open_store(location) as store:
        with pytest.raises(StoreError, match="was imported from another tool"):
            resume_experiment(1, store)
        with store.session() as session:
            content = session.scalars(select(Experiment.config)).one()
        networks = [[name.removeprefix("imported:") for name in network] for network in content["networks"]]
        with pytest.raises(ConfigError, match='"Painter"'):
            perform_experiment(ExperimentConfig.from_dict({**content, "networks": networks}), store)
        with store.session() as session:
            assert set(session.scalars(select(Run.stop_reason))) == {"length"}


def test_a_fault_in_the_middle_leaves_the_database_as_it_was(
    clean: Any, location: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    open_store(location, create=True).close()
    reports = set(Path.cwd().glob("import-*")) | set(tmp_path.glob("import-*"))

    def broken(*_: Any) -> None:
        raise RuntimeError("in the middle")

    monkeypatch.setattr("loopscope.store.legacy.importing.write_clusterings", broken)
    with pytest.raises(RuntimeError, match="in the middle"):
        import_legacy(clean.path, location)
    with open_store(location) as store, store.session() as session:
        assert [session.scalars(select(table)).all() for table in (Experiment, Invocation, EmbeddingModel)] == [[]] * 3
    assert set(Path.cwd().glob("import-*")) | set(tmp_path.glob("import-*")) == reports


def test_a_source_that_changes_while_it_is_read_is_not_imported(
    clean: Any, location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(*arguments: Any) -> None:
        with closing(sqlite3.connect(clean.path)) as connection, connection:
            connection.execute("CREATE TABLE more (x)")
        write_clusterings(*arguments)

    monkeypatch.setattr("loopscope.store.legacy.importing.write_clusterings", changed)
    with pytest.raises(StoreError, match="was changed by another program"):
        import_legacy(clean.path, location)
    open_store(location, create=True).close()
    with open_store(location) as store, store.session() as session:
        assert session.scalars(select(Experiment)).all() == []


def test_a_database_made_for_an_import_that_fails_is_taken_away(
    clean: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("in the middle")

    monkeypatch.setattr("loopscope.store.legacy.importing.write_content", broken)
    with pytest.raises(RuntimeError):
        import_legacy(clean.path, tmp_path / "new.db")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_a_model_of_texts_and_pictures_becomes_two(old_file: OldFiles, tools: Any, location: str) -> None:
    old = old_file("a")
    old.connection.execute("UPDATE embedding SET embedding_model = 'Both', vector = ?", [tools.vector(3, 4)])
    old.connection.execute("UPDATE clusteringresult SET embedding_model = 'Both'")
    tools.add_clustering(old, "mixed", "Both", {"r0.0": 0, "r0.1": 0}, {0: "r0.0"})
    done = import_legacy(old.close(), location)
    with open_store(location) as store, store.session() as session:
        names = dict(session.execute(select(EmbeddingModel.name, EmbeddingModel.takes)).all())
        assert names == {"Both (text)": "text", "Both (image)": "image"}
        assert len(load_clusters_df(session)) == 12
    faults = {(each.table, each.fault, len(each)) for each in done.report.findings}
    assert ("clusteringresult", "it has embeddings of texts and of pictures together", 1) in faults
    assert ("embeddingcluster", "its clustering result was not brought over", 2) in faults
    assert any("not of unit length (5 to 5)" in note for note in done.report.notes)


def test_an_id_that_became_a_number_is_given_back(old_file: OldFiles, location: str) -> None:
    digits = "06888680505507509783087363769305"
    old = old_file("b", numeric=("experimentconfig", "clusteringresult"))
    old.connection.execute("UPDATE experimentconfig SET id = ?", [digits])
    old.connection.execute("UPDATE run SET experiment_id = ?", [digits])
    old.connection.execute("UPDATE clusteringresult SET id = ?", [digits])
    old.connection.execute("UPDATE embeddingcluster SET clustering_result_id = ?", [digits])
    old.connection.execute("UPDATE cluster SET clustering_result_id = ?", [digits])
    assert old.connection.execute("SELECT typeof(id) FROM clusteringresult").fetchone() == ("real",)
    done = import_legacy(old.close(), location)
    assert done.complete
    with open_store(location) as store, store.session() as session:
        assert session.scalars(select(Experiment.uuid)).all() == [UUID(digits)]
        assert session.scalars(select(ClusteringResult.uuid)).all() == [UUID(digits)]
        assert len(load_clusters_df(session)) == 12


def test_an_id_that_nobody_tells_is_made_anew_and_always_the_same(old_file: OldFiles, location: str) -> None:
    digits = "06888680505507509783087363769305"
    old = old_file("c", numeric=("experimentconfig", "run"))
    old.connection.execute("UPDATE experimentconfig SET id = ?", [digits])
    old.connection.execute("UPDATE run SET experiment_id = ?", [digits])
    done = import_legacy(old.close(), location)
    assert done.complete
    assert {each.fault for each in done.report.findings} == {
        "its id was turned into a number that no other row tells",
        "its experiment_id was turned into a number",
    }
    with open_store(location) as store, store.session() as session:
        (made,) = session.scalars(select(Experiment.uuid))
        assert len(load_runs_df(session, 1)) == 4
    assert made != UUID(digits)
    with pytest.raises(StoreError, match=f"already, such as experiment {made}"):
        import_legacy(old.path, location)


def test_vectors_of_any_length_can_be_clustered_as_they_are(old_file: OldFiles, tools: Any, tmp_path: Path) -> None:
    old = old_file("none")
    old.connection.execute("UPDATE embedding SET vector = ? WHERE rowid % 4 = 0", [tools.vector(0, 0, 5, 0)])
    old.connection.execute("UPDATE embedding SET vector = ? WHERE rowid % 4 = 2", [tools.vector(3, 0, 0, 0)])
    done = import_legacy(old.close(), tmp_path / "new.db")
    assert any("`Words` are not of unit length (3 to 5)" in note for note in done.report.notes)
    with open_store(tmp_path / "new.db") as store:
        found = cluster_embeddings(
            store, "Words", metric="euclidean", min_cluster_size=2, min_samples=1, allow_single_cluster=False
        )
        assert found.embeddings == 12
        with pytest.raises(ClusteringError, match="unit"):
            cluster_embeddings(store, "Words", min_cluster_size=2)


def test_the_command_tells_what_came_over(old_file: OldFiles, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    old = old_file("a")

    def loopscope(*words: str) -> subprocess.CompletedProcess[str]:
        code = "from loopscope.cli import main; main()"
        return subprocess.run(
            [sys.executable, "-c", code, *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    done = loopscope("db", "import", str(old.path), "--db", "whole.db", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["complete"]
    assert told["tables"][0] == {"table": "experimentconfig", "found": 1, "brought_over": 1, "merged": 0, "left_out": 0}
    assert "embeddingcluster: 12 of 12" in done.stderr
    old.change("invocation", "r3.5", output_text=None)
    old.close()
    done = loopscope("db", "import", str(old.path), "--db", "part.db")
    assert done.returncode == 3
    assert done.stdout == ""
    assert "3 rows could not be brought over" in done.stderr  # the output, its embedding, its assignment
    page = next(path for path in tmp_path.glob("import-*.md") if str(path) in done.stderr)
    assert "| invocation | it has no output | 1 | left out |" in page.read_text()
    again = loopscope("db", "import", str(old.path), "--db", "part.db")
    assert (again.returncode, again.stdout) == (1, "")
    assert "already" in again.stderr
    for words in (["cluster", "list"], ["cluster", "medoids"], ["experiment", "list"], ["run", "list"]):
        listed = loopscope(*words, "--db", "part.db")
        assert listed.returncode == 0, listed.stderr
    shown = loopscope("cluster", "show", old.id("k")[:6], "--db", "part.db")
    assert "text r0.5" in shown.stdout
    strange = loopscope("db", "import", "part.db", "--db", "third.db")
    assert strange.returncode == 1
    assert "is a Loopscope database itself" in strange.stderr
    assert not (tmp_path / "third.db").exists()
