"""The frame of milestones: how much of each run is in a cluster, between two, and before the first."""

import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep.columns import RUN_KEYS, Column, conform
from loopscope.data_prep.label_sequences import LABEL_KEYS, load_label_sequences
from loopscope.dynamics.milestoning import find_milestones

COLUMNS = (
    *LABEL_KEYS,
    *RUN_KEYS,
    Column("n_steps", pl.Int64, "how many steps of the run have a cluster or are outliers"),
    Column("in_core", pl.Int64, "how many of them are in a cluster"),
    Column("in_transit", pl.Int64, "how many are outliers after the first cluster"),
    Column("lead", pl.Int64, "how many are outliers before the first cluster"),
    Column("transit_share", pl.Float64, "in_transit of all from the first cluster on; null where there is no cluster"),
    Column("reason", pl.String, "why there is no share; null where there is one"),
)

ALL_OUTLIERS = "all known steps of the run are outliers"


def load_milestones_df(session: Session, clustering_result_id: int, experiment_id: int | None = None) -> pl.DataFrame:
    """Load one row for each run that has a clustered output, with the columns ``COLUMNS``.

    Parameters
    ----------
    clustering_result_id
        The result whose clusters are meant.
    experiment_id
        The experiment whose runs are meant; by default all.

    Raises
    ------
    NotFoundError
        When there is no such result or experiment.
    """
    labels = load_label_sequences(session, clustering_result_id, experiment_id)
    milestones = find_milestones(labels.sequences)
    core, transit = pl.col("in_core"), pl.col("in_transit")
    frame = labels.runs.with_columns(
        *(pl.lit(value).alias(name) for name, value in labels.keys.items()),
        in_core=pl.Series(milestones.in_core, dtype=pl.Int64),
        in_transit=pl.Series(milestones.in_transit, dtype=pl.Int64),
        lead=pl.Series(milestones.lead, dtype=pl.Int64),
    ).with_columns(
        n_steps=core + transit + pl.col("lead"),
        transit_share=pl.when(core > 0).then(transit / (core + transit)),
        reason=pl.when(core == 0).then(pl.lit(ALL_OUTLIERS)),
    )
    return conform(frame, COLUMNS)
