"""Whether memberships are in place: probabilities, layers of one clustering, and embeddings that came later."""

from collections.abc import Iterator
from itertools import groupby

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from loopscope.engine.doctor.fault import Fault, Mend
from loopscope.schemas import Cluster, ClusteringResult, EmbeddingCluster, LaterAssignment
from loopscope.types import OUTLIER


def check_probabilities(session: Session) -> Iterator[Fault]:
    """Check that outliers have the probability 0, and that a result has a probability for all or for none."""
    of_outliers = (
        select(EmbeddingCluster.embedding_id, ClusteringResult.id, ClusteringResult.uuid, EmbeddingCluster.probability)
        .join(Cluster, Cluster.id == EmbeddingCluster.cluster_id)
        .join(ClusteringResult, ClusteringResult.id == EmbeddingCluster.clustering_result_id)
        .where(Cluster.cluster_id == OUTLIER, EmbeddingCluster.probability > 0)
        .order_by(ClusteringResult.id, EmbeddingCluster.embedding_id)
    )
    for embedding_id, result_id, uuid, probability in session.execute(of_outliers):
        row = {"clustering_result_id": result_id, "embedding_id": embedding_id, "clustering_result": uuid}
        found = f"probability {probability:g} of an outlier"
        yield Fault("embedding_cluster", row, found, "0", f"loopscope cluster delete {uuid.hex[:8]}")
    known, total = func.count(EmbeddingCluster.probability), func.count()
    mixed = (
        select(ClusteringResult.id, ClusteringResult.uuid, known, total)
        .join(EmbeddingCluster, EmbeddingCluster.clustering_result_id == ClusteringResult.id)
        .group_by(ClusteringResult.id, ClusteringResult.uuid)
        .having(known > 0, known < total)
        .order_by(ClusteringResult.id)
    )
    for result_id, uuid, with_one, of in session.execute(mixed):
        found = f"{of - with_one} of {of} assignments without a probability"
        row = {"id": result_id, "uuid": uuid}
        delete = f"loopscope cluster delete {uuid.hex[:8]}"
        yield Fault("clustering_result", row, found, "a probability of each, or of none", delete)


def check_layers(session: Session) -> Iterator[Fault]:
    """Check that the layers of one clustering are 0, 1, … without a gap, of the same model and algorithm."""
    rows = session.scalars(
        select(ClusteringResult)
        .where(ClusteringResult.layer_group.is_not(None))
        .order_by(ClusteringResult.layer_group, ClusteringResult.layer)
    )
    for group, found in groupby(rows, lambda result: result.layer_group):
        results = list(found)
        row = {"id": results[0].id, "uuid": results[0].uuid, "layer_group": group}
        delete = f"loopscope cluster delete {results[0].uuid.hex[:8]}"
        layers = [result.layer for result in results]
        if layers != list(range(len(layers))):
            said = ", ".join(map(str, layers))
            yield Fault("clustering_result", row, f"the layers {said}", "layers 0, 1, … without a gap", delete)
        if len({(result.embedding_model_id, result.algorithm, result.last_embedding_id) for result in results}) > 1:
            found_said = "layers of different models, algorithms or embeddings"
            yield Fault("clustering_result", row, found_said, "layers of one clustering", delete)


def check_later_assignments(session: Session) -> Iterator[Fault]:
    """Check that what was assigned later did come later, and is no part of the result."""
    fitted = exists().where(
        EmbeddingCluster.clustering_result_id == LaterAssignment.clustering_result_id,
        EmbeddingCluster.embedding_id == LaterAssignment.embedding_id,
    )
    statement = (
        select(
            LaterAssignment.clustering_result_id,
            LaterAssignment.embedding_id,
            LaterAssignment.cluster_id,
            LaterAssignment.probability,
            ClusteringResult.uuid,
            ClusteringResult.last_embedding_id,
            fitted.label("fitted"),
            func.coalesce(Cluster.cluster_id, 0),
        )
        .join(ClusteringResult, ClusteringResult.id == LaterAssignment.clustering_result_id)
        .outerjoin(Cluster, Cluster.id == LaterAssignment.cluster_id)
        .where(
            fitted
            | (LaterAssignment.embedding_id <= ClusteringResult.last_embedding_id)
            | (Cluster.cluster_id == OUTLIER)
        )
        .order_by(LaterAssignment.clustering_result_id, LaterAssignment.embedding_id)
    )
    for result_id, embedding_id, cluster_key, probability, uuid, last, is_fitted, number in session.execute(statement):
        key = {"clustering_result_id": result_id, "embedding_id": embedding_id}
        row = {**key, "clustering_result": uuid}
        was = {"cluster_id": cluster_key, "probability": probability}
        if is_fitted:
            mend = Mend(LaterAssignment, key, was)
            found = "a later assignment of an embedding that is fitted in the same result"
            yield Fault("later_assignment", row, found, "the fitted one only", mend=mend)
        elif embedding_id <= last:
            found = "a later assignment of an embedding that was there when the result was made"
            expected = f"embeddings newer than its last_embedding_id {last}"
            yield Fault("later_assignment", row, found, expected, f"loopscope cluster show {uuid.hex[:8]}")
        elif number == OUTLIER:
            mend = Mend(LaterAssignment, key, was, {"cluster_id": None})
            found = f"the outlier cluster {cluster_key}"
            yield Fault("later_assignment", row, found, "no cluster for an outlier", mend=mend)
