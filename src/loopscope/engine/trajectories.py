"""Embeddings with the runs that they are of: what sweeping, stability and diagnostics are computed from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.engine.sampling import find_embedding_model
from loopscope.errors import ClusteringError, NotFoundError
from loopscope.schemas import Cluster, ClusteringResult, EmbeddingCluster, EmbeddingModel, Run
from loopscope.statistics.resampling import Runs
from loopscope.store.connection import Store
from loopscope.store.rows import fetch_integers
from loopscope.store.vectors import EmbeddingIndex, load_embedding_index, load_vectors
from loopscope.types import Vectors


@dataclass(frozen=True)
class Trajectories:
    """Embeddings of one model, in trajectory order.

    Attributes
    ----------
    embedding_model
        The name of the model.
    index
        Which embeddings they are.
    vectors
        Shape (n, dimension), float32.
    runs
        Which run each is of, and which runs share network and prompt.
    """

    embedding_model: str
    index: EmbeddingIndex
    vectors: Vectors
    runs: Runs


@dataclass(frozen=True)
class StoredClustering:
    """A clustering result as it is stored, with what it was computed from.

    Attributes
    ----------
    clustering_result_id, uuid, algorithm, parameters, layer
        As in the table.
    labels
        Shape (n,), int64: the cluster of each embedding, −1 for an outlier.
    trajectories
        The n embeddings.
    """

    clustering_result_id: int
    uuid: UUID
    algorithm: str
    parameters: Mapping[str, Any]
    layer: int | None
    labels: npt.NDArray[np.int64]
    trajectories: Trajectories


def load_trajectories(
    store: Store, embedding_model: str, experiment_ids: Sequence[int] | None = None, downsample: int = 1
) -> Trajectories:
    """Read the embeddings of a model.

    Parameters
    ----------
    experiment_ids
        The experiments that are meant; by default all.
    downsample
        Keep every n-th output of the model's type within each run, by its rank in the run.

    Raises
    ------
    ClusteringError
        When there are none, or ``downsample`` is below 1.
    """
    if downsample < 1:
        raise ClusteringError(f"downsample is {downsample}; expected at least 1, which keeps every output")
    model = find_embedding_model(store, embedding_model)
    with store.session() as session:
        index = load_embedding_index(session, model.id, experiment_ids)
        chosen = index.take(np.flatnonzero(index.rank % downsample == 0))
        if not len(chosen):
            raise ClusteringError(
                f"found no embeddings by {embedding_model} in this selection; expected some: loopscope experiment list"
            )
        return _read(session, model, chosen)


def load_stored_clustering(store: Store, clustering_result_id: int) -> StoredClustering:
    """Read a clustering result with the vectors that it was computed from.

    Raises
    ------
    NotFoundError
        When there is no such result.
    """
    with store.session() as session:
        result = session.get(ClusteringResult, clustering_result_id)
        if result is None:
            raise NotFoundError(f"there is no clustering result {clustering_result_id}; see: loopscope cluster list")
        model = session.get_one(EmbeddingModel, result.embedding_model_id)
        statement = (
            select(EmbeddingCluster.embedding_id, Cluster.cluster_id)
            .join(Cluster, Cluster.id == EmbeddingCluster.cluster_id)
            .where(EmbeddingCluster.clustering_result_id == clustering_result_id)
            .order_by(EmbeddingCluster.embedding_id)
        )
        embedding_ids, labels = fetch_integers(session, statement)
        index = load_embedding_index(session, model.id)
        chosen = index.take(np.isin(index.embedding_id, embedding_ids))
        return StoredClustering(
            clustering_result_id=result.id,
            uuid=result.uuid,
            algorithm=result.algorithm,
            parameters=dict(result.parameters),
            layer=result.layer,
            labels=labels[np.searchsorted(embedding_ids, chosen.embedding_id)],
            trajectories=_read(session, model, chosen),
        )


def _read(session: Session, model: EmbeddingModel, index: EmbeddingIndex) -> Trajectories:
    groups: dict[tuple[str, str], int] = {}
    of_run = {
        run_id: groups.setdefault(("→".join(network), prompt), len(groups))
        for run_id, network, prompt in session.execute(select(Run.id, Run.network, Run.initial_prompt))
    }
    run_ids, first = np.unique(index.run_id, return_inverse=True)
    group = np.array([of_run[run_id] for run_id in run_ids.tolist()], dtype=np.int64)
    vectors = load_vectors(session, model.id, index.embedding_id)
    return Trajectories(model.name, index, vectors, Runs.of(index.run_id, group[first]))
