"""Embeddings in the store: what is still to be embedded out, vectors in."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, exists, func, insert, select
from sqlalchemy.orm import Session

from loopscope.errors import StoreError
from loopscope.schemas import (
    Embedding,
    EmbeddingModel,
    EmbeddingVector,
    Invocation,
    PromptEmbedding,
    Run,
)
from loopscope.store.vectors import encode_vectors
from loopscope.types import OutputType, Vectors


@dataclass(frozen=True)
class Unembedded:
    """An output that has no embedding under some model: of an invocation, or the initial prompt of a run."""

    run_id: int
    sequence_number: int
    invocation_id: int | None
    prompt: str | None = None


def ensure_embedding_model(session: Session, name: str, takes: OutputType, dimension: int) -> int:
    """Return the id of an embedding model's row, made where there is none.

    Raises
    ------
    StoreError
        If the database knows the model with another dimension or another input type.
    """
    row = session.scalar(select(EmbeddingModel).where(EmbeddingModel.name == name))
    if row is None:
        row = EmbeddingModel(name=name, takes=takes, dimension=dimension)
        session.add(row)
        session.flush()
    elif (row.takes, row.dimension) != (takes, dimension):
        raise StoreError(
            f"the database holds embeddings of {name} with {row.dimension} dimensions for {row.takes}; expected "
            f"{dimension} dimensions for {takes} as the installed model has: use another database with --db"
        )
    return row.id


def load_embedding_models(session: Session) -> dict[str, int]:
    """Return the ids of the embedding models that made embeddings here, by name."""
    return dict(session.execute(select(EmbeddingModel.name, EmbeddingModel.id)).all())


def count_unembedded(session: Session, experiment_id: int, embedding_model_id: int, takes: OutputType) -> int:
    """Count the invocations whose outputs have no embedding under the model yet."""
    return (
        session.scalar(
            select(func.count()).select_from(_unembedded(experiment_id, embedding_model_id, takes).subquery())
        )
        or 0
    )


def load_unembedded(
    session: Session, experiment_id: int, embedding_model_id: int, takes: OutputType, after: int, limit: int
) -> list[Unembedded]:
    """Return the next invocations, by id, whose outputs have no embedding under the model yet."""
    query = _unembedded(experiment_id, embedding_model_id, takes).where(Invocation.id > after)
    rows = session.execute(query.order_by(Invocation.id).limit(limit))
    return [Unembedded(run_id, sequence_number, invocation_id) for invocation_id, run_id, sequence_number in rows]


def load_unembedded_prompts(session: Session, experiment_id: int, embedding_model_id: int) -> list[Unembedded]:
    """Return the runs whose initial prompt has no embedding under the model yet."""
    embedded = exists().where(
        PromptEmbedding.run_id == Run.id, PromptEmbedding.embedding_model_id == embedding_model_id
    )
    rows = session.execute(
        select(Run.id, Run.initial_prompt).where(Run.experiment_id == experiment_id, ~embedded).order_by(Run.number)
    )
    return [Unembedded(run_id, -1, None, prompt) for run_id, prompt in rows]


def save_embeddings(
    session: Session, embedding_model_id: int, items: Sequence[Unembedded], vectors: Vectors, seconds: float
) -> None:
    """Write the embeddings of outputs and of prompts.

    Parameters
    ----------
    vectors
        Shape (number of items, dimension), float32.
    seconds
        What each took.
    """
    data = encode_vectors(vectors)
    prompts = [(each, row) for each, row in zip(items, data, strict=True) if each.invocation_id is None]
    outputs = [(each, row) for each, row in zip(items, data, strict=True) if each.invocation_id is not None]
    if prompts:
        session.execute(
            insert(PromptEmbedding),
            [{"run_id": each.run_id, "embedding_model_id": embedding_model_id, "vector": row} for each, row in prompts],
        )
    if outputs:
        ids = session.scalars(
            insert(Embedding).returning(Embedding.id, sort_by_parameter_order=True),
            [
                {"invocation_id": each.invocation_id, "embedding_model_id": embedding_model_id, "seconds": seconds}
                for each, _ in outputs
            ],
        )
        session.execute(
            insert(EmbeddingVector),
            [{"embedding_id": new, "vector": row} for new, (_, row) in zip(ids, outputs, strict=True)],
        )


def _unembedded(experiment_id: int, embedding_model_id: int, takes: OutputType) -> Select[int, int, int]:
    embedded = exists().where(
        Embedding.invocation_id == Invocation.id, Embedding.embedding_model_id == embedding_model_id
    )
    return (
        select(Invocation.id, Invocation.run_id, Invocation.sequence_number)
        .join(Run)
        .where(Run.experiment_id == experiment_id, Invocation.output_type == takes, ~embedded)
    )
