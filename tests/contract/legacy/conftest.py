"""Files of the earlier generation, made by hand: a clean one in each layout, and faults put in one at a time.

The clean file has one experiment of four runs (two prompts, two seeds), each of six outputs in turn picture and text,
embedded by ``Words`` (texts, four dimensions) and ``Sights`` (pictures, two dimensions), and one clustering of the
texts: the twelve texts are two clusters of six and four, and two outliers.
"""

import io
import json
import sqlite3
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

TABLES = """
CREATE TABLE experimentconfig (id {uuid} PRIMARY KEY, networks JSON, seeds JSON, prompts JSON, embedding_models JSON,
    max_length INTEGER, started_at DATETIME, completed_at DATETIME);
CREATE TABLE run (id {uuid} PRIMARY KEY, network JSON, seed INTEGER, max_length INTEGER, initial_prompt VARCHAR,
    experiment_id {uuid});
CREATE TABLE invocation (id {uuid} PRIMARY KEY, started_at DATETIME, completed_at DATETIME, model VARCHAR,
    type VARCHAR(5), seed INTEGER, run_id {uuid}, sequence_number INTEGER, input_invocation_id {uuid},
    output_text VARCHAR, output_image_data BLOB);
CREATE TABLE embedding (id {uuid} PRIMARY KEY, started_at DATETIME, completed_at DATETIME, invocation_id {uuid},
    embedding_model VARCHAR, vector BLOB);
CREATE TABLE persistencediagram (id {uuid} PRIMARY KEY, run_id {uuid}, embedding_model VARCHAR, diagram_data BLOB);
CREATE TABLE alembic_version (version_num VARCHAR(32));
"""
RESULTS = """
CREATE TABLE clusteringresult (id {uuid} PRIMARY KEY, created_at DATETIME, started_at DATETIME, completed_at DATETIME,
    embedding_model VARCHAR, algorithm VARCHAR, parameters JSON{clusters});
"""
ASSIGNMENTS = {
    "a": "CREATE TABLE embeddingcluster (id {uuid} PRIMARY KEY, embedding_id {uuid}, clustering_result_id {uuid}, "
    "cluster_id INTEGER);",
    "b": "CREATE TABLE cluster (id {uuid} PRIMARY KEY, clustering_result_id {uuid}, cluster_id INTEGER, "
    "medoid_embedding_id {uuid}, size INTEGER, properties JSON);"
    "CREATE TABLE embeddingcluster (id {uuid} PRIMARY KEY, embedding_id {uuid}, clustering_result_id {uuid}, "
    "cluster_id {uuid});",
    "c": "CREATE TABLE embeddingcluster (id {uuid} PRIMARY KEY, embedding_id {uuid}, clustering_result_id {uuid}, "
    "medoid_embedding_id {uuid});",
}


class OldFile:
    """A file that is filled row by row; every row is named, and its id made of its name."""

    def __init__(self, path: Path, form: str, numeric: Sequence[str] = ()) -> None:
        """Make the tables; the id columns of those in ``numeric`` have numeric affinity, as a declared UUID has."""
        self.path, self.form = path, form
        self.names: dict[str, str] = {}
        self.connection = sqlite3.connect(path, isolation_level=None)
        clusters = ", clusters JSON" if form == "a" else ""
        script = TABLES + ((RESULTS + ASSIGNMENTS[form]) if form != "none" else "")
        for statement in script.replace("{clusters}", clusters).split(";"):
            uuid = "UUID" if any(f"TABLE {table} " in statement for table in numeric) else "CHAR(32)"
            self.connection.execute(statement.replace("{uuid}", uuid))

    def add(self, table: str, name: str, **columns: Any) -> str:
        """Write a row, and return its id."""
        columns = {"id": self.id(name), **columns}
        marks = ", ".join("?" * len(columns))
        self.connection.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", list(columns.values()))
        self.names[str(columns["id"])] = name
        return str(columns["id"])

    def change(self, table: str, name: str, **columns: Any) -> None:
        """Change the row of a name."""
        changes = ", ".join(f"{column} = ?" for column in columns)
        done = self.connection.execute(f"UPDATE {table} SET {changes} WHERE id = ?", [*columns.values(), self.id(name)])
        assert done.rowcount == 1

    def delete(self, table: str, name: str) -> None:
        """Take the row of a name away."""
        assert self.connection.execute(f"DELETE FROM {table} WHERE id = ?", [self.id(name)]).rowcount == 1

    @staticmethod
    def id(name: str) -> str:
        """Make an id of a name: it begins with a letter, so that it is never taken for a number."""
        return "f" + blake2b(name.encode(), digest_size=16).hexdigest()[1:]

    def close(self) -> Path:
        self.connection.close()
        return self.path


