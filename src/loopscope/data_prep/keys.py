"""The small tables that facts are joined to: runs with their keys, and embedding models."""

from difflib import get_close_matches
from typing import NoReturn

import polars as pl
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from loopscope.data_prep.columns import RUN_KEYS, schema_of
from loopscope.data_prep.facts import fetch_small_frame
from loopscope.errors import NotFoundError
from loopscope.schemas import Cluster, ClusteringResult, EmbeddingModel, Experiment, Run
from loopscope.types import OUTLIER

ARROW = "→"


def load_run_keys(session: Session, experiment_id: int | None = None) -> pl.DataFrame:
    """Load one row for each run, with the columns ``RUN_KEYS``.

    Raises
    ------
    NotFoundError
        When there is no such experiment.
    """
    statement = select(Run.id, Run.experiment_id, Run.network, Run.initial_prompt, Run.seed).order_by(Run.id)
    if experiment_id is not None:
        require_experiment(session, experiment_id)
        statement = statement.where(Run.experiment_id == experiment_id)
    rows = [
        (key, experiment, ARROW.join(network), *rest) for key, experiment, network, *rest in session.execute(statement)
    ]
    return pl.DataFrame(rows, schema=schema_of(RUN_KEYS), orient="row")


def load_run_uuids(session: Session) -> pl.DataFrame:
    """Load the public id of each run: ``run_id, run_uuid``."""
    return fetch_small_frame(session, select(Run.id, Run.uuid), {"run_id": pl.Int64, "run_uuid": pl.String})


def load_embedding_models(session: Session, name: str | None = None) -> pl.DataFrame:
    """Load one row for each embedding model: ``embedding_model_id, embedding_model, output_type``.

    Raises
    ------
    NotFoundError
        When a name is given that no model has.
    """
    frame = fetch_small_frame(
        session,
        select(EmbeddingModel.id, EmbeddingModel.name, EmbeddingModel.takes).order_by(EmbeddingModel.name),
        {"embedding_model_id": pl.Int64, "embedding_model": pl.String, "output_type": pl.String},
    )
    if name is None:
        return frame
    names = frame["embedding_model"].to_list()
    if name not in names:
        close = get_close_matches(name, names, n=1) or names
        there = f"expected one that is there, such as {close[0]}" if close else "no embeddings are there yet"
        raise NotFoundError(f"found no embeddings by {name!r}; {there}: loopscope model list")
    return frame.filter(pl.col("embedding_model") == name)


def require_experiment(session: Session, experiment_id: int) -> None:
    """Refuse an experiment that is not there."""
    _require(
        session, select(func.count()).where(Experiment.id == experiment_id), f"experiment {experiment_id}", "experiment"
    )


def require_clustering_result(session: Session, clustering_result_id: int) -> None:
    """Refuse a clustering result that is not there."""
    _require(
        session,
        select(func.count()).where(ClusteringResult.id == clustering_result_id),
        f"clustering result {clustering_result_id}",
        "cluster",
    )


def require_run(session: Session, run_id: int) -> None:
    """Refuse a run that is not there."""
    _require(session, select(func.count()).where(Run.id == run_id), f"run {run_id}", "run")


def of_cluster(clustering_result_id: int | None, cluster_id: int | None = None) -> list[ColumnElement[bool]]:
    """Say which clusters are meant, as conditions of a query: those of one result, of one number, or all."""
    conditions = []
    if clustering_result_id is not None:
        conditions.append(Cluster.clustering_result_id == clustering_result_id)
    if cluster_id is not None:
        conditions.append(Cluster.cluster_id == cluster_id)
    return conditions


def require_cluster(session: Session, clustering_result_id: int | None, cluster_id: int) -> None:
    """Refuse the number of a cluster that is not there; there may always be outliers."""
    conditions = of_cluster(clustering_result_id, cluster_id)
    if cluster_id != OUTLIER and not session.scalar(select(func.count(Cluster.id)).where(*conditions)):
        refuse_cluster(session, clustering_result_id, cluster_id)


def refuse_cluster(session: Session, clustering_result_id: int | None, cluster_id: int) -> NoReturn:
    """Say that there is no cluster of this number, and which there are."""
    if clustering_result_id is None:
        raise NotFoundError(f"no clustering result has a cluster {cluster_id}; see all of them: loopscope cluster list")
    last = session.scalar(select(func.max(Cluster.cluster_id)).where(*of_cluster(clustering_result_id)))
    short = session.get_one(ClusteringResult, clustering_result_id).uuid.hex[:8]
    has = "it has only outliers" if last == OUTLIER else f"expected a number from 0 to {last}"
    raise NotFoundError(f"clustering {short} has no cluster {cluster_id}; {has}: loopscope cluster show {short}")


def _require(session: Session, count: Select[int], what: str, noun: str) -> None:
    if not session.scalar(count):
        raise NotFoundError(f"there is no {what}; see what there is: loopscope {noun} list")
