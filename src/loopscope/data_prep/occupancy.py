"""The frame of occupancy: which share of their steps runs are in each cluster, over the whole run and its tenths."""

from collections.abc import Sequence
from typing import Any

import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep.cache import cached
from loopscope.data_prep.cluster_names import label_columns, load_cluster_names
from loopscope.data_prep.columns import Column, schema_of
from loopscope.data_prep.estimates import ESTIMATE_COLUMNS, estimate_values
from loopscope.data_prep.label_sequences import load_label_sequences
from loopscope.dynamics.chain_estimates import DRAWS, NULLS
from loopscope.dynamics.occupancy import PARTS
from loopscope.dynamics.occupancy_estimates import estimate_occupancy

OCCUPANCY_COLUMNS = (
    Column("tenth", pl.Int64, "the tenth of the run, from 1; null for whole runs"),
    Column("cluster", pl.Int64, "the cluster; -1 for the outliers, which are a state of their own"),
    Column("cluster_label", pl.String, "its medoid's text or caption"),
    Column("count", pl.Int64, "how many steps are in it"),
    Column("share", pl.Float64, "the estimate: of the known steps of these runs, in this tenth"),
    *ESTIMATE_COLUMNS,
)
COLUMNS = label_columns(("network",), OCCUPANCY_COLUMNS)


@cached
def load_occupancy_df(
    session: Session,
    clustering_result_id: int,
    experiment_id: int | None = None,
    *,
    by: Sequence[str] = ("network",),
    draws: int = DRAWS,
    nulls: int = NULLS,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each group of runs, tenth of the run and cluster, and for whole runs.

    Every cluster that any of the runs is in has a row in every group.

    Parameters
    ----------
    clustering_result_id
        The result whose clusters are meant.
    experiment_id
        The experiment whose runs are meant; by default all that have a clustered output.
    by
        What runs are grouped by: any of network, initial_prompt, seed.
    draws, nulls, seed
        How often runs are resampled, how often they are dealt out to the groups (null P), and from which randomness.

    Returns
    -------
    polars.DataFrame
        With the columns ``LABEL_KEYS``, those of ``by`` and ``OCCUPANCY_COLUMNS``.

    Raises
    ------
    NotFoundError
        When there is no such result or experiment, or runs cannot be grouped so.
    """
    columns = label_columns(by, OCCUPANCY_COLUMNS)
    labels = load_label_sequences(session, clustering_result_id, experiment_id)
    names = load_cluster_names(session, clustering_result_id)
    groups = list(labels.rows(by))
    found = estimate_occupancy(
        labels.sequences, [members for _, members in groups], draws=draws, nulls=nulls, seed=seed
    )
    rows: list[dict[str, Any]] = []
    for (values, _), occupancy in zip(groups, found, strict=True):
        for part in range(1 + PARTS):
            for place, state in enumerate(occupancy.states.tolist()):
                share = estimate_values(occupancy.shares[part][place])
                rows.append(
                    labels.keys
                    | values
                    | {"tenth": part or None, "cluster": state, "cluster_label": names[state]}
                    | {"count": int(occupancy.counts[part, place]), "share": share["estimate"]}
                    | share
                )
    return pl.DataFrame(rows, schema=schema_of(columns), orient="row")
