"""The frame of durations: how long the invocations of each model took, and which share of the time."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep.columns import EXPERIMENT_ID, Column, schema_of
from loopscope.data_prep.estimates import ESTIMATE_COLUMNS, estimate_values
from loopscope.data_prep.grouping import group_columns, iterate_groups, number_groups
from loopscope.data_prep.invocations import load_invocations_df
from loopscope.statistics.estimate import Estimate, make_estimate
from loopscope.statistics.resampling import Runs, resample_runs

FACTS = (
    EXPERIMENT_ID,
    Column("model", pl.String, "the generator"),
    Column("n", pl.Int64, "how many invocations of it there are"),
    Column("total", pl.Float64, "seconds in all"),
    Column("least", pl.Float64, "seconds of the shortest"),
    Column("first_quartile", pl.Float64, "seconds"),
    Column("median", pl.Float64, "seconds"),
    Column("third_quartile", pl.Float64, "seconds"),
    Column("most", pl.Float64, "seconds of the longest"),
)
COLUMNS = (*FACTS, *ESTIMATE_COLUMNS)
"""The estimate is the model's share of the time that all models took."""


def load_invocation_durations_df(
    session: Session, experiment_id: int | None = None, *, by: Sequence[str] = (), draws: int = 200, seed: int = 0
) -> pl.DataFrame:
    """Load one row for each experiment, group of runs and model: how long its invocations took, and its share.

    An invocation's time is its share of the time that its batch took.

    Parameters
    ----------
    experiment_id
        The experiment whose invocations are meant; by default all, each for itself.
    by
        What runs are grouped by: any of network, initial_prompt, seed.
    draws, seed
        How often runs are resampled for the interval of the share, and from which randomness.

    Returns
    -------
    polars.DataFrame
        With the columns ``FACTS``, those of ``by`` and ``ESTIMATE_COLUMNS``, the model with the largest share first.

    Raises
    ------
    NotFoundError
        When there is no such experiment, or runs cannot be grouped so.
    """
    columns = (*FACTS, *group_columns(by), *ESTIMATE_COLUMNS)
    invocations = load_invocations_df(session, experiment_id)
    rows: list[dict[str, Any]] = []
    for (experiment,), part in invocations.group_by("experiment_id", maintain_order=True):
        runs = part.unique("run_id", maintain_order=True)
        for values, numbers in iterate_groups(runs, by):
            chosen = part.join(runs[numbers].select("run_id"), on="run_id", how="semi")
            rows += [{"experiment_id": experiment} | values | row for row in _describe(chosen, draws, seed)]
    return pl.DataFrame(rows, schema=schema_of(columns))


def _describe(invocations: pl.DataFrame, draws: int, seed: int) -> list[dict[str, Any]]:
    seconds = pl.col("seconds")
    facts = invocations.group_by("model").agg(
        n=pl.len(),
        total=seconds.sum(),
        least=seconds.min(),
        first_quartile=seconds.quantile(0.25, "linear"),
        median=seconds.median(),
        third_quartile=seconds.quantile(0.75, "linear"),
        most=seconds.max(),
    )
    shares = _estimate_shares(invocations, draws, seed)
    rows = facts.sort("total", "model", descending=[True, False]).iter_rows(named=True)
    return [row | estimate_values(shares[row["model"]]) for row in rows]


def _estimate_shares(invocations: pl.DataFrame, draws: int, seed: int) -> dict[str, Estimate]:
    """Estimate each model's share of the seconds, from the seconds of each run and model."""
    spent = invocations.pivot("model", index="run_id", values="seconds", aggregate_function="sum").fill_null(0.0)
    models = [name for name in spent.columns if name != "run_id"]
    keys = invocations.unique("run_id", maintain_order=True)
    runs = Runs.of(np.arange(spent.height), number_groups(keys))
    table = spent.select(models).to_numpy()
    drawn = resample_runs(runs, draws, seed) @ table
    in_all = table.sum()
    method = f"{runs.described}, {draws} draws; no null"
    with np.errstate(invalid="ignore"):
        shares, resampled = table.sum(axis=0) / in_all, drawn / drawn.sum(axis=1, keepdims=True)
    return {
        model: make_estimate(share, resampled[:, at], [], n_runs=runs.n_runs, method=method, bounds=(0.0, 1.0))
        for at, (model, share) in enumerate(zip(models, shares, strict=True))
    }
