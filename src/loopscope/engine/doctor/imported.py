"""What an import brought over from another tool, which was made by other rules."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from loopscope.schemas import IMPORTED, Embedding, Experiment, Invocation, Run


def of_imported_experiment() -> ColumnElement[bool]:
    """Say that an experiment was imported: runs may be missing, and its config is not one of ours."""
    return Experiment.config_hash.startswith(IMPORTED)


def find_imported_embeddings(session: Session, embedding_ids: Collection[int]) -> set[int]:
    """Find those of some embeddings that were imported: their vectors may be of any length."""
    statement = (
        select(Embedding.id)
        .join(Invocation, Invocation.id == Embedding.invocation_id)
        .join(Run, Run.id == Invocation.run_id)
        .join(Experiment, Experiment.id == Run.experiment_id)
        .where(Embedding.id.in_(embedding_ids), of_imported_experiment())
    )
    return set(session.scalars(statement))
