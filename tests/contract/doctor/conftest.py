"""A sound database with every kind of row, on SQLite and PostgreSQL, and ways to spoil one thing in a copy of it."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import func, insert, make_url, select
from sqlalchemy.orm import Session

from loopscope.config import ExperimentConfig
from loopscope.engine.clustering import cluster_embeddings
from loopscope.engine.doctor.examining import examine
from loopscope.engine.doctor.fault import Fault
from loopscope.engine.doctor.mending import mend
from loopscope.engine.performing import perform_experiment, resume_experiment
from loopscope.models import fakes
from loopscope.models.registry import Registry
from loopscope.schemas import (
    Base,
    Cluster,
    ClusteringResult,
    Embedding,
    EmbeddingCluster,
    EmbeddingModel,
    EmbeddingVector,
    Experiment,
    Invocation,
    LaterAssignment,
    PersistenceDiagram,
    Picture,
    Run,
)
from loopscope.store.clusterings import NewClustering, save_clustering
from loopscope.store.connection import Store, open_store
from loopscope.store.outputs import prepare_output
from loopscope.types import OutputType

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
NETWORKS = (("FakePainter", "FakeDescriber"), ("FakeText",))
EMBEDDERS = ("FakeTextEmbedder", "FakeImageEmbedder")


class Breaks(fakes.FakeText):
    """Fails on every call, so that its runs end as failed."""

    name = "Breaks"

    def generate(self, inputs, seeds):
        raise RuntimeError("the lamp is broken")


REGISTRY = Registry.of(
    fakes.FakeText,
    fakes.FakePainter,
    fakes.FakeDescriber,
    fakes.FakeTextEmbedder,
    fakes.FakeImageEmbedder,
    Breaks,
)


class Rows:
    """The rows of the sound database, by what they are, in a session that writes."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def add_what_the_engine_does_not(self) -> None:
        """Add an imported result, layers, later assignments and a persistence diagram."""
        self._add_imported()
        group = uuid4()
        for layer, result in enumerate(self.results_of()[1:3]):
            result.layer, result.layer_group = layer, group
        result = self.first_result()
        of_model = select(Embedding.id).where(Embedding.embedding_model_id == result.embedding_model_id)
        later = self.session.scalars(of_model.where(Embedding.id > result.last_embedding_id).order_by(Embedding.id))
        for place, embedding_id in enumerate(later.all()):
            key = self.first_cluster().id if place == 0 else None
            self.session.add(self.later_assignment(result, embedding_id, key))
        points = np.array([[0, 0.5], [0, np.inf]], dtype="<f8").tobytes()
        self.session.add(
            PersistenceDiagram(
                run_id=1, embedding_model_id=1, dimension=0, n_unique=2, points=points, started_at=NOW, finished_at=NOW
            )
        )

    def _add_imported(self) -> None:
        """Add a result as an import makes it: no probabilities, no outliers, medoids by other rules but the last."""
        result = self.first_result()
        fitted = select(EmbeddingCluster.embedding_id).where(EmbeddingCluster.clustering_result_id == result.id)
        ids = np.array(self.session.scalars(fitted.order_by(EmbeddingCluster.embedding_id)).all()[:9], dtype=np.int64)
        save_clustering(
            self.session,
            NewClustering(
                embedding_model_id=result.embedding_model_id,
                algorithm="hdbscan",
                parameters={},
                downsample=1,
                selection={"experiments": []},
                counts={"sampled": 9},
                versions={},
                last_embedding_id=result.last_embedding_id,
                started_at=NOW,
                finished_at=NOW,
                embedding_ids=ids,
                labels=np.repeat(np.array([0, 1], dtype=np.int64), (5, 4)),
                medoid_embedding_ids=ids[[4, 8]],
                properties=[{}, {}],
                origin={"file": "old.sqlite", "medoids": "as stored"},
            ),
        )

    def results_of(self, model: str = "FakeTextEmbedder") -> list[ClusteringResult]:
        """The results of a model: of all, of every other with weighted medoids, of one prompt, and an imported one."""
        of_model = select(EmbeddingModel.id).where(EmbeddingModel.name == model)
        query = select(ClusteringResult).where(ClusteringResult.embedding_model_id.in_(of_model))
        return list(self.session.scalars(query.order_by(ClusteringResult.id)))

    def first_result(self) -> ClusteringResult:
        return self.results_of()[0]

    def first_cluster(self, result: ClusteringResult | None = None, number: int = 0) -> Cluster:
        key = (result or self.first_result()).id
        query = select(Cluster).where(Cluster.clustering_result_id == key, Cluster.cluster_id == number)
        return self.session.scalars(query).one()

    def members_of(self, cluster: Cluster) -> list[int]:
        """The embeddings of a cluster but its medoid."""
        fitted = select(EmbeddingCluster.embedding_id).where(EmbeddingCluster.cluster_id == cluster.id)
        others = fitted.where(EmbeddingCluster.embedding_id != cluster.medoid_embedding_id)
        return list(self.session.scalars(others.order_by(EmbeddingCluster.embedding_id)))

    def vectors(self) -> dict[int, bytes]:
        return dict(self.session.execute(select(EmbeddingVector.embedding_id, EmbeddingVector.vector)).all())

    def set_vector(self, embedding_id: int, change: Callable[[np.ndarray], np.ndarray]) -> None:
        row = self.session.get_one(EmbeddingVector, embedding_id)
        row.vector = change(np.frombuffer(row.vector, dtype="<f4")).astype("<f4").tobytes()

    def unclustered_embedding(self) -> int:
        return self.session.scalars(select(func.max(Embedding.id))).one()

    def run_of(self, *conditions: Any) -> Run:
        return self.session.scalars(select(Run).where(*conditions).order_by(Run.id)).first() or pytest.fail("no run")

    def invocation_of(self, run: Run, sequence_number: int) -> Invocation:
        query = select(Invocation).where(Invocation.run_id == run.id, Invocation.sequence_number == sequence_number)
        return self.session.scalars(query).one()

    def any_picture(self) -> Picture:
        return self.session.scalars(select(Picture).order_by(Picture.id)).first() or pytest.fail("no picture")

    def add_run(
        self, length: int, max_length: int, stop_reason: str | None, *, period: int | None = None, **settings: Any
    ) -> tuple[Run, Invocation]:
        """Add an experiment of one run of texts that all differ; return the run and its last invocation."""
        seed, network = settings.get("seed"), settings.get("network", ("FakeText",))
        seeds = {"num_runs": 1} if seed is None else {"seeds": (seed,)}
        config = ExperimentConfig(networks=(network,), prompts=("b",), max_length=max_length, **seeds)
        content = config.model_dump(mode="json")
        experiment = Experiment(config=content, config_hash=config.content_hash, created_at=NOW)
        self.session.add(experiment)
        self.session.flush()
        run = Run(
            experiment_id=experiment.id,
            number=0,
            network=list(network),
            initial_prompt="b",
            seed=seed,
            stream=5 if seed is None else None,
            max_length=max_length,
            stop_reason=stop_reason,
            period=period,
        )
        self.session.add(run)
        self.session.flush()
        last = None
        for number in range(length):
            last = self.add_text(run, number, last)
        assert last is not None
        return run, last

    def add_text(self, run: Run, number: int, before: Invocation | None) -> Invocation:
        text = f"text {number}"
        added = Invocation(
            run_id=run.id,
            sequence_number=number,
            model=run.network[number % len(run.network)],
            input_invocation_id=before.id if before else None,
            output_type="text",
            output_text=text,
            output_hash=prepare_output(text, OutputType.TEXT).hash,
            attempts=1,
            seconds=0.5,
            started_at=NOW,
            finished_at=NOW,
        )
        self.session.add(added)
        self.session.flush()
        return added

    def spoil_medoid(self, result: ClusteringResult) -> None:
        """Let a cluster be led by a member whose vector differs from the medoid's."""
        cluster, vectors = self.first_cluster(result), self.vectors()
        true = vectors[cluster.medoid_embedding_id or 0]
        cluster.medoid_embedding_id = next(each for each in self.members_of(cluster) if vectors[each] != true)

    def set_property(self, name: str, value: Any, number: int = 0) -> None:
        cluster = self.first_cluster(number=number)
        assert name in cluster.properties
        cluster.properties = {**cluster.properties, name: value}

    def add_assignment(self, result: ClusteringResult, cluster: Cluster, embedding_id: int) -> None:
        self.session.execute(
            insert(EmbeddingCluster).values(
                clustering_result_id=result.id,
                embedding_id=embedding_id,
                cluster_id=cluster.id,
                embedding_model_id=result.embedding_model_id,
                probability=0,
            )
        )

    def forget_what_follows(self, result: ClusteringResult, cluster: Cluster, change: int) -> None:
        """Let sizes agree and nothing else be recorded that would follow from another number of members."""
        cluster.size += change
        cluster.properties = {}
        result.counts = {}

    def later_assignment(self, result: ClusteringResult, embedding_id: int, cluster_key: int | None) -> LaterAssignment:
        return LaterAssignment(
            clustering_result_id=result.id,
            embedding_id=embedding_id,
            cluster_id=cluster_key,
            embedding_model_id=result.embedding_model_id,
            probability=0.0 if cluster_key is None else 0.5,
            assigned_at=NOW,
        )


