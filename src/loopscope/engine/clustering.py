"""Clustering the embeddings of one model: load, compute, save, each in its own time and all of it in a log file.

No transaction is open while the clustering computes; what it made is saved in one short transaction at the end.
"""

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.clustering import Clustering
from loopscope.clustering.protocol import Clusterer
from loopscope.clustering.registry import find_clusterer
from loopscope.clustering.repeats import DistinctRows, collapse_repeats
from loopscope.engine.cluster_properties import Properties, describe_clusters
from loopscope.engine.clustering_log import ClusteringLog
from loopscope.engine.kernels import prepare_kernels
from loopscope.engine.progress import Progress, Silence
from loopscope.engine.sampling import Sample, Selection, find_embedding_model, load_sample
from loopscope.errors import AlreadyClusteredError, ClusteringError
from loopscope.schemas import Cluster, ClusteringResult, EmbeddingModel
from loopscope.store.clusterings import NewClustering, SavedClustering, get_clustering, save_clustering
from loopscope.store.connection import Store
from loopscope.types import OUTLIER


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
        Where its phases, their durations and its counts are written; None for one that was there before.
    coarser
        The results of the coarser layers, where the algorithm gives several.
    """

    clustering_result_id: int
    uuid: UUID
    embeddings: int
    clusters: int
    outliers: int
    log_file: Path | None
    coarser: "tuple[Clustered, ...]" = ()


def cluster_embeddings(
    store: Store,
    embedding_model: str,
    *,
    algorithm: str = "hdbscan",
    experiment_ids: Sequence[int] | None = None,
    without_prompts: Sequence[str] = (),
    downsample: int = 1,
    again: bool = False,
    progress: Progress | None = None,
    **settings: Any,
) -> Clustered:
    """Cluster the embeddings of one model and save the result beside those that are there.

    Parameters
    ----------
    store
        Where the embeddings are and the result goes.
    embedding_model
        The name of the model.
    algorithm
        ``"hdbscan"``, ``"optics"``, ``"evoc"`` (with the extra ``evoc``), or one that another package adds.
    experiment_ids
        The experiments whose embeddings are clustered; by default all.
    without_prompts
        Initial prompts whose runs are left out.
    downsample
        Keep every n-th output of the model's type within each run, by its rank in the run; at least 1.
    again
        Whether to compute and store a result that is there already: by the same algorithm, parameters and versions of
        libraries, on the same embeddings.
    progress
        Told of the phases; by default nobody.
    **settings
        Parameters of the algorithm, such as ``min_cluster_size``; see :func:`loopscope.clustering.hdbscan`,
        :func:`~loopscope.clustering.optics` and :func:`~loopscope.clustering.evoc`. For HDBSCAN ``epsilon`` is 0.4
        and sizes are 0.1 % of the distinct embeddings, at least 2, where they are not given.

    Returns
    -------
    Clustered
        With ``clustering_result_id``, for :func:`loopscope.load_clusters_df`, and the numbers of clusters and outliers.

    Raises
    ------
    ClusteringError
        If there are no such embeddings, one of them comes twice, or they cannot be clustered as asked.
    AlreadyClusteredError
        If the same result is there already and ``again`` is false; it is named.
    StoreError
        If the store cannot be read or written; nothing of the result is saved then.
    """
    if downsample < 1:
        raise ClusteringError(f"downsample is {downsample}; expected at least 1, which keeps every output")
    clusterer = find_clusterer(algorithm)
    store.require_writable()
    progress = progress or Silence()
    started_at = datetime.now(UTC)
    model = find_embedding_model(store, embedding_model)
    with ClusteringLog(store.folder, started_at) as log:
        log.say(f"clustering the embeddings by {model.name} in {store.location}")
        with log.phase("load", progress):
            sample = load_sample(store, model, Selection(experiment_ids, without_prompts, downsample), log)
        log.say(f"{len(sample.vectors)} embeddings of {sample.candidates}, downsample {downsample}")
        task = _prepare(model, sample, clusterer, settings)
        if not again:
            with store.session() as session:
                _refuse_identical(session, task, store)
        layers = _compute(task, log, progress)
        with log.phase("save", progress), store.transaction() as session:
            if not again:
                _refuse_identical(session, task, store)
            saved = [save_clustering(session, each) for each in _results(task, layers, started_at, log.durations)]
        log.saved_as.extend(each.uuid for each in saved)
    return _clustered(layers, saved, log.path)


def load_clustered(store: Store, clustering_result_id: int) -> Clustered:
    """Read what was made of a result that is there, of its own layer alone.

    Raises
    ------
    NotFoundError
        When there is no such result.
    """
    with store.session() as session:
        result = get_clustering(session, clustering_result_id)
        sizes = dict(
            session.execute(
                select(Cluster.cluster_id, Cluster.size).where(Cluster.clustering_result_id == clustering_result_id)
            ).all()
        )
    outliers = sizes.pop(OUTLIER, 0)
    return Clustered(result.id, result.uuid, sum(sizes.values()) + outliers, len(sizes), outliers, None)


@dataclass(frozen=True)
class _Task:
    """What is to be computed, with all that tells one clustering from another."""

    model: EmbeddingModel
    sample: Sample
    distinct: DistinctRows
    clusterer: type[Clusterer]
    parameters: dict[str, Any]
    versions: dict[str, str]
    fingerprint: str


@dataclass(frozen=True)
class _Layer:
    """One clustering, with what is known of its clusters."""

    clustering: Clustering
    properties: Properties


def _prepare(model: EmbeddingModel, sample: Sample, clusterer: type[Clusterer], settings: Mapping[str, Any]) -> _Task:
    distinct = collapse_repeats(sample.vectors)
    parameters = clusterer.resolve(settings, len(distinct.first))
    versions = {library: version(library) for library in ("loopscope", *clusterer.libraries)}
    asked = json.dumps([model.name, clusterer.name, parameters, versions], sort_keys=True)
    fingerprint = hashlib.sha256(asked.encode() + np.sort(sample.index.embedding_id).tobytes()).hexdigest()
    return _Task(model, sample, distinct, clusterer, parameters, versions, fingerprint)


def _refuse_identical(session: Session, task: _Task, store: Store) -> None:
    found = session.scalars(
        select(ClusteringResult)
        .where(ClusteringResult.fingerprint == task.fingerprint)
        .order_by(ClusteringResult.id)
        .limit(1)
    ).first()
    if found is not None:
        short = found.uuid.hex[:8]
        raise AlreadyClusteredError(
            found.id,
            f"clustering {short} of {found.finished_at:%Y-%m-%d %H:%M} UTC is the same: {task.clusterer.name} with the "
            f"same parameters on the same {len(task.sample.vectors)} embeddings; nothing was computed. Look at it: "
            f"loopscope cluster show {short} {store.place.option}; or store it once more with --again (in Python "
            "again=True)",
        )


def _compute(task: _Task, log: ClusteringLog, progress: Progress) -> list[_Layer]:
    with log.phase("prepare", Silence()):  # told only where there is something to compile
        prepare_kernels(progress)
    with log.phase("compute", progress):
        log.say(f"{task.clusterer.name} of {len(task.distinct.first)} distinct embeddings with {task.parameters}")
        clusterings = task.clusterer.cluster(task.sample.vectors, task.parameters)
    if not clusterings:
        raise ClusteringError(f"{task.clusterer.name} gave no clustering; expected at least one: try other settings")
    with log.phase("describe", progress):
        return [
            _Layer(clustering, describe_clusters(task.sample, clustering, task.distinct.inverse))
            for clustering in clusterings
        ]


def _results(
    task: _Task, layers: Sequence[_Layer], started_at: datetime, durations: Mapping[str, float]
) -> Iterator[NewClustering]:
    sample = task.sample
    group = uuid4() if len(layers) > 1 else None
    for number, layer in enumerate(layers):
        yield NewClustering(
            embedding_model_id=task.model.id,
            algorithm=task.clusterer.name,
            parameters=task.parameters,
            downsample=sample.selection["downsample"],
            selection=sample.selection,
            counts={
                "candidates": sample.candidates,
                "sampled": len(sample.vectors),
                "distinct": len(task.distinct.first),
            },
            versions={"python": platform.python_version()} | task.versions,
            last_embedding_id=sample.index.last_embedding_id,
            started_at=started_at,
            finished_at=datetime.now(UTC),
            embedding_ids=sample.index.embedding_id,
            labels=layer.clustering.labels,
            medoid_embedding_ids=sample.index.embedding_id[layer.clustering.medoid_indices],
            properties=layer.properties.clusters,
            outlier_properties=layer.properties.outliers,
            probabilities=layer.clustering.probabilities,
            durations=durations,
            fingerprint=task.fingerprint,
            layer=None if group is None else number,
            layer_group=group,
        )


def _clustered(layers: Sequence[_Layer], saved: Sequence[SavedClustering], log_file: Path) -> Clustered:
    finest, *coarser = (
        Clustered(
            clustering_result_id=keys.id,
            uuid=keys.uuid,
            embeddings=len(layer.clustering.labels),
            clusters=len(layer.clustering.medoid_indices),
            outliers=int((layer.clustering.labels == OUTLIER).sum()),
            log_file=log_file,
        )
        for layer, keys in zip(layers, saved, strict=True)
    )
    return replace(finest, coarser=tuple(coarser))
