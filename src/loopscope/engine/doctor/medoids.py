"""Whether each cluster is led by its true medoid, and its properties are those of its members."""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.clustering.distances import distances_to
from loopscope.clustering.medoids import medoid_of
from loopscope.clustering.parameters import Medoid
from loopscope.clustering.repeats import collapse_repeats
from loopscope.engine.doctor.fault import Fault, Mend
from loopscope.engine.doctor.members import Integers, Members
from loopscope.engine.doctor.selection import check_counts
from loopscope.engine.progress import Progress
from loopscope.schemas import Cluster, ClusteringResult
from loopscope.store.vectors import load_vectors
from loopscope.types import OUTLIER, Vectors

AT_A_TIME = 4_096
"""How many outliers are read at a time; a cluster is read whole, since its medoid is measured against every member."""
TOLERANCE = 1e-6
"""How far a recorded distance may be from the one that is measured, absolutely and relative to it."""


@dataclass(frozen=True)
class _Measured:
    """What a cluster's members say: its true medoid if it is judged, and its properties."""

    medoid: int | None
    properties: Mapping[str, float]


def check_members(
    session: Session,
    result: ClusteringResult,
    members: Members,
    prompts: Mapping[int, str],
    broken: Collection[int],
    progress: Progress,
) -> Iterator[Fault]:
    """Check medoids, properties and the number of distinct vectors of one result, each vector read once.

    Parameters
    ----------
    prompts
        The initial prompt of each run.
    broken
        Embeddings whose vectors are not as they should be: what depends on them cannot be judged.
    """
    progress.begin(f"doctor: clustering {result.uuid.hex[:8]}", len(members))
    of_result = select(Cluster).where(Cluster.clustering_result_id == result.id).order_by(Cluster.cluster_id)
    is_broken = np.isin(members.embedding_id, np.array(sorted(broken), dtype=np.int64))
    distinct = _Distinct()
    for cluster in session.scalars(of_result).all():
        rows = members.of(cluster.id)
        if len(rows) and not is_broken[rows].any():
            yield from _check_cluster(session, result, cluster, members, rows, prompts, distinct)
        progress.advance(len(rows))
    if not is_broken.any():
        yield from check_counts(result, {"distinct": len(distinct)})


def _check_cluster(
    session: Session,
    result: ClusteringResult,
    cluster: Cluster,
    members: Members,
    rows: Integers,
    prompts: Mapping[int, str],
    distinct: "_Distinct",
) -> Iterator[Fault]:
    runs = np.unique(members.run_id[rows]).tolist()
    true: dict[str, float] = {"runs": len(runs), "prompts": len({prompts[run_id] for run_id in runs})}
    if cluster.cluster_id == OUTLIER:
        true["distinct_outputs"] = _read_outliers(session, result, members.embedding_id[rows], distinct)
    else:
        measured = _measure(session, result, cluster, members, rows, distinct)
        if measured.medoid not in (None, cluster.medoid_embedding_id):
            yield _wrong_medoid(result, cluster, measured.medoid)
        true |= measured.properties
    yield from _check_properties(result, cluster, true)


def _measure(
    session: Session,
    result: ClusteringResult,
    cluster: Cluster,
    members: Members,
    rows: Integers,
    distinct: "_Distinct",
) -> _Measured:
    embedding_ids = members.embedding_id[rows]
    vectors = load_vectors(session, result.embedding_model_id, embedding_ids)
    properties: dict[str, float] = {"distinct_outputs": distinct.add(vectors)}
    medoid = _true_medoid(result, vectors, members.probability[rows])
    true = None if medoid is None else int(embedding_ids[medoid])
    recorded = np.flatnonzero(embedding_ids == cluster.medoid_embedding_id)
    if len(recorded) and true in (None, cluster.medoid_embedding_id):
        distances = distances_to(vectors, vectors[recorded[0]])
        properties |= {"radius": float(distances.max()), "mean_distance": float(distances.mean())}
    return _Measured(true, properties)


def _true_medoid(result: ClusteringResult, vectors: Vectors, probabilities: npt.NDArray[np.float64]) -> int | None:
    """Return the row of the medoid by the definition that the result records; None where that cannot be judged."""
    kind = result.parameters.get("medoid", "unweighted")
    if kind not in get_args(Medoid) or (kind == "weighted" and np.isnan(probabilities).any()):
        return None
    if result.origin is not None and result.origin.get("medoids") != "recomputed":
        return None
    return medoid_of(vectors, weights=probabilities if kind == "weighted" else None, kind=kind)


def _wrong_medoid(result: ClusteringResult, cluster: Cluster, true: int | None) -> Fault:
    kind = result.parameters.get("medoid", "unweighted")
    return Fault(
        "cluster",
        _row(result, cluster),
        f"medoid_embedding_id {cluster.medoid_embedding_id}",
        f"{true}, the {kind} medoid of its members",
        f"loopscope cluster delete {result.uuid.hex[:8]}",
    )


def _check_properties(result: ClusteringResult, cluster: Cluster, true: Mapping[str, float]) -> Iterator[Fault]:
    """Hold the properties that a cluster records against the true ones."""
    birth = cluster.properties.get("lambda_birth")
    if isinstance(birth, float | int) and birth > 0:
        true = {**true, "epsilon": 1 / birth}
    for name, value in true.items():
        found = cluster.properties.get(name)
        if found is None or _is_near(found, value):
            continue
        mend = Mend(Cluster, {"id": cluster.id}, {"properties": {name: found}}, {"properties": {name: value}})
        yield Fault(
            "cluster", _row(result, cluster), f"{name} {_said(found)}", f"{_said(value)}, as measured", mend=mend
        )


def _read_outliers(session: Session, result: ClusteringResult, embedding_ids: Integers, distinct: "_Distinct") -> int:
    """Read the outliers block by block, and return how many distinct vectors they have."""
    own = _Distinct()
    for start in range(0, len(embedding_ids), AT_A_TIME):
        block = load_vectors(session, result.embedding_model_id, embedding_ids[start : start + AT_A_TIME])
        own.add(block)
        distinct.add(block)
    return len(own)


class _Distinct:
    """Counts the vectors that differ, remembering 16 bytes of each."""

    def __init__(self) -> None:
        self._digests: list[npt.NDArray[np.void]] = []

    def add(self, vectors: Vectors) -> int:
        """Add vectors, and return how many of these differ."""
        first = collapse_repeats(vectors).first
        digests = b"".join(blake2b(vectors[row].tobytes(), digest_size=16).digest() for row in first)
        self._digests.append(np.frombuffer(digests, dtype="V16"))
        return len(first)

    def __len__(self) -> int:
        return len(np.unique(np.concatenate(self._digests))) if self._digests else 0


def _row(result: ClusteringResult, cluster: Cluster) -> dict[str, Any]:
    return {"id": cluster.id, "clustering_result": result.uuid, "cluster_id": cluster.cluster_id}


def _is_near(found: Any, true: float) -> bool:
    if isinstance(true, int):
        return bool(found == true)
    return isinstance(found, float | int) and math.isclose(found, true, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _said(value: Any) -> str:
    return f"{value:.9g}" if isinstance(value, float) else str(value)
