"""The frames of recurrence quantification: measures of each run, their means by group, and which steps recur."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep.cache import cached
from loopscope.data_prep.columns import RUN_KEYS, Column, schema_of
from loopscope.data_prep.estimates import ESTIMATE_COLUMNS, estimate_values
from loopscope.data_prep.grouping import group_columns
from loopscope.data_prep.keys import require_run
from loopscope.data_prep.vector_sequences import (
    GENERATOR,
    VECTOR_KEYS,
    VectorSequences,
    load_vector_sequences,
)
from loopscope.dynamics.recurrence import (
    MEASURES,
    NULLS,
    RATE,
    THEILER,
    RunRecurrence,
    describe_null,
    find_recurrences,
    measure_recurrence,
)
from loopscope.errors import NotFoundError
from loopscope.statistics.estimate import Estimate, make_estimate, no_estimate
from loopscope.statistics.resampling import Runs, resample_runs

DRAWS = 200
MEANINGS = {
    "rr": "recurrence rate: the share of pairs of steps that recur",
    "det": "determinism: the share of recurrences in diagonal lines of two steps or more",
    "l": "the mean length of diagonal lines, in steps of the generator",
    "l_max": "the longest diagonal line",
    "entr": "the Shannon entropy of the lengths of diagonal lines, in nats",
    "lam": "laminarity: the share of recurrences in vertical lines of two steps or more",
    "tt": "trapping time: the mean length of vertical lines",
}
NULL_NAMES = {"S": "shuffled", "M1": "markov"}
COLUMNS = (
    *VECTOR_KEYS,
    *RUN_KEYS,
    GENERATOR,
    Column("n_steps", pl.Int64, "how many steps of the run have an embedding"),
    Column("n_unique_outputs", pl.Int64, "how many of these embeddings differ"),
    Column("radius", pl.Float64, "how far apart two steps may be that recur: the distance between embeddings"),
    *(Column(name, pl.Float64, meaning) for name, meaning in MEANINGS.items()),
    *(
        column
        for name in MEANINGS
        for null, word in NULL_NAMES.items()
        for column in (
            Column(f"{name}_{word}", pl.Float64, f"the mean of {name} under null {null}"),
            Column(f"{name}_{word}_p", pl.Float64, f"the share of draws from null {null} with {name} as large"),
        )
    ),
    Column("method", pl.String, "how the nulls were made"),
    Column("reason", pl.String, "why nothing was measured; null where it was"),
)
ESTIMATES_COLUMNS = (
    *VECTOR_KEYS,
    GENERATOR,
    Column("quantity", pl.String, "; ".join(f"{name}: {meaning}" for name, meaning in MEANINGS.items())),
    Column("null", pl.String, "S: steps shuffled; M1: surrogates with one step of memory"),
    *ESTIMATE_COLUMNS,
)
PAIR_COLUMNS = (
    *VECTOR_KEYS,
    *RUN_KEYS,
    GENERATOR,
    Column("radius", pl.Float64, "how far apart two steps may be that recur"),
    Column("n_steps", pl.Int64, "how many steps of the generator the run has, known or not"),
    Column("a", pl.Int64, "the earlier step, among those of the generator from 0"),
    Column("b", pl.Int64, "the later step"),
    Column("a_sequence_number", pl.Int64, "the position of the earlier invocation in the run"),
    Column("b_sequence_number", pl.Int64, "that of the later"),
    Column("a_embedding_id", pl.Int64, "the embedding of the earlier step"),
    Column("b_embedding_id", pl.Int64, "that of the later"),
)


@cached
def load_recurrence_df(
    session: Session,
    embedding_model: str,
    experiment_id: int | None = None,
    *,
    rate: float = RATE,
    theiler: int = THEILER,
    nulls: int = NULLS,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each run and generator: the measures of its recurrences beside two nulls.

    Parameters
    ----------
    embedding_model
        The name of the model in whose space distances are measured.
    experiment_id
        The experiment whose runs are meant; by default all.
    rate, theiler
        The share of pairs of steps that recur, and how far apart in time they must be.
    nulls, seed
        How many surrogates of each kind, and where they come from.

    Returns
    -------
    polars.DataFrame
        With the columns ``COLUMNS``.

    Raises
    ------
    NotFoundError
        When there is no such model or experiment.
    """
    sequences = load_vector_sequences(session, embedding_model, experiment_id)
    measured = _measure(session, sequences, rate, theiler, nulls, seed)
    rows = [_run_row(sequences, row, generator, found) for row, generator, found in measured]
    return pl.DataFrame(rows, schema=schema_of(COLUMNS), orient="row")


