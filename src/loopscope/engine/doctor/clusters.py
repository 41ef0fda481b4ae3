"""Whether the clusters of each result are as large as they say, and numbered as they should be."""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from loopscope.engine.doctor.fault import Fault, Mend, Row
from loopscope.schemas import Cluster, ClusteringResult, Embedding, EmbeddingCluster, Invocation
from loopscope.types import OUTLIER


class _Counted(NamedTuple):
    """A cluster, how many assignments it has, and where its medoid stands in trajectory order."""

    id: int
    result_id: int
    uuid: UUID
    number: int
    size: int
    assignments: int
    medoid_run: int | None
    medoid_sequence_number: int | None

    @property
    def row(self) -> Row:
        return {"id": self.id, "clustering_result": self.uuid, "cluster_id": self.number}

    @property
    def rank(self) -> tuple[int, int, int]:
        """By what clusters are numbered: the larger first, then the one whose medoid is the earlier."""
        return -self.assignments, self.medoid_run or 0, self.medoid_sequence_number or 0


def check_clusters(session: Session) -> Iterator[Fault]:
    """Check sizes against assignments, and that numbers are 0, 1, … by decreasing size, ties by medoid."""
    counted = (
        select(EmbeddingCluster.cluster_id, func.count().label("assignments"))
        .group_by(EmbeddingCluster.cluster_id)
        .subquery()
    )
    statement = (
        select(
            Cluster.id,
            Cluster.clustering_result_id,
            ClusteringResult.uuid,
            Cluster.cluster_id,
            Cluster.size,
            func.coalesce(counted.c.assignments, 0),
            Invocation.run_id,
            Invocation.sequence_number,
        )
        .join(ClusteringResult, ClusteringResult.id == Cluster.clustering_result_id)
        .outerjoin(counted, counted.c.cluster_id == Cluster.id)
        .outerjoin(Embedding, Embedding.id == Cluster.medoid_embedding_id)
        .outerjoin(Invocation, Invocation.id == Embedding.invocation_id)
        .order_by(Cluster.clustering_result_id, Cluster.cluster_id)
    )
    rows = (_Counted(*row) for row in session.execute(statement.execution_options(yield_per=1000)))
    for _, group in groupby(rows, lambda cluster: cluster.result_id):
        clusters = list(group)
        for cluster in clusters:
            yield from _check_size(cluster)
        yield from _check_numbers([cluster for cluster in clusters if cluster.number != OUTLIER])


def _check_size(cluster: _Counted) -> Iterator[Fault]:
    if cluster.size == cluster.assignments:
        return
    if cluster.assignments == 0 and cluster.number == OUTLIER:
        mend = Mend(Cluster, {"id": cluster.id}, {"size": cluster.size})
        yield Fault("cluster", cluster.row, "an outlier cluster without outliers", "none", mend=mend)
        return
    mend = Mend(Cluster, {"id": cluster.id}, {"size": cluster.size}, {"size": cluster.assignments})
    expected = f"{cluster.assignments}, the number of its assignments"
    if cluster.assignments:
        yield Fault("cluster", cluster.row, f"size {cluster.size}", expected, mend=mend)
    else:
        yield Fault("cluster", cluster.row, f"size {cluster.size}", expected, _perform_again(cluster.uuid))


def _check_numbers(clusters: Sequence[_Counted]) -> Iterator[Fault]:
    """Check the numbers of one result; the first that is out of place is told."""
    if not clusters:
        return
    row = {"id": clusters[0].result_id, "uuid": clusters[0].uuid}
    again = _perform_again(clusters[0].uuid)
    missing = sorted(set(range(clusters[-1].number)) - {cluster.number for cluster in clusters})
    if missing:
        found = f"no cluster of the number {missing[0]}"
        yield Fault("clustering_result", row, found, f"clusters 0 to {clusters[-1].number} without a gap", again)
    for before, after in pairwise(clusters):
        if before.rank > after.rank:
            found = (
                f"cluster {before.number} with {before.assignments} embeddings before cluster {after.number} with "
                f"{after.assignments}"
            )
            expected = "numbers by decreasing size, then by the medoid that comes first"
            yield Fault("clustering_result", row, found, expected, again)
            return


def _perform_again(uuid: UUID) -> str:
    return f"loopscope cluster delete {uuid.hex[:8]}"
