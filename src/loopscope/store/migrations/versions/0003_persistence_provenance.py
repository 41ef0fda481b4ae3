"""Record what a persistence diagram is of: how many embeddings, up to which, in which metric, by which versions."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Record what a persistence diagram is of; of those that are there it stays unknown."""
    _add("n", INTEGER, "n >= n_unique")
    _add("last_embedding_id", INTEGER)
    _add("metric", sa.String(20))
    _add("max_dimension", INTEGER, "max_dimension >= dimension")
    _add("versions", sa.JSON())
    _add("seconds", sa.Double())


def _add(column: str, kind: sa.types.TypeEngine[Any], check: str = "") -> None:
    """Add a column that may be null; its check is written with it, as SQLite takes none afterwards."""
    checked = f" CONSTRAINT ck_persistence_diagram_{column} CHECK ({check})" if check else ""
    written = kind.compile(op.get_bind().dialect)
    op.execute(f"ALTER TABLE persistence_diagram ADD COLUMN {column} {written}{checked}")
