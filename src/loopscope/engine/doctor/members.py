"""The embeddings that were fitted in a clustering result, in trajectory order, as arrays."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from loopscope.schemas import ClusteringResult, EmbeddingCluster
from loopscope.store.rows import fetch_integers, fetch_rows
from loopscope.store.vectors import EmbeddingIndex

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Members:
    """The fitted embeddings of a result, its outliers among them.

    Attributes
    ----------
    embedding_id, run_id
        Shape (n,), int64, in trajectory order.
    cluster_key
        Shape (n,), int64: the ``id`` of the cluster of each.
    probability
        Shape (n,), float64; NaN where it was not recorded.
    """

    embedding_id: Integers
    run_id: Integers
    cluster_key: Integers
    probability: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.embedding_id)

    def of(self, cluster_key: int) -> Integers:
        """Return the rows of the members of a cluster."""
        return np.flatnonzero(self.cluster_key == cluster_key)


def load_members(session: Session, result: ClusteringResult, index: EmbeddingIndex) -> Members:
    """Load the fitted embeddings of a result.

    Parameters
    ----------
    index
        All embeddings of its model, in trajectory order.
    """
    of_result = EmbeddingCluster.clustering_result_id == result.id
    keys = select(EmbeddingCluster.embedding_id, EmbeddingCluster.cluster_id).where(of_result)
    embedding_ids, cluster_keys = fetch_integers(session, keys.order_by(EmbeddingCluster.embedding_id))
    known = select(func.coalesce(EmbeddingCluster.probability, -1.0)).where(of_result)
    rows = fetch_rows(session, known.order_by(EmbeddingCluster.embedding_id))
    probabilities = np.array([value for block in rows for (value,) in block], dtype=np.float64)
    probabilities[probabilities < 0] = np.nan
    taking_part = np.flatnonzero(np.isin(index.embedding_id, embedding_ids))
    order = np.searchsorted(embedding_ids, index.embedding_id[taking_part])
    return Members(embedding_ids[order], index.run_id[taking_part], cluster_keys[order], probabilities[order])
