"""Embeddings that came after a clustering: each is placed into the cluster whose core is nearest, beside the result.

A result is frozen. What is placed later stands in a table of its own and changes no size, medoid or property.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from loopscope.clustering.assignment import assign_to_nearest_core
from loopscope.engine.progress import Progress, Silence
from loopscope.errors import ClusteringError
from loopscope.schemas import Cluster, ClusteringResult, Embedding, EmbeddingCluster, LaterAssignment
from loopscope.store.clusterings import get_clustering
from loopscope.store.connection import Store
from loopscope.store.rows import fetch_integers
from loopscope.store.vectors import load_embedding_index, load_vectors
from loopscope.types import OUTLIER, Vectors

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Assigned:
    """How many embeddings that came later were placed now: in a cluster, or as outliers."""

    clustering_result_id: int
    members: int
    outliers: int


@dataclass(frozen=True)
class _Fitted:
    """What a result was made of, in trajectory order, and what its clusters are."""

    vectors: Vectors
    labels: Integers
    probabilities: npt.NDArray[np.float64]
    cluster_keys: Integers
    lambda_birth: npt.NDArray[np.float64]
    lambda_death: npt.NDArray[np.float64]


def assign_later_embeddings(store: Store, clustering_result_id: int, *, progress: Progress | None = None) -> Assigned:
    """Place the embeddings that came after a result was made, and are not placed yet, into its clusters.

    All that came later by the result's model are placed, also of experiments, prompts and steps that its selection left
    out.

    An embedding joins the cluster of the fitted embedding that is nearest by mutual reachability, if it is as near as
    the cluster's own members; see :func:`loopscope.clustering.assignment.assign_to_nearest_core`.

    Parameters
    ----------
    clustering_result_id
        A result of HDBSCAN.
    progress
        Told of the phases; by default nobody.

    Raises
    ------
    NotFoundError
        When there is no such result.
    ClusteringError
        When the result is not of HDBSCAN, or does not say at which distances its clusters live.
    StoreError
        When the store cannot be read or written; nothing is saved then.
    """
    store.require_writable()
    progress = progress or Silence()
    with store.session() as session:
        result = get_clustering(session, clustering_result_id)
        _refuse_unsuitable(result)
        later = _find_later(session, result)
        if not len(later):
            return Assigned(clustering_result_id, 0, 0)
        progress.say(f"assigning {len(later)} embeddings that came later")
        fitted = _load_fitted(session, result)
        vectors = load_vectors(session, result.embedding_model_id, later)
    labels, probabilities = assign_to_nearest_core(
        vectors,
        fitted.vectors,
        fitted.labels,
        fitted.probabilities,
        lambda_birth=fitted.lambda_birth,
        lambda_death=fitted.lambda_death,
        min_samples=result.parameters["min_samples"],
        repeats=result.parameters["repeats"],
        metric=result.parameters["metric"],
    )
    with store.transaction() as session:
        session.execute(insert(LaterAssignment), _rows(result, later, labels, probabilities, fitted.cluster_keys))
    outliers = int((labels == OUTLIER).sum())
    return Assigned(clustering_result_id, len(labels) - outliers, outliers)


def _refuse_unsuitable(result: ClusteringResult) -> None:
    needed = {"min_samples", "repeats", "metric"}
    if result.algorithm != "hdbscan" or not needed <= set(result.parameters) or result.origin is not None:
        raise ClusteringError(
            f"clustering {result.uuid.hex[:8]} is of {result.algorithm}"
            + (", imported" if result.origin is not None else "")
            + "; expected one of hdbscan that was computed here, which knows how dense its clusters are: make one with "
            "loopscope cluster perform"
        )


def _find_later(session: Session, result: ClusteringResult) -> Integers:
    placed = select(LaterAssignment.embedding_id).where(LaterAssignment.clustering_result_id == result.id)
    later = (
        select(Embedding.id)
        .where(
            Embedding.embedding_model_id == result.embedding_model_id,
            Embedding.id > result.last_embedding_id,
            Embedding.id.not_in(placed),
        )
        .order_by(Embedding.id)
    )
    embedding_ids: Integers = fetch_integers(session, later)[0]
    return embedding_ids


def _load_fitted(session: Session, result: ClusteringResult) -> _Fitted:
    clusters = session.execute(
        select(Cluster.id, Cluster.cluster_id, Cluster.properties)
        .where(Cluster.clustering_result_id == result.id, Cluster.cluster_id != OUTLIER)
        .order_by(Cluster.cluster_id)
    ).all()
    if any(properties.get("lambda_birth") is None for _, _, properties in clusters):
        raise ClusteringError(
            f"clustering {result.uuid.hex[:8]} does not say at which distances its clusters live; it was made by an "
            f"earlier Loopscope: perform it once more with --again"
        )
    number_of = {key: number for key, number, _ in clusters}
    assigned = session.execute(
        select(EmbeddingCluster.embedding_id, EmbeddingCluster.cluster_id, EmbeddingCluster.probability).where(
            EmbeddingCluster.clustering_result_id == result.id
        )
    ).all()
    found = {embedding_id: (number_of.get(key, OUTLIER), probability) for embedding_id, key, probability in assigned}
    index = load_embedding_index(session, result.embedding_model_id)
    ids = index.embedding_id[np.isin(index.embedding_id, list(found))]
    labels, probabilities = zip(*(found[embedding_id] for embedding_id in ids.tolist()), strict=True)
    return _Fitted(
        vectors=load_vectors(session, result.embedding_model_id, ids),
        labels=np.array(labels, dtype=np.int64),
        probabilities=np.array(probabilities, dtype=np.float64),
        cluster_keys=np.array([key for key, _, _ in clusters], dtype=np.int64),
        lambda_birth=np.array([properties["lambda_birth"] for _, _, properties in clusters]),
        lambda_death=np.array([properties["lambda_death"] for _, _, properties in clusters]),
    )


def _rows(
    result: ClusteringResult,
    embedding_ids: Integers,
    labels: Integers,
    probabilities: npt.NDArray[np.float64],
    cluster_keys: Integers,
) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    return [
        {
            "clustering_result_id": result.id,
            "embedding_id": embedding_id,
            "cluster_id": None if label == OUTLIER else int(cluster_keys[label]),
            "embedding_model_id": result.embedding_model_id,
            "probability": probability,
            "assigned_at": now,
        }
        for embedding_id, label, probability in zip(
            embedding_ids.tolist(), labels.tolist(), probabilities.tolist(), strict=True
        )
    ]
