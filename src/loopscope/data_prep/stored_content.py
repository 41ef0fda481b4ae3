"""The digest of what a database holds about an experiment, a clustering or a model: all that a frame may come from."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import polars as pl
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from loopscope.data_prep.clustering_results import load_clustering_results_df
from loopscope.data_prep.columns import Types
from loopscope.data_prep.content import SIZE, digest_content
from loopscope.data_prep.facts import fetch_frame
from loopscope.data_prep.keys import load_embedding_models, load_run_keys
from loopscope.data_prep.medoids import load_medoids_df
from loopscope.schemas import (
    Embedding,
    EmbeddingCluster,
    EmbeddingVector,
    Invocation,
    PersistenceDiagram,
    PromptEmbedding,
    Run,
)
from loopscope.store.rows import fetch_rows

MOMENTS = ("started_at", "finished_at")
Query = Select[*tuple[Any, ...]]


def digest_stored(
    session: Session,
    experiment_id: int | None = None,
    *,
    clustering_result_ids: Sequence[int] = (),
    embedding_models: Sequence[str] = (),
) -> str:
    """Digest the rows themselves: runs and outputs, assignments and medoids, vectors and persistence diagrams.

    A picture is known by the hash of its pixels; how long something took, and when, does not count.

    Parameters
    ----------
    experiment_id
        The experiment whose runs, outputs, vectors and diagrams are meant; by default all.
    clustering_result_ids
        The results whose clusters are meant; by default none.
    embedding_models
        The models whose vectors and diagrams are meant; by default none.

    Returns
    -------
    str
        40 hexadecimal digits.

    Raises
    ------
    NotFoundError
        When there is no such experiment, result or model.
    """
    parts: list[object] = [load_run_keys(session, experiment_id), _load_runs(session, experiment_id)]
    for result_id in clustering_result_ids:
        result = load_clustering_results_df(session, result_id)
        [model] = load_embedding_models(session, result["embedding_model"][0])["embedding_model_id"]
        parts += [result, load_medoids_df(session, result_id)]
        parts += [_load_assignments(session, result_id), _load_embeddings(session, model)]
    for name in embedding_models:
        [model] = load_embedding_models(session, name)["embedding_model_id"]
        parts += [name, _load_embeddings(session, model)]
        parts += [_digest_rows(session, query) for query in _of_model(model, experiment_id)]
    return digest_content(*parts)


def _load_runs(session: Session, experiment_id: int | None) -> list[pl.DataFrame]:
    run_facts: Types = {"id": pl.Int64, "max_length": pl.Int64, "stop_reason": pl.String, "period": pl.Int64}
    outputs: Types = {
        **dict.fromkeys(("id", "run_id", "sequence_number"), pl.Int64),
        **dict.fromkeys(("model", "output_type", "output_hash"), pl.String),
    }
    runs = select(*(getattr(Run, name) for name in run_facts)).order_by(Run.id)
    invocations = select(*(getattr(Invocation, name) for name in outputs)).join(Run, Run.id == Invocation.run_id)
    return [
        fetch_frame(session, _of(experiment_id, runs), run_facts),
        fetch_frame(session, _of(experiment_id, invocations.order_by(Invocation.id)), outputs),
    ]


def _load_assignments(session: Session, clustering_result_id: int) -> pl.DataFrame:
    statement = (
        select(EmbeddingCluster.embedding_id, EmbeddingCluster.cluster_id)
        .where(EmbeddingCluster.clustering_result_id == clustering_result_id)
        .order_by(EmbeddingCluster.embedding_id)
    )
    return fetch_frame(session, statement, {"embedding_id": pl.Int64, "cluster_id": pl.Int64})


def _load_embeddings(session: Session, model_id: int) -> pl.DataFrame:
    statement = select(Embedding.id, Embedding.invocation_id).where(Embedding.embedding_model_id == model_id)
    return fetch_frame(session, statement.order_by(Embedding.id), {"id": pl.Int64, "invocation_id": pl.Int64})


def _of_model(model_id: int, experiment_id: int | None) -> list[Query]:
    """Give the queries of all bytes that a model has given, and of what was computed from them."""
    vectors = (
        select(EmbeddingVector.embedding_id, EmbeddingVector.vector)
        .join(Embedding, Embedding.id == EmbeddingVector.embedding_id)
        .join(Invocation, Invocation.id == Embedding.invocation_id)
        .join(Run, Run.id == Invocation.run_id)
        .where(Embedding.embedding_model_id == model_id)
        .order_by(EmbeddingVector.embedding_id)
    )
    prompts = (
        select(PromptEmbedding.run_id, PromptEmbedding.vector)
        .join(Run, Run.id == PromptEmbedding.run_id)
        .where(PromptEmbedding.embedding_model_id == model_id)
        .order_by(PromptEmbedding.run_id)
    )
    facts = [column for column in PersistenceDiagram.__table__.columns if column.name not in MOMENTS]
    diagrams = (
        select(*facts)
        .join(Run, Run.id == PersistenceDiagram.run_id)
        .where(PersistenceDiagram.embedding_model_id == model_id)
        .order_by(PersistenceDiagram.id)
    )
    return [_of(experiment_id, query) for query in (vectors, prompts, diagrams)]


def _digest_rows(session: Session, query: Query) -> str:
    """Digest rows of numbers and bytes as they come, since there may be more than fit in memory."""
    digest = blake2b(digest_size=SIZE)
    for rows in fetch_rows(session, query):
        for row in rows:
            blobs = [value for value in row if isinstance(value, bytes | memoryview)]
            numbers = [value for value in row if not isinstance(value, bytes | memoryview)]
            digest.update(repr((numbers, [len(blob) for blob in blobs])).encode())
            for blob in blobs:
                digest.update(blob)
    return digest.hexdigest()


def _of(experiment_id: int | None, query: Query) -> Query:
    return query if experiment_id is None else query.where(Run.experiment_id == experiment_id)
