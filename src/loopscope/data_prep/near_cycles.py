"""The frame of near-cycles: how much each step is like the one p steps before."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep.cache import cached
from loopscope.data_prep.columns import Column, schema_of
from loopscope.data_prep.estimates import ESTIMATE_COLUMNS, estimate_values
from loopscope.data_prep.grouping import group_columns, iterate_groups, number_groups
from loopscope.data_prep.settling_sequences import SETTLING_KEYS, load_settling_sequences
from loopscope.data_prep.vector_sequences import load_vector_sequences
from loopscope.dynamics.near_cycles import (
    estimate_near_cycles,
    measure_shuffled_symbols,
    measure_symbols,
    measure_vectors,
)

Numbers = npt.NDArray[np.float64]

KEYS = (
    Column("compared", pl.String, "outputs, clusters or vectors"),
    *SETTLING_KEYS,
    Column("period", pl.Int64, "how many steps apart the compared ones are: p"),
    Column("tau", pl.Float64, "the estimate: 1 − the mean distance, in [0, 1]; 1 for a cycle of this period"),
)


@cached
def load_near_cycles_df(
    session: Session,
    experiment_id: int | None = None,
    *,
    clustering_result_id: int | None = None,
    vectors_of: str | None = None,
    max_period: int = 10,
    by: Sequence[str] = ("network",),
    draws: int = 200,
    nulls: int = 99,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each output type, group of runs and period from 1: τ, by shuffled order as null.

    :mod:`loopscope.dynamics.near_cycles` says what τ is. Exact outputs are compared, or else clusters or vectors.

    Parameters
    ----------
    experiment_id
        The experiment whose runs are meant; by default all.
    clustering_result_id
        A result whose clusters are compared.
    vectors_of
        The name of an embedding model whose vectors are compared.
    max_period
        The largest period.
    by
        What runs are grouped by: any of network, initial_prompt, seed.
    draws, nulls, seed
        How often runs are resampled, how often their steps are shuffled, and from which randomness.

    Returns
    -------
    polars.DataFrame
        With the columns ``KEYS``, those of ``by`` and ``ESTIMATE_COLUMNS``.

    Raises
    ------
    NotFoundError
        When there is no such experiment, result or model, or runs cannot be grouped so.
    ValueError
        When both a result and a model are given, or the period is below 1.
    """
    if clustering_result_id is not None and vectors_of is not None:
        raise ValueError("found both clustering_result_id and vectors_of; expected one of them at most")
    if max_period < 1:
        raise ValueError(f"found max_period {max_period}; expected 1 or more")
    columns = (*KEYS, *group_columns(by), *ESTIMATE_COLUMNS)
    measured = (
        _measure_symbols(session, experiment_id, clustering_result_id, max_period, nulls, seed)
        if vectors_of is None
        else _measure_vectors(session, experiment_id, vectors_of, max_period, nulls, seed)
    )
    rows = []
    for keys, runs, tau, shuffled in measured:
        group = number_groups(runs)
        for values, chosen in iterate_groups(runs, by):
            estimates = estimate_near_cycles(tau[chosen], shuffled[:, chosen], group[chosen], draws=draws, seed=seed)
            rows += [
                keys | values | {"period": period, "tau": told["estimate"]} | told
                for period, told in enumerate(map(estimate_values, estimates), start=1)
            ]
    return pl.DataFrame(rows, schema=schema_of(columns))


Measured = tuple[dict[str, Any], pl.DataFrame, Numbers, Numbers]


def _measure_symbols(
    session: Session,
    experiment_id: int | None,
    clustering_result_id: int | None,
    max_period: int,
    nulls: int,
    seed: int,
) -> Iterator[Measured]:
    compared = "outputs" if clustering_result_id is None else "clusters"
    for each in load_settling_sequences(session, experiment_id, clustering_result_id):
        yield (
            {**each.keys, "compared": compared},
            each.runs,
            measure_symbols(each.sequences, max_period),
            measure_shuffled_symbols(each.sequences, max_period, nulls=nulls, seed=seed),
        )


def _measure_vectors(
    session: Session, experiment_id: int | None, model: str, max_period: int, nulls: int, seed: int
) -> Iterator[Measured]:
    sequences = load_vector_sequences(session, model, experiment_id)
    random = np.random.default_rng(seed)
    tau = np.full((sequences.n_runs, max_period), np.nan)
    shuffled = np.full((nulls, sequences.n_runs, max_period), np.nan)
    for row, vectors, known in sequences.iterate_runs(session, np.arange(sequences.n_runs)):
        tau[row], shuffled[:, row] = measure_vectors(vectors, known, max_period, nulls=nulls, random=random)
    keys = {**sequences.keys, "clustering_result_id": None, "compared": "vectors"}
    yield keys, sequences.runs, tau, shuffled