def picture(shade: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (12, 8), (shade, 40, 200)).save(file, "WEBP", lossless=True)
    return file.getvalue()


def vector(*values: float) -> bytes:
    return np.array(values, dtype="<f4").tobytes()


RUNS = {"r0": ("a fox", 1), "r1": ("a fox", 2), "r2": ("a lake", 1), "r3": ("a lake", 2)}
LENGTH = 6
ANGLES = {
    # run: the angle of each text of it; 0.0… is one cluster (six), 1.5… the other (four), the rest are outliers
    "r0": (0.00, 0.01, 0.02),
    "r1": (0.03, 0.04, 3.0),
    "r2": (1.50, 1.51, 0.05),
    "r3": (1.52, 1.53, 2.2),
}
LABELS = {
    "r0.1": 7, "r0.3": 7, "r0.5": 7, "r1.1": 7, "r1.3": 7, "r1.5": -1,
    "r2.1": 3, "r2.3": 3, "r2.5": 7, "r3.1": 3, "r3.3": 3, "r3.5": -1,
}  # fmt: skip
MEDOIDS = {7: "r0.5", 3: "r2.3"}


def fill(old: OldFile) -> None:
    """Write the clean content."""
    old.add(
        "experimentconfig",
        "x",
        networks='[["Painter", "Teller"]]',
        seeds="[1, 2]",
        prompts='["a fox", "a lake"]',
        embedding_models='["Words", "Sights"]',
        max_length=LENGTH,
        started_at="2025-03-01 10:00:00",
        completed_at="2025-03-01 11:00:00",
    )
    minute = 0
    for number, (run, (prompt, seed)) in enumerate(RUNS.items()):
        old.add(
            "run", run, network='["Painter", "Teller"]', seed=seed, max_length=LENGTH, initial_prompt=prompt,
            experiment_id=old.id("x"),
        )  # fmt: skip
        for step in range(LENGTH):
            minute += 1
            add_invocation(old, run, step, seed, minute)
            text = step % 2
            angle = ANGLES[run][step // 2]
            data = vector(np.cos(angle), np.sin(angle), 0, 0) if text else vector(1 - 0.01 * step, number)
            if not text:
                array = np.frombuffer(data, dtype="<f4")
                data = (array / np.linalg.norm(array)).astype("<f4").tobytes()
            add_embedding(old, f"{run}.{step}", "Words" if text else "Sights", data, minute)
    if old.form != "none":
        add_clustering(old, "k", "Words", LABELS, MEDOIDS)


def add_invocation(old: OldFile, run: str, step: int, seed: int, minute: int) -> None:
    text = step % 2 == 1
    old.add(
        "invocation",
        f"{run}.{step}",
        started_at=f"2025-03-01 10:{minute:02}:00.000000",
        completed_at=f"2025-03-01 10:{minute:02}:01.500000",
        model="Teller" if text else "Painter",
        type="TEXT" if text else "IMAGE",
        seed=seed,
        run_id=old.id(run),
        sequence_number=step,
        input_invocation_id=old.id(f"{run}.{step - 1}") if step else None,
        output_text=f"text {run}.{step}" if text else None,
        output_image_data=None if text else picture(10 * step + int(run[1])),
    )


def add_embedding(old: OldFile, invocation: str, model: str, data: bytes, minute: int, name: str = "") -> None:
    old.add(
        "embedding",
        name or f"e {invocation}",
        started_at=f"2025-03-01 11:{minute:02}:00",
        completed_at=f"2025-03-01 11:{minute:02}:00.25",
        invocation_id=old.id(invocation),
        embedding_model=model,
        vector=data,
    )


def add_clustering(
    old: OldFile, name: str, model: str, labels: dict[str, int], medoids: dict[int, str], **columns: Any
) -> None:
    """Write a clustering of embeddings, by the names of their invocations."""
    base = {
        "created_at": "2025-03-01 12:00:00",
        "started_at": "2025-03-01 12:00:00",
        "completed_at": "2025-03-01 12:00:30",
        "embedding_model": model,
        "algorithm": "hdbscan",
        "parameters": json.dumps({"cluster_selection_epsilon": 0.4, "downsample": 1}),
    }
    if old.form == "a":
        base["clusters"] = json.dumps(
            [
                {"id": number, "medoid_text": f"text {medoid}", "medoid_embedding_id": hyphenated(old, f"e {medoid}")}
                for number, medoid in medoids.items()
            ]
        )
    old.add("clusteringresult", name, **{**base, **columns})
    if old.form == "b":
        for number in sorted(set(labels.values())):
            size = sum(label == number for label in labels.values())
            medoid = medoids.get(number)
            old.add(
                "cluster", f"{name}#{number}", clustering_result_id=old.id(name), cluster_id=number, size=size,
                medoid_embedding_id=None if medoid is None else old.id(f"e {medoid}"), properties='{"note": "old"}',
            )  # fmt: skip
    for invocation, label in labels.items():
        assign(old, name, invocation, label, medoids)


def assign(
    old: OldFile, result: str, invocation: str, label: int, medoids: dict[int, str] | None = None, row: str = ""
) -> str:
    """Write one assignment."""
    medoids = medoids or MEDOIDS
    if old.form == "c":
        told: dict[str, Any] = {"medoid_embedding_id": None if label < 0 else old.id(f"e {medoids[label]}")}
    else:
        told = {"cluster_id": label if old.form == "a" else old.id(f"{result}#{label}")}
    row = row or f"{result}/{invocation}"
    return old.add(
        "embeddingcluster", row, embedding_id=old.id(f"e {invocation}"), clustering_result_id=old.id(result), **told
    )


def hyphenated(old: OldFile, name: str) -> str:
    digits = old.id(name)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in the test's own folder: the report of an import into PostgreSQL goes into the current one."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def old_file(tmp_path: Path) -> Callable[..., OldFile]:
    """Make a file of a layout, with the clean content or empty."""

    def make(form: str, *, empty: bool = False, numeric: Sequence[str] = (), name: str = "old.db") -> OldFile:
        folder = tmp_path / "source"
        folder.mkdir(exist_ok=True)
        old = OldFile(folder / name, form, numeric)
        if not empty:
            fill(old)
        return old

    return make


@pytest.fixture
def tools() -> Any:
    """What writes rows into such a file."""

    class Tools:
        fill = staticmethod(fill)
        add_invocation = staticmethod(add_invocation)
        add_embedding = staticmethod(add_embedding)
        add_clustering = staticmethod(add_clustering)
        assign = staticmethod(assign)
        hyphenated = staticmethod(hyphenated)
        picture = staticmethod(picture)
        vector: Callable[..., bytes] = staticmethod(vector)
        labels: dict[str, int] = LABELS
        medoids: dict[int, str] = MEDOIDS
        angles: dict[str, Sequence[float]] = ANGLES

    return Tools
