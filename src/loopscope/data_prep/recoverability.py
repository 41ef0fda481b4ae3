"""The frames of prompt recoverability: how well the prompt is told at each step, how fast it is forgotten."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep.cache import cached
from loopscope.data_prep.cohorts import choose_runs, describe_choice, make_cohort
from loopscope.data_prep.columns import Column, schema_of
from loopscope.data_prep.estimates import ESTIMATE_COLUMNS, estimate_values
from loopscope.data_prep.grouping import group_columns
from loopscope.data_prep.vector_sequences import GENERATOR, VECTOR_KEYS, load_vector_sequences
from loopscope.dynamics.divergence import DRAWS, NULLS, Cohort
from loopscope.dynamics.recoverability import (
    Recoverability,
    estimate_accuracy,
    estimate_recoverability,
    measure_recoverability,
)
from loopscope.statistics.estimate import no_estimate

COLUMNS = (
    *VECTOR_KEYS,
    GENERATOR,
    Column("t", pl.Int64, "the step: 0 for a run's first output of the type that is embedded"),
    Column("accuracy", pl.Float64, "balanced accuracy: the mean over prompts of the share of runs told; as estimate"),
    Column("chance", pl.Float64, "the accuracy of guessing: one in as many prompts as there are"),
    Column("fitted", pl.Float64, "the fitted decay at this step; null where there is none"),
    Column("n_prompts", pl.Int64, "how many prompts with two runs or more are told apart"),
    *ESTIMATE_COLUMNS,
)
QUANTITIES = ("accuracy_first", "accuracy_last", "decay_time")
ESTIMATES_COLUMNS = (
    *VECTOR_KEYS,
    GENERATOR,
    Column(
        "quantity",
        pl.String,
        "accuracy_first: at the first step; accuracy_last: mean of the last quarter; decay_time: steps to fall by 63 %",
    ),
    Column("decay_time", pl.Float64, "the estimate, where it is the decay time"),
    *ESTIMATE_COLUMNS,
)


@cached
def load_recoverability_df(
    session: Session,
    embedding_model: str,
    experiment_id: int | None = None,
    *,
    by: Sequence[str] = ("network",),
    draws: int = DRAWS,
    nulls: int = NULLS,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each group of runs and step: how well the initial prompt is told from the embedding.

    A run that stopped in a cycle goes on in it, up to the length that it was to have.

    Parameters
    ----------
    embedding_model
        The name of the model whose embeddings are meant.
    experiment_id
        The experiment whose runs are meant; by default all.
    by
        ``network``, ``seed``, both or neither: what the runs of a group have in common. Prompts are told apart, so that
        a group by ``initial_prompt`` has nothing to tell.
    draws, nulls, seed
        How many bootstrap resamples and permutations, and where they come from.

    Returns
    -------
    polars.DataFrame
        With the columns ``COLUMNS`` and those of ``by``.

    Raises
    ------
    NotFoundError
        When there is no such model, experiment or grouping.
    """
    measured = _measure(session, embedding_model, experiment_id, by, draws, nulls, seed)
    rows = [keys | row for keys, curve, note in measured for row in _step_rows(curve, note)]
    return pl.DataFrame(rows, schema=schema_of(_with_groups(COLUMNS, by)), orient="row")


@cached
def load_recoverability_estimates_df(
    session: Session,
    embedding_model: str,
    experiment_id: int | None = None,
    *,
    by: Sequence[str] = ("network",),
    draws: int = DRAWS,
    nulls: int = NULLS,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each group of runs and quantity: the first and the last accuracy, and the decay time.

    Parameters and errors are those of :func:`load_recoverability_df`; the columns are ``ESTIMATES_COLUMNS``.
    """
    rows = []
    for keys, curve, note in _measure(session, embedding_model, experiment_id, by, draws, nulls, seed):
        found = estimate_recoverability(curve)
        for quantity in QUANTITIES:
            values = estimate_values(getattr(found, quantity))
            if values["reason"] is None:
                values["method"] += note
            decay = values["estimate"] if quantity == "decay_time" else None
            rows.append(keys | {"quantity": quantity, "decay_time": decay} | values)
    return pl.DataFrame(rows, schema=schema_of(_with_groups(ESTIMATES_COLUMNS, by)), orient="row")


def _with_groups(columns: tuple[Column, ...], by: Sequence[str]) -> tuple[Column, ...]:
    return (*columns[: len(VECTOR_KEYS)], *group_columns(by), *columns[len(VECTOR_KEYS) :])


def _measure(
    session: Session,
    embedding_model: str,
    experiment_id: int | None,
    by: Sequence[str],
    draws: int,
    nulls: int,
    seed: int,
) -> Iterator[tuple[dict[str, Any], Recoverability, str]]:
    """Yield the keys, the curve and what is to be noted of each group and generator."""
    group_columns(by)
    sequences = load_vector_sequences(session, embedding_model, experiment_id, continue_cycles=True)
    chosen = choose_runs(sequences)
    note = describe_choice(sequences, chosen)
    for values, rows in sequences.groups(by):
        members = chosen[np.isin(chosen, rows)]
        if not len(members):
            continue
        cohort = make_cohort(sequences, members)
        steps = sequences.iterate_steps(session, members)
        prompt = np.unique(sequences.runs["initial_prompt"].to_numpy()[members], return_inverse=True)[1]
        by_prompt = Cohort(cohort.network, prompt.astype(np.int64))
        curve = measure_recoverability(steps, by_prompt, draws=draws, nulls=nulls, seed=seed)
        turns = sequences.turns(members.tolist())
        for turn, generator in enumerate(turns):
            yield sequences.keys | values | {"generator": generator}, curve.of_turn(turn, len(turns)), note


def _step_rows(curve: Recoverability, note: str) -> Iterator[dict[str, Any]]:
    found = estimate_recoverability(curve)
    for place, t in enumerate(curve.t.tolist()):
        accuracy, fitted = float(curve.accuracy[place]), float(found.fitted[place])
        n_runs, n_prompts = int(curve.n_runs[place]), int(curve.n_prompts[place])
        if np.isnan(accuracy):
            values = estimate_values(no_estimate("fewer than two prompts have two runs at this step", n_runs=n_runs))
        else:
            values = estimate_values(
                estimate_accuracy(curve, accuracy, curve.draws[:, place], curve.null[:, place])
            ) | {"n_runs": n_runs}
            values["method"] += note
        known = None if np.isnan(accuracy) else accuracy
        chance = 1 / n_prompts if n_prompts > 1 else None
        yield {
            "t": t,
            "accuracy": known,
            "chance": chance,
            "fitted": None if np.isnan(fitted) else fitted,
            "n_prompts": n_prompts,
        } | values
