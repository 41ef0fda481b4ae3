"""The clusters of a file, in each of the three forms that they have, brought to one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from loopscope.store.legacy.embeddings import OldEmbeddings
from loopscope.store.legacy.identifiers import NUMBER, UUID, IdColumn, IdColumnReader, IdIndex, Integers
from loopscope.store.legacy.judgement import Judgement
from loopscope.store.legacy.layout import Layout
from loopscope.store.legacy.references import judge_ids, judge_owners, judge_references
from loopscope.store.legacy.results import OldResults
from loopscope.store.legacy.source import Source
from loopscope.store.legacy.values import is_integer, read_json
from loopscope.types import OUTLIER

RECOMPUTED = "brought over with the medoid recomputed"
NO_MEDOID = "it has no medoid id"
_CLUSTERS = "SELECT rowid, id, clustering_result_id, cluster_id, medoid_embedding_id, size, properties FROM cluster"


@dataclass(frozen=True)
class StatedCluster:
    """What the file says of one cluster.

    Attributes
    ----------
    number
        Its number in the file; None where it had none.
    medoid
        The position of its medoid among the embeddings; −1 where the file does not tell one that is there.
    text
        The text of its medoid, as the file has it.
    size
        How large the file says it is.
    properties
        What else the file says.
    """

    number: int | None
    medoid: int = -1
    text: str | None = None
    size: int | None = None
    properties: Any = None


@dataclass(frozen=True)
class ClusterList:
    """The clusters of a file.

    Attributes
    ----------
    judged
        What becomes of each.
    stated
        What the file says of each.
    place
        From (position of the result, code) to the position of the cluster: a code tells the clusters of a result
        apart, and is −1 for the outliers.
    """

    judged: Judgement
    stated: list[StatedCluster]
    place: dict[tuple[int, int], int] = field(default_factory=dict)


def read_json_clusters(results: OldResults, embeddings: OldEmbeddings) -> ClusterList:
    """Read the clusters that stand as JSON with their results; their code is their number."""
    entries: list[tuple[int, Any]] = []
    for position, result in enumerate(results.results):
        listed = None if result is None else read_json(result.clusters)
        if isinstance(listed, list):
            entries += [(position, entry) for entry in listed]
        elif result is not None:
            fault = "its clusters are no JSON list"
            results.judged.remark(
                np.array([position]), fault, "brought over with all medoids recomputed", {position: result.clusters}
            )
            results.blemishes.setdefault(position, []).append(fault)
    judged = Judgement(
        "clusteringresult.clusters", np.arange(len(entries)), [_name(results, *each) for each in entries]
    )
    reader = IdColumnReader()
    reader.add([entry.get("medoid_embedding_id") if isinstance(entry, dict) else None for _, entry in entries])
    medoids = _find_medoids(judged, reader.column(), embeddings)
    stated: list[StatedCluster] = []
    place: dict[tuple[int, int], int] = {}
    first: dict[tuple[int, int], int] = {}
    for row, (position, entry) in enumerate(entries):
        number = entry.get("id") if isinstance(entry, dict) else None
        if not isinstance(number, int) or not is_integer(number) or number < 0:
            judged.leave_out(np.array([row]), "it has no id that is an integer from 0", {row: number})
            stated.append(StatedCluster(None))
            continue
        stated.append(StatedCluster(number, int(medoids[row]), _text(entry.get("medoid_text"))))
        before = first.setdefault((position, number), row)
        if before == row:
            place[position, number] = row
        elif entries[before] == entries[row]:
            judged.merge(np.array([row]))
        else:
            judged.leave_out(np.array([before, row]), "another entry of its result has the same id, and says otherwise")
            place.pop((position, number), None)
    return ClusterList(judged, stated, place)


def read_table_clusters(
    source: Source, layout: Layout, results: OldResults, embeddings: OldEmbeddings
) -> tuple[ClusterList, IdIndex, Integers, Integers]:
    """Read the clusters that stand in a table of their own; their code is their position, −1 for the outliers.

    Returns
    -------
    clusters
        What is in the table.
    index
        Finds them by their ids.
    owners
        Shape (n,), int64: the positions of their results.
    codes
        Shape (n,), int64.
    """
    rows = source.all(_CLUSTERS + " ORDER BY rowid")
    judged = Judgement("cluster", np.array([row[0] for row in rows], dtype=np.int64))
    ids, owner_ids, medoid_ids = (IdColumnReader() for _ in range(3))
    for reader, column in ((ids, 1), (owner_ids, 2), (medoid_ids, 4)):
        reader.add([row[column] for row in rows])
    own = judge_ids(source, layout, judged, ids.column(), public=False)
    owners = judge_references(judged, "clustering_result_id", "clustering result", owner_ids.column(), results.index)
    numbers = [row[3] if is_integer(row[3]) and row[3] >= OUTLIER else None for row in rows]
    nameless = [row for row, number in enumerate(numbers) if number is None]
    judged.leave_out(
        np.array(nameless, dtype=np.int64),
        "its cluster_id is no integer from −1",
        {row: rows[row][3] for row in nameless},
    )
    judge_owners(judged, "clustering result", owners, results.judged.kept)
    outliers = np.array([number == OUTLIER for number in numbers], dtype=bool)
    medoid_column = medoid_ids.column()
    judged.remark(
        outliers & (medoid_column.kinds != 0), "it is the outlier cluster and has a medoid", "brought over without it"
    )
    medoids = _find_medoids(judged, medoid_column, embeddings, among=~outliers)
    stated = [
        StatedCluster(number, int(medoid), size=row[5] if is_integer(row[5]) else None, properties=_properties(row[6]))
        for row, number, medoid in zip(rows, numbers, medoids, strict=True)
    ]
    codes = np.where(outliers, OUTLIER, np.arange(len(rows)))
    place = {(int(owner), int(code)): row for row, (owner, code) in enumerate(zip(owners, codes, strict=True))}
    return ClusterList(judged, stated, place), IdIndex(own), owners, codes


def list_medoid_clusters(
    results: OldResults, embeddings: OldEmbeddings, owners: Integers, codes: Integers, medoids: IdColumn
) -> ClusterList:
    """List the clusters that only the medoids of assignments tell.

    Parameters
    ----------
    owners, codes
        Shape (n,), int64: of the assignments that are brought over; a code is the position of the medoid among the
        embeddings, or larger than any where the file has no such embedding.
    medoids
        The column that they were read from.
    """
    members = np.flatnonzero((codes != OUTLIER) & (owners >= 0))
    pairs, first = np.unique(np.stack([owners[members], codes[members]], axis=1), axis=0, return_index=True)
    names = [
        f"{_of(results, int(owner))}: {medoids.keys[row].tobytes().hex() if medoids.kinds[row] == UUID else code}"
        for (owner, code), row in zip(pairs.tolist(), members[first].tolist(), strict=True)
    ]
    judged = Judgement("clusters by medoid_embedding_id", np.arange(len(pairs)), names)
    known = np.append(embeddings.same_as, -1)
    codes_of = pairs[:, 1] if len(pairs) else np.empty(0, dtype=np.int64)
    there = codes_of < len(embeddings.same_as)
    judged.remark(~there, "its medoid is not in the file", RECOMPUTED)
    found = np.where(there, known[np.minimum(codes_of, len(known) - 1)], -1)
    found = _brought_over(judged, found, embeddings)
    stated = [StatedCluster(None, int(medoid)) for medoid in found]
    place = {(owner, code): row for row, (owner, code) in enumerate(pairs.tolist())}
    return ClusterList(judged, stated, place)


def _find_medoids(judged: Judgement, references: IdColumn, embeddings: OldEmbeddings, among: Any = None) -> Integers:
    """Find the embeddings that are meant, and tell where there is none; merged ones by those that stand for them."""
    chosen = np.ones(len(references), dtype=bool) if among is None else among
    found, restored = embeddings.index.find(references)
    kinds = references.kinds
    shown = {int(row): references.keys[row].tobytes().hex() for row in np.flatnonzero(kinds == UUID)}
    shown |= {row: str(number) for row, number in references.numbers.items()}
    judged.remark(chosen & (kinds == 0), NO_MEDOID, RECOMPUTED)
    judged.remark(
        chosen & (found < 0) & (kinds == NUMBER),
        "its medoid id was turned into a number that tells none",
        RECOMPUTED,
        shown,
    )
    judged.remark(chosen & (found < 0) & (kinds == UUID), "its medoid is not in the file", RECOMPUTED, shown)
    judged.remark(chosen & (kinds == 3), "its medoid id is not 32 hexadecimal digits", RECOMPUTED)
    judged.remark(
        chosen & restored,
        "its medoid id was turned into a number",
        "brought over: exactly one embedding has an id that becomes this number",
        shown,
    )
    same_as = np.append(embeddings.same_as, -1)
    return _brought_over(judged, np.where(chosen, same_as[found], -1), embeddings)


def _brought_over(judged: Judgement, medoids: Integers, embeddings: OldEmbeddings) -> Integers:
    lost = (medoids >= 0) & np.append(embeddings.judged.left_out, False)[medoids]
    judged.remark(lost, "its medoid was not brought over", RECOMPUTED)
    kept: Integers = np.where(lost, -1, medoids)
    return kept


def _name(results: OldResults, position: int, entry: Any) -> str:
    return f"{_of(results, position)}[{entry.get('id') if isinstance(entry, dict) else entry!r}]"


def _of(results: OldResults, position: int) -> str:
    result = results.results[position]
    return "" if result is None else result.stored_id


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _properties(value: Any) -> Any:
    read = read_json(value)
    return value if read is None and isinstance(value, str) else read


def find_code_of_medoids(medoids: IdColumn, index: IdIndex, same_as: Integers) -> tuple[Integers, Sequence[int]]:
    """Tell clusters apart by the ids of their medoids.

    Returns
    -------
    codes
        Shape (n,), int64: the position of the medoid; beyond all positions, one for each id that is not in the file;
        −1 where it is null or cannot be told.
    restored
        The rows whose id was a number that could be told.
    """
    found, restored = index.find(medoids)
    codes = np.append(same_as, OUTLIER)[found]
    missing = np.flatnonzero((found < 0) & (medoids.kinds == UUID))
    if len(missing):
        _, inverse = np.unique(medoids.keys[missing], return_inverse=True)
        codes[missing] = len(same_as) + inverse
    return codes, np.flatnonzero(restored).tolist()
