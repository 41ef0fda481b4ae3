"""The frames of basins: in which cluster the runs of each prompt end, and what the prompt tells of it."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep.cache import cached
from loopscope.data_prep.cluster_names import label_columns, load_cluster_names
from loopscope.data_prep.columns import INITIAL_PROMPT, Column, schema_of
from loopscope.data_prep.estimates import ESTIMATE_COLUMNS, estimate_values
from loopscope.data_prep.label_sequences import LabelSequences, load_label_sequences
from loopscope.dynamics.basin_estimates import Basins, estimate_basins
from loopscope.dynamics.basins import find_last_symbols
from loopscope.dynamics.chain_estimates import DRAWS, NULLS
from loopscope.errors import NotFoundError

BASIN_COLUMNS = (
    INITIAL_PROMPT,
    Column("cluster", pl.Int64, "the cluster in which runs end; -1 for the outliers"),
    Column("cluster_label", pl.String, "its medoid's text or caption"),
    Column("count", pl.Int64, "how many runs of this prompt end in it"),
    Column("n_prompt_runs", pl.Int64, "of how many"),
    Column("share", pl.Float64, "the estimate: their share of the runs of this prompt"),
    *ESTIMATE_COLUMNS,
)
COLUMNS = label_columns(("network",), BASIN_COLUMNS)
BASIN_ESTIMATE_COLUMNS = (
    Column("quantity", pl.String, "prompt_bits: how many bits the prompt tells of the cluster in which a run ends"),
    *ESTIMATE_COLUMNS,
)
ESTIMATES = label_columns(("network",), BASIN_ESTIMATE_COLUMNS)


@cached
def load_basins_df(
    session: Session,
    clustering_result_id: int,
    experiment_id: int | None = None,
    *,
    by: Sequence[str] = ("network",),
    draws: int = DRAWS,
    nulls: int = NULLS,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each group of runs, prompt and cluster in which a run of it ends.

    Where a run ends is the cluster of its last known step. The interval of a share is Wilson's over runs.

    Parameters
    ----------
    clustering_result_id
        The result whose clusters are meant.
    experiment_id
        The experiment whose runs are meant; by default all that have a clustered output.
    by
        What runs are grouped by: network, seed or both; each group has all its prompts.
    draws, nulls, seed
        How often runs are resampled, how often ends are dealt out to the runs of a group (null P), and from which
        randomness.

    Returns
    -------
    polars.DataFrame
        With the columns ``LABEL_KEYS``, those of ``by`` and ``BASIN_COLUMNS``.

    Raises
    ------
    NotFoundError
        When there is no such result or experiment, or runs cannot be grouped so.
    """
    columns = label_columns(_without_prompt(by), BASIN_COLUMNS)
    labels = load_label_sequences(session, clustering_result_id, experiment_id)
    names = load_cluster_names(session, clustering_result_id)
    rows: list[dict[str, Any]] = []
    for values, prompts, basins in _estimate(labels, by, draws, nulls, seed):
        for cell in basins.cells:
            share = estimate_values(cell.share)
            rows.append(
                labels.keys
                | values
                | {"initial_prompt": prompts[cell.prompt], "cluster": cell.state, "cluster_label": names[cell.state]}
                | {"count": cell.count, "n_prompt_runs": cell.total, "share": share["estimate"]}
                | share
            )
    return pl.DataFrame(rows, schema=schema_of(columns), orient="row")


@cached
def load_basin_estimates_df(
    session: Session,
    clustering_result_id: int,
    experiment_id: int | None = None,
    *,
    by: Sequence[str] = ("network",),
    draws: int = DRAWS,
    nulls: int = NULLS,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each group of runs: how much its prompts tell of where its runs end.

    Parameters and errors are those of :func:`load_basins_df`.
    """
    columns = label_columns(_without_prompt(by), BASIN_ESTIMATE_COLUMNS)
    labels = load_label_sequences(session, clustering_result_id, experiment_id)
    rows = [
        labels.keys | values | {"quantity": "prompt_bits"} | estimate_values(basins.prompt_bits)
        for values, _, basins in _estimate(labels, by, draws, nulls, seed)
    ]
    return pl.DataFrame(rows, schema=schema_of(columns), orient="row")


def _without_prompt(by: Sequence[str]) -> Sequence[str]:
    if "initial_prompt" in by:
        raise NotFoundError("found initial_prompt to group by; basins have all prompts in a group: leave it out")
    return by


def _estimate(
    labels: LabelSequences, by: Sequence[str], draws: int, nulls: int, seed: int
) -> Iterator[tuple[dict[str, Any], list[str], Basins]]:
    """Yield the values of each group, its prompts by number, and where its runs end."""
    last = find_last_symbols(labels.sequences)
    for values, members in labels.rows(by):
        runs = labels.runs[members]
        prompts = sorted(set(runs["initial_prompt"].to_list()))
        numbers = np.array([prompts.index(prompt) for prompt in runs["initial_prompt"].to_list()], dtype=np.int64)
        own = labels.sequences.take(members).runs
        yield values, prompts, estimate_basins(last[members], numbers, own, draws=draws, nulls=nulls, seed=seed)
