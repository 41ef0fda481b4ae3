"""Which layout a file has: told by its tables and columns, never guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from loopscope.errors import StoreError
from loopscope.store.legacy.source import Source


class Form(StrEnum):
    """How clusterings are kept in a file."""

    CLUSTERS_AS_JSON = "a"
    """``clusteringresult.clusters`` lists them, ``embeddingcluster.cluster_id`` is their number."""
    CLUSTERS_AS_TABLE = "b"
    """The table ``cluster`` has them, ``embeddingcluster.cluster_id`` refers to it."""
    MEDOIDS_ONLY = "c"
    """``embeddingcluster.medoid_embedding_id`` tells them apart; null is an outlier."""
    NO_CLUSTERINGS = "none"
    """There is no table of clusterings."""


_BASE = {
    "experimentconfig": (
        *("id", "networks", "seeds", "prompts", "embedding_models", "max_length", "started_at", "completed_at"),
    ),
    "run": ("id", "network", "seed", "max_length", "initial_prompt", "experiment_id"),
    "invocation": (
        *("id", "started_at", "completed_at", "model", "type", "seed", "run_id", "sequence_number"),
        *("input_invocation_id", "output_text", "output_image_data"),
    ),
    "embedding": ("id", "started_at", "completed_at", "invocation_id", "embedding_model", "vector"),
}
_RESULT = ("id", "created_at", "started_at", "completed_at", "embedding_model", "algorithm", "parameters")
_ASSIGNMENT = ("id", "embedding_id", "clustering_result_id")
_CLUSTER = ("id", "clustering_result_id", "cluster_id", "medoid_embedding_id", "size", "properties")
_CLUSTERINGS: Mapping[Form, Mapping[str, tuple[str, ...]]] = {
    Form.CLUSTERS_AS_TABLE: {
        "clusteringresult": _RESULT,
        "cluster": _CLUSTER,
        "embeddingcluster": (*_ASSIGNMENT, "cluster_id"),
    },
    Form.CLUSTERS_AS_JSON: {
        "clusteringresult": (*_RESULT, "clusters"),
        "embeddingcluster": (*_ASSIGNMENT, "cluster_id"),
    },
    Form.MEDOIDS_ONLY: {
        "clusteringresult": _RESULT,
        "embeddingcluster": (*_ASSIGNMENT, "medoid_embedding_id"),
    },
    Form.NO_CLUSTERINGS: {},
}
_OF_CLUSTERINGS = ("clusteringresult", "cluster", "embeddingcluster")
DIAGRAMS = "persistencediagram"
_NO_DATA = ("alembic_version",)
_OUR_TABLES = frozenset({"alembic_version", "experiment", "embedding_model", "embedding_cluster"})
_NOT_KEPT = {"invocation": ("seed",)}


@dataclass(frozen=True)
class Layout:
    """What a file holds.

    Attributes
    ----------
    form
        How its clusterings are kept.
    tables
        Those that are read.
    unread_tables
        Those that are not, with their numbers of rows.
    unread_columns
        The columns that are not, of the tables that are, as ``table.column``.
    """

    form: Form
    tables: tuple[str, ...]
    unread_tables: Mapping[str, int]
    unread_columns: tuple[str, ...]


def recognise_layout(source: Source) -> Layout:
    """Tell the layout of a file.

    Raises
    ------
    StoreError
        When it is none of those that are known; the tables found are named.
    """
    tables = source.tables()
    form = _form(source, tables)
    expected = {**_BASE, **_CLUSTERINGS[form]}
    _refuse_lacking(source, tables, expected)
    _refuse_without_rowid(source, expected)
    unread = sorted(set(tables) - set(expected) - set(_NO_DATA) - {DIAGRAMS})
    return Layout(
        form=form,
        tables=tuple(expected),
        unread_tables={table: source.count(table) for table in unread},
        unread_columns=tuple(
            f"{table}.{column}"
            for table, columns in expected.items()
            for column in tables[table]
            if column not in columns or column in _NOT_KEPT.get(table, ())
        ),
    )


def _refuse_lacking(source: Source, tables: Mapping[str, Sequence[str]], expected: Mapping[str, Sequence[str]]) -> None:
    """Refuse a file that lacks a table or a column; its tables are named, with the columns of those that lack one."""
    if set(tables) >= _OUR_TABLES:
        raise StoreError(f"{source.path} is a Loopscope database itself; expected the SQLite file of an earlier tool")
    lacking, shown = [], list(tables)
    for table, columns in expected.items():
        missing = [column for column in columns if column not in tables.get(table, ())]
        if table not in tables:
            lacking.append(f"it has no table {table}")
        elif missing:
            lacking.append(f"its table {table} has no {', '.join(missing)}")
            shown[shown.index(table)] = f"{table} ({', '.join(tables[table])})"
    if lacking:
        raise StoreError(
            f"{source.path} is of no layout that can be imported: {'; '.join(lacking)}. "
            f"Found the tables {', '.join(shown) or '(none)'}"
        )


def _form(source: Source, tables: Mapping[str, Sequence[str]]) -> Form:
    if not any(table in tables for table in _OF_CLUSTERINGS):
        return Form.NO_CLUSTERINGS
    told_apart_by = tables.get("embeddingcluster", ())
    if "cluster" in tables:
        _refuse_two_forms(source, tables)
        return Form.CLUSTERS_AS_TABLE
    if "medoid_embedding_id" in told_apart_by and "cluster_id" not in told_apart_by:
        return Form.MEDOIDS_ONLY
    if "medoid_embedding_id" in told_apart_by:
        raise StoreError(
            f"{source.path} has both cluster_id and medoid_embedding_id in the table embeddingcluster; expected one "
            f"of them to tell clusters apart: {_found(tables)}"
        )
    return Form.CLUSTERS_AS_JSON


def _refuse_two_forms(source: Source, tables: Mapping[str, Sequence[str]]) -> None:
    """Refuse a file whose clusters stand in a table and in JSON."""
    if "clusters" not in tables.get("clusteringresult", ()):
        return
    both = source.all("SELECT count(*) FROM clusteringresult WHERE clusters IS NOT NULL AND clusters NOT IN ('[]', '')")
    if both[0][0]:
        raise StoreError(
            f"{source.path} has clusters in the table cluster and in clusteringresult.clusters ({both[0][0]} rows); "
            f"expected one of them: {_found(tables)}"
        )


def _refuse_without_rowid(source: Source, tables: Mapping[str, Sequence[str]]) -> None:
    """Rows are told apart by SQLite's own row numbers, since ids may be doubtful."""
    for table in tables:
        if not source.has_rowid(table):
            raise StoreError(
                f"the table {table} of {source.path} has no row numbers (WITHOUT ROWID); expected one with them"
            )


def _found(tables: Mapping[str, Sequence[str]]) -> str:
    return f"found the tables {', '.join(tables)}"
