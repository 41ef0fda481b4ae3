"""Clustering results, their clusters, and which embedding is in which: many results stand side by side."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from loopscope.schemas.base import Base


class ClusteringResult(Base):
    """One clustering of the embeddings of one embedding model, with all that made it.

    ``parameters`` are as resolved, ``selection`` says which embeddings were candidates, ``counts`` how many were
    candidates, sampled and distinct. ``last_embedding_id`` is the newest embedding there was: an embedding with a
    larger id came later, one without an assignment and a smaller id was not sampled.
    """

    __tablename__ = "clustering_result"
    __table_args__ = (
        UniqueConstraint("embedding_model_id", "id"),
        CheckConstraint("downsample >= 1", "downsample"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[UUID] = mapped_column(default=uuid4, unique=True)
    embedding_model_id: Mapped[int] = mapped_column(ForeignKey("embedding_model.id"))
    algorithm: Mapped[str] = mapped_column(String(100))
    parameters: Mapped[dict[str, Any]]
    downsample: Mapped[int]
    selection: Mapped[dict[str, Any]]
    counts: Mapped[dict[str, Any]]
    versions: Mapped[dict[str, Any]]
    last_embedding_id: Mapped[int]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]


class Cluster(Base):
    """One cluster of a result, numbered by decreasing size; −1 is the outlier cluster, which has no medoid."""

    __tablename__ = "cluster"
    __table_args__ = (
        UniqueConstraint("clustering_result_id", "cluster_id"),
        UniqueConstraint("id", "clustering_result_id"),
        CheckConstraint("cluster_id >= -1", "cluster_id"),
        CheckConstraint("size >= 1", "size"),
        CheckConstraint("(cluster_id = -1) = (medoid_embedding_id IS NULL)", "medoid"),
        ForeignKeyConstraint(
            ["id", "medoid_embedding_id"],
            ["embedding_cluster.cluster_id", "embedding_cluster.embedding_id"],
            name="fk_cluster_medoid_is_member",
            deferrable=True,
            initially="DEFERRED",
            use_alter=True,
        ),
        Index("ix_cluster_medoid_embedding_id", "medoid_embedding_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)  # said because it is in a foreign key
    clustering_result_id: Mapped[int] = mapped_column(ForeignKey("clustering_result.id", ondelete="CASCADE"))
    cluster_id: Mapped[int]
    medoid_embedding_id: Mapped[int | None]
    size: Mapped[int]
    properties: Mapped[dict[str, Any]]


class EmbeddingCluster(Base):
    """One embedding in one cluster of one result: ``cluster_id`` is the ``id`` of the cluster, not its number."""

    __tablename__ = "embedding_cluster"
    __table_args__ = (
        UniqueConstraint("cluster_id", "embedding_id"),
        ForeignKeyConstraint(
            ["cluster_id", "clustering_result_id"],
            ["cluster.id", "cluster.clustering_result_id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(["embedding_model_id", "embedding_id"], ["embedding.embedding_model_id", "embedding.id"]),
        ForeignKeyConstraint(
            ["embedding_model_id", "clustering_result_id"],
            ["clustering_result.embedding_model_id", "clustering_result.id"],
            ondelete="CASCADE",
        ),
        Index("ix_embedding_cluster_embedding_id", "embedding_id"),
        {"sqlite_with_rowid": False},
    )

    clustering_result_id: Mapped[int] = mapped_column(primary_key=True)
    embedding_id: Mapped[int] = mapped_column(primary_key=True)
    cluster_id: Mapped[int]
    embedding_model_id: Mapped[int]
