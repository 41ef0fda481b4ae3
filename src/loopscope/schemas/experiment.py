"""Experiments, their runs and invocations, and the pictures these gave."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from loopscope.schemas.base import Base

IMPORTED = "imported "
"""What the ``config_hash`` of an imported experiment begins with, so that no experiment file is ever the same."""


class Experiment(Base):
    """Networks × prompts × seeds, a length and the embedding models, as the experiment file said it."""

    __tablename__ = "experiment"

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[UUID] = mapped_column(default=uuid4, unique=True)
    config: Mapped[dict[str, Any]]
    config_hash: Mapped[str] = mapped_column(String(32), index=True)
    created_at: Mapped[datetime]


class Run(Base):
    """One network, one prompt, one seed.

    ``seed`` is null in a run with fresh randomness, whose randomness comes from ``stream``. ``stop_reason`` is null
    while the run has work left; ``failure`` says what failed for good, in its invocations or in its embeddings.
    """

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("experiment_id", "number"),
        CheckConstraint("(seed IS NULL) <> (stream IS NULL)", "seed_or_stream"),
        CheckConstraint("max_length >= 1", "max_length"),
        CheckConstraint("stop_reason IN ('length', 'cycle', 'failed')", "stop_reason"),
        CheckConstraint("(period IS NOT NULL) = (stop_reason IS NOT NULL AND stop_reason = 'cycle')", "period"),
        CheckConstraint("stop_reason IS NULL OR stop_reason <> 'failed' OR failure IS NOT NULL", "failure"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[UUID] = mapped_column(default=uuid4, unique=True)
    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiment.id", ondelete="CASCADE"))
    number: Mapped[int]
    network: Mapped[list[str]]
    initial_prompt: Mapped[str] = mapped_column(Text)
    seed: Mapped[int | None]
    stream: Mapped[int | None]
    max_length: Mapped[int]
    stop_reason: Mapped[str | None] = mapped_column(String(16))
    period: Mapped[int | None]
    failure: Mapped[str | None] = mapped_column(Text)


class Picture(Base):
    """The encoded bytes of a picture, in a table of their own so that joins stay thin."""

    __tablename__ = "picture"

    id: Mapped[int] = mapped_column(primary_key=True)
    media_type: Mapped[str] = mapped_column(String(32))
    width: Mapped[int]
    height: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)


class Invocation(Base):
    """One call of one generator, with its output: a row stands for a finished invocation.

    ``output_hash`` is the BLAKE2b-128 of the text or of the picture's pixels: equal outputs have equal hashes.
    ``attempts`` counts the calls it took when it was last tried; all that failed are rows of ``failed_attempt``.
    ``seconds`` is its share of the time that its batch took.
    """

    __tablename__ = "invocation"
    __table_args__ = (
        UniqueConstraint("run_id", "sequence_number"),
        UniqueConstraint("picture_id"),
        CheckConstraint("sequence_number >= 0", "sequence_number"),
        CheckConstraint("(sequence_number = 0) = (input_invocation_id IS NULL)", "input"),
        CheckConstraint("output_type IN ('text', 'image')", "output_type"),
        CheckConstraint("(output_type = 'text') = (output_text IS NOT NULL)", "text_output"),
        CheckConstraint("(output_type = 'image') = (picture_id IS NOT NULL)", "image_output"),
        CheckConstraint("attempts >= 1", "attempts"),
        Index("ix_invocation_run_id_output_hash", "run_id", "output_hash"),
        Index("ix_invocation_input_invocation_id", "input_invocation_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    sequence_number: Mapped[int]
    model: Mapped[str] = mapped_column(String(200))
    input_invocation_id: Mapped[int | None] = mapped_column(
        ForeignKey("invocation.id", deferrable=True, initially="DEFERRED")
    )
    output_type: Mapped[str] = mapped_column(String(8))
    output_text: Mapped[str | None] = mapped_column(Text)
    picture_id: Mapped[int | None] = mapped_column(ForeignKey("picture.id"))
    output_hash: Mapped[str] = mapped_column(String(32))
    attempts: Mapped[int]
    seconds: Mapped[float]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]


class FailedAttempt(Base):
    """One call that failed, with its cause: of a generator, or of an embedder on an output.

    ``sequence_number`` is that of the invocation, or −1 where the run's initial prompt was to be embedded.
    """

    __tablename__ = "failed_attempt"
    __table_args__ = (
        CheckConstraint("sequence_number >= -1", "sequence_number"),
        CheckConstraint("attempt >= 1", "attempt"),
        Index("ix_failed_attempt_run_id_sequence_number", "run_id", "sequence_number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    sequence_number: Mapped[int]
    model: Mapped[str] = mapped_column(String(200))
    attempt: Mapped[int]
    cause: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
