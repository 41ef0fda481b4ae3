"""How fast an old file is imported: 140,000 embeddings with as many assignments, 14,000 of them twice."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from figure import Figure, peak_megabytes, timer
from loopscope.store.legacy.importing import Imported, import_legacy

RUNS, LENGTH, DIMENSION, CLUSTERS = 280, 500, 8, 400
DUPLICATES = 14_000
TABLES = """
CREATE TABLE experimentconfig (id CHAR(32) PRIMARY KEY, networks JSON, seeds JSON, prompts JSON, embedding_models JSON,
    max_length INTEGER, started_at DATETIME, completed_at DATETIME);
CREATE TABLE run (id CHAR(32) PRIMARY KEY, network JSON, seed INTEGER, max_length INTEGER, initial_prompt VARCHAR,
    experiment_id CHAR(32));
CREATE TABLE invocation (id CHAR(32) PRIMARY KEY, started_at DATETIME, completed_at DATETIME, model VARCHAR,
    type VARCHAR, seed INTEGER, run_id CHAR(32), sequence_number INTEGER, input_invocation_id CHAR(32),
    output_text VARCHAR, output_image_data BLOB);
CREATE TABLE embedding (id CHAR(32) PRIMARY KEY, started_at DATETIME, completed_at DATETIME, invocation_id CHAR(32),
    embedding_model VARCHAR, vector BLOB);
CREATE TABLE clusteringresult (id CHAR(32) PRIMARY KEY, created_at DATETIME, started_at DATETIME, completed_at DATETIME,
    embedding_model VARCHAR, algorithm VARCHAR, parameters JSON, clusters JSON);
CREATE TABLE embeddingcluster (id CHAR(32) PRIMARY KEY, embedding_id CHAR(32), clustering_result_id CHAR(32),
    cluster_id INTEGER);
"""
THEN = "2025-01-01 00:00:00.000000"


def measure() -> list[Figure]:
    """Measure every phase of the import of one generated file."""
    with tempfile.TemporaryDirectory() as folder:
        old = Path(folder) / "old.db"
        write_file(old)
        with timer() as whole:
            done = import_legacy(old, Path(folder) / "new.db")
        check(done)
        code = (
            "from loopscope.store.legacy.importing import import_legacy\n"
            f"import_legacy({str(old)!r}, {str(Path(folder) / 'again.db')!r})"
        )
        memory = peak_megabytes(code)
    assignments = f"{RUNS * LENGTH:,} assignments and {DUPLICATES:,} duplicates"
    clustering = done.seconds["checking assignments"] + done.seconds["writing assignments"]
    phases = [Figure(f"import: {name}", seconds, "s") for name, seconds in done.seconds.items()]
    return [
        *phases,
        Figure(f"import: clustering part, {assignments}", clustering, "s", at_most=3),
        Figure(f"import: everything, {RUNS * LENGTH:,} texts and vectors as well", whole.seconds, "s"),
        Figure("import: peak memory", memory, "MB"),
    ]


def check(done: Imported) -> None:
    """Refuse figures of an import that did not do what it should."""
    tables = {table.table: table for table in done.report.tables}
    assert tables["embeddingcluster"].brought_over == RUNS * LENGTH
    assert tables["embeddingcluster"].merged == DUPLICATES
    assert done.complete


def write_file(path: Path) -> None:
    """Write an old file of random vectors and labels, one in five an outlier."""
    rng = np.random.default_rng(0)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(TABLES)
        connection.execute("BEGIN")
        connection.execute(
            "INSERT INTO experimentconfig VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (key("x", 0), '[["Teller"]]', "[1]", '["a fox"]', '["Words"]', LENGTH, THEN, THEN),
        )
        connection.executemany(
            "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?)",
            ((key("r", i), '["Teller"]', i, LENGTH, f"prompt {i % 20}", key("x", 0)) for i in range(RUNS)),
        )
        connection.executemany("INSERT INTO invocation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)", invocations())
        vectors = rng.standard_normal((RUNS * LENGTH, DIMENSION)).astype("<f4")
        connection.executemany(
            "INSERT INTO embedding VALUES (?, ?, ?, ?, ?, ?)",
            ((key("e", i), THEN, THEN, key("i", i), "Words", row.tobytes()) for i, row in enumerate(vectors)),
        )
        write_clustering(connection, rng)
        connection.execute("COMMIT")


def write_clustering(connection: sqlite3.Connection, rng: np.random.Generator) -> None:
    """Write one clustering of everything, the first member of each cluster its medoid."""
    labels = np.maximum(rng.integers(-CLUSTERS // 4, CLUSTERS, RUNS * LENGTH), -1)
    first = {label: int(np.argmax(labels == label)) for label in range(CLUSTERS)}
    listed = ", ".join(f'{{"id": {label}, "medoid_embedding_id": "{key("e", i)}"}}' for label, i in first.items())
    connection.execute(
        "INSERT INTO clusteringresult VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (key("k", 0), THEN, THEN, THEN, "Words", "hdbscan", "{}", f"[{listed}]"),
    )
    chosen = [*range(RUNS * LENGTH), *rng.integers(0, RUNS * LENGTH, DUPLICATES).tolist()]
    connection.executemany(
        "INSERT INTO embeddingcluster VALUES (?, ?, ?, ?)",
        ((key("a", row), key("e", i), key("k", 0), int(labels[i])) for row, i in enumerate(chosen)),
    )


def invocations() -> Iterator[tuple[object, ...]]:
    """Make the rows of text outputs, run after run."""
    for i in range(RUNS * LENGTH):
        run, step = divmod(i, LENGTH)
        before = key("i", i - 1) if step else None
        text = f"a red apple under a grey peacock near {i % 997} pineapples on a violet background"
        yield key("i", i), THEN, THEN, "Teller", "TEXT", run, key("r", run), step, before, text


def key(kind: str, number: int) -> str:
    """Make an id, spread over all ids as random ones are."""
    spread = (number * 0x9E3779B97F4A7C15F39CC0605CEDC835 + ord(kind)) % 2**120
    return f"f{ord(kind) % 16:x}{spread:030x}"


def main() -> None:
    """Print every figure."""
    for figure in measure():
        print(f"{figure.name:75} {figure.value:8.3f} {figure.unit:3} {figure.target:8} {figure.met}")


if __name__ == "__main__":
    main()
