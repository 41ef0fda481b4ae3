"""What the vectors of a cluster tell: its medoid, where the file has none, and how wide it is around it."""

from dataclasses import dataclass

import numpy as np

from loopscope.clustering.extents import measure_extents
from loopscope.clustering.medoids import medoid_of
from loopscope.store.legacy.embeddings import OldEmbeddings, read_vectors
from loopscope.store.legacy.identifiers import Integers
from loopscope.store.legacy.source import Source
from loopscope.types import Vectors


@dataclass(frozen=True)
class Shape:
    """A cluster's medoid, as a position among the embeddings, and the distances of its members to it."""

    medoid: int
    radius: float
    mean_distance: float


def measure_shape(source: Source, embeddings: OldEmbeddings, members: Integers, medoid: int) -> Shape:
    """Measure a cluster.

    Parameters
    ----------
    members
        Shape (n,), int64: positions, in trajectory order: ties between medoids go to the earliest.
    medoid
        The position of the medoid; −1 where it is to be found.
    """
    vectors = _load(source, embeddings, members)
    row = int(np.flatnonzero(members == medoid)[0]) if medoid >= 0 else medoid_of(vectors)
    extents = measure_extents(vectors, np.zeros(len(members), dtype=np.int64), np.array([row]))
    return Shape(int(members[row]), float(extents.radius[0]), float(extents.mean_distance[0]))


def _load(source: Source, embeddings: OldEmbeddings, members: Integers) -> Vectors:
    rowids = embeddings.judged.rowids[members]
    row_of = {rowid: row for row, rowid in enumerate(rowids.tolist())}
    dimension = embeddings.models[int(embeddings.model[members[0]])].dimension
    vectors = np.empty((len(members), dimension), dtype=np.float32)
    for found in read_vectors(source, rowids):
        for rowid, vector in found:
            vectors[row_of[rowid]] = np.frombuffer(vector, dtype="<f4")
    return vectors
