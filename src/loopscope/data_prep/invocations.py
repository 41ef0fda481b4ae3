"""The frame of invocations."""

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.data_prep.columns import INSTANT, OUTPUT_TYPE, RUN_KEYS, SEQUENCE_NUMBER, Column, conform, schema_of
from loopscope.data_prep.facts import fetch_frame
from loopscope.data_prep.keys import load_run_keys
from loopscope.schemas import Invocation, Run

_FACTS = (
    SEQUENCE_NUMBER,
    Column("model", pl.String, "the generator that was called"),
    Column("input_invocation_id", pl.Int64, "whose output it was given; null where it was the initial prompt"),
    OUTPUT_TYPE,
    Column("output_text", pl.String, "the text it gave; null for a picture"),
    Column("picture_id", pl.Int64, "the picture it gave; null for a text"),
    Column("output_hash", pl.String, "equal where outputs are equal"),
    Column("attempts", pl.Int64, "how many calls it took"),
    Column("seconds", pl.Float64, "its share of the time that its batch took"),
    Column("started_at", INSTANT, "when its batch was begun"),
    Column("finished_at", INSTANT, "when its batch was done"),
)

COLUMNS = (Column("invocation_id", pl.Int64, "the invocation"), *RUN_KEYS, *_FACTS)


def load_invocations_df(session: Session, experiment_id: int | None = None, run_id: int | None = None) -> pl.DataFrame:
    """Load one row for each invocation, in the order of ``run_id, sequence_number``, with the columns ``COLUMNS``.

    Parameters
    ----------
    experiment_id
        The experiment whose invocations are meant; by default all.
    run_id
        The one run whose invocations are meant; by default all.

    Raises
    ------
    NotFoundError
        When there is no such experiment.
    """
    runs = load_run_keys(session, experiment_id)
    names = [column.name for column in _FACTS]
    statement = select(Invocation.id, Invocation.run_id, *(getattr(Invocation, name) for name in names))
    if experiment_id is not None:
        statement = statement.join(Run).where(Run.experiment_id == experiment_id)
    if run_id is not None:
        statement = statement.where(Invocation.run_id == run_id)
    facts = fetch_frame(session, statement, {"invocation_id": pl.Int64, "run_id": pl.Int64, **schema_of(_FACTS)})
    return conform(facts.join(runs, on="run_id").sort("run_id", "sequence_number"), COLUMNS)
