"""Whether persistence diagrams hold pairs of a birth and a death, and as many as they can."""

from collections.abc import Iterator

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from loopscope.engine.doctor.blocks import fetch_blocks
from loopscope.engine.doctor.fault import Fault, Row
from loopscope.schemas import EmbeddingModel, PersistenceDiagram, Run
from loopscope.store.persistence_diagrams import decode_points

AT_A_TIME = 256
PAIR = 16
"""Bytes of a birth and a death."""


def check_diagrams(session: Session) -> Iterator[Fault]:
    """Check the points of each diagram, and that no dimension is missing below the one it was computed up to.

    A diagram that is out of date is no fault: ``loopscope persistence list`` tells it.
    """
    statement = select(
        PersistenceDiagram.id,
        PersistenceDiagram.dimension,
        PersistenceDiagram.points,
        PersistenceDiagram.n_unique,
        Run.uuid,
        EmbeddingModel.name,
    )
    statement = statement.join(Run, Run.id == PersistenceDiagram.run_id)
    statement = statement.join(EmbeddingModel, EmbeddingModel.id == PersistenceDiagram.embedding_model_id)
    for rows in fetch_blocks(session, statement, PersistenceDiagram.id, AT_A_TIME):
        for key, dimension, points, n_unique, uuid, model in rows:
            row = {"id": key, "run": uuid, "embedding_model": model, "dimension": dimension}
            yield from _judge(row, dimension, points, n_unique, _command(model))
    yield from _find_missing_dimensions(session)


def _judge(row: Row, dimension: int, points: bytes, n_unique: int, command: str) -> Iterator[Fault]:
    table = "persistence_diagram"
    if len(points) % PAIR:
        yield Fault(table, row, f"points of {len(points)} bytes", f"{PAIR} for each point", command)
        return
    births, deaths = decode_points(points).T
    wrong = int((~(np.isfinite(births) & (births <= deaths))).sum())
    if wrong:
        found = f"{wrong} points that die before they are born, or are no numbers"
        yield Fault(table, row, found, "finite births, each up to its death", command)
        return
    if dimension:
        return
    if len(births) > n_unique:
        yield Fault(table, row, f"{len(births)} components of {n_unique} embeddings", f"at most {n_unique}", command)
    endless = int(np.isinf(deaths).sum())
    if endless != 1:
        yield Fault(table, row, f"{endless} components that never end", "1", command)


def _find_missing_dimensions(session: Session) -> Iterator[Fault]:
    """Find diagrams that have fewer rows than dimensions; where that was not recorded, none are expected."""
    highest, count = func.max(PersistenceDiagram.max_dimension), func.count()
    statement = (
        select(Run.id, Run.uuid, EmbeddingModel.name, highest, count)
        .join(PersistenceDiagram, PersistenceDiagram.run_id == Run.id)
        .join(EmbeddingModel, EmbeddingModel.id == PersistenceDiagram.embedding_model_id)
        .group_by(Run.id, Run.uuid, EmbeddingModel.name)
        .having(highest.is_not(None), count != highest + 1)
        .order_by(Run.id, EmbeddingModel.name)
    )
    for run_id, uuid, model, last, rows in session.execute(statement):
        assert last is not None  # as the query asks for
        row = {"run_id": run_id, "run": uuid, "embedding_model": model}
        expected = f"{last + 1}: dimensions 0 to {last}"
        yield Fault("persistence_diagram", row, f"{rows} dimensions", expected, _command(model))


def _command(model: str) -> str:
    return f"loopscope persistence perform {model} --again"
