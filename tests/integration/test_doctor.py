"""``loopscope doctor`` as a person and a program use it: its lines, its exit codes, and that it only reads."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

EXPERIMENT = """
networks = [["FakePainter", "FakeDescriber"]]
prompts = ["a fox"]
seeds = [1]
num_runs = 1
embedding_models = ["FakeTextEmbedder"]
max_length = 20
"""
CLUSTER = ("--min-cluster-size", 3, "--min-samples", 2, "--epsilon", 0, "--no-allow-single-cluster")


@pytest.fixture(scope="module")
def performed_once(tmp_path_factory, command_line):
    folder = tmp_path_factory.mktemp("performed")
    (folder / "e.toml").write_text(EXPERIMENT)
    for words in (("experiment", "perform", "e.toml"), ("cluster", "perform", "FakeTextEmbedder", *CLUSTER)):
        done = command_line(folder)(*words)
        assert done.returncode == 0, done.stderr
    return folder / "loopscope.db"


@pytest.fixture
def database(performed_once, tmp_path):
    shutil.copyfile(performed_once, tmp_path / "loopscope.db")
    return tmp_path / "loopscope.db"


def spoil(database, *statements):
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_a_sound_database_is_said_to_be_sound(loopscope, database):
    before = database.read_bytes()
    done = loopscope("doctor")
    assert (done.returncode, done.stdout) == (0, "")
    assert "loopscope.db is sound" in done.stderr
    assert "doctor: pictures" in done.stderr
    assert json.loads(loopscope("doctor", "--json").stdout) == []
    assert database.read_bytes() == before


def test_each_fault_is_one_line_and_what_can_be_is_mended(loopscope, database):
    spoil(database, "UPDATE cluster SET size = 99 WHERE id = 1", "UPDATE picture SET data = x'00' WHERE id = 1")
    found = loopscope("doctor")
    assert found.returncode == 3
    cluster, picture = sorted(found.stdout.splitlines())
    assert cluster.startswith("cluster id 1, clustering_result ")
    assert "cluster_id 0: found size 99; expected " in cluster
    assert cluster.endswith("Type: loopscope doctor --fix --db loopscope.db")
    assert "found data that do not decode: 1 bytes of no known format; expected a picture. Type: " in picture
    assert "Type: loopscope run show " in picture
    assert "2 faults; 1 can be mended: loopscope doctor --fix --db loopscope.db" in found.stderr
    mended = loopscope("doctor", "--fix")
    assert mended.returncode == 3
    assert [line.startswith("mended: cluster id 1") for line in sorted(mended.stdout.splitlines())] == [True, False]
    assert "2 faults, 1 mended, 1 left" in mended.stderr
    [left] = json.loads(loopscope("doctor", "--json").stdout)
    assert (left["table"], left["row"]["id"], left["fixable"], left["mended"]) == ("picture", 1, False, False)


def test_the_exit_code_is_0_when_all_was_mended(loopscope, database):
    spoil(database, "UPDATE cluster SET size = 99 WHERE id = 1")
    done = loopscope("doctor", "--fix", "--json")
    assert done.returncode == 0
    [mended] = json.loads(done.stdout)
    assert (mended["table"], mended["found"], mended["mended"]) == ("cluster", "size 99", True)
    assert loopscope("doctor").returncode == 0


def test_an_examination_that_fails_says_so(loopscope, database):
    assert loopscope("doctor", "--db", "nowhere.db").returncode == 1
    database.write_bytes(database.read_bytes()[:20_000])
    done = loopscope("doctor")
    assert done.returncode == 1
    assert "is damaged" in done.stderr
