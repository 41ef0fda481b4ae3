"""The frames of dwell times: every stay of a run in a cluster, and how long stays last."""

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
from loopscope.dynamics.dwell_times import estimate_dwell_times, find_stays
from loopscope.dynamics.sequences import Sequences

__all__ = ["COLUMNS", "ESTIMATE_KEYS", "load_dwell_time_estimates_df", "load_dwell_times_df"]

COLUMNS = (
    *RUN_KEYS,
    *LABEL_KEYS,
    CLUSTER_ID,
    Column(SEQUENCE_NUMBER.name, pl.Int64, "the position of the first invocation of the stay in the run"),
    Column("embedding_id", pl.Int64, "the embedding of that invocation's output"),
    Column("length", pl.Int64, "for how many clustered steps it stays"),
    Column("left_censored", pl.Boolean, "whether the beginning is not seen: the run, or what is known of it, begins"),
    Column("right_censored", pl.Boolean, "whether the end is not seen: the run, or what is known of it, ends"),
)


def load_dwell_times_df(
    session: Session, clustering_result_id: int, experiment_id: int | None = None, *, milestoning: bool = False
) -> pl.DataFrame:
    """Load one row for each stay of a run in a cluster, in the order of ``run_id, sequence_number``.

    The lengths of a run sum to its clustered steps. Outliers are a cluster of their own, −1.

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
    stays = find_stays(labels.sequences)
    found = list_durations(
        labels,
        stays.run,
        stays.place,
        length=stays.length,
        left_censored=stays.left_censored,
        right_censored=stays.right_censored,
    )
    return conform(found, COLUMNS)


@cached
def load_dwell_time_estimates_df(
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

    The mean is that of a geometric law with censoring; the median is that of the Kaplan-Meier curve; the dispersion is
    the variance relative to the geometric one (:mod:`loopscope.dynamics.durations`).

    Parameters
    ----------
    clustering_result_id, experiment_id, milestoning
        As of :func:`load_dwell_times_df`.
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
        return estimate_dwell_times(sequences, draws=draws, nulls=nulls, seed=seed)

    labels = load_labels(session, clustering_result_id, experiment_id, milestoning=milestoning)
    return list_duration_estimates(labels, by, estimate)
