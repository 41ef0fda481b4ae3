"""Embedding models, embeddings and their vectors, and what is computed of a run's embeddings."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from loopscope.schemas.base import Base


class EmbeddingModel(Base):
    """An embedding model that made embeddings here: its name, the type it takes and the length of its vectors."""

    __tablename__ = "embedding_model"
    __table_args__ = (
        CheckConstraint("dimension >= 1", "dimension"),
        CheckConstraint("takes IN ('text', 'image')", "takes"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    takes: Mapped[str] = mapped_column(String(8))
    dimension: Mapped[int]


class Embedding(Base):
    """One invocation's output under one embedding model; ids are never used twice, so a larger one came later."""

    __tablename__ = "embedding"
    __table_args__ = (
        UniqueConstraint("invocation_id", "embedding_model_id"),
        UniqueConstraint("embedding_model_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invocation_id: Mapped[int] = mapped_column(ForeignKey("invocation.id", ondelete="CASCADE"))
    embedding_model_id: Mapped[int] = mapped_column(ForeignKey("embedding_model.id"))
    seconds: Mapped[float]


class EmbeddingVector(Base):
    """The vector of an embedding: little-endian float32, in a table of its own so that joins stay thin."""

    __tablename__ = "embedding_vector"

    embedding_id: Mapped[int] = mapped_column(ForeignKey("embedding.id", ondelete="CASCADE"), primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class PromptEmbedding(Base):
    """A run's initial prompt under one embedding model: where the run's drift is measured from."""

    __tablename__ = "prompt_embedding"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    embedding_model_id: Mapped[int] = mapped_column(ForeignKey("embedding_model.id"), primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class PersistenceDiagram(Base):
    """One dimension of the persistence diagram of a run's embeddings.

    ``points`` holds (birth, death) pairs as little-endian float64; an infinite death is infinity. ``n`` embeddings were
    there, ``n_unique`` of them different, the newest ``last_embedding_id``: where the run has other ones by now, the
    diagram is out of date. ``max_dimension`` is the largest dimension that was computed with it, ``metric`` in what the
    embeddings are apart, ``seconds`` the time of all its dimensions. These are null where they were not recorded.
    """

    __tablename__ = "persistence_diagram"
    __table_args__ = (
        UniqueConstraint("run_id", "embedding_model_id", "dimension"),
        CheckConstraint("dimension >= 0", "dimension"),
        CheckConstraint("n_unique >= 1", "n_unique"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    embedding_model_id: Mapped[int] = mapped_column(ForeignKey("embedding_model.id"))
    dimension: Mapped[int]
    n_unique: Mapped[int]
    points: Mapped[bytes] = mapped_column(LargeBinary)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    n: Mapped[int | None] = mapped_column(CheckConstraint("n >= n_unique", "n"))
    last_embedding_id: Mapped[int | None]
    metric: Mapped[str | None] = mapped_column(String(20))
    max_dimension: Mapped[int | None] = mapped_column(CheckConstraint("max_dimension >= dimension", "max_dimension"))
    versions: Mapped[dict[str, Any] | None]
    seconds: Mapped[float | None]
