"""Persistence diagrams in the store: which runs have one, whether it is of all their embeddings, and diagrams in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from loopscope.schemas import Embedding, Invocation, PersistenceDiagram, Run

Points = npt.NDArray[np.float64]


class Standing(StrEnum):
    """How the stored diagram of a run stands to the embeddings that the run has now."""

    CURRENT = "current"
    OUTDATED = "outdated"
    NOT_RECORDED = "not recorded"
    """It is there, but not of which embeddings it is."""
    NOT_COMPUTED = "not computed"
    NO_EMBEDDINGS = "no embeddings"


@dataclass(frozen=True)
class DiagramState:
    """A run, and its diagram by one embedding model.

    Attributes
    ----------
    n, last_embedding_id
        How many embeddings the run has now, and the newest; 0 where it has none.
    diagram_n, diagram_last_embedding_id, max_dimension, metric
        What the diagram is of; None where there is none, or it was not recorded.
    computed
        Whether there is a diagram.
    """

    run_id: int
    n: int
    last_embedding_id: int
    diagram_n: int | None
    diagram_last_embedding_id: int | None
    max_dimension: int | None
    metric: str | None
    computed: bool

    @property
    def standing(self) -> Standing:
        """How the diagram stands to the embeddings."""
        if not self.computed:
            return Standing.NOT_COMPUTED if self.n else Standing.NO_EMBEDDINGS
        if self.diagram_n is None or self.diagram_last_embedding_id is None:
            return Standing.NOT_RECORDED
        same = (self.diagram_n, self.diagram_last_embedding_id) == (self.n, self.last_embedding_id)
        return Standing.CURRENT if same else Standing.OUTDATED


@dataclass(frozen=True)
class NewDiagram:
    """A diagram to be saved; the fields are the columns of the table, ``points`` by dimension from 0."""

    run_id: int
    embedding_model_id: int
    points: tuple[Points, ...]
    n: int
    n_unique: int
    last_embedding_id: int
    metric: str
    versions: dict[str, str]
    seconds: float
    started_at: datetime
    finished_at: datetime


def load_diagram_states(
    session: Session, embedding_model_id: int, experiment_ids: Sequence[int] | None = None
) -> list[DiagramState]:
    """Tell of each run whether it has a diagram of all its embeddings, in the order of ``run_id``.

    Parameters
    ----------
    experiment_ids
        The experiments whose runs are meant; by default all.
    """
    embedded = (
        select(Invocation.run_id, func.count().label("n"), func.max(Embedding.id).label("last"))
        .join(Embedding, Embedding.invocation_id == Invocation.id)
        .where(Embedding.embedding_model_id == embedding_model_id)
        .group_by(Invocation.run_id)
        .subquery()
    )
    stored = (
        select(
            PersistenceDiagram.run_id,
            func.max(PersistenceDiagram.n).label("n"),
            func.max(PersistenceDiagram.last_embedding_id).label("last"),
            func.max(PersistenceDiagram.max_dimension).label("max_dimension"),
            func.max(PersistenceDiagram.metric).label("metric"),
            func.count().label("rows"),
        )
        .where(PersistenceDiagram.embedding_model_id == embedding_model_id)
        .group_by(PersistenceDiagram.run_id)
        .subquery()
    )
    statement = (
        select(
            Run.id,
            func.coalesce(embedded.c.n, 0),
            func.coalesce(embedded.c.last, 0),
            stored.c.n,
            stored.c.last,
            stored.c.max_dimension,
            stored.c.metric,
            stored.c.rows.is_not(None),
        )
        .outerjoin(embedded, embedded.c.run_id == Run.id)
        .outerjoin(stored, stored.c.run_id == Run.id)
        .order_by(Run.id)
    )
    if experiment_ids is not None:
        statement = statement.where(Run.experiment_id.in_(experiment_ids))
    return [
        DiagramState(run_id, n, last, diagram_n, diagram_last, max_dimension, metric, bool(computed))
        for run_id, n, last, diagram_n, diagram_last, max_dimension, metric, computed in session.execute(statement)
    ]


def save_diagrams(session: Session, diagrams: Iterable[NewDiagram]) -> int:
    """Save diagrams in place of those that are there of the same runs and models; return how many.

    One of a run that was deleted meanwhile is left out.
    """
    chosen = list(diagrams)
    there = set(session.scalars(select(Run.id).where(Run.id.in_({each.run_id for each in chosen}))))
    kept = [each for each in chosen if each.run_id in there]
    for each in kept:
        session.execute(
            delete(PersistenceDiagram).where(
                PersistenceDiagram.run_id == each.run_id,
                PersistenceDiagram.embedding_model_id == each.embedding_model_id,
            )
        )
    rows = [row for each in kept for row in _rows(each)]
    if rows:
        session.execute(insert(PersistenceDiagram), rows)
    return len(kept)


def encode_points(points: Points) -> bytes:
    """Write bars, shape (number of bars, 2), as they are stored: little-endian float64."""
    return np.ascontiguousarray(points, dtype="<f8").tobytes()


def decode_points(stored: bytes) -> Points:
    """Read stored bars: shape (number of bars, 2), float64, read-only."""
    return np.frombuffer(stored, dtype="<f8").reshape(-1, 2)


def _rows(diagram: NewDiagram) -> list[dict[str, Any]]:
    every = {name: getattr(diagram, name) for name in NewDiagram.__dataclass_fields__ if name != "points"}
    return [
        {**every, "dimension": dimension, "max_dimension": len(diagram.points) - 1, "points": encode_points(points)}
        for dimension, points in enumerate(diagram.points)
    ]
