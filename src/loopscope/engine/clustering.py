"""Clustering the embeddings of one model: load, compute, save, each in its own time and all of it in a log file.

No transaction is open while the clustering computes; what it made is saved in one short transaction at the end.
"""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypedDict
from uuid import UUID

import numpy as np

from loopscope.clustering import hdbscan
from loopscope.clustering.repeats import collapse_repeats
from loopscope.config import nearest
from loopscope.engine.clustering_log import ClusteringLog
from loopscope.engine.progress import Progress, Silence
from loopscope.errors import ClusteringError
from loopscope.store.clusterings import NewClustering, save_clustering
from loopscope.store.connection import Store
from loopscope.store.embeddings import load_embedding_models
from loopscope.store.experiments import load_experiment_uuids
from loopscope.store.vectors import EmbeddingIndex, load_embedding_index, load_vectors
from loopscope.types import OUTLIER, Vectors

EPSILON = 0.4
FIXED_PARAMETERS = {"repeats": "collapse", "metric": "cosine", "medoid": "unweighted"}
"""What :func:`loopscope.clustering.hdbscan` always does; recorded, so that a result tells it."""
LIBRARIES = ("loopscope", "numpy", "scipy", "scikit-learn")


@dataclass(frozen=True)
class Clustered:
    """A clustering result that was saved.

    Attributes
    ----------
    clustering_result_id, uuid
        The result.
    embeddings, clusters, outliers
        How many embeddings were clustered, into how many clusters, and how many of them are outliers.
    log_file
        Where its phases, their durations and its counts are written.
    """

    clustering_result_id: int
    uuid: UUID
    embeddings: int
    clusters: int
    outliers: int
    log_file: Path


class HdbscanParameters(TypedDict):
    """The parameters of one clustering, as resolved."""

    min_cluster_size: int
    min_samples: int
    epsilon: float
    allow_single_cluster: bool


@dataclass(frozen=True)
class _Sample:
    """What is clustered: the chosen embeddings in trajectory order, of how many candidates, of which experiments."""

    index: EmbeddingIndex
    vectors: Vectors
    candidates: int
    experiments: list[str] | None


def cluster_embeddings(
    store: Store,
    embedding_model: str,
    *,
    experiment_ids: Sequence[int] | None = None,
    downsample: int = 1,
    min_cluster_size: int | None = None,
    min_samples: int | None = None,
    epsilon: float = EPSILON,
    allow_single_cluster: bool = True,
    progress: Progress | None = None,
) -> Clustered:
    """Cluster the embeddings of one model by HDBSCAN and save the result beside those that are there.

    Parameters
    ----------
    store
        Where the embeddings are and the result goes.
    embedding_model
        The name of the model.
    experiment_ids
        The experiments whose embeddings are clustered; by default all.
    downsample
        Keep every n-th output of the model's type within each run, by its rank in the run; at least 1.
    min_cluster_size, min_samples
        As of :func:`loopscope.clustering.hdbscan`; by default 0.1 % of the distinct embeddings, at least 2.
    epsilon
        Clusters that part below this chord distance, in [0, 2], are kept together.
    allow_single_cluster
        Whether everything may be one cluster.
    progress
        Told of the phases; by default nobody.

    Returns
    -------
    Clustered
        With ``clustering_result_id``, for :func:`loopscope.load_clusters_df`, and the numbers of clusters and outliers.

    Raises
    ------
    ClusteringError
        If there are no such embeddings, one of them comes twice, or they cannot be clustered as asked.
    StoreError
        If the store cannot be read or written; nothing of the result is saved then.
    """
    if downsample < 1:
        raise ClusteringError(f"downsample is {downsample}; expected at least 1, which keeps every output")
    store.require_writable()
    progress = progress or Silence()
    started_at = datetime.now(UTC)
    model_id = _find_model(store, embedding_model)
    with ClusteringLog(store.folder, started_at) as log:
        log.say(f"clustering the embeddings by {embedding_model} in {store.location}")
        with log.phase("load", progress):
            sample = _load_sample(store, model_id, experiment_ids, downsample, log)
        log.say(f"{len(sample.vectors)} embeddings of {sample.candidates}, downsample {downsample}")
        with log.phase("compute", progress):
            distinct = len(collapse_repeats(sample.vectors).first)
            smallest = max(2, round(0.001 * distinct))
            parameters = HdbscanParameters(
                min_cluster_size=smallest if min_cluster_size is None else min_cluster_size,
                min_samples=smallest if min_samples is None else min_samples,
                epsilon=float(epsilon),
                allow_single_cluster=allow_single_cluster,
            )
            log.say(f"hdbscan of {distinct} distinct embeddings with {parameters}")
            clustering = hdbscan(sample.vectors, **parameters)
        result = NewClustering(
            embedding_model_id=model_id,
            algorithm="hdbscan",
            parameters={**parameters, **FIXED_PARAMETERS},
            downsample=downsample,
            selection={"experiments": sample.experiments},
            counts={"candidates": sample.candidates, "sampled": len(sample.vectors), "distinct": distinct},
            versions=_versions(),
            last_embedding_id=sample.index.last_embedding_id,
            started_at=started_at,
            finished_at=datetime.now(UTC),
            embedding_ids=sample.index.embedding_id,
            labels=clustering.labels,
            medoid_embedding_ids=sample.index.embedding_id[clustering.medoid_indices],
            properties=tuple({} for _ in clustering.medoid_indices),
        )
        with log.phase("save", progress):
            with store.transaction() as session:
                saved = save_clustering(session, result)
            log.saved_as = saved.uuid
    clusters, outliers = len(clustering.medoid_indices), int((clustering.labels == OUTLIER).sum())
    return Clustered(saved.id, saved.uuid, len(sample.vectors), clusters, outliers, log.path)


def _find_model(store: Store, name: str) -> int:
    with store.session() as session:
        models = load_embedding_models(session)
    if name not in models:
        known = nearest(name, models) if models else "; no embeddings are there yet: loopscope experiment perform FILE"
        raise ClusteringError(f'found no embeddings by "{name}" in {store.location}{known}')
    return models[name]


def _load_sample(
    store: Store, model_id: int, experiment_ids: Sequence[int] | None, downsample: int, log: ClusteringLog
) -> _Sample:
    with store.session() as session:
        index = load_embedding_index(session, model_id, experiment_ids)
        if not len(index):
            raise ClusteringError("found no embeddings in this selection; expected some: loopscope experiment list")
        _refuse_duplicates(index, log)
        chosen = index.take(np.flatnonzero(index.rank % downsample == 0))
        if not len(chosen):
            raise ClusteringError(
                f"downsample {downsample} leaves none of {len(index)} embeddings; expected a smaller one"
            )
        vectors = load_vectors(session, model_id, chosen.embedding_id)
        experiments = None if experiment_ids is None else load_experiment_uuids(session, experiment_ids)
    return _Sample(chosen, vectors, len(index), experiments)


def _refuse_duplicates(index: EmbeddingIndex, log: ClusteringLog) -> None:
    ids, counts = np.unique(index.embedding_id, return_counts=True)
    repeated = ids[counts > 1].tolist()
    if repeated:
        log.say(f"embedding ids that come more than once: {repeated}")
        raise ClusteringError(
            f"found {len(repeated)} embedding ids more than once, such as {repeated[0]}; expected each once: "
            f"nothing was saved, {log.path} lists them"
        )


def _versions() -> dict[str, Any]:
    return {"python": platform.python_version()} | {library: version(library) for library in LIBRARIES}
