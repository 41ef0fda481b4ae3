"""The properties of clusters as typed columns, though different algorithms record different ones."""

import json
import math
from collections.abc import Mapping
from typing import Any

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.data_prep.columns import Column
from loopscope.data_prep.facts import fetch_frame
from loopscope.data_prep.keys import load_run_keys, of_cluster
from loopscope.schemas import Cluster, Embedding, EmbeddingCluster, Invocation

PROPERTIES = (
    Column("distinct_outputs", pl.Int64, "how many distinct outputs it has"),
    Column("radius", pl.Float64, "the largest distance of a member to the medoid"),
    Column("mean_distance", pl.Float64, "the mean distance of its members to the medoid"),
    Column("persistence", pl.Float64, "from 0 to 1: how long it lasts as the density asked for grows"),
    Column("lambda_birth", pl.Float64, "the density, as 1 / distance, at which it forms"),
    Column("lambda_death", pl.Float64, "the density, as 1 / distance, at which it ends"),
    Column("cluster_epsilon", pl.Float64, "the property epsilon: the distance at which it forms, 1 / lambda_birth"),
    Column("imported_number", pl.Int64, "its number in the file that its result was imported from"),
)
"""Null where it was not recorded, or the algorithm has none."""

N_RUNS = Column("n_runs", pl.Int64, "from how many runs its embeddings come")
N_PROMPTS = Column("n_prompts", pl.Int64, "from how many initial prompts its embeddings come")
OTHER = Column("other", pl.String, "properties of any other name or type, as a JSON object; null where there are none")

_COLUMNS = {"runs": N_RUNS, "prompts": N_PROMPTS} | {
    column.name.removeprefix("cluster_"): column for column in PROPERTIES
}
_TYPES = {name: column.dtype for name, column in _COLUMNS.items()}


def load_properties(
    session: Session, clustering_result_id: int | None = None, cluster_id: int | None = None
) -> pl.DataFrame:
    """Load one row for each cluster, outlier clusters among them: its key, its size, its medoid and what it is like.

    Parameters
    ----------
    clustering_result_id, cluster_id
        The result, and the number of the one cluster, that are meant; by default all.

    Returns
    -------
    polars.DataFrame
        ``cluster_key, clustering_result_id, cluster_id, cluster_size, medoid_embedding_id``, ``N_RUNS`` and
        ``N_PROMPTS`` (counted where they were not recorded), the columns ``PROPERTIES``, and ``OTHER``.
    """
    statement = select(
        Cluster.id,
        Cluster.clustering_result_id,
        Cluster.cluster_id,
        Cluster.size,
        Cluster.medoid_embedding_id,
        Cluster.properties,
    ).where(*of_cluster(clustering_result_id, cluster_id))
    names = ("cluster_key", "clustering_result_id", "cluster_id", "cluster_size", "medoid_embedding_id")
    rows = [(*keys, *_typed(properties)) for *keys, properties in session.execute(statement)]
    schema = {**dict.fromkeys(names, pl.Int64), **_TYPES, OTHER.name: OTHER.dtype}
    frame = pl.DataFrame(rows, schema=schema, orient="row").rename(
        {name: column.name for name, column in _COLUMNS.items()}
    )
    untold = frame.filter(pl.col("n_runs").is_null() | pl.col("n_prompts").is_null())
    return frame if untold.is_empty() else _count_what_was_not_recorded(session, frame, untold, cluster_id)


def _typed(properties: Mapping[str, Any]) -> tuple[Any, ...]:
    """Give the values of ``_TYPES`` and of ``OTHER``."""
    rest = dict(properties)
    values = [rest.pop(name) if _fits(rest.get(name), dtype) else None for name, dtype in _TYPES.items()]
    others = {name: value for name, value in rest.items() if value is not None or name not in _TYPES}
    return (*values, json.dumps(others, ensure_ascii=False, sort_keys=True) if others else None)


def _fits(value: object, dtype: object) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (dtype == pl.Float64 and isinstance(value, float) and math.isfinite(value))


def _count_what_was_not_recorded(
    session: Session, frame: pl.DataFrame, untold: pl.DataFrame, cluster_id: int | None
) -> pl.DataFrame:
    """Count the runs and prompts of clusters that do not tell them, as those of old and imported results."""
    statement = (
        select(EmbeddingCluster.cluster_id, Invocation.run_id)
        .join(Embedding, Embedding.id == EmbeddingCluster.embedding_id)
        .join(Invocation, Invocation.id == Embedding.invocation_id)
        .join(Cluster, Cluster.id == EmbeddingCluster.cluster_id)
        .where(Cluster.clustering_result_id.in_(untold["clustering_result_id"].unique().to_list()))
        .where(*of_cluster(None, cluster_id))
        .distinct()
    )
    counted = (
        fetch_frame(session, statement, {"cluster_key": pl.Int64, "run_id": pl.Int64})
        .join(load_run_keys(session), on="run_id")
        .group_by("cluster_key")
        .agg(counted_runs=pl.len(), counted_prompts=pl.col("initial_prompt").n_unique())
    )
    return (
        frame.join(counted, on="cluster_key", how="left", maintain_order="left")
        .with_columns(
            n_runs=pl.coalesce("n_runs", "counted_runs"), n_prompts=pl.coalesce("n_prompts", "counted_prompts")
        )
        .drop("counted_runs", "counted_prompts")
    )
