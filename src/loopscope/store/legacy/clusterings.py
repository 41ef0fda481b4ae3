"""Clusterings put together again: members, medoids and numbers as they are here, and what was lost on the way."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from loopscope.clustering.medoids import medoid_of
from loopscope.store.legacy.assignments import OldAssignments
from loopscope.store.legacy.cluster_lists import RECOMPUTED, ClusterList, StatedCluster
from loopscope.store.legacy.content import Content
from loopscope.store.legacy.embeddings import read_vectors
from loopscope.store.legacy.identifiers import Integers
from loopscope.store.legacy.references import judge_owners
from loopscope.store.legacy.results import OldResult
from loopscope.store.legacy.source import Source
from loopscope.types import OUTLIER

NO_MEMBERS = "no embedding is assigned to it"
NOT_A_MEMBER = "its medoid is not one of its members"
SIZE_DIFFERS = "its size is not the number of its assignments"


@dataclass(frozen=True)
class PlannedClustering:
    """A clustering as it is to be written.

    Attributes
    ----------
    model
        The position of its embedding model.
    embeddings
        Shape (n,), int64: positions.
    labels
        Shape (n,), int64: 0, 1, … by decreasing size, ties by medoid in trajectory order; −1 for an outlier.
    medoids
        Shape (clusters,), int64: the positions of the medoids, by number.
    properties, outlier_properties
        What else is known of the clusters, by number, and of the outliers.
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
    labels: Integers
    medoids: Integers
    properties: list[dict[str, Any]]
    outlier_properties: dict[str, Any]
    experiments: list[int]
    distinct: int
    origin: dict[str, Any]


class _Members(NamedTuple):
    """The assignments of one result that can be brought over, by embedding."""

    embeddings: Integers
    codes: Integers


class _Kinds(NamedTuple):
    """For each embedding, what it is counted by."""

    trajectory: Integers
    output: Integers
    run: Integers
    prompt: Integers


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
    assignments = content.assignments
    if assignments is None or content.results is None:
        return []
    kinds = _kinds(content)
    planned = []
    for position, rows in _by_result(assignments, len(content.results.results)):
        result = content.results.results[position]
        if result is not None and not content.results.judged.left_out[position]:
            members = _Members(assignments.embedding[rows], assignments.code[rows])
            plan = _plan(source, content, position, result, members, kinds, strict)
            planned += [] if plan is None else [plan]
        advance(len(rows))
    judge_owners(assignments.judged, "clustering result", assignments.result, content.results.judged.kept)
    _judge_clusters(assignments.clusters, assignments, content)
    return planned


def _by_result(assignments: OldAssignments, results: int) -> Iterator[tuple[int, Integers]]:
    rows = np.flatnonzero(assignments.judged.kept)
    rows = rows[np.lexsort((assignments.embedding[rows], assignments.result[rows]))]
    bounds = np.searchsorted(assignments.result[rows], np.arange(results + 1))
    for position in range(results):
        yield position, rows[bounds[position] : bounds[position + 1]]


def _plan(
    source: Source,
    content: Content,
    position: int,
    result: OldResult,
    members: _Members,
    kinds: _Kinds,
    strict: bool,
) -> PlannedClustering | None:
    """Plan one clustering; None where it is left out."""
    assert content.results is not None
    assert content.assignments is not None
    judged, at = content.results.judged, np.array([position])
    mine = content.assignments.result == position
    found = int(mine.sum())
    left_out = int((mine & content.assignments.judged.left_out).sum())
    if not len(members.embeddings):
        fault = "none of its assignments was brought over" if found else "it has no assignments"
        judged.leave_out(at, fault, consequence=bool(found))
        return None
    models = np.unique(content.embeddings.model[members.embeddings])
    if len(models) > 1:
        judged.leave_out(at, "it has embeddings of texts and of pictures together")
        return None
    codes, medoids, stated, blemishes = _find_medoids(content, position, members)
    blemishes = content.results.blemishes.get(position, []) + blemishes
    blemishes += [f"{left_out} of its {found} assignments cannot be brought over"] if left_out else []
    if strict and blemishes:
        judged.leave_out(at, "it is not whole (--strict)", {position: "; ".join(blemishes)}, consequence=True)
        return None
    recomputed = medoids < 0
    for place in np.flatnonzero(recomputed).tolist():
        medoids[place] = _recompute(source, content, members.embeddings[members.codes == codes[place]], kinds)
    origin = {
        "file": source.path.name,
        "id": result.stored_id,
        "layout": content.layout.form.value,
        "medoids": _told_medoids(recomputed),
        "assignments": found,
        "merged": found - left_out - len(members.embeddings),
        "left_out": left_out,
        "downsample": "not recorded" if downsample_of(result.parameters) is None else "as stored",
    }
    return _number(content, result, members, codes, medoids, stated, recomputed, kinds, origin, int(models[0]))


