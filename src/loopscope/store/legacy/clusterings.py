"""Clusterings put together again: members, medoids and numbers as they are here, and what was lost on the way."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from loopscope.store.legacy.assignments import OldAssignments
from loopscope.store.legacy.content import Content
from loopscope.store.legacy.identifiers import Integers
from loopscope.store.legacy.medoids import Members, StatedClusters, find_stated_clusters
from loopscope.store.legacy.numbering import Numbered, Places, find_places, number_clusters
from loopscope.store.legacy.references import judge_owners
from loopscope.store.legacy.results import OldResult, OldResults
from loopscope.store.legacy.shapes import Shape, measure_shape
from loopscope.store.legacy.source import Source
from loopscope.types import OUTLIER

NO_MEMBERS = "no embedding is assigned to it"


@dataclass(frozen=True)
class PlannedClustering:
    """A clustering as it is to be written.

    Attributes
    ----------
    model
        The position of its embedding model.
    embeddings
        Shape (n,), int64: positions.
    clusters
        Its labels, medoids and properties.
    experiments
        The positions of the experiments whose embeddings take part.
    distinct
        How many distinct outputs take part.
    origin
        Where it came from, and what was done to it.
    """

    result: OldResult
    model: int
    embeddings: Integers
    clusters: Numbered
    experiments: list[int]
    distinct: int
    origin: dict[str, Any]


@dataclass(frozen=True)
class _Counts:
    """How many assignments of each result were found, and left out."""

    found: Integers
    left_out: Integers


def plan_clusterings(
    source: Source, content: Content, *, strict: bool, advance: Callable[[int], None]
) -> list[PlannedClustering]:
    """Put the clusterings of a file together.

    Parameters
    ----------
    strict
        Whether a clustering of which anything was left out, or a medoid has to be recomputed, is left out itself.
    advance
        Told of the assignments as they are done.
    """
    assignments, results = content.assignments, content.results
    if assignments is None or results is None:
        return []
    places, counts = find_places(content), _count(assignments, len(results.results))
    planned = []
    for position, members in _by_result(assignments, len(results.results)):
        result = results.results[position]
        if result is not None and not results.judged.left_out[position]:
            clusters = _judge(content, assignments, results, position, members, counts, strict)
            if clusters is not None:
                planned.append(_plan(source, content, position, result, members, clusters, places, counts))
        advance(len(members.codes))
    judge_owners(assignments.judged, "clustering result", assignments.result, results.judged.kept)
    _judge_clusters(assignments, results)
    return planned


def downsample_of(parameters: Mapping[str, Any]) -> int | None:
    """Return the downsampling that parameters tell, None where they tell none."""
    value = parameters.get("downsample")
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 1 else None


def _count(assignments: OldAssignments, results: int) -> _Counts:
    of_some = assignments.result >= 0
    lost = of_some & assignments.judged.left_out
    return _Counts(
        np.bincount(assignments.result[of_some], minlength=results),
        np.bincount(assignments.result[lost], minlength=results),
    )


def _by_result(assignments: OldAssignments, results: int) -> Iterator[tuple[int, Members]]:
    rows = np.flatnonzero(assignments.judged.kept)
    rows = rows[np.lexsort((assignments.embedding[rows], assignments.result[rows]))]
    bounds = np.searchsorted(assignments.result[rows], np.arange(results + 1))
    for position in range(results):
        mine = rows[bounds[position] : bounds[position + 1]]
        yield position, Members(assignments.embedding[mine], assignments.code[mine])


def _judge(
    content: Content,
    assignments: OldAssignments,
    results: OldResults,
    position: int,
    members: Members,
    counts: _Counts,
    strict: bool,
) -> StatedClusters | None:
    """Find the clusters of a result; None where the result is left out."""
    at, found, left_out = np.array([position]), counts.found[position], counts.left_out[position]
    if not len(members.embeddings):
        fault = "none of its assignments was brought over" if found else "it has no assignments"
        results.judged.leave_out(at, fault, consequence=bool(found))
        return None
    if len(np.unique(content.embeddings.model[members.embeddings])) > 1:
        results.judged.leave_out(at, "it has embeddings of texts and of pictures together")
        return None
    clusters = find_stated_clusters(assignments, results, position, members)
    blemishes = results.blemishes.get(position, []) + clusters.blemishes
    if left_out:
        blemishes.append(f"{left_out} of its {found} assignments cannot be brought over")
    if strict and blemishes:
        told = {position: "; ".join(blemishes)}
        results.judged.leave_out(at, "it is not whole (--strict)", told, consequence=True)
        return None
    return clusters


def _plan(
    source: Source,
    content: Content,
    position: int,
    result: OldResult,
    members: Members,
    clusters: StatedClusters,
    places: Places,
    counts: _Counts,
) -> PlannedClustering:
    """Plan a clustering that is brought over."""
    shapes = _measure(source, content, members, clusters, places)
    numbered = number_clusters(members, clusters, shapes, places)
    recomputed = clusters.medoids < 0
    found, left_out = int(counts.found[position]), int(counts.left_out[position])
    origin: dict[str, Any] = {
        "file": source.path.name,
        "id": result.stored_id,
        "layout": content.layout.form.value,
        "medoids": "as stored",
        "assignments": found,
        "merged": found - left_out - len(members.embeddings),
        "left_out": left_out,
        "downsample": "not recorded" if downsample_of(result.parameters) is None else "as stored",
    }
    if recomputed.any():
        origin["medoids"] = "recomputed" if recomputed.all() else "partly recomputed"
        origin["recomputed_medoids"] = sorted(numbered.number[recomputed].tolist())
    runs = [content.experiments.runs[run] for run in np.unique(places.run[members.embeddings]).tolist()]
    return PlannedClustering(
        result=result,
        model=int(content.embeddings.model[members.embeddings[0]]),
        embeddings=members.embeddings,
        clusters=numbered,
        experiments=sorted({run.experiment for run in runs if run is not None}),
        distinct=len(np.unique(places.output[members.embeddings])),
        origin=origin,
    )


def _measure(
    source: Source, content: Content, members: Members, clusters: StatedClusters, places: Places
) -> list[Shape]:
    """Measure every cluster, one after the other."""
    rows = np.flatnonzero(members.codes != OUTLIER)
    rows = rows[np.lexsort((places.trajectory[members.embeddings[rows]], members.codes[rows]))]
    of_cluster = np.split(members.embeddings[rows], np.searchsorted(members.codes[rows], clusters.codes)[1:])
    return [
        measure_shape(source, content.embeddings, embeddings, medoid)
        for embeddings, medoid in zip(of_cluster, clusters.medoids.tolist(), strict=bool(len(clusters.codes)))
    ]


def _judge_clusters(assignments: OldAssignments, results: OldResults) -> None:
    """Leave out the clusters of which no assignment is brought over."""
    judged, kept, lost = assignments.clusters.judged, assignments.judged.kept, assignments.judged.left_out
    alive = set(zip(assignments.result[kept].tolist(), assignments.code[kept].tolist(), strict=True))
    mentioned = set(zip(assignments.result[lost].tolist(), assignments.code[lost].tolist(), strict=True))
    for key, row in assignments.clusters.place.items():
        if key in alive:
            continue
        gone = key[0] >= 0 and bool(results.judged.left_out[key[0]])
        fault = "its clustering result was not brought over" if gone else "none of its assignments was brought over"
        consequence = gone or key in mentioned
        judged.leave_out(np.array([row]), fault if consequence else NO_MEMBERS, consequence=consequence)
