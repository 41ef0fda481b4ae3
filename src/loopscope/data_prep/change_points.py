"""The frame of change points: where each run goes over into something else and stays there."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep.cache import cached
from loopscope.data_prep.columns import RUN_KEYS, SEQUENCE_NUMBER, Column, schema_of
from loopscope.data_prep.vector_sequences import GENERATOR, VECTOR_KEYS, load_vector_sequences
from loopscope.dynamics.change_points import NULLS, PENALTY, ChangePoints, find_change_points

COLUMNS = (
    *VECTOR_KEYS,
    *RUN_KEYS,
    GENERATOR,
    Column("n_steps", pl.Int64, "how many steps of the generator have an embedding"),
    Column("n_change_points", pl.Int64, "how many change points the run has; null where none could be looked for"),
    Column("penalty", pl.Float64, "what a change point must gain"),
    Column("change_point", pl.Int64, "the first step of what comes after, among those of the generator from 0"),
    SEQUENCE_NUMBER,
    Column("embedding_id", pl.Int64, "the embedding of that step"),
    Column(
        "gain", pl.Float64, "by how much the scatter within segments falls by it; without one, by the best there is"
    ),
    Column("null_mean", pl.Float64, "the mean gain of the best change point of the run in shuffled orders"),
    Column("null_p", pl.Float64, "the share of shuffled orders whose best change point gains as much"),
    Column("run_null_p", pl.Float64, "the same of the run's best single change point: whether it changes at all"),
    Column("method", pl.String, "how change points and null were made"),
    Column("reason", pl.String, "why there is no change point; null where there is one"),
)


@cached
def load_change_points_df(
    session: Session,
    embedding_model: str,
    experiment_id: int | None = None,
    *,
    penalty: float = PENALTY,
    nulls: int = NULLS,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each change point of each run and generator; a run without any has one row that says why.

    Parameters
    ----------
    embedding_model
        The name of the model in whose space runs change.
    experiment_id
        The experiment whose runs are meant; by default all.
    penalty
        c: a change point must gain c ln n, n being the number of steps.
    nulls, seed
        How many times the steps of each run are shuffled, and where the order comes from.

    Returns
    -------
    polars.DataFrame
        With the columns ``COLUMNS``, in the order of runs and steps.

    Raises
    ------
    NotFoundError
        When there is no such model or experiment.
    """
    sequences = load_vector_sequences(session, embedding_model, experiment_id)
    turns_of = {values["network"]: sequences.turns(members) for values, members in sequences.groups(["network"])}
    method = f"kernel change points, penalty {penalty:g} ln n; null S: {nulls} shuffles of the steps within each run"
    rows = []
    for row, vectors, known in sequences.iterate_runs(session, np.arange(sequences.n_runs)):
        run = sequences.runs.row(row, named=True)
        turns = turns_of[run["network"]]
        of_run = slice(sequences.starts[row], sequences.starts[row + 1])
        for turn, generator in enumerate(turns):
            mine = slice(turn, None, len(turns))
            found = find_change_points(vectors[mine], known[mine], penalty=penalty, nulls=nulls, seed=seed + row)
            ids = sequences.embedding_id[of_run][mine]
            numbers = sequences.sequence_number[of_run][mine]
            keys = sequences.keys | run | {"generator": generator, "method": method}
            rows += [keys | each for each in _rows_of(found, ids, numbers)]
    return pl.DataFrame(rows, schema=schema_of(COLUMNS), orient="row")


def _rows_of(
    found: ChangePoints, ids: npt.NDArray[np.int64], numbers: npt.NDArray[np.int64]
) -> Iterator[dict[str, Any]]:
    looked = not np.isnan(found.penalty)
    every = {
        "n_steps": found.n_steps,
        "n_change_points": len(found.found) if looked else None,
        "penalty": found.penalty if looked else None,
        "null_mean": float(found.null.mean()) if len(found.null) else None,
        "run_null_p": found.null_p if len(found.null) else None,
        "reason": found.reason,
    }
    for point in found.found:
        where = {"change_point": point.step, "sequence_number": int(numbers[point.step])}
        where |= {"embedding_id": int(ids[point.step])}
        yield every | where | {"gain": point.gain, "null_p": point.null_p if len(found.null) else None}
    if not found.found:
        nowhere = {"change_point": None, "sequence_number": None, "embedding_id": None}
        yield every | nowhere | {"gain": found.best_gain if looked else None, "null_p": every["run_null_p"]}
