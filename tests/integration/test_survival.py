"""What must survive: real processes that are killed, interrupted, crowded, or find no room, on a real file."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from itertools import count

import pytest

from loopscope.config import load_experiment_config
from loopscope.store.connection import open_store
from loopscope.store.experiments import create_experiment

KILLS = 20
LONG = """
networks = [["Slow"], ["FakePainter", "FakeDescriber"], ["Slow", "FakePainter", "FakeDescriber"]]
prompts = ["a fox", "the rain", "chess"]
seeds = [1, 2]
num_runs = 2
embedding_models = ["FakeTextEmbedder", "FakeImageEmbedder"]
max_length = 150
"""

# All that an experiment made, by what it is about and not by when it was written or which ids it got.
CONTENTS = (
    "SELECT number, network, initial_prompt, seed, stream, stop_reason, period, failure FROM run ORDER BY number",
    "SELECT r.number, i.sequence_number, i.model, i.output_text, i.output_hash, p.data, j.sequence_number "
    "FROM invocation i JOIN run r ON r.id = i.run_id LEFT JOIN picture p ON p.id = i.picture_id "
    "LEFT JOIN invocation j ON j.id = i.input_invocation_id ORDER BY 1, 2",
    "SELECT r.number, i.sequence_number, m.name, v.vector FROM embedding e "
    "JOIN embedding_vector v ON v.embedding_id = e.id JOIN embedding_model m ON m.id = e.embedding_model_id "
    "JOIN invocation i ON i.id = e.invocation_id JOIN run r ON r.id = i.run_id ORDER BY 1, 2, 3",
    "SELECT r.number, m.name, p.vector FROM prompt_embedding p JOIN run r ON r.id = p.run_id "
    "JOIN embedding_model m ON m.id = p.embedding_model_id ORDER BY 1, 2",
)
CLUSTERINGS = (
    "SELECT r.number, i.sequence_number, c.cluster_id, c.size, c.medoid_embedding_id = ec.embedding_id "
    "FROM embedding_cluster ec JOIN cluster c ON c.id = ec.cluster_id JOIN embedding e ON e.id = ec.embedding_id "
    "JOIN invocation i ON i.id = e.invocation_id JOIN run r ON r.id = i.run_id "
    "WHERE ec.clustering_result_id = ? ORDER BY 1, 2"
)


def _query(path, statement, *values):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement, values).fetchall()


def _contents(path):
    return [_query(path, statement) for statement in CONTENTS]


def _clusterings(path):
    return [_query(path, CLUSTERINGS, number) for (number,) in _query(path, "SELECT id FROM clustering_result")]


@pytest.fixture
def prepared(tmp_path):
    """A database that holds the experiment, with its streams, and nothing performed yet; and the experiment's id."""
    (tmp_path / "long.toml").write_text(LONG)
    config = load_experiment_config(tmp_path / "long.toml")
    with open_store(tmp_path / "prepared.db", create=True) as store, store.transaction() as session:
        create_experiment(session, config, count(1000))
    [(uuid,)] = _query(tmp_path / "prepared.db", "SELECT uuid FROM experiment")
    return tmp_path / "prepared.db", uuid


def _wait_for(process, word):
    """Read the process's messages until one has the word in it; tell whether it came."""
    return any(word in line for line in process.stderr)


def test_kill_9_at_twenty_moments_changes_nothing(loopscope, prepared, tmp_path):
    path, uuid = prepared
    whole, killed = tmp_path / "whole.db", tmp_path / "killed.db"
    shutil.copyfile(path, whole)
    shutil.copyfile(path, killed)
    assert loopscope("experiment", "resume", uuid, "--db", whole).returncode == 0
    clustering = ("cluster", "perform", "FakeTextEmbedder", "--min-cluster-size", 5, "--min-samples", 2)
    assert loopscope(*clustering, "--db", whole).returncode == 0

    moments = random.Random(0)
    progress = []
    for _ in range(KILLS):
        process = loopscope.start("experiment", "resume", uuid, "--db", killed)
        with process:
            _wait_for(process, "invocations")
            time.sleep(moments.uniform(0, 0.6))
            process.send_signal(signal.SIGKILL)
        progress += _query(killed, "SELECT (SELECT count(*) FROM invocation), (SELECT count(*) FROM embedding)")
        assert _query(killed, "PRAGMA integrity_check") == [("ok",)]
        assert _query(killed, "PRAGMA foreign_key_check") == []
    assert progress == sorted(progress)
    assert len(set(progress)) > KILLS / 2, "most kills should fall while there is work"

    assert loopscope("experiment", "resume", uuid, "--db", killed).returncode == 0
    process = loopscope.start(*clustering, "--db", killed)
    with process:
        _wait_for(process, "compute")
        process.send_signal(signal.SIGKILL)
    assert loopscope(*clustering, "--db", killed).returncode == 0

    for mine, theirs in zip(_contents(killed), _contents(whole), strict=True):
        assert mine == theirs
    assert _clusterings(whole)[0]
    assert all(clusters == _clusterings(whole)[0] for clusters in _clusterings(killed))


