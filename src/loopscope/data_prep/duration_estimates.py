"""How the estimates of durations, of stays in clusters and of returns to them, become rows of a frame."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep.columns import Column, schema_of
from loopscope.data_prep.estimates import ESTIMATE_COLUMNS, estimate_values
from loopscope.data_prep.grouping import group_columns
from loopscope.data_prep.label_sequences import LABEL_KEYS, STEPS_PER_LOOP, LabelSequences, load_label_sequences
from loopscope.dynamics.durations import DurationEstimate
from loopscope.dynamics.milestoning import find_milestones
from loopscope.dynamics.sequences import Sequences

Integers = npt.NDArray[np.int64]

CLUSTER_ID = Column("cluster_id", pl.Int64, "the number of the cluster; -1 for outliers; null where no run is in one")

ESTIMATE_KEYS = (
    *LABEL_KEYS,
    STEPS_PER_LOOP,
    CLUSTER_ID,
    Column("quantity", pl.String, "what is estimated; times are in steps"),
    Column("null", pl.String, "S: shuffled steps; M1: first-order Markov surrogates; null: neither says anything"),
    Column("n_durations", pl.Int64, "how many stays or gaps there are"),
    Column("n_censored", pl.Int64, "of how many of them the end was not seen"),
)


def load_labels(
    session: Session, clustering_result_id: int, experiment_id: int | None, *, milestoning: bool
) -> LabelSequences:
    """Load the clusters of every run, with or without milestoning."""
    labels = load_label_sequences(session, clustering_result_id, experiment_id)
    return replace(labels, sequences=find_milestones(labels.sequences).sequences) if milestoning else labels


def list_durations(labels: LabelSequences, run: Integers, place: Integers, **values: npt.ArrayLike) -> pl.DataFrame:
    """Put durations into a frame, with the keys of their runs and the first step of each.

    Parameters
    ----------
    run, place
        Shape (n,), int64: the number of the run, and the place among the symbols of all runs.
    values
        Further columns: shape (n,).
    """
    keys = labels.runs.with_row_index("run").with_columns(
        **{name: pl.lit(value) for name, value in labels.keys.items()}, run=pl.col("run").cast(pl.Int64)
    )
    found = pl.DataFrame(
        {
            "run": run,
            "cluster_id": labels.sequences.symbols[place],
            "sequence_number": labels.sequence_number[place],
            "embedding_id": labels.embedding_id[place],
            **values,
        }
    )
    return found.join(keys, on="run", maintain_order="left")


def list_duration_estimates(
    labels: LabelSequences, by: Sequence[str], estimate: Callable[[Sequences], list[DurationEstimate]]
) -> pl.DataFrame:
    """Estimate durations of each group of runs: one row for each group, cluster, quantity and null."""
    columns = (*ESTIMATE_KEYS, *group_columns(by), *ESTIMATE_COLUMNS)
    rows = [
        labels.keys
        | values
        | {
            "cluster_id": found.symbol,
            "quantity": found.quantity,
            "null": found.null,
            "n_durations": found.n_durations,
            "n_censored": found.n_censored,
        }
        | estimate_values(found.estimate)
        for values, sequences in labels.groups(by)
        for found in estimate(sequences)
    ]
    return pl.DataFrame(rows, schema=schema_of(columns))
