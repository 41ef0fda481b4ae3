"""Embeddings of the file: read once to judge them; their vectors are read again when they are written."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from loopscope.store.legacy.identifiers import Booleans, IdColumnReader, IdIndex, Integers, in_company
from loopscope.store.legacy.invocations import OldInvocations
from loopscope.store.legacy.judgement import Judgement
from loopscope.store.legacy.layout import Layout
from loopscope.store.legacy.references import judge_ids, judge_owners, judge_references
from loopscope.store.legacy.source import Source
from loopscope.store.legacy.values import is_name, read_period
from loopscope.types import OutputType

AT_A_TIME = 512
_ROWS = (
    "SELECT rowid, id, invocation_id, embedding_model, started_at, completed_at, vector FROM embedding ORDER BY rowid"
)
_VECTORS = "SELECT rowid, vector FROM embedding WHERE rowid IN (SELECT value FROM json_each(?))"
SAME_OUTPUT = "another embedding of the same output by the same model has another vector"


@dataclass(frozen=True)
class OldModel:
    """An embedding model of the file, for one type of output.

    Attributes
    ----------
    stored_name
        Its name in the file.
    name
        Its name here: with the type where the file has embeddings of texts and of pictures by one name.
    shortest, longest
        The lengths (Euclidean norms) of its vectors.
    """

    stored_name: str
    name: str
    takes: OutputType
    dimension: int
    shortest: float
    longest: float


@dataclass(frozen=True)
class OldEmbeddings:
    """The embeddings of a file, by position.

    Attributes
    ----------
    judged
        What becomes of each.
    index
        Finds them by their ids.
    invocation
        Shape (n,), int64: the position of the invocation.
    same_as
        Shape (n,), int64: the position of the embedding that stands for it, itself unless it was merged.
    model
        Shape (n,), int64: the position of its model in ``models``; −1 where it is left out.
    models
        Those that have embeddings.
    order
        Shape (n,), int64: the positions in the order in which the embeddings were made.
    made_at
        Shape (n,), int64: microseconds since 1970 when it was made, or the one before it where that is not known.
    """

    judged: Judgement
    index: IdIndex
    invocation: Integers
    same_as: Integers
    model: Integers
    models: list[OldModel]
    order: Integers
    made_at: Integers


@dataclass
class _Read:
    """What is read of each row."""

    ids: IdColumnReader = field(default_factory=IdColumnReader)
    invocations: IdColumnReader = field(default_factory=IdColumnReader)
    rowids: list[int] = field(default_factory=list)
    names: list[int] = field(default_factory=list)
    made_at: list[int] = field(default_factory=list)
    unsound_times: list[int] = field(default_factory=list)
    sizes: list[npt.NDArray[np.int64]] = field(default_factory=list)
    norms: list[npt.NDArray[np.float64]] = field(default_factory=list)
    codes: dict[Any, int] = field(default_factory=dict)


def read_embeddings(
    source: Source, layout: Layout, invocations: OldInvocations, *, advance: Callable[[int], None]
) -> OldEmbeddings:
    """Read and judge the embeddings of a file.

    Parameters
    ----------
    advance
        Told of the rows as they are read.
    """
    read = _read(source, advance)
    judged = Judgement("embedding", np.array(read.rowids, dtype=np.int64))
    ids = judge_ids(source, layout, judged, read.ids.column(), public=False)
    invocation = judge_references(judged, "invocation_id", "invocation", read.invocations.column(), invocations.index)
    names = np.array(read.names, dtype=np.int64)
    stored_names = list(read.codes)
    nameless = [code for code, name in enumerate(stored_names) if not is_name(name)]
    judged.leave_out(np.isin(names, nameless), "its embedding_model is no name")
    sizes, norms = _joined(read.sizes, np.int64), _joined(read.norms, np.float64)
    dimensions = _judge_vectors(judged, names, sizes, norms, stored_names)
    judge_owners(judged, "invocation", invocation, invocations.judged.kept)
    same_as = _judge_repeats(source, judged, invocation, names)
    judged.remark(
        np.array(read.unsound_times, dtype=np.int64), "its times are missing or run backwards", "brought over with 0 s"
    )
    is_image = np.append(invocations.is_image, False)[invocation]
    model, models = _find_models(judged, names, stored_names, dimensions, norms, is_image)
    made_at = np.array(read.made_at, dtype=np.int64)
    made_at = np.where(made_at < 0, np.maximum.accumulate(made_at) if len(made_at) else made_at, made_at)
    return OldEmbeddings(
        judged=judged,
        index=IdIndex(ids),
        invocation=invocation,
        same_as=same_as,
        model=model,
        models=models,
        order=np.argsort(made_at, kind="stable"),
        made_at=made_at,
    )


def read_vectors(source: Source, rowids: Integers) -> Iterator[list[tuple[int, bytes]]]:
    """Read the vectors of some rows, as stored, with their row numbers, some at a time."""
    for start in range(0, len(rowids), AT_A_TIME):
        yield source.all(_VECTORS, (json.dumps(rowids[start : start + AT_A_TIME].tolist()),))


def _read(source: Source, advance: Callable[[int], None]) -> _Read:
    read = _Read()
    for rows in source.rows(_ROWS, at_a_time=AT_A_TIME):
        rowids, ids, invocations, names, _, _, vectors = zip(*rows, strict=True)
        read.ids.add(ids)
        read.invocations.add(invocations)
        for position, row in enumerate(rows, len(read.rowids)):
            _, end, sound = read_period(row[4], row[5])
            read.made_at.append(int(end.timestamp() * 1e6) if sound else -1)
            if not sound:
                read.unsound_times.append(position)
        read.rowids += rowids
        read.names += [read.codes.setdefault(name, len(read.codes)) for name in names]
        sizes, norms = _measure(vectors)
        read.sizes.append(sizes)
        read.norms.append(norms)
        advance(len(rows))
    return read


def _measure(vectors: Sequence[object]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the number of bytes of each vector, −1 for what is none, and its norm, NaN or infinite as it is."""
    sizes = np.array([len(each) if isinstance(each, bytes) else -1 for each in vectors], dtype=np.int64)
    norms = np.full(len(vectors), np.nan)
    for size in np.unique(sizes[(sizes > 0) & (sizes % 4 == 0)]).tolist():
        rows = np.flatnonzero(sizes == size)
        block = np.frombuffer(b"".join(vectors[row] for row in rows), dtype="<f4").reshape(len(rows), -1)
        norms[rows] = np.sqrt(np.einsum("ij,ij->i", block, block, dtype=np.float64))
    return sizes, norms


