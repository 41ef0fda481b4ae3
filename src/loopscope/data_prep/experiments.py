"""The frame of experiments."""

import polars as pl
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from loopscope.data_prep.columns import INSTANT, Column, conform
from loopscope.data_prep.facts import fetch_small_frame
from loopscope.data_prep.keys import load_run_keys
from loopscope.schemas import Embedding, Experiment, Invocation, Run

COLUMNS = (
    Column("experiment_id", pl.Int64, "the experiment"),
    Column("uuid", pl.String, "its public id"),
    Column("created_at", INSTANT, "when it was first performed"),
    Column("networks", pl.List(pl.String), "its distinct networks, such as A→B, sorted"),
    Column("initial_prompts", pl.List(pl.String), "its distinct initial prompts, sorted"),
    Column("max_length", pl.Int64, "the length of its runs unless they stop before"),
    Column("n_runs", pl.Int64, "how many runs it has"),
    Column("n_ended", pl.Int64, "how many of them have ended, by length, cycle or failure"),
    Column("n_failed", pl.Int64, "in how many of them something failed for good"),
    Column("n_invocations", pl.Int64, "how many invocations are finished"),
    Column("n_embeddings", pl.Int64, "how many embeddings of theirs there are"),
)


def load_experiments_df(session: Session) -> pl.DataFrame:
    """Load one row for each experiment, oldest first, with the columns ``COLUMNS``."""
    experiments = fetch_small_frame(
        session,
        select(Experiment.id, Experiment.uuid, Experiment.created_at).order_by(Experiment.id),
        {"experiment_id": pl.Int64, "uuid": pl.String, "created_at": INSTANT},
    )
    keys = load_run_keys(session).group_by("experiment_id")
    named = keys.agg(
        networks=pl.col("network").unique().sort(), initial_prompts=pl.col("initial_prompt").unique().sort()
    )
    frame = experiments
    for part in (named, _count_runs(session), _count_invocations(session), _count_embeddings(session)):
        frame = frame.join(part, on="experiment_id", how="left", maintain_order="left")
    return conform(frame.with_columns(pl.col("^n_.*$").fill_null(0)), COLUMNS)


def _count_runs(session: Session) -> pl.DataFrame:
    failed = func.sum(case((Run.failure.is_not(None), 1), else_=0))
    statement = select(
        Run.experiment_id, func.max(Run.max_length), func.count(), func.count(Run.stop_reason), failed
    ).group_by(Run.experiment_id)
    names = ("experiment_id", "max_length", "n_runs", "n_ended", "n_failed")
    return fetch_small_frame(session, statement, dict.fromkeys(names, pl.Int64))


def _count_invocations(session: Session) -> pl.DataFrame:
    statement = select(Run.experiment_id, func.count()).join(Invocation).group_by(Run.experiment_id)
    return fetch_small_frame(session, statement, {"experiment_id": pl.Int64, "n_invocations": pl.Int64})


def _count_embeddings(session: Session) -> pl.DataFrame:
    statement = (
        select(Run.experiment_id, func.count())
        .join(Invocation, Invocation.run_id == Run.id)
        .join(Embedding, Embedding.invocation_id == Invocation.id)
        .group_by(Run.experiment_id)
    )
    return fetch_small_frame(session, statement, {"experiment_id": pl.Int64, "n_embeddings": pl.Int64})
