"""The frame of persistence diagrams, bar by bar."""

import numpy as np
import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep.columns import EMBEDDING_MODEL, RUN_KEYS, Column, conform, schema_of
from loopscope.data_prep.keys import require_run
from loopscope.data_prep.stored_diagrams import (
    DIMENSION,
    METRIC,
    NO_POINTS,
    STANDING,
    StoredDiagrams,
    load_stored_diagrams,
)

COLUMNS = (
    *RUN_KEYS,
    EMBEDDING_MODEL,
    DIMENSION,
    Column("birth", pl.Float64, "the distance at which the bar begins"),
    Column("death", pl.Float64, "the distance at which it ends; infinite where it does not"),
    Column("n", pl.Int64, "how many embeddings the diagram is of; null where it was not recorded"),
    Column("n_unique", pl.Int64, "how many of them are different"),
    METRIC,
    STANDING,
)


def load_persistence_diagrams_df(
    session: Session,
    embedding_model: str | None = None,
    experiment_id: int | None = None,
    run_id: int | None = None,
) -> pl.DataFrame:
    """Load one row for each bar, in the order of embedding model, run and dimension, with the columns ``COLUMNS``.

    A run without a diagram has no row here; ``load_persistence_entropy_df`` has one, with the reason.

    Parameters
    ----------
    embedding_model
        The name of the model whose diagrams are meant; by default all.
    experiment_id, run_id
        The experiment, or the run, that is meant; by default all.

    Raises
    ------
    NotFoundError
        When there is no such model, experiment or run.
    """
    if run_id is not None:
        require_run(session, run_id)
    parts = [pl.DataFrame(schema=schema_of(COLUMNS))]
    parts += [_list_bars(each) for each in load_stored_diagrams(session, embedding_model, experiment_id, run_id)]
    return pl.concat(parts)


def _list_bars(diagrams: StoredDiagrams) -> pl.DataFrame:
    states = {state.run_id: state for state in diagrams.states}
    rows = np.repeat(np.arange(len(diagrams.points)), [len(points) for points in diagrams.points.values()])
    bars = np.concatenate([NO_POINTS, *diagrams.points.values()])
    schema = {"run_id": pl.Int64, "dimension": pl.Int64, "n": pl.Int64, "n_unique": pl.Int64}
    each = pl.DataFrame(
        [
            (run_id, dimension, states[run_id].diagram_n, diagrams.n_unique[run_id], state.metric, state.standing.value)
            for (run_id, dimension) in diagrams.points
            for state in [states[run_id]]
        ],
        schema={**schema, "metric": pl.String, "standing": pl.String},
        orient="row",
    )
    frame = each[rows].with_columns(
        birth=pl.Series(bars[:, 0]),
        death=pl.Series(bars[:, 1]),
        embedding_model=pl.lit(diagrams.keys["embedding_model"]),
    )
    return conform(frame.join(diagrams.runs, on="run_id", maintain_order="left"), COLUMNS)
