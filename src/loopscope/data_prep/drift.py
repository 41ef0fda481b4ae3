"""The frame of semantic drift: how far each embedding is from its run's prompt, start and last step."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.data_prep.columns import EMBEDDING_MODEL, RUN_KEYS, SEQUENCE_NUMBER, Column, conform, schema_of
from loopscope.data_prep.keys import load_embedding_models, load_run_keys
from loopscope.schemas import PromptEmbedding
from loopscope.store.vectors import EmbeddingIndex, decode_vectors, load_embedding_index, load_vectors
from loopscope.types import Vectors

COLUMNS = (
    *RUN_KEYS,
    EMBEDDING_MODEL,
    SEQUENCE_NUMBER,
    Column("embedding_id", pl.Int64, "the embedding"),
    Column("drift_from_prompt", pl.Float64, "1 - cosine to the run's embedded prompt; null for pictures"),
    Column("drift_from_start", pl.Float64, "1 - cosine to the run's first embedding by this model"),
    Column("step", pl.Float64, "1 - cosine to the run's previous embedding by this model; null at the first"),
)

_ROWS_AT_A_TIME = 20_000

Numbers = npt.NDArray[np.float64]


def load_drift_df(
    session: Session, embedding_model: str | None = None, experiment_id: int | None = None
) -> pl.DataFrame:
    """Load one row for each embedding, in the order of ``embedding_model, run_id, sequence_number``.

    Drift is 1 − cos, in [0, 2] (Mollah et al. 2025, arXiv 2509.04438): 1 for orthogonal vectors.

    Parameters
    ----------
    embedding_model
        The name of the model whose embeddings are meant; by default all.
    experiment_id
        The experiment whose embeddings are meant; by default all.

    Returns
    -------
    polars.DataFrame
        With the columns ``COLUMNS``.

    Raises
    ------
    NotFoundError
        When there is no such model or experiment.
    StoreError
        When a vector is missing or of a wrong length.
    """
    runs = load_run_keys(session, experiment_id)
    chosen = None if experiment_id is None else [experiment_id]
    parts = [pl.DataFrame(schema=schema_of(COLUMNS))]
    for model_id, name, _ in load_embedding_models(session, embedding_model).iter_rows():
        index = load_embedding_index(session, model_id, chosen)
        prompts = _load_prompts(session, model_id)
        for piece in _whole_runs(index):
            frame = _drift(piece, load_vectors(session, model_id, piece.embedding_id), prompts)
            frame = frame.join(runs, on="run_id", maintain_order="left").with_columns(embedding_model=pl.lit(name))
            parts.append(conform(frame, COLUMNS))
    return pl.concat(parts)


def _load_prompts(session: Session, model_id: int) -> dict[int, bytes]:
    statement = select(PromptEmbedding.run_id, PromptEmbedding.vector)
    found = session.execute(statement.where(PromptEmbedding.embedding_model_id == model_id))
    return dict(found.all())


def _whole_runs(index: EmbeddingIndex) -> list[EmbeddingIndex]:
    """Cut an index between runs, into pieces of about so many rows that their vectors fit in memory."""
    starts = np.flatnonzero(np.diff(index.run_id, prepend=-1))
    pieces = starts // _ROWS_AT_A_TIME
    cuts = [*starts[np.flatnonzero(np.diff(pieces, prepend=-1))].tolist(), len(index)]
    return [index.take(np.arange(start, stop)) for start, stop in pairwise(cuts)]


def _drift(index: EmbeddingIndex, vectors: Vectors, prompts: dict[int, bytes]) -> pl.DataFrame:
    rows = np.arange(len(index))
    first = np.searchsorted(index.run_id, index.run_id)
    step = one_minus_cosine(vectors, vectors[np.maximum(rows - 1, 0)])
    step[first == rows] = np.nan
    return pl.DataFrame(
        {
            "run_id": index.run_id,
            "sequence_number": index.sequence_number,
            "embedding_id": index.embedding_id,
            "drift_from_prompt": _drift_from_prompt(index, vectors, prompts),
            "drift_from_start": one_minus_cosine(vectors, vectors[first]),
            "step": step,
        }
    ).with_columns(pl.col("drift_from_prompt", "step").fill_nan(None))


def _drift_from_prompt(index: EmbeddingIndex, vectors: Vectors, prompts: dict[int, bytes]) -> Numbers:
    """Shape (n,); not a number where the run has no embedded prompt."""
    drift = np.full(len(index), np.nan)
    known = np.isin(index.run_id, list(prompts))
    run_ids, run_of_row = np.unique(index.run_id[known], return_inverse=True)
    if len(run_ids):
        stored = decode_vectors([prompts[run_id] for run_id in run_ids.tolist()], vectors.shape[1])
        drift[known] = one_minus_cosine(vectors[known], stored[run_of_row])
    return drift


def one_minus_cosine(a: Vectors, b: Vectors) -> Numbers:
    """Measure 1 − cos between the rows of two arrays, as half the squared chord: near-duplicates keep their digits.

    Parameters
    ----------
    a, b
        Shape (n, dimension), rows of any length but 0.

    Returns
    -------
    numpy.ndarray
        Shape (n,), float64 in [0, 2]; exactly 0 for equal rows.

    Examples
    --------
    >>> one_minus_cosine(np.eye(2, dtype=np.float32), np.array([[1, 0], [1, 0]], dtype=np.float32)).tolist()
    [0.0, 1.0]
    """
    chord = _unit(a) - _unit(b)
    return np.asarray(np.einsum("ij,ij->i", chord, chord) / 2)


def _unit(vectors: Vectors) -> Numbers:
    exact = vectors.astype(np.float64)
    return np.asarray(exact / np.linalg.norm(exact, axis=1, keepdims=True))
