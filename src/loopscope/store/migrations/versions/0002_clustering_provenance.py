"""Record more of a clustering: durations, layers, probabilities, and embeddings that were assigned later."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(32), "sqlite")


def upgrade() -> None:
    """Record more of a clustering."""
    _results()
    _add("embedding_cluster", "probability", sa.Double(), "probability >= 0 AND probability <= 1", "probability")
    _later_assignments()


def _results() -> None:
    _add("clustering_result", "durations", sa.JSON())
    _add("clustering_result", "fingerprint", sa.String(64))
    _add("clustering_result", "layer", INTEGER)
    _add("clustering_result", "layer_group", sa.Uuid(), "(layer IS NULL) = (layer_group IS NULL)", "layer")
    _add("clustering_result", "origin", sa.JSON())
    op.create_index("ix_clustering_result_fingerprint", "clustering_result", ["fingerprint"])
    op.create_index("ix_clustering_result_layer_group", "clustering_result", ["layer_group", "layer"], unique=True)


def _add(table: str, column: str, kind: sa.types.TypeEngine[Any], check: str = "", check_name: str = "") -> None:
    """Add a column that may be null; its check is written with it, as SQLite takes none afterwards."""
    checked = f" CONSTRAINT ck_{table}_{check_name} CHECK ({check})" if check else ""
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind.compile(op.get_bind().dialect)}{checked}")


def _later_assignments() -> None:
    op.create_table(
        "later_assignment",
        sa.Column("clustering_result_id", INTEGER, nullable=False, autoincrement=False),
        sa.Column("embedding_id", INTEGER, nullable=False, autoincrement=False),
        sa.Column("cluster_id", INTEGER, nullable=True),
        sa.Column("embedding_model_id", INTEGER, nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("assigned_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("clustering_result_id", "embedding_id", name="pk_later_assignment"),
        sa.ForeignKeyConstraint(
            ["cluster_id", "clustering_result_id"],
            ["cluster.id", "cluster.clustering_result_id"],
            name="fk_later_assignment_cluster_id_clustering_result_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["embedding_model_id", "embedding_id"],
            ["embedding.embedding_model_id", "embedding.id"],
            name="fk_later_assignment_embedding_model_id_embedding_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["embedding_model_id", "clustering_result_id"],
            ["clustering_result.embedding_model_id", "clustering_result.id"],
            name="fk_later_assignment_embedding_model_id_clustering_result_id",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("probability >= 0 AND probability <= 1", name="ck_later_assignment_probability"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_later_assignment_embedding_id", "later_assignment", ["embedding_id"])
