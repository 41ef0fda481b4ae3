"""Vectors out of the store: first which embeddings there are, then the vectors of those that are wanted.

A vector is stored as little-endian float32. Reading never makes an object for each row: the driver's cursor fills one
array that was made for all of them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from loopscope.errors import StoreError
from loopscope.schemas import Embedding, EmbeddingModel, Invocation, Run
from loopscope.store.rows import fetch_integers
from loopscope.types import Vectors

Integers = npt.NDArray[np.int64]

_AT_A_TIME = 512  # few enough that the driver uses the same memory again: three times as fast as 4096
_VECTORS = (
    "SELECT v.embedding_id, v.vector FROM embedding_vector AS v {join} embedding AS e ON e.id = v.embedding_id "
    "WHERE e.embedding_model_id = {model} AND v.embedding_id {among} ORDER BY v.embedding_id"
)
# SQLite keeps the order of a CROSS JOIN: along the vectors as they lie in the file, without a sort.
_SQLITE = _VECTORS.format(join="CROSS JOIN", model="?", among="IN (SELECT value FROM json_each(?))")
_POSTGRESQL = _VECTORS.format(join="JOIN", model="%s", among="= ANY(%s)")


@dataclass(frozen=True)
class EmbeddingIndex:
    """Which embeddings a model has made, in trajectory order: by run, then by sequence number.

    Attributes
    ----------
    embedding_id, invocation_id, run_id, experiment_id, sequence_number
        Shape (n,), int64.
    rank
        Shape (n,), int64: 0 for the run's first output of the type that the model takes, 1 for the next, …; an output
        that has no embedding counts as well.
    last_embedding_id
        The newest embedding of the model when this was read, in the selection or not; 0 where there was none.
    """

    embedding_id: Integers
    invocation_id: Integers
    run_id: Integers
    experiment_id: Integers
    sequence_number: Integers
    rank: Integers
    last_embedding_id: int

    def __len__(self) -> int:
        return len(self.embedding_id)

    def take(self, rows: npt.NDArray[np.integer[Any]] | npt.NDArray[np.bool_]) -> Self:
        """Keep the rows of these numbers, or where this is true."""
        kept = {field.name: getattr(self, field.name)[rows] for field in fields(self)[:-1]}
        return type(self)(**kept, last_embedding_id=self.last_embedding_id)


def load_embedding_index(
    session: Session, embedding_model_id: int, experiment_ids: Sequence[int] | None = None
) -> EmbeddingIndex:
    """Find the embeddings of a model.

    Parameters
    ----------
    embedding_model_id
        The ``id`` of the model's row.
    experiment_ids
        The experiments whose embeddings are meant; by default all.

    Returns
    -------
    EmbeddingIndex
        Empty where there are none.
    """
    takes = select(EmbeddingModel.takes).where(EmbeddingModel.id == embedding_model_id).scalar_subquery()
    rank = func.row_number().over(partition_by=Invocation.run_id, order_by=Invocation.sequence_number) - 1
    outputs = (
        select(Invocation.id, Invocation.run_id, Run.experiment_id, Invocation.sequence_number, rank.label("rank"))
        .join(Run, Run.id == Invocation.run_id)
        .where(Invocation.output_type == takes)
    )
    if experiment_ids is not None:
        outputs = outputs.where(Run.experiment_id.in_(experiment_ids))
    ranked = outputs.subquery()
    statement = (
        select(Embedding.id, *ranked.columns)
        .join(ranked, ranked.c.id == Embedding.invocation_id)
        .where(Embedding.embedding_model_id == embedding_model_id)
    )
    found = fetch_integers(session, statement)
    embedding_id, invocation_id, run_id, experiment_id, sequence_number, rank_in_run = found[
        :, np.lexsort((found[4], found[2]))
    ]
    last = session.scalar(select(func.max(Embedding.id)).where(Embedding.embedding_model_id == embedding_model_id))
    return EmbeddingIndex(embedding_id, invocation_id, run_id, experiment_id, sequence_number, rank_in_run, last or 0)


def load_vectors(
    session: Session, embedding_model_id: int, embedding_ids: Integers, out: Vectors | None = None
) -> Vectors:
    """Read vectors, in the order asked for.

    Parameters
    ----------
    embedding_model_id
        The model that made them all.
    embedding_ids
        Shape (n,), int64; in any order, repeats allowed.
    out
        Shape (n, dimension), float32: filled and returned where given, such as a memory-mapped file.

    Returns
    -------
    numpy.ndarray
        Shape (n, dimension), float32, C order: row i is the vector of ``embedding_ids[i]``.

    Raises
    ------
    StoreError
        When the model does not exist, has no vector for one of the ids, or one of another length; it is named.
    """
    dimension = session.scalar(select(EmbeddingModel.dimension).where(EmbeddingModel.id == embedding_model_id))
    if dimension is None:
        raise StoreError(f"there is no embedding model {embedding_model_id}; see what there is: loopscope model list")
    vectors = np.empty((len(embedding_ids), dimension), dtype=np.float32) if out is None else out
    order = np.argsort(embedding_ids, kind="stable")
    connection = session.connection()
    driver: Any = connection.connection.driver_connection
    sqlite = connection.dialect.name == "sqlite"
    cursor = driver.cursor() if sqlite else driver.cursor(binary=True)
    try:
        for start in range(0, len(order), _AT_A_TIME):
            rows = order[start : start + _AT_A_TIME]
            wanted = embedding_ids[rows]
            ids = np.unique(wanted).tolist()
            if sqlite:
                cursor.execute(_SQLITE, (embedding_model_id, json.dumps(ids)))
            else:
                cursor.execute(_POSTGRESQL, (embedding_model_id, ids))
            block = _decode(ids, cursor.fetchall(), dimension)
            vectors[rows] = block if len(ids) == len(rows) else block[np.searchsorted(ids, wanted)]
    finally:
        cursor.close()
    return vectors


def encode_vectors(vectors: Vectors) -> list[bytes]:
    """Write each row of an array, shape (n, dimension), as it is stored."""
    return [row.tobytes() for row in np.ascontiguousarray(vectors, dtype="<f4")]


def decode_vectors(stored: Sequence[bytes], dimension: int) -> Vectors:
    """Read stored vectors of one length into an array of shape (n, dimension), read-only."""
    return np.frombuffer(b"".join(stored), dtype="<f4").reshape(len(stored), dimension)


def _decode(ids: list[int], found: list[tuple[int, bytes]], dimension: int) -> Vectors:
    """Read the vectors of these ids, both in increasing order, or name the first that is not there as it should be."""
    if len(found) != len(ids):
        missing = sorted(set(ids) - {embedding_id for embedding_id, _ in found})
        raise StoreError(
            f"{len(missing)} of the embeddings asked for have no vector by this model, the first is embedding "
            f"{missing[0]}; the database is damaged: restore it from a copy"
        )
    expected = 4 * dimension
    for embedding_id, vector in found:
        if len(vector) != expected:
            raise StoreError(
                f"the vector of embedding {embedding_id} has {len(vector)} bytes; expected {expected} for "
                f"{dimension} dimensions: restore the database from a copy"
            )
    return decode_vectors([vector for _, vector in found], dimension)
