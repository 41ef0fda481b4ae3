"""From a reference to the row it means: judged, so that a dangling or doubtful one is told as what it is."""

from collections.abc import Iterator, Mapping
from uuid import NAMESPACE_OID, UUID, uuid5

import numpy as np

from loopscope.store.legacy.identifiers import (
    NULL,
    NUMBER,
    OTHER,
    Booleans,
    IdColumn,
    IdIndex,
    Integers,
    read_id,
    restore_ids,
)
from loopscope.store.legacy.identifiers import UUID as UUID_KIND
from loopscope.store.legacy.judgement import Judgement, shown
from loopscope.store.legacy.layout import Form, Layout
from loopscope.store.legacy.source import Source
from loopscope.store.legacy.values import read_json

NO_ID = "its id is not 32 hexadecimal digits"
SAME_ID = "another row has the same id"
NUMERIC_ID = "its id was turned into a number"
_REFERENCES = {
    "experimentconfig": (("run", "experiment_id"),),
    "run": (("invocation", "run_id"),),
    "invocation": (("invocation", "input_invocation_id"), ("embedding", "invocation_id")),
    "embedding": (
        ("embeddingcluster", "embedding_id"),
        ("embeddingcluster", "medoid_embedding_id"),
        ("cluster", "medoid_embedding_id"),
    ),
    "clusteringresult": (("embeddingcluster", "clustering_result_id"), ("cluster", "clustering_result_id")),
    "cluster": (("embeddingcluster", "cluster_id"),),
}
_LIKE_NUMBERS = (
    'SELECT DISTINCT "{column}" FROM "{table}" '
    "WHERE typeof(\"{column}\") = 'text' AND replace(\"{column}\", '-', '') NOT GLOB '*[^0-9e]*'"
)


def judge_ids(source: Source, layout: Layout, judgement: Judgement, ids: IdColumn, *, public: bool) -> IdColumn:
    """Judge the ids of the rows themselves, and give those back that were turned into numbers, where it can be told.

    Parameters
    ----------
    public
        Whether the ids stay the public ids of the rows, or are only needed to find them.
    """
    if ids.numbers:
        before = ids
        ids, restored = restore_ids(ids, _mentioned(source, layout, judgement.table))
        judgement.remark(
            restored, NUMERIC_ID, "brought over with the one id that other rows call it by", _shown(before.numbers)
        )
        lost = np.array(sorted(ids.numbers), dtype=np.int64)
        kept_as = "brought over with a new id" if public else "brought over: this id is only needed to find the row"
        judgement.remark(lost, f"{NUMERIC_ID} that no other row tells", kept_as, _shown(ids.numbers))
    judgement.leave_out((ids.kinds == NULL) | (ids.kinds == OTHER), NO_ID)
    judgement.leave_out(IdIndex(ids).repeated(), SAME_ID)
    return ids


def judge_references(
    judgement: Judgement, column: str, noun: str, references: IdColumn, index: IdIndex, *, nullable: bool = False
) -> Integers:
    """Find the rows that a column refers to; leave out the rows where that cannot be told.

    Parameters
    ----------
    column
        Its name.
    noun
        What it refers to.
    nullable
        Whether it may be null.

    Returns
    -------
    numpy.ndarray
        Shape (n,), int64: positions in the table referred to; −1 where there is none.
    """
    found, restored = index.find(references)
    kinds = references.kinds
    if not nullable:
        judgement.leave_out(kinds == NULL, f"it has no {column}")
    judgement.leave_out(kinds == OTHER, f"its {column} is not 32 hexadecimal digits")
    numbers = _shown(references.numbers)
    judgement.leave_out(
        (kinds == NUMBER) & (found < 0),
        f"its {column} was turned into a number that does not tell the {noun}",
        numbers,
    )
    dangling = np.flatnonzero((kinds == UUID_KIND) & (found < 0))
    ids = {int(row): references.keys[row].tobytes().hex() for row in dangling}
    judgement.leave_out(dangling, f"its {noun} is not in the file", ids)
    judgement.remark(
        restored,
        f"its {column} was turned into a number",
        f"brought over: exactly one {noun} has an id that becomes this number",
        numbers,
    )
    return found


def judge_owners(judgement: Judgement, noun: str, owners: Integers, kept: Booleans) -> None:
    """Leave out the rows whose owner, found before, was not brought over itself."""
    if len(kept):
        judgement.leave_out((owners >= 0) & ~kept[owners], f"its {noun} was not brought over", consequence=True)


def public_id(ids: IdColumn, row: int, *content: object) -> UUID:
    """Return the public id of a row; one made of its content where its own was lost, the same at every import."""
    if ids.kinds[row] == UUID_KIND:
        return UUID(bytes=ids.keys[row].tobytes())
    return uuid5(NAMESPACE_OID, repr((ids.numbers.get(row), *content)))


def _shown(numbers: Mapping[int, int | float]) -> dict[int, str]:
    return {row: shown(number) for row, number in numbers.items()}


def _mentioned(source: Source, layout: Layout, table: str) -> Iterator[bytes]:
    """Find the ids that other rows call the rows of a table by, as far as they look like numbers."""
    columns = source.tables()
    for referring, column in _REFERENCES[table]:
        if column in columns.get(referring, ()):
            for (value,) in source.all(_LIKE_NUMBERS.format(table=referring, column=column)):
                if key := read_id(value):
                    yield key
    if table == "embedding" and layout.form is Form.CLUSTERS_AS_JSON:
        for (clusters,) in source.all("SELECT clusters FROM clusteringresult"):
            listed = read_json(clusters)
            for entry in listed if isinstance(listed, list) else ():
                if isinstance(entry, dict) and (key := read_id(entry.get("medoid_embedding_id"))):
                    yield key
