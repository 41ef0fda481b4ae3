"""How many of the outputs in a clustering differ: by their vectors, or, of an imported result, by what they are."""

from hashlib import blake2b

import numpy as np
import numpy.typing as npt
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from loopscope.clustering.repeats import collapse_repeats
from loopscope.schemas import Embedding, EmbeddingCluster, Invocation
from loopscope.types import Vectors


class DistinctVectors:
    """Counts the vectors that differ, remembering 16 bytes of each."""

    def __init__(self) -> None:
        self._digests: list[npt.NDArray[np.void]] = []

    def add(self, vectors: Vectors) -> int:
        """Add vectors, and return how many of these differ."""
        first = collapse_repeats(vectors).first
        rows = vectors[first] + np.float32(0)  # 0 and −0 are equal
        digests = b"".join(blake2b(row.tobytes(), digest_size=16).digest() for row in rows)
        self._digests.append(np.frombuffer(digests, dtype="V16"))
        return len(first)

    def __len__(self) -> int:
        return len(np.unique(np.concatenate(self._digests))) if self._digests else 0


def count_distinct_outputs(session: Session, clustering_result_id: int) -> tuple[dict[int, int], int]:
    """Count the outputs of a result that differ: of each cluster by its ``id``, and of all."""
    differing = func.count(Invocation.output_hash.distinct())
    fitted = (
        select(EmbeddingCluster.cluster_id, differing)
        .join(Embedding, Embedding.id == EmbeddingCluster.embedding_id)
        .join(Invocation, Invocation.id == Embedding.invocation_id)
        .where(EmbeddingCluster.clustering_result_id == clustering_result_id)
    )
    by_cluster = dict(session.execute(fitted.group_by(EmbeddingCluster.cluster_id)).all())
    return by_cluster, session.scalar(fitted.with_only_columns(differing)) or 0