@cached
def load_recurrence_estimates_df(
    session: Session,
    embedding_model: str,
    experiment_id: int | None = None,
    *,
    by: Sequence[str] = ("network",),
    rate: float = RATE,
    theiler: int = THEILER,
    draws: int = DRAWS,
    nulls: int = NULLS,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each group of runs, generator, measure and null: its mean over runs.

    Parameters and errors are those of :func:`load_recurrence_df`, and ``by`` any of ``network``, ``initial_prompt``,
    ``seed``; the columns are ``ESTIMATES_COLUMNS`` and those of ``by``.
    """
    columns = (*VECTOR_KEYS, *group_columns(by), *ESTIMATES_COLUMNS[len(VECTOR_KEYS) :])
    sequences = load_vector_sequences(session, embedding_model, experiment_id)
    measured = list(_measure(session, sequences, rate, theiler, nulls, seed))
    rows = []
    for values, members in sequences.groups(by):
        of_group = [each for each in measured if each[0] in set(members)]
        for generator in dict.fromkeys(name for _, name, _ in of_group):
            runs = [(row, found) for row, name, found in of_group if name == generator]
            for quantity in MEASURES:
                for null in NULL_NAMES:
                    estimate = _average(sequences, runs, quantity, null, draws, seed)
                    keys = sequences.keys | values | {"generator": generator, "quantity": quantity, "null": null}
                    rows.append(keys | estimate_values(estimate))
    return pl.DataFrame(rows, schema=schema_of(columns), orient="row")


def load_recurrence_pairs_df(
    session: Session, embedding_model: str, run_id: int, *, rate: float = RATE, theiler: int = THEILER
) -> pl.DataFrame:
    """Load one row for each two steps of a run that recur, earlier and later, with the columns ``PAIR_COLUMNS``.

    Raises
    ------
    NotFoundError
        When there is no such model or run, or the run has no embedding by the model.
    """
    require_run(session, run_id)
    sequences = load_vector_sequences(session, embedding_model)
    rows = np.flatnonzero(sequences.runs["run_id"].to_numpy() == run_id).tolist()
    if not rows:
        raise NotFoundError(
            f"run {run_id} has no embeddings by {embedding_model}; embed what is there: loopscope experiment resume"
        )
    [(row, vectors, known)] = sequences.iterate_runs(session, rows)
    turns = sequences.turns([row])
    parts = [pl.DataFrame(schema=schema_of(PAIR_COLUMNS))]
    of_run = slice(sequences.starts[row], sequences.starts[row + 1])
    for turn, generator in enumerate(turns):
        mine = slice(turn, None, len(turns))
        found = find_recurrences(vectors[mine], known[mine], rate=rate, theiler=theiler)
        a, b = np.nonzero(np.triu(found.matrix, theiler))
        ids, numbers = sequences.embedding_id[of_run][mine], sequences.sequence_number[of_run][mine]
        keys = sequences.keys | sequences.runs.row(row, named=True) | {"generator": generator, "radius": found.radius}
        pairs = {"a": a, "b": b, "a_sequence_number": numbers[a], "b_sequence_number": numbers[b]}
        pairs |= {"a_embedding_id": ids[a], "b_embedding_id": ids[b]}
        literals = {name: pl.lit(value) for name, value in (keys | {"n_steps": len(ids)}).items()}
        part = pl.DataFrame(pairs).with_columns(**literals)
        parts.append(part.select(pl.col(column.name).cast(column.dtype) for column in PAIR_COLUMNS))
    return pl.concat(parts)


def _measure(
    session: Session, sequences: VectorSequences, rate: float, theiler: int, nulls: int, seed: int
) -> Iterator[tuple[int, str, RunRecurrence]]:
    """Yield the row, the generator and the recurrences of each run."""
    turns_of = {values["network"]: sequences.turns(members) for values, members in sequences.groups(["network"])}
    networks = sequences.runs["network"].to_list()
    for row, vectors, known in sequences.iterate_runs(session, np.arange(sequences.n_runs)):
        turns = turns_of[networks[row]]
        for turn, generator in enumerate(turns):
            mine = slice(turn, None, len(turns))
            found = measure_recurrence(
                vectors[mine], known[mine], rate=rate, theiler=theiler, nulls=nulls, seed=seed + row
            )
            yield row, generator, found


def _run_row(sequences: VectorSequences, row: int, generator: str, found: RunRecurrence) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for measure in MEASURES:
        for null, word in NULL_NAMES.items():
            estimate = estimate_values(found.estimate(measure, null))
            values[measure] = estimate["estimate"]
            values[f"{measure}_{word}"], values[f"{measure}_{word}_p"] = estimate["null_mean"], estimate["null_p"]
    described = (describe_null(null, len(found.surrogates(null))) for null in NULL_NAMES)
    method = "; ".join(described) if found.measured else None
    return (
        sequences.keys
        | sequences.runs.row(row, named=True)
        | {"generator": generator, "n_steps": found.n_steps, "n_unique_outputs": found.n_unique}
        | {"radius": found.radius if found.measured else None, "method": method, "reason": found.reason}
        | values
    )


def _average(
    sequences: VectorSequences,
    runs: Sequence[tuple[int, RunRecurrence]],
    quantity: str,
    null: str,
    draws: int,
    seed: int,
) -> Estimate:
    """Average a measure over the runs that have it."""
    having = [(row, found) for row, found in runs if found.estimate(quantity, null).reason is None]
    if not having:
        reasons = dict.fromkeys(found.estimate(quantity, null).reason or "" for _, found in runs)
        return no_estimate("; ".join(reasons), n_runs=len(runs))
    value = np.array([getattr(found.measured, quantity) for _, found in having])
    group = np.unique(sequences.group[[row for row, _ in having]], return_inverse=True)[1].astype(np.int64)
    resampled = Runs(np.arange(len(having)), group)
    weights = resample_runs(resampled, draws, seed)
    column = MEASURES.index(quantity)
    surrogates = [found.surrogates(null)[:, column] for _, found in having]
    drawn = np.array([each for each in surrogates if len(each)] or np.empty((0, 0)))
    there = ~np.isnan(drawn)
    n_drawn = there.sum(axis=0)
    chance = np.where(there, drawn, 0).sum(axis=0)[n_drawn > 0] / n_drawn[n_drawn > 0]
    interval = f"{resampled.described}, {len(weights)} draws" if len(weights) else resampled.described
    short = f"; {len(runs) - len(having)} of {len(runs)} runs have none" if len(having) < len(runs) else ""
    method = f"mean over runs; {interval}; {describe_null(null, drawn.shape[1])}{short}"
    if 0 < len(drawn) < len(having):
        method += f"; the null is of {len(drawn)} of {len(having)} runs: in the others too few steps follow one another"
    bounds = (0.0, 1.0) if quantity in ("rr", "det", "lam") else (0.0, np.inf)
    return make_estimate(
        float(value.mean()), weights @ value / len(value), chance, n_runs=len(having), method=method, bounds=bounds
    )