def test_ctrl_c_leaves_a_clean_database_and_says_how_to_go_on(loopscope, prepared):
    path, uuid = prepared
    process = loopscope.start("experiment", "resume", uuid, "--db", path)
    with process:
        _wait_for(process, "invocations")
        time.sleep(0.4)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 130
    assert f"interrupted; what was finished is in {path}" in said
    assert f"Go on with: loopscope experiment resume {uuid} --db {path}" in said
    assert "Traceback" not in said
    [(stored,)] = _query(path, "SELECT count(*) FROM invocation")
    assert 0 < stored < 36 * 150
    assert _query(path, "PRAGMA foreign_key_check") == []
    assert not path.with_name(path.name + "-wal").exists()


def test_two_processes_perform_into_one_file(loopscope, tmp_path):
    files = []
    for number in (1, 2):
        file = tmp_path / f"{number}.toml"
        file.write_text(f'networks = [["Slow"]]\nprompts = ["{number}"]\nnum_runs = 8\nmax_length = 60\n')
        files.append(file)
    open_store(tmp_path / "shared.db", create=True).close()
    processes = [loopscope.start("experiment", "perform", file, "--db", "shared.db") for file in files]
    for process in processes:
        with process:
            said = process.stderr.read()
        assert process.returncode == 0, said
    assert _query(tmp_path / "shared.db", "SELECT stop_reason, count(*) FROM run GROUP BY 1") == [("length", 16)]
    assert _query(tmp_path / "shared.db", "SELECT count(*) FROM invocation") == [(16 * 60,)]


def test_two_processes_that_perform_the_same_experiment_lose_nothing(loopscope, prepared):
    path, uuid = prepared
    processes = [loopscope.start("experiment", "resume", uuid, "--db", path) for _ in range(2)]
    said = []
    for process in processes:
        with process:
            said.append(process.stderr.read())
    assert 0 in {process.returncode for process in processes}, said
    for process, words in zip(processes, said, strict=True):
        assert "Traceback" not in words
        assert process.returncode == 0 or "another process is performing experiment" in words
    assert _query(path, "SELECT count(*) FROM run WHERE stop_reason IS NULL") == [(0,)]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 2 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small file system needs the right to mount: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_loses_nothing_and_can_be_gone_on_from(loopscope, prepared, small_disk, tmp_path):
    path, uuid = prepared
    shutil.copyfile(path, small_disk / "full.db")
    done = loopscope("experiment", "resume", uuid, "--db", small_disk / "full.db")
    assert done.returncode == 1
    assert "is full" in done.stderr
    assert "Traceback" not in done.stderr
    shutil.copytree(small_disk, tmp_path / "larger")
    moved = tmp_path / "larger/full.db"
    [(stored,)] = _query(moved, "SELECT count(*) FROM invocation")
    assert stored > 0
    assert _query(moved, "PRAGMA integrity_check") == [("ok",)]
    assert loopscope("experiment", "resume", uuid, "--db", moved).returncode == 0
    assert _query(moved, "SELECT count(*) FROM run WHERE stop_reason IS NULL") == [(0,)]


def _no_database(path):
    path.write_bytes(b"this is a letter, not a database\n" * 50)


def _other_database(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipe (id INTEGER)")


def _of_revision(revision):
    def make(path):
        open_store(path, create=True).close()
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))

    return make


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_no_database, "is no database"),
        (_other_database, "a database of something else (its tables: recipe)"),
        (_of_revision("9999"), "knows none newer than"),
    ],
)
@pytest.mark.parametrize("words", [("experiment", "list"), ("experiment", "perform", "long.toml"), ("cluster",)])
def test_a_file_that_cannot_be_used_is_told_and_left_as_it_is(loopscope, prepared, tmp_path, make, said, words):
    path = tmp_path / "odd.db"
    make(path)
    before = path.read_bytes()
    done = loopscope(*words, "--db", path)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert path.read_bytes() == before


def test_a_read_only_file_can_be_read_and_not_written(loopscope, prepared, tmp_path):
    path, uuid = prepared
    folder = tmp_path / "locked"
    folder.mkdir()
    shutil.copyfile(path, folder / "loopscope.db")
    (folder / "loopscope.db").chmod(0o444)
    folder.chmod(0o555)
    command = loopscope.words()
    if os.geteuid() == 0:  # root may write anything, unless it gives that up
        give_up = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
        loopscope.words = lambda *words: [*give_up, *command, *map(str, words)]
    listed = loopscope("experiment", "list", "--db", folder / "loopscope.db")
    assert (listed.returncode, uuid[:8] in listed.stdout) == (0, True), listed.stderr
    refused = loopscope("experiment", "resume", uuid, "--db", folder / "loopscope.db")
    assert refused.returncode == 1
    assert "read-only" in refused.stderr
    assert "Traceback" not in refused.stderr
    clustered = loopscope("cluster", "perform", "FakeTextEmbedder", "--db", folder / "loopscope.db")
    assert (clustered.returncode, "read-only" in clustered.stderr) == (1, True)
    assert "Traceback" not in clustered.stderr