def downsample_of(parameters: Mapping[str, Any]) -> int | None:
    """Return the downsampling that parameters tell, None where they tell none."""
    value = parameters.get("downsample")
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 1 else None


def _find_medoids(
    content: Content, position: int, members: _Members
) -> tuple[Integers, Integers, list[StatedCluster], list[str]]:
    """Find what the file says of each cluster that has members; a medoid is −1 where it must be recomputed."""
    assert content.assignments is not None
    assert content.results is not None
    clusters = content.assignments.clusters
    codes, sizes = np.unique(members.codes[members.codes != OUTLIER], return_counts=True)
    stated, medoids, unlisted = [], [], []
    for code, size in zip(codes.tolist(), sizes.tolist(), strict=True):
        row = clusters.place.get((position, code))
        each = StatedCluster(code) if row is None else clusters.stated[row]
        medoid = each.medoid
        if row is None:
            unlisted.append(code)
        elif medoid >= 0 and not _is_member(members, medoid, code):
            clusters.judged.remark(np.array([row]), NOT_A_MEMBER, RECOMPUTED)
            medoid = -1
        if row is not None and each.size is not None:
            _judge_size(content.assignments, position, code, row, each.size, size)
        stated.append(each)
        medoids.append(medoid)
    blemishes = []
    if unlisted:
        numbers = ", ".join(map(str, unlisted))
        fault = "clusters of its assignments are not among its clusters"
        happened = "brought over with their medoids recomputed"
        content.results.judged.remark(np.array([position]), fault, happened, {position: numbers})
    if any(medoid < 0 for medoid in medoids):
        blemishes.append("medoids are missing or are no members")
    return codes, np.array(medoids, dtype=np.int64), stated, blemishes


def _is_member(members: _Members, embedding: int, code: int) -> bool:
    place = int(np.searchsorted(members.embeddings, embedding))
    return place < len(members.embeddings) and members.embeddings[place] == embedding and members.codes[place] == code


def _judge_size(assignments: OldAssignments, position: int, code: int, row: int, told: int, size: int) -> None:
    """Remark that the size that is told is neither that of the cluster here nor that of the file's own rows."""
    if told == size:
        return
    rows = (assignments.result == position) & (assignments.code == code)
    if told not in (int(rows.sum()), int((rows & ~assignments.judged.merged).sum())):
        found = f"{told} where {size} are assigned"
        assignments.clusters.judged.remark(
            np.array([row]), SIZE_DIFFERS, "brought over with the number of its assignments", {row: found}
        )


def _recompute(source: Source, content: Content, members: Integers, kinds: _Kinds) -> int:
    """Find the medoid of members by their vectors, ties to the earliest in trajectory order."""
    members = members[np.argsort(kinds.trajectory[members])]
    rowids = content.embeddings.judged.rowids[members]
    place = {rowid: row for row, rowid in enumerate(rowids.tolist())}
    dimension = content.embeddings.models[int(content.embeddings.model[members[0]])].dimension
    vectors = np.empty((len(members), dimension), dtype=np.float32)
    for found in read_vectors(source, rowids):
        for rowid, vector in found:
            vectors[place[rowid]] = np.frombuffer(vector, dtype="<f4")
    return int(members[medoid_of(vectors)])


