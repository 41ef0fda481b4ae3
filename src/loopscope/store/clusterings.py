"""Clustering results in the store: saved whole, deleted whole."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import repeat
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import numpy.typing as npt
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from loopscope.errors import NotFoundError, StoreError
from loopscope.schemas import Cluster, ClusteringResult
from loopscope.types import OUTLIER

_COLUMNS = "embedding_cluster (clustering_result_id, embedding_id, cluster_id, embedding_model_id, probability)"


@dataclass(frozen=True)
class NewClustering:
    """A clustering that is to be saved.

    Attributes
    ----------
    embedding_ids
        Shape (n,), int64, each once, of one embedding model.
    labels
        Shape (n,), integers: the number of each embedding's cluster, 0, 1, … without a gap; −1 for an outlier.
    medoid_embedding_ids
        Shape (number of clusters,), int64: the medoid of each cluster, in the order of their numbers.
    properties
        What else is known of each cluster, in the order of their numbers.
    outlier_properties
        What else is known of the outlier cluster.
    probabilities
        Shape (n,), float64 in [0, 1]: how strongly each embedding belongs to its cluster; None where it is not known.

    The other attributes are columns of :class:`~loopscope.schemas.ClusteringResult`; the time that saving takes is
    added to ``durations``.
    """

    embedding_model_id: int
    algorithm: str
    parameters: Mapping[str, Any]
    downsample: int
    selection: Mapping[str, Any]
    counts: Mapping[str, Any]
    versions: Mapping[str, Any]
    last_embedding_id: int
    started_at: datetime
    finished_at: datetime
    embedding_ids: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    medoid_embedding_ids: npt.NDArray[np.int64]
    properties: Sequence[Mapping[str, Any]]
    outlier_properties: Mapping[str, Any] = field(default_factory=dict)
    probabilities: npt.NDArray[np.float64] | None = None
    durations: Mapping[str, float] | None = None
    fingerprint: str | None = None
    layer: int | None = None
    layer_group: UUID | None = None
    origin: Mapping[str, Any] | None = None


class SavedClustering(NamedTuple):
    """The keys that a clustering result got."""

    id: int
    uuid: UUID


def save_clustering(session: Session, clustering: NewClustering) -> SavedClustering:
    """Write a clustering result, its clusters and its assignments.

    Parameters
    ----------
    session
        In a write transaction: nothing of the result is kept unless all of it is.

    Returns
    -------
    SavedClustering
        The id and the UUID of the result.

    Raises
    ------
    StoreError
        When an embedding comes twice (they are named), or the arrays do not fit each other; nothing is written then.
    StoreConflictError
        At the end of the transaction, when a medoid is not a member of its cluster.
    """
    _check(clustering)
    start = time.perf_counter()
    result = ClusteringResult(
        embedding_model_id=clustering.embedding_model_id,
        algorithm=clustering.algorithm,
        parameters=dict(clustering.parameters),
        downsample=clustering.downsample,
        selection=dict(clustering.selection),
        counts=dict(clustering.counts),
        versions=dict(clustering.versions),
        last_embedding_id=clustering.last_embedding_id,
        started_at=clustering.started_at,
        finished_at=clustering.finished_at,
        fingerprint=clustering.fingerprint,
        layer=clustering.layer,
        layer_group=clustering.layer_group,
        origin=clustering.origin and dict(clustering.origin),
    )
    session.add(result)
    session.flush()
    if len(clustering.labels):
        keys = _save_clusters(session, clustering, result.id)
        _save_assignments(session, clustering, result.id, keys)
    if clustering.durations is not None:
        result.durations = {**clustering.durations, "save": time.perf_counter() - start}
    return SavedClustering(result.id, result.uuid)


def get_clustering(session: Session, clustering_result_id: int) -> ClusteringResult:
    """Read a clustering result.

    Raises
    ------
    NotFoundError
        When there is none of this id.
    """
    result = session.get(ClusteringResult, clustering_result_id)
    if result is None:
        raise NotFoundError(f"there is no clustering result {clustering_result_id}; see all: loopscope cluster list")
    return result


def find_layers(session: Session, clustering_result_id: int) -> list[ClusteringResult]:
    """Find the layers of the clustering that a result is of, the finest first: itself where it has none.

    Raises
    ------
    NotFoundError
        When there is none of this id.
    """
    result = get_clustering(session, clustering_result_id)
    if result.layer_group is None:
        return [result]
    of_group = select(ClusteringResult).where(ClusteringResult.layer_group == result.layer_group)
    return list(session.scalars(of_group.order_by(ClusteringResult.layer)))


def delete_clustering(session: Session, clustering_result_id: int) -> None:
    """Delete a clustering with its clusters and assignments, in all of its layers; nothing else refers to it.

    Raises
    ------
    NotFoundError
        When there is none of this id.
    """
    layers = [result.id for result in find_layers(session, clustering_result_id)]
    session.execute(delete(ClusteringResult).where(ClusteringResult.id.in_(layers)))


def _check(clustering: NewClustering) -> None:
    ids, counts = np.unique(clustering.embedding_ids, return_counts=True)
    twice = ids[counts > 1].tolist()
    if twice:
        shown = ", ".join(map(str, twice[:20])) + (", …" if len(twice) > 20 else "")
        raise StoreError(
            f"{len(twice)} embeddings come more than once in the clustering ({shown}); expected each once: "
            "nothing was saved"
        )
    numbers = np.unique(clustering.labels[clustering.labels != OUTLIER])
    expected = len(clustering.medoid_embedding_ids)
    if not np.array_equal(numbers, np.arange(expected)) or expected != len(clustering.properties):
        raise StoreError(
            f"found {expected} medoids and {len(clustering.properties)} sets of properties for the cluster numbers "
            f"{numbers.tolist()[:20]}; expected one of each for 0, 1, … without a gap: nothing was saved"
        )
    for name, values in (("labels", clustering.labels), ("probabilities", clustering.probabilities)):
        if values is not None and values.shape != clustering.embedding_ids.shape:
            raise StoreError(
                f"found {len(values)} {name} for {len(clustering.embedding_ids)} embeddings; "
                "expected one for each: nothing was saved"
            )


def _save_clusters(session: Session, clustering: NewClustering, result_id: int) -> npt.NDArray[np.int64]:
    """Write the clusters, and return their ids so that the one of label k is at k; of the outliers, at the end."""
    sizes = np.bincount(clustering.labels - OUTLIER, minlength=1 - OUTLIER)
    described: list[tuple[int, int | None, Mapping[str, Any]]] = [
        (number, int(medoid), properties)
        for number, (medoid, properties) in enumerate(
            zip(clustering.medoid_embedding_ids, clustering.properties, strict=True)
        )
    ]
    if sizes[0]:
        described.append((OUTLIER, None, clustering.outlier_properties))
    rows = [
        {
            "clustering_result_id": result_id,
            "cluster_id": number,
            "medoid_embedding_id": medoid,
            "size": int(sizes[number - OUTLIER]),
            "properties": dict(properties),
        }
        for number, medoid, properties in described
    ]
    ids = session.scalars(insert(Cluster).returning(Cluster.id, sort_by_parameter_order=True), rows)
    return np.array(ids.all(), dtype=np.int64)


def _save_assignments(
    session: Session, clustering: NewClustering, result_id: int, cluster_keys: npt.NDArray[np.int64]
) -> None:
    """Write the assignments in bulk, in the order of their key."""
    order = np.argsort(clustering.embedding_ids)
    embedding_ids = clustering.embedding_ids[order].tolist()
    cluster_ids = cluster_keys[clustering.labels[order]].tolist()
    known = clustering.probabilities
    probabilities = [None] * len(order) if known is None else known[order].tolist()
    rows = zip(
        repeat(result_id),
        embedding_ids,
        cluster_ids,
        repeat(clustering.embedding_model_id),
        probabilities,
        strict=False,
    )
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"INSERT INTO {_COLUMNS} VALUES (?, ?, ?, ?, ?)", list(rows))  # noqa: S608 - a constant
        return
    driver: Any = connection.connection.driver_connection
    lines = ["\t".join("\\N" if value is None else repr(value) for value in row) + "\n" for row in rows]
    with driver.cursor() as cursor, cursor.copy(f"COPY {_COLUMNS} FROM STDIN") as copy:
        copy.write("".join(lines))