def make_sound(location: str) -> None:
    """Make a database of every kind of row: ended, cyclic and failed runs, clusterings, and what came after them."""
    with pytest.MonkeyPatch.context() as patch, open_store(location, create=True) as store:
        patch.setattr("loopscope.engine.performing.new_streams", lambda: count(100))
        first = perform(store, NETWORKS, prompts=("a fox", "the rain"), seeds=(1, 4), num_runs=1, max_length=24)
        perform(store, (("Breaks",), ("FakeText",)), prompts=("a door",), seeds=(2,), max_length=4)
        for model in EMBEDDERS:
            cluster(store, model)
            cluster(store, model, downsample=2, medoid="weighted")
            cluster(store, model, experiment_ids=[first], without_prompts=["the rain"], medoid="nearest_to_mean")
        perform(store, (("FakeText",),), prompts=("a later fox",), seeds=(3,), max_length=6)
        with store.transaction() as session:
            Rows(session).add_what_the_engine_does_not()


def perform(store: Store, networks: tuple[tuple[str, ...], ...], **settings: Any) -> int:
    config = ExperimentConfig(networks=networks, embedding_models=EMBEDDERS, **settings)
    return perform_experiment(config, store, registry=REGISTRY).experiment_id


def cluster(store: Store, model: str, **settings: Any) -> None:
    sizes = {"min_cluster_size": 3, "min_samples": 2, "epsilon": 0.0, "allow_single_cluster": False}
    cluster_embeddings(store, model, **sizes, **settings)


