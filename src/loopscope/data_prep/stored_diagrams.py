"""The stored persistence diagrams of one embedding model: what frames of diagrams are computed from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.data_prep.columns import RUN_KEYS, Column
from loopscope.data_prep.keys import load_embedding_models, load_run_keys
from loopscope.schemas import PersistenceDiagram
from loopscope.store.persistence_diagrams import DiagramState, Standing, decode_points, load_diagram_states
from loopscope.store.rows import fetch_rows

Points = npt.NDArray[np.float64]

DIMENSION = Column("dimension", pl.Int64, "of the homology: 0 for components, 1 for loops, 2 for hollows")
STANDING = Column(
    "standing",
    pl.String,
    "current: of all embeddings that the run has; outdated: of fewer or other ones; not recorded; not computed; "
    "no embeddings",
)
METRIC = Column("metric", pl.String, "chord: Euclidean between unit vectors; null where it was not recorded")
NO_POINTS: Points = np.empty((0, 2))


@dataclass(frozen=True)
class StoredDiagrams:
    """The persistence diagrams of runs, by one embedding model.

    Attributes
    ----------
    embedding_model_id
        The model's key.
    keys
        ``embedding_model`` and ``output_type``.
    runs
        One row for each run, in the order of ``run_id``, with the columns ``RUN_KEYS``.
    states
        How the diagram of each stands to its embeddings, in the same order.
    n_unique
        By ``run_id``, of how many different embeddings a diagram is.
    points
        By ``(run_id, dimension)``, births and deaths.
    """

    embedding_model_id: int
    keys: dict[str, Any]
    runs: pl.DataFrame
    states: list[DiagramState]
    n_unique: dict[int, int]
    points: dict[tuple[int, int], Points]

    @property
    def max_dimension(self) -> int:
        """The largest dimension that a run has, at least 1."""
        return max([1, *(dimension for _, dimension in self.points)])

    def reason(self, state: DiagramState, dimension: int) -> str | None:
        """Say why a run has no bars of a dimension; None where it has been looked at."""
        model = self.keys["embedding_model"]
        if (state.run_id, dimension) in self.points:
            return None
        if state.standing is Standing.NO_EMBEDDINGS:
            return f"no embeddings by {model}"
        higher = f" --max-dimension {dimension}" if dimension > 1 else ""
        return f"no persistence diagram yet: loopscope persistence perform {model}{higher}"


def load_stored_diagrams(
    session: Session,
    embedding_model: str | None = None,
    experiment_id: int | None = None,
    run_id: int | None = None,
) -> Iterator[StoredDiagrams]:
    """Read the diagrams of each embedding model, by its name.

    Parameters
    ----------
    embedding_model
        The name of the model that is meant; by default all.
    experiment_id, run_id
        The experiment, or the run, that is meant; by default all.

    Raises
    ------
    NotFoundError
        When there is no such model or experiment.
    """
    runs = load_run_keys(session, experiment_id).select(column.name for column in RUN_KEYS)
    if run_id is not None:
        runs = runs.filter(pl.col("run_id") == run_id)
    chosen = set(runs["run_id"].to_list())
    for model_id, name, output_type in load_embedding_models(session, embedding_model).iter_rows():
        states = load_diagram_states(session, model_id, None if experiment_id is None else [experiment_id])
        n_unique, points = _load_points(session, model_id, chosen)
        yield StoredDiagrams(
            model_id,
            {"embedding_model": name, "output_type": output_type},
            runs,
            [state for state in states if state.run_id in chosen],
            n_unique,
            points,
        )


def _load_points(
    session: Session, model_id: int, chosen: set[int]
) -> tuple[dict[int, int], dict[tuple[int, int], Points]]:
    statement = (
        select(
            PersistenceDiagram.run_id,
            PersistenceDiagram.dimension,
            PersistenceDiagram.n_unique,
            PersistenceDiagram.points,
        )
        .where(PersistenceDiagram.embedding_model_id == model_id)
        .order_by(PersistenceDiagram.run_id, PersistenceDiagram.dimension)
    )
    rows = [row for rows in fetch_rows(session, statement) for row in rows if row[0] in chosen]
    return (
        {run_id: n_unique for run_id, _, n_unique, _ in rows},
        {(run_id, dimension): decode_points(bytes(points)) for run_id, dimension, _, points in rows},
    )
