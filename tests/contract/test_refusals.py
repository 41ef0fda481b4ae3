"""What the database itself refuses, by the constraint that refuses it: on SQLite and on PostgreSQL alike."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import UniqueConstraint, delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from loopscope.errors import StoreConflictError
from loopscope.schemas import (
    Base,
    Cluster,
    ClusteringResult,
    Embedding,
    EmbeddingCluster,
    EmbeddingModel,
    Experiment,
    Invocation,
    PersistenceDiagram,
    Run,
)
from loopscope.store.clusterings import save_clustering
from loopscope.store.connection import Store

Action = Callable[[Session], Any]


@dataclass(frozen=True)
class Refusal:
    name: str
    constraint: str
    action: Action


def change(table: type[Base], key: int, **columns: Any) -> Action:
    return lambda session: session.execute(update(table).where(table.id == key).values(**columns))  # type: ignore[attr-defined]


def add(table: type[Base], **columns: Any) -> Action:
    return lambda session: session.execute(insert(table), columns)


def copy(table: type[Base], key: int, **columns: Any) -> Action:
    """Add a row like another one, but for these columns."""

    def action(session: Session) -> None:
        found = session.execute(select(*table.__table__.columns).where(table.id == key)).one()  # type: ignore[attr-defined]
        row = dict(found._mapping)
        session.execute(insert(table), row | {"id": 1000} | columns)

    return action


def assign(clustering_result_id: int, embedding_id: int, number: int, embedding_model_id: int = 1) -> Action:
    """Assign an embedding to the cluster of this number of result 1, in any result."""

    def action(session: Session) -> None:
        cluster = select(Cluster.id).where(Cluster.clustering_result_id == 1, Cluster.cluster_id == number)
        session.execute(
            insert(EmbeddingCluster),
            {
                "clustering_result_id": clustering_result_id,
                "embedding_id": embedding_id,
                "cluster_id": session.scalars(cluster).one(),
                "embedding_model_id": embedding_model_id,
            },
        )

    return action


def change_cluster(number: int, **columns: Any) -> Action:
    where = (Cluster.clustering_result_id == 1, Cluster.cluster_id == number)
    return lambda session: session.execute(update(Cluster).where(*where).values(**columns))


ASSIGNED_MODEL = "fk_embedding_cluster_embedding_model_id_embedding_id"
RESULT_MODEL = "fk_embedding_cluster_embedding_model_id_clustering_result_id"
MEDOID = "fk_cluster_medoid_is_member"

REFUSALS = [
    Refusal(
        "two embeddings for one invocation and model",
        "uq_embedding_invocation_id_embedding_model_id",
        copy(Embedding, 2),
    ),
    Refusal(
        "two invocations for one run and sequence number",
        "uq_invocation_run_id_sequence_number",
        copy(Invocation, 2),
    ),
    Refusal("a text without text", "ck_invocation_text_output", change(Invocation, 2, output_text=None)),
    Refusal("a picture with text", "ck_invocation_text_output", change(Invocation, 1, output_text="text")),
    Refusal("a picture without picture", "ck_invocation_image_output", change(Invocation, 1, picture_id=None)),
    Refusal("an output of another type", "ck_invocation_output_type", change(Invocation, 2, output_type="sound")),
    Refusal("a negative sequence number", "ck_invocation_sequence_number", change(Invocation, 2, sequence_number=-1)),
    Refusal("a first invocation with an input", "ck_invocation_input", change(Invocation, 1, input_invocation_id=2)),
    Refusal("a later one without", "ck_invocation_input", change(Invocation, 2, input_invocation_id=None)),
    Refusal("one picture of two invocations", "uq_invocation_picture_id", change(Invocation, 1, picture_id=3)),
    Refusal("no attempt", "ck_invocation_attempts", change(Invocation, 1, attempts=0)),
    Refusal("an output of no run", "fk_invocation_run_id", change(Invocation, 1, run_id=99)),
    Refusal("a run without seed and stream", "ck_run_seed_or_stream", change(Run, 1, seed=None)),
    Refusal("a run with both", "ck_run_seed_or_stream", change(Run, 1, stream=1)),
    Refusal("a cycle without a period", "ck_run_period", change(Run, 3, period=None)),
    Refusal("a period without a cycle", "ck_run_period", change(Run, 1, period=2)),
    Refusal("a failed run without its failure", "ck_run_failure", change(Run, 1, stop_reason="failed")),
    Refusal("a run of one number twice", "uq_run_experiment_id_number", change(Run, 2, number=0)),
    Refusal("an unknown stop reason", "ck_run_stop_reason", change(Run, 1, stop_reason="tired")),
    Refusal("two models of one name", "uq_embedding_model_name", copy(EmbeddingModel, 1)),
    Refusal("an experiment twice", "uq_experiment_uuid", copy(Experiment, 1)),
    Refusal(
        "a second diagram of one dimension",
        "uq_persistence_diagram_run_id_embedding_model_id_dimension",
        copy(PersistenceDiagram, 1),
    ),
    Refusal("an embedding twice in one result", "pk_embedding_cluster", assign(1, 2, 1)),
    Refusal("a cluster of another result", "fk_embedding_cluster_cluster_id_clustering_result_id", assign(2, 6, 0)),
    Refusal("an embedding of another model", ASSIGNED_MODEL, assign(1, 1, 0)),
    Refusal("an embedding of another model that is lied about", RESULT_MODEL, assign(1, 1, 0, embedding_model_id=2)),
    Refusal("an embedding that is not there", ASSIGNED_MODEL, assign(1, 99, 0)),
    Refusal("a result whose model changes", RESULT_MODEL, change(ClusteringResult, 1, embedding_model_id=2)),
    Refusal("an outlier cluster with a medoid", "ck_cluster_medoid", change_cluster(-1, medoid_embedding_id=6)),
    Refusal("another cluster without one", "ck_cluster_medoid", change_cluster(0, medoid_embedding_id=None)),
    Refusal(
        "two clusters of one number",
        "uq_cluster_clustering_result_id_cluster_id",
        add(Cluster, clustering_result_id=1, cluster_id=-1, size=1, properties={}),
    ),
    Refusal(
        "a number below -1",
        "ck_cluster_cluster_id",
        add(Cluster, clustering_result_id=1, cluster_id=-2, medoid_embedding_id=2, size=1, properties={}),
    ),
    Refusal("an empty cluster", "ck_cluster_size", change_cluster(0, size=0)),
    Refusal("a medoid in another cluster", MEDOID, change_cluster(0, medoid_embedding_id=8)),
    Refusal("a medoid that is an outlier", MEDOID, change_cluster(0, medoid_embedding_id=6)),
    Refusal("a medoid of another model", MEDOID, change_cluster(0, medoid_embedding_id=1)),
    Refusal("a medoid that is not there", MEDOID, change_cluster(0, medoid_embedding_id=99)),
    Refusal(
        "a medoid that leaves",
        MEDOID,
        lambda session: session.execute(delete(EmbeddingCluster).where(EmbeddingCluster.embedding_id == 2)),
    ),
    Refusal(
        "deleting an embedding of a result",
        ASSIGNED_MODEL,
        lambda session: session.execute(delete(Embedding).where(Embedding.id == 4)),
    ),
    Refusal(
        "deleting an experiment of a result",
        ASSIGNED_MODEL,
        lambda session: session.execute(delete(Experiment).where(Experiment.id == 1)),
    ),
]


@pytest.fixture
def two_results(filled: Store, clustering: Any) -> Store:
    with filled.transaction() as session:
        save_clustering(session, clustering({4: 0, 10: 0}, [4]))
    return filled


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.name)
def test_refused(two_results: Store, refusal: Refusal) -> None:
    before = contents(two_results)
    with pytest.raises(StoreConflictError) as caught, two_results.transaction() as session:
        refusal.action(session)
    assert named(caught.value.__cause__, refusal.constraint)
    assert contents(two_results) == before


def test_a_medoid_is_looked_at_only_at_the_end(filled: Store) -> None:
    with filled.transaction() as session:
        change_cluster(0, medoid_embedding_id=8)(session)
        change_cluster(0, medoid_embedding_id=4)(session)
    with filled.session() as session:
        assert session.scalars(select(Cluster.medoid_embedding_id).where(Cluster.cluster_id == 0)).one() == 4


def test_every_connection_checks_foreign_keys(sqlite_store: Store) -> None:
    with sqlite_store.session() as one, sqlite_store.session() as two, sqlite_store.session() as three:
        for session in (one, two, three):
            assert session.execute(text("PRAGMA foreign_keys")).scalar() == 1
            assert session.execute(text("PRAGMA journal_mode")).scalar() == "wal"
            assert session.execute(text("PRAGMA synchronous")).scalar() == 1
            assert session.execute(text("PRAGMA busy_timeout")).scalar() == 30_000


def named(error: Any, constraint: str) -> bool:
    """Whether this constraint refused: PostgreSQL names it, SQLite names a CHECK, or the columns of a key."""
    cause = error.orig
    if hasattr(cause, "diag"):
        return bool(cause.diag.constraint_name == constraint)
    if constraint.startswith("ck_"):
        return str(cause) == f"CHECK constraint failed: {constraint}"
    if constraint.startswith("fk_"):
        return str(cause) == "FOREIGN KEY constraint failed"
    return str(cause) == f"UNIQUE constraint failed: {columns_of(constraint)}"


def columns_of(constraint: str) -> str:
    for table in Base.metadata.tables.values():
        for each in table.constraints:
            if each.name == constraint:
                assert isinstance(each, UniqueConstraint) or each is table.primary_key
                return ", ".join(f"{table.name}.{column.name}" for column in each.columns)
    raise AssertionError(f"no constraint {constraint}")


def contents(store: Store) -> dict[str, int]:
    with store.session() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }
