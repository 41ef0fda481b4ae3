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
    candidates, sampled and distinct, ``durations`` the seconds of each phase. ``last_embedding_id`` is the newest
    embedding there was: an embedding with a larger id came later, one without an assignment and a smaller id was not
    sampled. Results with one ``fingerprint`` have the same model, algorithm, parameters, versions and embeddings.
    An algorithm that gives several layers makes a result of each, with one ``layer_group``; ``layer`` 0 is the finest.
    ``origin`` says where an imported result came from; it is null for one that was computed here.
    """

    __tablename__ = "clustering_result"
    __table_args__ = (
        UniqueConstraint("embedding_model_id", "id"),
        CheckConstraint("downsample >= 1", "downsample"),
        Index("ix_clustering_result_fingerprint", "fingerprint"),
        Index("ix_clustering_result_layer_group", "layer_group", "layer", unique=True),
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
    durations: Mapped[dict[str, Any] | None]
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    layer: Mapped[int | None]
    layer_group: Mapped[UUID | None] = mapped_column(
        CheckConstraint("(layer IS NULL) = (layer_group IS NULL)", "layer"),
    )
    origin: Mapped[dict[str, Any] | None]


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
    """One embedding in one cluster of one result: ``cluster_id`` is the ``id`` of the cluster, not its number.

    ``probability`` is how strongly it belongs to its cluster, 0 for an outlier; null where it was not recorded.
    """

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
    probability: Mapped[float | None] = mapped_column(
        CheckConstraint("probability >= 0 AND probability <= 1", "probability")
    )


class LaterAssignment(Base):
    """One embedding that came after a result was made, and the cluster whose core is nearest; null for an outlier.

    It is no part of the result, which stays as it was: sizes, medoids and fitted assignments know nothing of it.
    """

    __tablename__ = "later_assignment"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cluster_id", "clustering_result_id"],
            ["cluster.id", "cluster.clustering_result_id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["embedding_model_id", "embedding_id"],
            ["embedding.embedding_model_id", "embedding.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["embedding_model_id", "clustering_result_id"],
            ["clustering_result.embedding_model_id", "clustering_result.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint("probability >= 0 AND probability <= 1", "probability"),
        Index("ix_later_assignment_embedding_id", "embedding_id"),
        {"sqlite_with_rowid": False},
    )

    clustering_result_id: Mapped[int] = mapped_column(primary_key=True)
    embedding_id: Mapped[int] = mapped_column(primary_key=True)
    cluster_id: Mapped[int | None]
    embedding_model_id: Mapped[int]
    probability: Mapped[float]
    assigned_at: Mapped[datetime]
