"""The frames of semantic drift: how far embeddings are from their run's prompt, start and last step."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.data_prep.cache import cached
from loopscope.data_prep.cohorts import choose_runs, describe_choice, make_cohort
from loopscope.data_prep.columns import EMBEDDING_MODEL, RUN_KEYS, SEQUENCE_NUMBER, Column, conform, schema_of
from loopscope.data_prep.estimates import ESTIMATE_COLUMNS, estimate_values
from loopscope.data_prep.grouping import group_columns, number_groups
from loopscope.data_prep.keys import ARROW, load_embedding_models, load_run_keys
from loopscope.data_prep.vector_sequences import GENERATOR, VECTOR_KEYS, load_vector_sequences
from loopscope.dynamics.divergence import DRAWS, NULLS, Cohort
from loopscope.dynamics.drift import DriftCurves, average_others, measure_group_drift, one_minus_cosine, to_unit
from loopscope.schemas import PromptEmbedding
from loopscope.statistics.estimate import make_estimate, no_estimate
from loopscope.store.vectors import EmbeddingIndex, decode_vectors, load_embedding_index, load_vectors
from loopscope.types import OutputType, Vectors

COLUMNS = (
    *RUN_KEYS,
    EMBEDDING_MODEL,
    SEQUENCE_NUMBER,
    Column("embedding_id", pl.Int64, "the embedding"),
    Column("drift_from_prompt", pl.Float64, "1 - cosine to the run's embedded prompt; null for pictures"),
    Column("drift_from_start", pl.Float64, "1 - cosine to the run's first embedding by this model"),
    Column("step", pl.Float64, "1 - cosine to the run's previous embedding by this model; null at the first"),
    GENERATOR,
    Column(
        "step_of_generator", pl.Float64, "1 - cosine to the previous embedding of the same generator; null at first"
    ),
    Column(
        "unrelated_to_prompt", pl.Float64, "its mean 1 - cosine to the prompts of other prompts' runs of the network"
    ),
    Column("unrelated_to_start", pl.Float64, "its mean 1 - cosine to the first embeddings of those runs"),
)
ESTIMATES_COLUMNS = (
    *VECTOR_KEYS,
    GENERATOR,
    Column("quantity", pl.String, "drift_from_prompt, drift_from_start or step: its mean over runs is the estimate"),
    Column("t", pl.Int64, "the step: 0 for a run's first output of the type that is embedded"),
    *ESTIMATE_COLUMNS,
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
        if not len(index):
            continue
        anchors = _load_anchors(session, model_id, index, runs)
        for piece in _whole_runs(index):
            vectors = load_vectors(session, model_id, piece.embedding_id)
            frame = _name_generators(_drift(piece, vectors, anchors).join(runs, on="run_id", maintain_order="left"))
            frame = frame.with_columns(_step_of_generator(frame, vectors), embedding_model=pl.lit(name))
            parts.append(conform(frame, COLUMNS))
    return pl.concat(parts)


@cached
def load_drift_estimates_df(
    session: Session,
    embedding_model: str,
    experiment_id: int | None = None,
    *,
    by: Sequence[str] = ("network",),
    draws: int = DRAWS,
    nulls: int = NULLS,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each group of runs, quantity and step: mean drift with its interval and what is unrelated.

    A run that stopped in a cycle goes on in it, up to the length that it was to have.

    Parameters
    ----------
    embedding_model
        The name of the model whose embeddings are meant.
    experiment_id
        The experiment whose runs are meant; by default all.
    by
        Any of ``network``, ``initial_prompt``, ``seed``: what the runs of a group have in common.
    draws, nulls, seed
        How many bootstrap resamples and nulls, and where they come from.

    Returns
    -------
    polars.DataFrame
        With the columns ``ESTIMATES_COLUMNS`` and those of ``by``; `null_p` is small where runs are nearer to what is
        their own than chance gives.

    Raises
    ------
    NotFoundError
        When there is no such model, experiment or grouping.
    """
    columns = (*VECTOR_KEYS, *group_columns(by), *ESTIMATES_COLUMNS[len(VECTOR_KEYS) :])
    sequences = load_vector_sequences(session, embedding_model, experiment_id, continue_cycles=True)
    chosen = choose_runs(sequences)
    groups = [(values, np.flatnonzero(np.isin(chosen, rows))) for values, rows in sequences.groups(by)]
    groups = [(values, rows) for values, rows in groups if len(rows)]
    found = measure_group_drift(
        sequences.iterate_steps(session, chosen),
        *sequences.load_prompts(session, chosen),
        make_cohort(sequences, chosen),
        [rows for _, rows in groups],
        draws=draws,
        nulls=nulls,
        seed=seed,
    )
    note = describe_choice(sequences, chosen)
    rows = []
    for (values, members), curves in zip(groups, found, strict=True):
        turns = sequences.turns(chosen[members].tolist())
        longest = int(sequences.lengths[chosen[members]].max())
        for each in curves:
            rows += [
                sequences.keys | values | row
                for row in _estimate_rows(each, turns, longest, note, sequences.keys["output_type"])
            ]
    return pl.DataFrame(rows, schema=schema_of(columns), orient="row")


