"""Make every table of the first release."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(32), "sqlite")


def upgrade() -> None:
    """Make every table of the first release."""
    _experiments()
    _invocations()
    _embeddings()
    _run_embeddings()
    _clustering_results()
    _clusters()
    _assignments()


def _key() -> sa.Column[int]:
    return sa.Column("id", INTEGER, nullable=False, autoincrement=True)


def _integer(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, INTEGER, nullable=nullable, autoincrement=False)


def _times() -> tuple[sa.Column[datetime], sa.Column[datetime]]:
    return (
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=False),
    )


def _experiments() -> None:
    op.create_table(
        "experiment",
        _key(),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("config_hash", sa.String(32), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_experiment"),
        sa.UniqueConstraint("uuid", name="uq_experiment_uuid"),
    )
    op.create_index("ix_experiment_config_hash", "experiment", ["config_hash"])
    op.create_table(
        "run",
        _key(),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        _integer("experiment_id"),
        _integer("number"),
        sa.Column("network", sa.JSON(), nullable=False),
        sa.Column("initial_prompt", sa.Text(), nullable=False),
        _integer("seed", nullable=True),
        _integer("stream", nullable=True),
        _integer("max_length"),
        sa.Column("stop_reason", sa.String(16), nullable=True),
        _integer("period", nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        sa.UniqueConstraint("uuid", name="uq_run_uuid"),
        sa.UniqueConstraint("experiment_id", "number", name="uq_run_experiment_id_number"),
        sa.ForeignKeyConstraint(["experiment_id"], ["experiment.id"], name="fk_run_experiment_id", ondelete="CASCADE"),
        sa.CheckConstraint("(seed IS NULL) <> (stream IS NULL)", name="ck_run_seed_or_stream"),
        sa.CheckConstraint("max_length >= 1", name="ck_run_max_length"),
        sa.CheckConstraint("stop_reason IN ('length', 'cycle', 'failed')", name="ck_run_stop_reason"),
        sa.CheckConstraint(
            "(period IS NOT NULL) = (stop_reason IS NOT NULL AND stop_reason = 'cycle')", name="ck_run_period"
        ),
        sa.CheckConstraint(
            "stop_reason IS NULL OR stop_reason <> 'failed' OR failure IS NOT NULL", name="ck_run_failure"
        ),
    )


def _invocations() -> None:
    op.create_table(
        "picture",
        _key(),
        sa.Column("media_type", sa.String(32), nullable=False),
        _integer("width"),
        _integer("height"),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_picture"),
    )
    op.create_table(
        "invocation",
        _key(),
        _integer("run_id"),
        _integer("sequence_number"),
        sa.Column("model", sa.String(200), nullable=False),
        _integer("input_invocation_id", nullable=True),
        sa.Column("output_type", sa.String(8), nullable=False),
        sa.Column("output_text", sa.Text(), nullable=True),
        _integer("picture_id", nullable=True),
        sa.Column("output_hash", sa.String(32), nullable=False),
        _integer("attempts"),
        sa.Column("seconds", sa.Double(), nullable=False),
        *_times(),
        sa.PrimaryKeyConstraint("id", name="pk_invocation"),
        sa.UniqueConstraint("run_id", "sequence_number", name="uq_invocation_run_id_sequence_number"),
        sa.UniqueConstraint("picture_id", name="uq_invocation_picture_id"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_invocation_run_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["input_invocation_id"],
            ["invocation.id"],
            name="fk_invocation_input_invocation_id",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(["picture_id"], ["picture.id"], name="fk_invocation_picture_id"),
        sa.CheckConstraint("sequence_number >= 0", name="ck_invocation_sequence_number"),
        sa.CheckConstraint("(sequence_number = 0) = (input_invocation_id IS NULL)", name="ck_invocation_input"),
        sa.CheckConstraint("output_type IN ('text', 'image')", name="ck_invocation_output_type"),
        sa.CheckConstraint("(output_type = 'text') = (output_text IS NOT NULL)", name="ck_invocation_text_output"),
        sa.CheckConstraint("(output_type = 'image') = (picture_id IS NOT NULL)", name="ck_invocation_image_output"),
        sa.CheckConstraint("attempts >= 1", name="ck_invocation_attempts"),
    )
    op.create_index("ix_invocation_run_id_output_hash", "invocation", ["run_id", "output_hash"])
    op.create_index("ix_invocation_input_invocation_id", "invocation", ["input_invocation_id"])
    op.create_table(
        "failed_attempt",
        _key(),
        _integer("run_id"),
        _integer("sequence_number"),
        sa.Column("model", sa.String(200), nullable=False),
        _integer("attempt"),
        sa.Column("cause", sa.Text(), nullable=False),
        *_times(),
        sa.PrimaryKeyConstraint("id", name="pk_failed_attempt"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_failed_attempt_run_id", ondelete="CASCADE"),
        sa.CheckConstraint("sequence_number >= -1", name="ck_failed_attempt_sequence_number"),
        sa.CheckConstraint("attempt >= 1", name="ck_failed_attempt_attempt"),
    )
    op.create_index("ix_failed_attempt_run_id_sequence_number", "failed_attempt", ["run_id", "sequence_number"])


def _embeddings() -> None:
    op.create_table(
        "embedding_model",
        _key(),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("takes", sa.String(8), nullable=False),
        _integer("dimension"),
        sa.PrimaryKeyConstraint("id", name="pk_embedding_model"),
        sa.UniqueConstraint("name", name="uq_embedding_model_name"),
        sa.CheckConstraint("dimension >= 1", name="ck_embedding_model_dimension"),
        sa.CheckConstraint("takes IN ('text', 'image')", name="ck_embedding_model_takes"),
    )
    op.create_table(
        "embedding",
        _key(),
        _integer("invocation_id"),
        _integer("embedding_model_id"),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_embedding"),
        sa.UniqueConstraint(
            "invocation_id", "embedding_model_id", name="uq_embedding_invocation_id_embedding_model_id"
        ),
        sa.UniqueConstraint("embedding_model_id", "id", name="uq_embedding_embedding_model_id_id"),
        sa.ForeignKeyConstraint(
            ["invocation_id"], ["invocation.id"], name="fk_embedding_invocation_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["embedding_model_id"], ["embedding_model.id"], name="fk_embedding_embedding_model_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "embedding_vector",
        _integer("embedding_id"),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("embedding_id", name="pk_embedding_vector"),
        sa.ForeignKeyConstraint(
            ["embedding_id"], ["embedding.id"], name="fk_embedding_vector_embedding_id", ondelete="CASCADE"
        ),
    )


def _run_embeddings() -> None:
    op.create_table(
        "prompt_embedding",
        _integer("run_id"),
        _integer("embedding_model_id"),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "embedding_model_id", name="pk_prompt_embedding"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_prompt_embedding_run_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["embedding_model_id"], ["embedding_model.id"], name="fk_prompt_embedding_embedding_model_id"
        ),
    )
    op.create_table(
        "persistence_diagram",
        _key(),
        _integer("run_id"),
        _integer("embedding_model_id"),
        _integer("dimension"),
        _integer("n_unique"),
        sa.Column("points", sa.LargeBinary(), nullable=False),
        *_times(),
        sa.PrimaryKeyConstraint("id", name="pk_persistence_diagram"),
        sa.UniqueConstraint(
            "run_id",
            "embedding_model_id",
            "dimension",
            name="uq_persistence_diagram_run_id_embedding_model_id_dimension",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_persistence_diagram_run_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["embedding_model_id"], ["embedding_model.id"], name="fk_persistence_diagram_embedding_model_id"
        ),
        sa.CheckConstraint("dimension >= 0", name="ck_persistence_diagram_dimension"),
        sa.CheckConstraint("n_unique >= 1", name="ck_persistence_diagram_n_unique"),
    )


def _clustering_results() -> None:
    op.create_table(
        "clustering_result",
        _key(),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        _integer("embedding_model_id"),
        sa.Column("algorithm", sa.String(100), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        _integer("downsample"),
        sa.Column("selection", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("versions", sa.JSON(), nullable=False),
        _integer("last_embedding_id"),
        *_times(),
        sa.PrimaryKeyConstraint("id", name="pk_clustering_result"),
        sa.UniqueConstraint("uuid", name="uq_clustering_result_uuid"),
        sa.UniqueConstraint("embedding_model_id", "id", name="uq_clustering_result_embedding_model_id_id"),
        sa.ForeignKeyConstraint(
            ["embedding_model_id"], ["embedding_model.id"], name="fk_clustering_result_embedding_model_id"
        ),
        sa.CheckConstraint("downsample >= 1", name="ck_clustering_result_downsample"),
    )


def _medoid_is_member() -> list[sa.ForeignKeyConstraint]:
    """On SQLite, whose tables take no constraint afterwards, it refers to a table that is yet to be made."""
    if op.get_context().dialect.name != "sqlite":
        return []
    return [
        sa.ForeignKeyConstraint(
            ["id", "medoid_embedding_id"],
            ["embedding_cluster.cluster_id", "embedding_cluster.embedding_id"],
            name="fk_cluster_medoid_is_member",
            deferrable=True,
            initially="DEFERRED",
        )
    ]


def _clusters() -> None:
    op.create_table(
        "cluster",
        _key(),
        _integer("clustering_result_id"),
        _integer("cluster_id"),
        _integer("medoid_embedding_id", nullable=True),
        _integer("size"),
        sa.Column("properties", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cluster"),
        sa.UniqueConstraint("clustering_result_id", "cluster_id", name="uq_cluster_clustering_result_id_cluster_id"),
        sa.UniqueConstraint("id", "clustering_result_id", name="uq_cluster_id_clustering_result_id"),
        sa.ForeignKeyConstraint(
            ["clustering_result_id"],
            ["clustering_result.id"],
            name="fk_cluster_clustering_result_id",
            ondelete="CASCADE",
        ),
        *_medoid_is_member(),
        sa.CheckConstraint("cluster_id >= -1", name="ck_cluster_cluster_id"),
        sa.CheckConstraint("size >= 1", name="ck_cluster_size"),
        sa.CheckConstraint("(cluster_id = -1) = (medoid_embedding_id IS NULL)", name="ck_cluster_medoid"),
    )
    op.create_index("ix_cluster_medoid_embedding_id", "cluster", ["medoid_embedding_id"])


def _assignments() -> None:
    op.create_table(
        "embedding_cluster",
        _integer("clustering_result_id"),
        _integer("embedding_id"),
        _integer("cluster_id"),
        _integer("embedding_model_id"),
        sa.PrimaryKeyConstraint("clustering_result_id", "embedding_id", name="pk_embedding_cluster"),
        sa.UniqueConstraint("cluster_id", "embedding_id", name="uq_embedding_cluster_cluster_id_embedding_id"),
        sa.ForeignKeyConstraint(
            ["cluster_id", "clustering_result_id"],
            ["cluster.id", "cluster.clustering_result_id"],
            name="fk_embedding_cluster_cluster_id_clustering_result_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["embedding_model_id", "embedding_id"],
            ["embedding.embedding_model_id", "embedding.id"],
            name="fk_embedding_cluster_embedding_model_id_embedding_id",
        ),
        sa.ForeignKeyConstraint(
            ["embedding_model_id", "clustering_result_id"],
            ["clustering_result.embedding_model_id", "clustering_result.id"],
            name="fk_embedding_cluster_embedding_model_id_clustering_result_id",
            ondelete="CASCADE",
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_embedding_cluster_embedding_id", "embedding_cluster", ["embedding_id"])
    if op.get_context().dialect.name != "sqlite":
        op.create_foreign_key(
            "fk_cluster_medoid_is_member",
            "cluster",
            "embedding_cluster",
            ["id", "medoid_embedding_id"],
            ["cluster_id", "embedding_id"],
            deferrable=True,
            initially="DEFERRED",
        )
