"""Whether every embedding has a vector, of the length of its model, finite and of unit length."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from loopscope.engine.doctor.blocks import fetch_blocks
from loopscope.engine.doctor.fault import Fault
from loopscope.engine.doctor.imported import find_imported_embeddings
from loopscope.engine.doctor.remedies import find_embedding_remedies, find_prompt_remedies
from loopscope.engine.progress import Progress
from loopscope.schemas import (
    Embedding,
    EmbeddingModel,
    EmbeddingVector,
    Experiment,
    FailedAttempt,
    Invocation,
    PromptEmbedding,
    Run,
)
from loopscope.store.vectors import decode_vectors
from loopscope.types import UNIT_TOLERANCE, OutputType

AT_A_TIME = 1_000
UNIT_LENGTH = "length 1"


class _Wrong(NamedTuple):
    """The key of a vector that is not as it should be."""

    key: int
    found: str
    expected: str


def check_vectors(session: Session, progress: Progress) -> Iterator[Fault]:
    """Check every vector, each read once; the ``id`` of each fault's row is that of the embedding.

    Imported vectors may be of any length.
    """
    models = session.scalars(select(EmbeddingModel).order_by(EmbeddingModel.id)).all()
    for model in models:
        of_model = Embedding.embedding_model_id == model.id
        progress.begin(f"doctor: vectors by {model.name}", session.scalar(select(func.count()).where(of_model)) or 0)
        statement = (
            select(Embedding.id, EmbeddingVector.vector)
            .outerjoin(EmbeddingVector, EmbeddingVector.embedding_id == Embedding.id)
            .where(of_model)
        )
        for rows in fetch_blocks(session, statement, Embedding.id, AT_A_TIME):
            stored = [(key, vector) for key, vector in rows]
            wrong = list(_judge(stored, model.dimension))
            not_unit = [each.key for each in wrong if each.expected == UNIT_LENGTH]
            allowed = find_imported_embeddings(session, not_unit) if not_unit else set()
            told = [each for each in wrong if not (each.expected == UNIT_LENGTH and each.key in allowed)]
            remedies = find_embedding_remedies(session, [each.key for each in told])
            for key, found, expected in told:
                row = {"id": key, "embedding_model": model.name}
                yield Fault("embedding", row, found, expected, remedies.get(key))
            progress.advance(len(rows))


def check_prompt_vectors(session: Session) -> Iterator[Fault]:
    """Check the vectors of initial prompts, and that only models that take text have any."""
    for model in session.scalars(select(EmbeddingModel).order_by(EmbeddingModel.id)):
        statement = (
            select(PromptEmbedding.run_id, PromptEmbedding.vector, Run.uuid)
            .join(Run, Run.id == PromptEmbedding.run_id)
            .where(PromptEmbedding.embedding_model_id == model.id)
        )
        for rows in fetch_blocks(session, statement, PromptEmbedding.run_id, AT_A_TIME):
            uuids = {run_id: uuid for run_id, _, uuid in rows}
            wrong = list(_judge([(run_id, vector) for run_id, vector, _ in rows], model.dimension))
            remedies = find_prompt_remedies(session, [each.key for each in wrong], model.id)
            if model.takes != OutputType.TEXT:
                wrong = [_Wrong(run_id, f"a prompt by a model that takes an {model.takes}", "none") for run_id in uuids]
            for run_id, found, expected in wrong:
                row = {"run_id": run_id, "run": uuids[run_id], "embedding_model": model.name}
                yield Fault("prompt_embedding", row, found, expected, remedies.get(run_id))


def check_prompts_are_embedded(session: Session) -> Iterator[Fault]:
    """Check that the initial prompt of each run is embedded by each model that embedded texts of the run.

    Expected only where prompts of the same experiment are embedded by that model, and none failed: an imported
    experiment has none.
    """
    made = aliased(PromptEmbedding)
    sibling = aliased(Run)
    embedded = (
        select(Invocation.run_id, Embedding.embedding_model_id)
        .join(Embedding, Embedding.invocation_id == Invocation.id)
        .distinct()
        .subquery()
    )
    statement = (
        select(Run.id, Run.uuid, EmbeddingModel.name, Experiment.uuid)
        .join(embedded, embedded.c.run_id == Run.id)
        .join(EmbeddingModel, EmbeddingModel.id == embedded.c.embedding_model_id)
        .join(Experiment, Experiment.id == Run.experiment_id)
        .outerjoin(made, (made.run_id == Run.id) & (made.embedding_model_id == EmbeddingModel.id))
        .where(EmbeddingModel.takes == OutputType.TEXT, made.run_id.is_(None))
        .where(
            exists()
            .where(sibling.experiment_id == Run.experiment_id, PromptEmbedding.run_id == sibling.id)
            .where(PromptEmbedding.embedding_model_id == EmbeddingModel.id),
            ~exists().where(
                FailedAttempt.run_id == Run.id,
                FailedAttempt.sequence_number == -1,
                FailedAttempt.model == EmbeddingModel.name,
            ),
        )
        .order_by(Run.id, EmbeddingModel.name)
    )
    for run_id, uuid, model, experiment in session.execute(statement):
        row = {"id": run_id, "uuid": uuid, "embedding_model": model}
        expected = "one, as the other runs of its experiment have"
        resume = f"loopscope experiment resume {experiment.hex[:8]}"
        yield Fault("run", row, f"no embedding of its initial prompt by {model}", expected, resume)


def check_embedded_types(session: Session) -> Iterator[Fault]:
    """Check that each embedding is of an output of the type that its model takes."""
    statement = (
        select(Embedding.id, EmbeddingModel.name, EmbeddingModel.takes, Invocation.id, Invocation.output_type)
        .join(EmbeddingModel, EmbeddingModel.id == Embedding.embedding_model_id)
        .join(Invocation, Invocation.id == Embedding.invocation_id)
        .where(Invocation.output_type != EmbeddingModel.takes)
        .order_by(Embedding.id)
    )
    for key, model, takes, invocation_id, output_type in session.execute(statement):
        row = {"id": key, "embedding_model": model, "invocation_id": invocation_id}
        yield Fault("embedding", row, f"an output of type {output_type}", f"{takes}, which {model} takes")


def _judge(stored: Sequence[tuple[int, bytes | None]], dimension: int) -> Iterator[_Wrong]:
    """Find the vectors that are missing, of another length, not finite or not of unit length."""
    expected = f"{4 * dimension} bytes, for {dimension} dimensions"
    whole = []
    for key, data in stored:
        if data is None:
            yield _Wrong(key, "no vector", "one")
        elif not isinstance(data, bytes) or len(data) != 4 * dimension:
            found = (
                f"a vector of {len(data)} bytes" if isinstance(data, bytes) else f"{type(data).__name__} for a vector"
            )
            yield _Wrong(key, found, expected)
        else:
            whole.append((key, data))
    if not whole:
        return
    vectors = decode_vectors([data for _, data in whole], dimension)
    finite = np.asarray(np.isfinite(vectors).all(axis=1))
    lengths = np.linalg.norm(np.where(finite[:, None], vectors, 0).astype(np.float64), axis=1)
    for place in np.flatnonzero(~finite | (np.abs(lengths - 1) > UNIT_TOLERANCE)).tolist():
        key = whole[place][0]
        if finite[place]:
            yield _Wrong(key, f"a vector of length {lengths[place]:g}", UNIT_LENGTH)
        else:
            yield _Wrong(key, "NaN or infinity in its vector", "finite numbers")