def _estimate_rows(
    curves: DriftCurves, turns: list[str], longest: int, note: str, output_type: str
) -> Iterator[dict[str, Any]]:
    for t, mean in enumerate(curves.mean[:longest].tolist()):
        n_runs = int(curves.n_runs[t])
        if n_runs:
            estimate = make_estimate(
                mean, curves.draws[:, t], curves.null[:, t], n_runs=n_runs, method=curves.method + note,
                extreme="small", bounds=(0.0, 2.0),
            )  # fmt: skip
        else:
            estimate = no_estimate(_why_none(curves, t, output_type), n_runs=n_runs)
        keys = {"generator": turns[t % len(turns)], "quantity": curves.quantity, "t": t}
        yield keys | estimate_values(estimate)


def _why_none(curves: DriftCurves, t: int, output_type: str) -> str:
    if curves.quantity == "drift_from_prompt" and not curves.n_runs.any():
        pictures = output_type == OutputType.IMAGE
        return (
            "no embedded prompts: the model takes pictures" if pictures else "none of these runs' prompts is embedded"
        )
    if curves.quantity == "step" and t == 0:
        return "there is no step before the first"
    return "no run is known at this step"


class _Anchors(NamedTuple):
    """What drift is measured from: of each run, by its number."""

    run_id: npt.NDArray[np.int64]
    prompts: Vectors
    prompts_known: npt.NDArray[np.bool_]
    others_prompts: Numbers
    others_starts: Numbers


def _name_generators(frame: pl.DataFrame) -> pl.DataFrame:
    generators = pl.col("network").str.split(ARROW)
    turn = pl.col("sequence_number") % generators.list.len()
    return frame.with_columns(generator=generators.list.get(turn), turn=turn)


def _step_of_generator(frame: pl.DataFrame, vectors: Vectors) -> pl.Series:
    """Measure each step from the one before of the same generator, in rows in the order of runs and steps."""
    numbered = frame.select("run_id", "turn", row=pl.int_range(pl.len()))
    pairs = numbered.with_columns(before=pl.col("row").shift(1).over("run_id", "turn")).drop_nulls()
    row, before = pairs["row"].to_numpy(), pairs["before"].to_numpy()
    step = np.full(frame.height, np.nan)
    step[row] = one_minus_cosine(vectors[row], vectors[before])
    return pl.Series("step_of_generator", step).fill_nan(None)


def _load_anchors(session: Session, model_id: int, index: EmbeddingIndex, runs: pl.DataFrame) -> _Anchors:
    """Load the prompts and starts of all runs, and average those of each run's network with other prompts."""
    run_id, first = np.unique(index.run_id, return_index=True)
    starts = load_vectors(session, model_id, index.embedding_id[first])
    statement = select(PromptEmbedding.run_id, PromptEmbedding.vector)
    stored = dict(session.execute(statement.where(PromptEmbedding.embedding_model_id == model_id)).all())
    known = np.isin(run_id, list(stored))
    prompts = np.zeros_like(starts)
    prompts[known] = decode_vectors([stored[each] for each in run_id[known].tolist()], starts.shape[1])
    of_index = runs.join(pl.DataFrame({"run_id": run_id}), on="run_id", how="semi", maintain_order="left")
    networks = np.unique(of_index["network"].to_numpy(), return_inverse=True)[1].astype(np.int64)
    cohort = Cohort(networks, number_groups(of_index))
    everywhere = np.ones_like(known)
    return _Anchors(
        run_id, prompts, known, average_others(prompts, known, cohort), average_others(starts, everywhere, cohort)
    )


def _whole_runs(index: EmbeddingIndex) -> list[EmbeddingIndex]:
    """Cut an index between runs, into pieces of about so many rows that their vectors fit in memory."""
    starts = np.flatnonzero(np.diff(index.run_id, prepend=-1))
    pieces = starts // _ROWS_AT_A_TIME
    cuts = [*starts[np.flatnonzero(np.diff(pieces, prepend=-1))].tolist(), len(index)]
    return [index.take(np.arange(start, stop)) for start, stop in pairwise(cuts)]


def _drift(index: EmbeddingIndex, vectors: Vectors, anchors: _Anchors) -> pl.DataFrame:
    rows = np.arange(len(index))
    first = np.searchsorted(index.run_id, index.run_id)
    run = np.searchsorted(anchors.run_id, index.run_id)
    step = one_minus_cosine(vectors, vectors[np.maximum(rows - 1, 0)])
    step[first == rows] = np.nan
    from_prompt = one_minus_cosine(vectors, anchors.prompts[run])
    unit = to_unit(vectors)
    return pl.DataFrame(
        {
            "run_id": index.run_id,
            "sequence_number": index.sequence_number,
            "embedding_id": index.embedding_id,
            "drift_from_prompt": np.where(anchors.prompts_known[run], from_prompt, np.nan),
            "drift_from_start": one_minus_cosine(vectors, vectors[first]),
            "step": step,
            "unrelated_to_prompt": 1 - np.einsum("ij,ij->i", unit, anchors.others_prompts[run]),
            "unrelated_to_start": 1 - np.einsum("ij,ij->i", unit, anchors.others_starts[run]),
        }
    ).with_columns(pl.col("drift_from_prompt", "step", "unrelated_to_prompt", "unrelated_to_start").fill_nan(None))
