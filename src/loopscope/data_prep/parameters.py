"""The parameters of clustering results as one struct column, though different algorithms have different ones."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from loopscope.data_prep.columns import CLUSTERING_RESULT_ID, EMBEDDING_MODEL, Column, Types

BASE: Types = {
    "min_cluster_size": pl.Int64,
    "min_samples": pl.Int64,
    "epsilon": pl.Float64,
    "allow_single_cluster": pl.Boolean,
}
"""The fields that are always there; of another type only where a result has it so."""

ALGORITHM = Column("algorithm", pl.String, "such as hdbscan")
RESULT_KEYS = (
    CLUSTERING_RESULT_ID,
    EMBEDDING_MODEL,
    ALGORITHM,
    Column("parameters", pl.Struct(dict(BASE)), "those of the algorithm, as resolved; null where it has none so named"),
    Column("epsilon", pl.Float64, "the parameter of this name; null where the algorithm has none"),
    Column("downsample", pl.Int64, "every which output of a run was clustered"),
)
"""What tells of a clustering result in every frame of clusters."""


def parameters_series(parameters: Sequence[Mapping[str, Any]]) -> pl.Series:
    """Make the column ``parameters``: a struct of every field that any result has, null where one has it not.

    Parameters
    ----------
    parameters
        Those of each result.

    Returns
    -------
    polars.Series
        Of numbers, booleans and texts; a value of any other kind stands as JSON.
    """
    names = dict.fromkeys([*BASE, *(name for each in parameters for name in each)])
    fields = {name: _field(name, [each.get(name) for each in parameters]) for name in names}
    return pl.DataFrame(list(fields.values())).to_struct("parameters")


def _field(name: str, values: list[Any]) -> pl.Series:
    kinds = {type(value) for value in values if value is not None}
    if not kinds:
        return pl.Series(name, values, dtype=BASE.get(name, pl.String))
    if kinds == {bool}:
        return pl.Series(name, values, dtype=pl.Boolean)
    if kinds == {int}:
        base = BASE.get(name)
        return pl.Series(name, values, dtype=pl.Int64).cast(pl.Float64 if base == pl.Float64 else pl.Int64)
    if kinds <= {int, float}:
        return pl.Series(name, values, dtype=pl.Float64, strict=False)
    texts = [value if value is None or isinstance(value, str) else json.dumps(value) for value in values]
    return pl.Series(name, texts, dtype=pl.String)