def _number(
    content: Content,
    result: OldResult,
    members: _Members,
    codes: Integers,
    medoids: Integers,
    stated: list[StatedCluster],
    recomputed: npt.NDArray[np.bool_],
    kinds: _Kinds,
    origin: dict[str, Any],
    model: int,
) -> PlannedClustering:
    """Give the clusters their numbers: by decreasing size, ties by medoid in trajectory order."""
    place = np.searchsorted(codes, members.codes)
    sizes = np.bincount(place[members.codes != OUTLIER], minlength=len(codes))
    order = np.lexsort((kinds.trajectory[medoids], -sizes))
    number = np.append(np.argsort(order), OUTLIER)
    labels = number[np.where(members.codes == OUTLIER, len(codes), place)]
    counts = {
        name: _count(labels, values[members.embeddings], len(codes))
        for name, values in (("distinct_outputs", kinds.output), ("runs", kinds.run), ("prompts", kinds.prompt))
    }
    properties = [
        {**{name: int(values[row]) for name, values in counts.items()}, **_imported(stated[old])}
        for row, old in enumerate(order.tolist())
    ]
    if 0 < recomputed.sum() < len(recomputed):
        origin["recomputed_medoids"] = sorted(number[np.flatnonzero(recomputed)].tolist())
    runs = np.unique(kinds.run[members.embeddings])
    experiments = {run.experiment for row in runs.tolist() if (run := content.experiments.runs[row]) is not None}
    return PlannedClustering(
        result=result,
        model=model,
        embeddings=members.embeddings,
        labels=labels,
        medoids=medoids[order],
        properties=properties,
        outlier_properties={name: int(values[-1]) for name, values in counts.items() if values[-1]},
        experiments=sorted(experiments),
        distinct=len(np.unique(kinds.output[members.embeddings])),
        origin=origin,
    )


def _imported(stated: StatedCluster) -> dict[str, Any]:
    told = {
        "imported_number": stated.number,
        "imported_medoid_text": stated.text,
        "imported_properties": stated.properties,
    }
    return {name: value for name, value in told.items() if value is not None}


def _count(labels: Integers, values: Integers, clusters: int) -> Integers:
    """Count the distinct values of each label, of the outliers at the end."""
    pairs = np.unique(np.stack([labels, values]), axis=1)
    counted: Integers = np.bincount(np.where(pairs[0] == OUTLIER, clusters, pairs[0]), minlength=clusters + 1)
    return counted


def _kinds(content: Content) -> _Kinds:
    """Tell, for each embedding, its place in trajectory order, its output, its run and its prompt."""
    invocation = content.embeddings.invocation
    run = np.append(content.invocations.run, -1)[invocation]
    sequence_number = np.append(content.invocations.sequence_number, -1)[invocation]
    trajectory = np.empty(len(invocation), dtype=np.int64)
    trajectory[np.lexsort((sequence_number, run))] = np.arange(len(invocation))
    _, output = np.unique(content.invocations.hashes, return_inverse=True)
    prompts: dict[str, int] = {}
    prompt = [
        -1 if each is None else prompts.setdefault(each.initial_prompt, len(prompts))
        for each in content.experiments.runs
    ]
    return _Kinds(
        trajectory,
        np.append(output.astype(np.int64), -1)[invocation],
        run,
        np.array([*prompt, -1], dtype=np.int64)[run],
    )


def _told_medoids(recomputed: npt.NDArray[np.bool_]) -> str:
    if not recomputed.any():
        return "as stored"
    return "recomputed" if recomputed.all() else "partly recomputed"


def _judge_clusters(clusters: ClusterList, assignments: OldAssignments, content: Content) -> None:
    """Leave out the clusters of which no assignment is brought over."""
    assert content.results is not None
    kept = assignments.judged.kept
    alive = set(zip(assignments.result[kept].tolist(), assignments.code[kept].tolist(), strict=True))
    lost = assignments.judged.left_out
    mentioned = set(zip(assignments.result[lost].tolist(), assignments.code[lost].tolist(), strict=True))
    for key, row in clusters.place.items():
        if key in alive:
            continue
        gone = key[0] < 0 or content.results.judged.left_out[key[0]]
        fault = "its clustering result was not brought over" if gone else "none of its assignments was brought over"
        consequence = bool(gone) or key in mentioned
        clusters.judged.leave_out(np.array([row]), fault if consequence else NO_MEMBERS, consequence=consequence)