def _judge_vectors(
    judged: Judgement,
    names: Integers,
    sizes: Integers,
    norms: npt.NDArray[np.float64],
    stored_names: Sequence[object],
) -> list[int]:
    """Leave out vectors of a wrong length or not finite, and return the dimension of each model.

    The dimension is that of more than half of a model's vectors; a model that has none such has no dimension.
    """
    dimensions = []
    for code, name in enumerate(stored_names):
        rows = np.flatnonzero(names == code)
        values, counts = np.unique(sizes[rows], return_counts=True)
        size = int(values[np.argmax(counts)])
        if size <= 0 or size % 4 or 2 * counts.max() <= len(rows):
            judged.leave_out(rows, "the vectors of its model have no common length", dict.fromkeys(rows.tolist(), name))
            dimensions.append(0)
            continue
        wrong = rows[sizes[rows] != size]
        judged.leave_out(
            wrong,
            "its vector has not the length of its model's others",
            {int(row): _told_size(int(sizes[row]), size) for row in wrong},
        )
        dimensions.append(size // 4)
    judged.leave_out(~np.isfinite(norms), "its vector has NaN or infinity in it")
    return dimensions


def _told_size(size: int, expected: int) -> str:
    return f"{'no' if size < 0 else size} bytes where {expected} were expected"


def _judge_repeats(source: Source, judged: Judgement, invocation: Integers, names: Integers) -> Integers:
    """Merge equal embeddings of one output by one model, and leave out those that differ."""
    same_as = np.arange(len(names))
    rows = np.flatnonzero(judged.kept)
    order = rows[np.lexsort((rows, names[rows], invocation[rows]))]
    follows = (invocation[order][1:] == invocation[order][:-1]) & (names[order][1:] == names[order][:-1])
    crowded = order[in_company(follows, len(order))]
    position_of = {int(judged.rowids[row]): int(row) for row in crowded}
    digests = {
        position_of[rowid]: blake2b(vector, digest_size=16).digest()
        for found in read_vectors(source, judged.rowids[crowded])
        for rowid, vector in found
    }
    groups: dict[tuple[int, int], list[int]] = {}
    for row in crowded.tolist():
        groups.setdefault((int(invocation[row]), int(names[row])), []).append(row)
    merged, differing = [], []
    for group in groups.values():
        if len({digests[row] for row in group}) == 1:
            same_as[group] = group[0]
            merged += group[1:]
        else:
            differing += group
    judged.merge(np.array(merged, dtype=np.int64))
    judged.leave_out(np.array(differing, dtype=np.int64), SAME_OUTPUT)
    return same_as


def _find_models(
    judged: Judgement,
    names: Integers,
    stored_names: Sequence[Any],
    dimensions: Sequence[int],
    norms: npt.NDArray[np.float64],
    is_image: Booleans,
) -> tuple[Integers, list[OldModel]]:
    """Tell the models apart, by name and type of output."""
    model = np.full(len(names), -1, dtype=np.int64)
    models: list[OldModel] = []
    for code, name in enumerate(stored_names):
        rows = ~judged.left_out & (names == code)
        types = [(takes, rows & (is_image == (takes is OutputType.IMAGE))) for takes in OutputType]
        types = [(takes, chosen) for takes, chosen in types if chosen.any()]
        for takes, chosen in types:
            model[chosen] = len(models)
            here = name if len(types) == 1 else f"{name[:190]} ({takes})"
            lengths = norms[chosen]
            models.append(OldModel(name, here, takes, dimensions[code], lengths.min(), lengths.max()))
    return model, models


def _joined(parts: Sequence[npt.NDArray[Any]], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, dtype=dtype)
