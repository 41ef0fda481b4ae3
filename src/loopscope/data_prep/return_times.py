"""The frames of return times: the gap after every visit of a run to a cluster, and how long gaps last."""

from collections.abc import Sequence

import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep.cache import cached
from loopscope.data_prep.columns import RUN_KEYS, SEQUENCE_NUMBER, Column, conform
from loopscope.data_prep.duration_estimates import (
    CLUSTER_ID,
    ESTIMATE_KEYS,
    list_duration_estimates,
    list_durations,
    load_labels,
)
from loopscope.data_prep.label_sequences import LABEL_KEYS
from loopscope.dynamics.durations import DurationEstimate
from loopscope.dynamics.return_times import estimate_return_times, find_returns
from loopscope.dynamics.sequences import Sequences

__all__ = ["COLUMNS", "ESTIMATE_KEYS", "load_return_time_estimates_df", "load_return_times_df"]

COLUMNS = (
    *RUN_KEYS,
    *LABEL_KEYS,
    CLUSTER_ID,
    Column(SEQUENCE_NUMBER.name, pl.Int64, "the position of the visit's invocation in the run"),
    Column("embedding_id", pl.Int64, "the embedding of that invocation's output"),
    Column("gap", pl.Int64, "clustered steps to the next visit, 1 where it stays; where censored, how many there were"),
    Column("censored", pl.Boolean, "whether it was not seen to come back: the gap is longer"),
)


def load_return_times_df(
    session: Session, clustering_result_id: int, experiment_id: int | None = None, *, milestoning: bool = False
) -> pl.DataFrame:
    """Load one row for each step of a run in a cluster: a visit, and the gap to the next; in trajectory order.

    Outliers are a cluster of their own, −1.

    Parameters
    ----------
    clustering_result_id
        The result whose clusters are meant.
    experiment_id
        The experiment whose runs are meant; by default all.
    milestoning
        Whether an outlier counts as the last cluster that was visited before.

    Returns
    -------
    polars.DataFrame
        With the columns ``COLUMNS``.

    Raises
    ------
    NotFoundError
        When there is no such result or experiment.
    """
    labels = load_labels(session, clustering_result_id, experiment_id, milestoning=milestoning)
    returns = find_returns(labels.sequences)
    found = list_durations(labels, returns.run, returns.place, gap=returns.gap, censored=returns.censored)
    return conform(found, COLUMNS)


@cached
def load_return_time_estimates_df(
    session: Session,
    clustering_result_id: int,
    experiment_id: int | None = None,
    *,
    milestoning: bool = False,
    by: Sequence[str] = ("network",),
    draws: int = 200,
    nulls: int = 99,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each group of runs, cluster, quantity and null.

    Mean and median are those of the Kaplan-Meier curve; beside them stands one over the share of steps, which by Kac is
    the mean of a stationary run; the dispersion is the variance relative to the geometric one
    (:mod:`loopscope.dynamics.durations`).

    Parameters
    ----------
    clustering_result_id, experiment_id, milestoning
        As of :func:`load_return_times_df`.
    by
        What runs are grouped by: any of network, initial_prompt, seed.
    draws, nulls, seed
        How often runs are resampled, how many surrogates of each kind are drawn, and from which randomness.

    Returns
    -------
    polars.DataFrame
        With the columns ``ESTIMATE_KEYS``, those of ``by`` and ``ESTIMATE_COLUMNS``.

    Raises
    ------
    NotFoundError
        When there is no such result or experiment, or runs cannot be grouped so.
    """

    def estimate(sequences: Sequences) -> list[DurationEstimate]:
        return estimate_return_times(sequences, draws=draws, nulls=nulls, seed=seed)

    labels = load_labels(session, clustering_result_id, experiment_id, milestoning=milestoning)
    return list_duration_estimates(labels, by, estimate)
