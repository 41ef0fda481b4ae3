"""What to type about rows that no command of Loopscope deletes: each step, in the order in which it works."""

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.engine.doctor.imported import of_imported_experiment
from loopscope.schemas import ClusteringResult, Embedding, EmbeddingCluster, Experiment, Invocation, Run


def delete_by_hand(session: Session, statements: str) -> str:
    """Return the command that performs statements of SQL; FILE stands for the database."""
    if session.connection().dialect.name == "sqlite":
        return f'sqlite3 FILE "{statements}"'
    return f'psql -c "{statements}"'


def find_embedding_remedies(session: Session, embedding_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Find what brings back the vectors of some embeddings: each is deleted, and made again by ``resume``.

    The clusterings that hold an embedding are deleted before it, since the database keeps it otherwise. Embeddings of
    imported experiments are left out: only a copy of the database has their vectors.
    """
    if not embedding_ids:
        return {}
    holders: defaultdict[int, dict[UUID, str]] = defaultdict(dict)
    held = (
        select(EmbeddingCluster.embedding_id, ClusteringResult.uuid, ClusteringResult.layer_group)
        .join(ClusteringResult, ClusteringResult.id == EmbeddingCluster.clustering_result_id)
        .where(EmbeddingCluster.embedding_id.in_(embedding_ids))
        .order_by(ClusteringResult.id)
    )
    for key, uuid, layer_group in session.execute(held):  # the layers of one clustering are deleted together
        holders[key].setdefault(layer_group or uuid, f"loopscope cluster delete {uuid.hex[:8]}")
    of_experiment = (
        select(Embedding.id, Experiment.uuid)
        .join(Invocation, Invocation.id == Embedding.invocation_id)
        .join(Run, Run.id == Invocation.run_id)
        .join(Experiment, Experiment.id == Run.experiment_id)
        .where(Embedding.id.in_(embedding_ids), ~of_imported_experiment())
    )
    return {
        key: (*holders[key].values(), _delete_embedding(session, key), f"loopscope experiment resume {uuid.hex[:8]}")
        for key, uuid in session.execute(of_experiment)
    }


def find_prompt_remedies(session: Session, run_ids: Collection[int], model_id: int) -> dict[int, tuple[str, ...]]:
    """Find what brings back the vectors of the initial prompts of some runs, as :func:`find_embedding_remedies`."""
    if not run_ids:
        return {}
    statement = (
        select(Run.id, Experiment.uuid)
        .join(Experiment, Experiment.id == Run.experiment_id)
        .where(Run.id.in_(run_ids), ~of_imported_experiment())
    )
    return {
        run_id: (_delete_prompt(session, run_id, model_id), f"loopscope experiment resume {uuid.hex[:8]}")
        for run_id, uuid in session.execute(statement)
    }


def _delete_embedding(session: Session, key: int) -> str:
    enforced = "PRAGMA foreign_keys = ON; " if session.connection().dialect.name == "sqlite" else ""
    return delete_by_hand(session, f"{enforced}DELETE FROM embedding WHERE id = {key}")  # noqa: S608 - shown, never performed


def _delete_prompt(session: Session, run_id: int, model_id: int) -> str:
    where = f"run_id = {run_id} AND embedding_model_id = {model_id}"
    return delete_by_hand(session, f"DELETE FROM prompt_embedding WHERE {where}")  # noqa: S608 - shown, never performed
