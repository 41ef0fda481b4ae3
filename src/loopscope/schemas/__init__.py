"""The tables, as SQLAlchemy models: the one description of what a Loopscope database holds."""

from loopscope.schemas.base import Base
from loopscope.schemas.clustering import Cluster, ClusteringResult, EmbeddingCluster, LaterAssignment
from loopscope.schemas.embedding import (
    Embedding,
    EmbeddingModel,
    EmbeddingVector,
    PersistenceDiagram,
    PromptEmbedding,
)
from loopscope.schemas.experiment import IMPORTED, Experiment, FailedAttempt, Invocation, Picture, Run

__all__ = [
    "IMPORTED",
    "Base",
    "Cluster",
    "ClusteringResult",
    "Embedding",
    "EmbeddingCluster",
    "EmbeddingModel",
    "EmbeddingVector",
    "Experiment",
    "FailedAttempt",
    "Invocation",
    "LaterAssignment",
    "PersistenceDiagram",
    "Picture",
    "PromptEmbedding",
    "Run",
]
