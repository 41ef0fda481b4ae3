"""What the file says of the clusters of a result that have members, and which of them lack a medoid."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from loopscope.store.legacy.assignments import OldAssignments
from loopscope.store.legacy.cluster_lists import RECOMPUTED, StatedCluster
from loopscope.store.legacy.identifiers import Integers
from loopscope.store.legacy.results import OldResults
from loopscope.types import OUTLIER

NOT_A_MEMBER = "its medoid is not one of its members"
SIZE_DIFFERS = "its size is not the number of its assignments"
UNLISTED = "clusters of its assignments are not among its clusters"


class Members(NamedTuple):
    """The assignments of one result that can be brought over, in the order of the embeddings' positions."""

    embeddings: Integers
    codes: Integers


@dataclass(frozen=True)
class StatedClusters:
    """The clusters of one result that have members.

    Attributes
    ----------
    codes
        Shape (k,), int64, increasing: what tells them apart.
    medoids
        Shape (k,), int64: positions of embeddings; −1 where the medoid must be recomputed.
    stated
        What the file says of each.
    blemishes
        What keeps the result from being whole.
    """

    codes: Integers
    medoids: Integers
    stated: list[StatedCluster]
    blemishes: list[str] = field(default_factory=list)


def find_stated_clusters(
    assignments: OldAssignments, results: OldResults, position: int, members: Members
) -> StatedClusters:
    """Find what the file says of each cluster that has members, and tell what is wrong with it."""
    clusters = assignments.clusters
    codes, sizes = np.unique(members.codes[members.codes != OUTLIER], return_counts=True)
    stated, medoids, unlisted = [], [], []
    for code, size in zip(codes.tolist(), sizes.tolist(), strict=True):
        row = clusters.place.get((position, code))
        if row is None:
            unlisted.append(code)
            each = StatedCluster(code)
        else:
            each = clusters.stated[row]
            _judge_size(assignments, position, code, row, each.size, size)
        medoid = each.medoid
        if row is not None and medoid >= 0 and not _is_member(members, medoid, code):
            clusters.judged.remark(np.array([row]), NOT_A_MEMBER, RECOMPUTED)
            medoid = -1
        stated.append(each)
        medoids.append(medoid)
    if unlisted:
        numbers = {position: ", ".join(map(str, unlisted))}
        results.judged.remark(np.array([position]), UNLISTED, "brought over with their medoids recomputed", numbers)
    lacking = sum(medoid < 0 for medoid in medoids)
    blemishes = [f"{lacking} of its {len(medoids)} medoids are missing or are no members"] if lacking else []
    return StatedClusters(codes, np.array(medoids, dtype=np.int64), stated, blemishes)


def _is_member(members: Members, embedding: int, code: int) -> bool:
    place = int(np.searchsorted(members.embeddings, embedding))
    return place < len(members.embeddings) and (members.embeddings[place], members.codes[place]) == (embedding, code)


def _judge_size(assignments: OldAssignments, position: int, code: int, row: int, told: int | None, size: int) -> None:
    """Remark that the size that is told is neither that of the cluster here nor that of the file's own rows."""
    if told is None or told == size:
        return
    rows = (assignments.result == position) & (assignments.code == code)
    if told not in (int(rows.sum()), int((rows & ~assignments.judged.merged).sum())):
        assignments.clusters.judged.remark(
            np.array([row]),
            SIZE_DIFFERS,
            "brought over with the number of its assignments",
            {row: f"{told} where {size} are assigned"},
        )
