"""The columns in which every analysis tells an estimate with its uncertainty and what chance would give."""

from typing import Any

import polars as pl

from loopscope.data_prep.columns import Column
from loopscope.statistics.estimate import Estimate

ESTIMATE_COLUMNS = (
    Column("estimate", pl.Float64, "the value"),
    Column("lower", pl.Float64, "the lower end of its 95 % interval; null where there is none"),
    Column("upper", pl.Float64, "the upper end"),
    Column("n_runs", pl.Int64, "from how many runs it comes"),
    Column("null_mean", pl.Float64, "what it is on average where the null holds; null where no null was drawn"),
    Column("null_p", pl.Float64, "the share of draws from the null that are as extreme, the estimate counted as one"),
    Column("null_lower", pl.Float64, "the lower end of where 95 % of the draws from the null lie"),
    Column("null_upper", pl.Float64, "the upper end"),
    Column("method", pl.String, "how interval and null were made"),
    Column("reason", pl.String, "why there is no estimate; null where there is one"),
)


def estimate_values(estimate: Estimate) -> dict[str, Any]:
    """Write an estimate as the values of ``ESTIMATE_COLUMNS``; NaN becomes null."""
    values = {column.name: getattr(estimate, column.name) for column in ESTIMATE_COLUMNS}
    return {name: None if isinstance(value, float) and value != value else value for name, value in values.items()}