@pytest.fixture(scope="session")
def sqlite_sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "sound.db"
    make_sound(str(path))
    return path


@pytest.fixture(scope="session")
def postgres_sound(postgres_url: str) -> Iterator[str]:
    with postgres_database(postgres_url) as url:
        make_sound(url)
        yield url


@contextmanager
def postgres_database(server_url: str, template: str = "template0") -> Iterator[str]:
    """Make a database on the server, and drop it at the end."""
    import psycopg

    server = make_url(server_url).set(drivername="postgresql").render_as_string(hide_password=False)
    name = f"loopscope_test_{uuid4().hex}"
    with closing(psycopg.connect(server, autocommit=True)) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')  # type: ignore[call-overload]
        try:
            yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f'DROP DATABASE "{name}"')  # type: ignore[call-overload]


@dataclass(frozen=True)
class Expected:
    """What is to be told: the table, parts of what is found and expected, and whether it can be mended."""

    table: str
    found: str
    expected: str
    fixable: bool = False

    def is_told_by(self, fault: Fault) -> bool:
        said = fault.table == self.table and self.found in fault.found and self.expected in fault.expected
        return said and fault.fixable == self.fixable


class Spoilt:
    """A database in which a test spoils one thing."""

    fault = Expected

    def __init__(self, store: Store) -> None:
        self.store = store

    @contextmanager
    def made(self) -> Iterator[Rows]:
        """Spoil it by what is done in here."""
        before = self.contents()
        with self.store.transaction() as session:
            yield Rows(session)
        assert self.contents() != before, "nothing was spoilt"

    def plain(self, *statements: str) -> None:
        """Spoil it behind the back of the constraints."""
        if self.store.dialect == "sqlite":
            import sqlite3

            with closing(sqlite3.connect(self.store.place.path, isolation_level=None)) as connection:
                for statement in ("PRAGMA ignore_check_constraints = ON", *statements):
                    connection.execute(statement)
            return
        import psycopg

        url = self.store.place.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url) as connection:
            for statement in ("SET session_replication_role = replica", *statements):
                connection.execute(statement)  # type: ignore[call-overload]

    def tells(self, table: str, found: str, expected: str, *, fixable: bool = False) -> None:
        """Check that this one fault is told, and mended if it can be."""
        self.tells_all(Expected(table, found, expected, fixable))

    def tells_all(self, *expected: Expected) -> None:
        """Check that these faults are told in this order and nothing else, and that they are mended which can be."""
        spoilt = self.contents()
        faults = self.examine()
        assert len(faults) == len(expected), said(faults)
        assert all(each.is_told_by(fault) for each, fault in zip(expected, faults, strict=True)), said(faults)
        assert self.contents() == spoilt, "the examination changed something"
        assert mend(self.store, faults) == [fault for fault in faults if fault.fixable]
        assert said(self.examine()) == said([fault for fault in faults if not fault.fixable])
        if not any(fault.fixable for fault in faults):
            assert self.contents() == spoilt

    def examine(self) -> list[Fault]:
        return examine(self.store, registry=REGISTRY)

    def resume(self, experiment_id: int) -> None:
        resume_experiment(experiment_id, self.store, registry=REGISTRY)

    def contents(self) -> dict[str, list[Any]]:
        """Every row of every table."""
        with self.store.session() as session:
            tables = Base.metadata.sorted_tables
            return {table.name: sorted(session.execute(select(table)).all(), key=str) for table in tables}


def said(faults: list[Fault]) -> list[str]:
    return [f"{fault.table} {dict(fault.row)}: found {fault.found}; expected {fault.expected}" for fault in faults]


@pytest.fixture
def sqlite_copy(sqlite_sound: Path, tmp_path: Path) -> Iterator[Spoilt]:
    """A copy of the sound database on SQLite."""
    shutil.copyfile(sqlite_sound, tmp_path / "copy.db")
    with open_store(tmp_path / "copy.db") as store:
        yield Spoilt(store)


@pytest.fixture
def postgres_copy(postgres_sound: str, postgres_url: str) -> Iterator[Spoilt]:
    """A copy of the sound database on PostgreSQL."""
    with postgres_database(postgres_url, make_url(postgres_sound).database or "") as url, open_store(url) as store:
        yield Spoilt(store)


@pytest.fixture(params=["sqlite", "postgresql"])
def spoilt(request: pytest.FixtureRequest) -> Any:
    """The sound database, for one thing in it to be spoilt."""
    return request.getfixturevalue("sqlite_copy" if request.param == "sqlite" else "postgres_copy")
