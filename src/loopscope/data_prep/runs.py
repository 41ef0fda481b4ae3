"""The frame of runs."""

from typing import Any

import polars as pl
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from loopscope.data_prep.columns import INSTANT, RUN_KEYS, Column, Types, conform
from loopscope.data_prep.facts import fetch_small_frame
from loopscope.data_prep.keys import load_run_keys
from loopscope.schemas import FailedAttempt, Invocation, Run

COLUMNS = (
    *RUN_KEYS,
    Column("uuid", pl.String, "the run's public id"),
    Column("number", pl.Int64, "its number within its experiment, from 0"),
    Column("max_length", pl.Int64, "its length unless it stops before"),
    Column("length", pl.Int64, "how many invocations are finished"),
    Column("n_unique_outputs", pl.Int64, "how many different outputs they gave"),
    Column("stop_reason", pl.String, "length, cycle or failed; null while it has work left"),
    Column("period", pl.Int64, "after how many invocations its cycle repeats; null where it stopped otherwise"),
    Column("failure", pl.String, "what failed for good; null where nothing did"),
    Column("n_failed_attempts", pl.Int64, "how many calls of a model failed"),
    Column("started_at", INSTANT, "when its first invocation started"),
    Column("finished_at", INSTANT, "when its last invocation finished"),
)


def load_runs_df(session: Session, experiment_id: int | None = None) -> pl.DataFrame:
    """Load one row for each run, in the order of ``run_id``, with the columns ``COLUMNS``.

    Parameters
    ----------
    experiment_id
        The experiment whose runs are meant; by default all.

    Raises
    ------
    NotFoundError
        When there is no such experiment.
    """
    frame = load_run_keys(session, experiment_id)
    for part in (_load_runs, _count_invocations, _count_failed_attempts):
        frame = frame.join(part(session, experiment_id), on="run_id", how="left", maintain_order="left")
    counts = ("length", "n_unique_outputs", "n_failed_attempts")
    return conform(frame.with_columns(pl.col(counts).fill_null(0)), COLUMNS)


def _load_runs(session: Session, experiment_id: int | None) -> pl.DataFrame:
    schema: Types = {
        "run_id": pl.Int64,
        "uuid": pl.String,
        "number": pl.Int64,
        "max_length": pl.Int64,
        "stop_reason": pl.String,
        "period": pl.Int64,
        "failure": pl.String,
    }
    statement = select(Run.id, Run.uuid, Run.number, Run.max_length, Run.stop_reason, Run.period, Run.failure)
    return fetch_small_frame(session, statement, schema)


def _count_invocations(session: Session, experiment_id: int | None) -> pl.DataFrame:
    schema: Types = {
        "run_id": pl.Int64,
        "length": pl.Int64,
        "n_unique_outputs": pl.Int64,
        "started_at": INSTANT,
        "finished_at": INSTANT,
    }
    statement = (
        select(
            Invocation.run_id,
            func.count(),
            func.count(Invocation.output_hash.distinct()),
            func.min(Invocation.started_at),
            func.max(Invocation.finished_at),
        )
        .join(Run)
        .group_by(Invocation.run_id)
    )
    return fetch_small_frame(session, _of(experiment_id, statement), schema)


def _count_failed_attempts(session: Session, experiment_id: int | None) -> pl.DataFrame:
    statement = select(FailedAttempt.run_id, func.count()).join(Run).group_by(FailedAttempt.run_id)
    return fetch_small_frame(
        session, _of(experiment_id, statement), {"run_id": pl.Int64, "n_failed_attempts": pl.Int64}
    )


def _of(experiment_id: int | None, statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return statement if experiment_id is None else statement.where(Run.experiment_id == experiment_id)
