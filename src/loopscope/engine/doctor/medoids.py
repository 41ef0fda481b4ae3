"""Whether each cluster is led by its true medoid, and its properties are those of its members."""

from collections.abc import Collection, Iterator, Mapping
from typing import get_args

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.clustering.distances.exact import distances_to
from loopscope.clustering.medoids import medoid_of
from loopscope.clustering.parameters import Medoid
from loopscope.engine.doctor.distinct import DistinctVectors, count_distinct_outputs
from loopscope.engine.doctor.fault import Fault
from loopscope.engine.doctor.members import Integers, Members
from loopscope.engine.doctor.properties import (
    check_counted_properties,
    check_measured_properties,
    cluster_row,
    tell_unjudged,
)
from loopscope.engine.doctor.selection import check_counts
from loopscope.engine.progress import Progress
from loopscope.schemas import Cluster, ClusteringResult
from loopscope.store.vectors import load_vectors
from loopscope.types import OUTLIER, Vectors

AT_A_TIME = 4_096
"""How many outliers are read at a time; a cluster is read whole, since its medoid is measured against every member."""


def check_members(
    session: Session,
    result: ClusteringResult,
    members: Members,
    prompts: Mapping[int, str],
    broken: Collection[int],
    progress: Progress,
) -> Iterator[Fault]:
    """Check medoids, properties and the number of distinct vectors of one result, each vector read once.

    Medoids and numbers of distinct outputs of an imported result are judged by the rules of the import: a medoid that
    the other tool chose is taken as it is, and outputs differ where their hashes do.

    Parameters
    ----------
    prompts
        The initial prompt of each run.
    broken
        Embeddings whose vectors are not as they should be: what depends on them is not judged, which is told.
    """
    progress.begin(f"doctor: clustering {result.uuid.hex[:8]}", len(members))
    of_result = select(Cluster).where(Cluster.clustering_result_id == result.id).order_by(Cluster.cluster_id)
    is_broken = np.isin(members.embedding_id, np.array(sorted(broken), dtype=np.int64))
    distinct = DistinctVectors()
    by_hash, of_all = count_distinct_outputs(session, result.id) if result.origin is not None else ({}, None)
    unjudged = []
    for cluster in session.scalars(of_result).all():
        rows = members.of(cluster.id)
        if not len(rows):
            continue
        runs = np.unique(members.run_id[rows]).tolist()
        counted = {"runs": len(runs), "prompts": len({prompts[run_id] for run_id in runs})}
        yield from check_counted_properties(result, cluster, counted)
        measured: dict[str, float] = {}
        if is_broken[rows].any():
            unjudged.append(cluster.cluster_id)
        elif cluster.cluster_id == OUTLIER:
            measured["distinct_outputs"] = _read_outliers(session, result, members.embedding_id[rows], distinct)
        else:
            vectors = load_vectors(session, result.embedding_model_id, members.embedding_id[rows])
            measured["distinct_outputs"] = distinct.add(vectors)
            yield from _check_medoid(result, cluster, members, rows, vectors, measured)
        if cluster.id in by_hash:
            measured["distinct_outputs"] = by_hash[cluster.id]
        yield from check_measured_properties(result, cluster, measured)
        progress.advance(len(rows))
    if unjudged:
        yield from tell_unjudged(result, unjudged, members.embedding_id[is_broken].tolist())
    if not unjudged or of_all is not None:
        yield from check_counts(result, {"distinct": len(distinct) if of_all is None else of_all})


def _check_medoid(
    result: ClusteringResult,
    cluster: Cluster,
    members: Members,
    rows: Integers,
    vectors: Vectors,
    measured: dict[str, float],
) -> Iterator[Fault]:
    """Check the medoid of one cluster; around a right one, measure the true radius and mean distance."""
    kind = _judged_kind(result, cluster, members, rows)
    embedding_ids = members.embedding_id[rows]
    if kind is not None:
        weights = members.probability[rows] if kind == "weighted" else None
        medoid = int(embedding_ids[medoid_of(vectors, weights=weights, kind=kind)])
        if medoid != cluster.medoid_embedding_id:
            found, expected = f"medoid_embedding_id {cluster.medoid_embedding_id}", f"{medoid}, the {kind} medoid"
            delete = f"loopscope cluster delete {result.uuid.hex[:8]}"
            yield Fault("cluster", cluster_row(result, cluster), found, f"{expected} of its members", delete)
            return
    recorded = np.flatnonzero(embedding_ids == cluster.medoid_embedding_id)
    if len(recorded):
        distances = distances_to(vectors, vectors[recorded[0]])
        measured |= {"radius": float(distances.max()), "mean_distance": float(distances.mean())}


def _judged_kind(result: ClusteringResult, cluster: Cluster, members: Members, rows: Integers) -> Medoid | None:
    """Return the definition by which a medoid was found; None where it is not one that can be judged."""
    if result.origin is not None:
        recomputed = result.origin.get("recomputed_medoids", ())
        return (
            "unweighted" if result.origin.get("medoids") == "recomputed" or cluster.cluster_id in recomputed else None
        )
    kind: Medoid = result.parameters.get("medoid", "unweighted")
    if kind not in get_args(Medoid) or (kind == "weighted" and np.isnan(members.probability[rows]).any()):
        return None
    return kind


def _read_outliers(
    session: Session, result: ClusteringResult, embedding_ids: Integers, distinct: DistinctVectors
) -> int:
    """Read the outliers block by block, and return how many distinct vectors they have."""
    own = DistinctVectors()
    for start in range(0, len(embedding_ids), AT_A_TIME):
        block = load_vectors(session, result.embedding_model_id, embedding_ids[start : start + AT_A_TIME])
        own.add(block)
        distinct.add(block)
    return len(own)
