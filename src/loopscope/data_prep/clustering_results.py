"""The frame of clustering results."""

import json
from collections.abc import Mapping
from typing import Any

import polars as pl
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from loopscope.data_prep.columns import INSTANT, OUTPUT_TYPE, Column, conform, schema_of
from loopscope.data_prep.keys import of_cluster, require_clustering_result
from loopscope.data_prep.parameters import RESULT_KEYS, parameters_series
from loopscope.schemas import Cluster, ClusteringResult, EmbeddingModel
from loopscope.types import OUTLIER

_TEXTS = pl.List(pl.String)

_RECORDED = (
    Column("uuid", pl.String, "its public id"),
    Column("selection", pl.String, "which embeddings were candidates, as JSON"),
    Column("n_candidates", pl.Int64, "how many those were"),
)
_COUNTED = (
    Column("n_clusters", pl.Int64, "how many clusters there are, the outlier cluster not among them"),
    Column("n_members", pl.Int64, "how many embeddings are in them"),
    Column("n_outliers", pl.Int64, "how many embeddings are outliers"),
)
_PROVENANCE = (
    Column("last_embedding_id", pl.Int64, "the newest embedding there was: those with a larger id came later"),
    Column("started_at", INSTANT, "when it was begun"),
    Column("finished_at", INSTANT, "when it was computed"),
    Column("n_sampled", pl.Int64, "how many of the candidates downsampling left"),
    Column("n_distinct", pl.Int64, "how many distinct outputs these were"),
    OUTPUT_TYPE,
    Column("experiments", _TEXTS, "the public ids of the experiments chosen; null where all were meant"),
    Column("without_prompts", _TEXTS, "the initial prompts left out; null where that was not recorded"),
    Column("seconds_load", pl.Float64, "how long reading took"),
    Column("seconds_compute", pl.Float64, "how long clustering took"),
    Column("seconds_describe", pl.Float64, "how long measuring its clusters took"),
    Column("seconds_save", pl.Float64, "how long saving took"),
    Column("layer", pl.Int64, "which layer of its group, 0 for the finest; null where it is no layer"),
    Column("layer_group", pl.String, "what the layers of one clustering share"),
    Column("imported_from", pl.String, "the file that an imported result came from; null for one computed here"),
    Column("origin", pl.String, "what else is known of that, as JSON; null for one computed here"),
    Column("loopscope_version", pl.String, "the version that made it"),
)
COLUMNS = (*RESULT_KEYS, *_RECORDED, *_COUNTED, *_PROVENANCE)
"""What an older version did not record is null."""


def load_clustering_results_df(session: Session, clustering_result_id: int | None = None) -> pl.DataFrame:
    """Load one row for each clustering result, oldest first, with the columns ``COLUMNS``.

    Parameters
    ----------
    clustering_result_id
        The one that is meant; by default all.

    Raises
    ------
    NotFoundError
        When there is no such result.
    """
    statement = (
        select(ClusteringResult, EmbeddingModel.name, EmbeddingModel.takes)
        .join(EmbeddingModel, EmbeddingModel.id == ClusteringResult.embedding_model_id)
        .order_by(ClusteringResult.id)
    )
    if clustering_result_id is not None:
        require_clustering_result(session, clustering_result_id)
        statement = statement.where(ClusteringResult.id == clustering_result_id)
    found = session.execute(statement).all()
    simple = [column for column in COLUMNS if column not in _COUNTED and column.name != "parameters"]
    rows = [{**_describe(result), "embedding_model": model, "output_type": takes} for result, model, takes in found]
    frame = pl.DataFrame(rows, schema=schema_of(simple)).with_columns(
        parameters_series([result.parameters for result, _, _ in found])
    )
    frame = frame.join(_count(session, clustering_result_id), on="clustering_result_id", how="left")
    counts = [column.name for column in _COUNTED]
    return conform(frame.with_columns(pl.col(counts).fill_null(0)).sort("clustering_result_id"), COLUMNS)


def _describe(result: ClusteringResult) -> dict[str, Any]:
    """Give what one row of the table tells, JSON in columns of its own."""
    counts, selection, durations = result.counts, result.selection, result.durations or {}
    return {
        "clustering_result_id": result.id,
        "algorithm": result.algorithm,
        "epsilon": _number(result.parameters, "epsilon"),
        "downsample": result.downsample,
        "uuid": str(result.uuid),
        "selection": json.dumps(selection, ensure_ascii=False),
        "n_candidates": _count_of(counts, "candidates"),
        "last_embedding_id": result.last_embedding_id,
        "started_at": result.started_at,
        "finished_at": result.finished_at,
        "n_sampled": _count_of(counts, "sampled"),
        "n_distinct": _count_of(counts, "distinct"),
        "experiments": selection.get("experiments"),
        "without_prompts": selection.get("without_prompts"),
        "seconds_load": _number(durations, "load"),
        "seconds_compute": _number(durations, "compute"),
        "seconds_describe": _number(durations, "describe"),
        "seconds_save": _number(durations, "save"),
        "layer": result.layer,
        "layer_group": result.layer_group and str(result.layer_group),
        "imported_from": (result.origin or {}).get("file"),
        "origin": None if result.origin is None else json.dumps(result.origin, ensure_ascii=False),
        "loopscope_version": result.versions.get("loopscope"),
    }


def _number(recorded: Mapping[str, Any], name: str) -> float | None:
    value = recorded.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _count_of(recorded: Mapping[str, Any], name: str) -> int | None:
    value = recorded.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _count(session: Session, clustering_result_id: int | None) -> pl.DataFrame:
    outliers = Cluster.cluster_id == OUTLIER
    statement = (
        select(
            Cluster.clustering_result_id,
            func.sum(case((outliers, 0), else_=1)),
            func.sum(case((outliers, 0), else_=Cluster.size)),
            func.sum(case((outliers, Cluster.size), else_=0)),
        )
        .where(*of_cluster(clustering_result_id))
        .group_by(Cluster.clustering_result_id)
    )
    names = ("clustering_result_id", *(column.name for column in _COUNTED))
    rows = [tuple(int(value) for value in row) for row in session.execute(statement)]
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.Int64), orient="row")
