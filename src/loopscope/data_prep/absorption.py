"""The frames of absorption: which runs settle at a fixed point or in a cycle, since when, and how many, how soon."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep.cache import cached
from loopscope.data_prep.columns import RUN_KEYS, SEQUENCE_NUMBER, Column, conform, schema_of
from loopscope.data_prep.estimates import ESTIMATE_COLUMNS, estimate_values
from loopscope.data_prep.grouping import group_columns, iterate_groups
from loopscope.data_prep.settling_sequences import SETTLING_KEYS, SettlingSequences, load_settling_sequences
from loopscope.dynamics.absorption import Absorption, continue_cycles, find_absorption
from loopscope.dynamics.nulls import MARKOV, SHUFFLED, Null
from loopscope.dynamics.sequences import MISSING
from loopscope.dynamics.settling import (
    QUANTITIES,
    draw_absorptions,
    estimate_settling,
    estimate_survival_curve,
)

FIXED_POINT = "fixed point"
CYCLE = "cycle"
NONE = "none"

NULL = Column("null", pl.String, "S: steps shuffled within each run; M1: first-order Markov surrogates of each run")

COLUMNS = (
    *RUN_KEYS,
    *SETTLING_KEYS,
    Column("kind", pl.String, "fixed point, cycle or none; null where the run does not end with two known steps"),
    Column("period", pl.Int64, "after how many steps it repeats: 1 at a fixed point; null where it was not seen to"),
    Column("onset", pl.Int64, "the step, from 0, since which it repeats; a step is an output of this type"),
    Column(SEQUENCE_NUMBER.name, pl.Int64, "the position of the onset's invocation in the run"),
    Column(
        "cluster_id",
        pl.Int64,
        "at a fixed point, the cluster; -1: one outlier, over and over; null for exact outputs",
    ),
    Column("observed", pl.Int64, "how many steps were seen from the onset on"),
    Column("censored", pl.Boolean, "whether the run ended without having been seen to repeat"),
    Column("proved", pl.Boolean, "whether it was stopped in a state of before, since when it must repeat for ever"),
    Column("n", pl.Int64, "how many steps the run has, up to the last one that is known"),
    Column("n_unique_outputs", pl.Int64, "how many of them are different: outputs, or clusters and outlying outputs"),
    Column("steps_per_loop", pl.Int64, "how many of them a round of the network has: two texts where two models write"),
    Column("reason", pl.String, "why nothing can be said; null where it can"),
)
ESTIMATE_KEYS = (*SETTLING_KEYS, Column("quantity", pl.String, ", ".join(QUANTITIES)), NULL)
SURVIVAL_KEYS = (
    *SETTLING_KEYS,
    NULL,
    Column("step", pl.Int64, "the step, from 0"),
    Column("n_at_risk", pl.Int64, "how many runs are watched then and were not absorbed before"),
    Column("n_absorbed", pl.Int64, "how many have their onset then"),
)

ONE_STEP = "one step: two are needed to see that it repeats"
NO_STEP = "the run has no output of this type"
NO_CLUSTER = "no run comes to a cluster: all known steps are outliers"
NO_TAIL = "it does not end with two known steps: nothing is seen to repeat"


def load_absorption_df(
    session: Session,
    experiment_id: int | None = None,
    *,
    clustering_result_id: int | None = None,
    milestoning: bool = False,
) -> pl.DataFrame:
    """Load one row for each run and output type, in the order of ``output_type, run_id``.

    The period is the smallest p, and the onset the earliest step t0, with x(t + p) = x(t) from t0 to the end of the
    run, where at least two periods are seen; a run that was stopped in a state of before is absorbed by proof, after
    one (:mod:`loopscope.dynamics.absorption`). Outputs are equal where texts or pixels are, exactly. Of clusters, two
    outliers are equal only where their outputs are: a stay among outliers is no fixed point.

    Parameters
    ----------
    experiment_id
        The experiment whose runs are meant; by default all.
    clustering_result_id
        A result whose clusters are compared in place of exact outputs; then there is a row for each run that has a
        clustered output.
    milestoning
        Of clusters, whether an outlier counts as the last cluster that was visited before.

    Returns
    -------
    polars.DataFrame
        With the columns ``COLUMNS``.

    Raises
    ------
    NotFoundError
        When there is no such experiment or result.
    """
    parts = [pl.DataFrame(schema=schema_of(COLUMNS))]
    parts += [
        _list_runs(each)
        for each in load_settling_sequences(session, experiment_id, clustering_result_id, milestoning=milestoning)
    ]
    return pl.concat(parts)


@cached
def load_absorption_estimates_df(
    session: Session,
    experiment_id: int | None = None,
    *,
    clustering_result_id: int | None = None,
    milestoning: bool = False,
    by: Sequence[str] = ("network",),
    draws: int = 200,
    nulls: int = 99,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each output type, group of runs, quantity and null.

    Runs that do not end with two known steps do not count. The median onset is that of the Kaplan-Meier curve.

    Parameters
    ----------
    experiment_id, clustering_result_id, milestoning
        As of :func:`load_absorption_df`.
    by
        What runs are grouped by: any of network, initial_prompt, seed.
    draws, nulls, seed
        How often runs are resampled, how many surrogates of each kind are drawn, and from which randomness.

    Returns
    -------
    polars.DataFrame
        With the columns ``ESTIMATE_KEYS``, those of ``by`` and ``ESTIMATE_COLUMNS``.

    Raises
    ------
    NotFoundError
        When there is no such experiment or result, or runs cannot be grouped so.
    """
    columns = (*ESTIMATE_KEYS, *group_columns(by), *ESTIMATE_COLUMNS)
    rows = []
    settling = load_settling_sequences(session, experiment_id, clustering_result_id, milestoning=milestoning)
    for each in settling:
        for null in (SHUFFLED, MARKOV):
            for values, found, drawn, group in _iterate_groups(each, null, by, nulls, seed):
                estimates = estimate_settling(found, drawn, null, group, draws=draws, seed=seed)
                rows += [
                    each.keys | values | {"quantity": quantity, "null": null.name} | estimate_values(estimate)
                    for quantity, estimate in estimates.items()
                ]
    return pl.DataFrame(rows, schema=schema_of(columns))


@cached
def load_survival_df(
    session: Session,
    experiment_id: int | None = None,
    *,
    clustering_result_id: int | None = None,
    milestoning: bool = False,
    null: str = "S",
    by: Sequence[str] = ("network",),
    draws: int = 200,
    nulls: int = 99,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each output type, group of runs and step: the share of runs that is absorbed later.

    That is the Kaplan-Meier curve of the onset. A run that was not seen to repeat counts up to the last step at which
    it could have begun to: its last but one.

    Parameters
    ----------
    experiment_id, clustering_result_id, milestoning
        As of :func:`load_absorption_df`.
    null
        S or M1.
    by, draws, nulls, seed
        As of :func:`load_absorption_estimates_df`.

    Returns
    -------
    polars.DataFrame
        With the columns ``SURVIVAL_KEYS``, those of ``by`` and ``ESTIMATE_COLUMNS``.

    Raises
    ------
    NotFoundError
        When there is no such experiment or result, or runs cannot be grouped so.
    ValueError
        When there is no such null.
    """
    columns = (*SURVIVAL_KEYS, *group_columns(by), *ESTIMATE_COLUMNS)
    compared = choose_null(null)
    rows = []
    settling = load_settling_sequences(session, experiment_id, clustering_result_id, milestoning=milestoning)
    for each in settling:
        for values, found, drawn, group in _iterate_groups(each, compared, by, nulls, seed):
            every = each.keys | values | {"null": compared.name}
            rows += [
                every
                | {"step": point.step, "n_at_risk": point.n_at_risk, "n_absorbed": point.n_absorbed}
                | estimate_values(point.estimate)
                for point in estimate_survival_curve(found, drawn, compared, group, draws=draws, seed=seed)
            ]
    return pl.DataFrame(rows, schema=schema_of(columns))


def choose_null(name: str) -> Null:
    """Choose a null that keeps what each run holds.

    Raises
    ------
    ValueError
        When there is no such null.
    """
    known = {null.name: null for null in (SHUFFLED, MARKOV)}
    if name not in known:
        raise ValueError(f'found the null "{name}"; expected {" or ".join(known)}')
    return known[name]


def _list_runs(settling: SettlingSequences) -> pl.DataFrame:
    sequences = settling.sequences
    found = find_absorption(sequences, settling.recurring)
    absorbed = found.absorbed
    place = sequences.starts[:-1] + np.where(absorbed, found.onset, 0)
    known, clustered = settling.known, settling.keys["clustering_result_id"] is not None
    reasons = np.array([NO_CLUSTER if clustered else NO_STEP, ONE_STEP], dtype=object)[np.minimum(known, 1)]
    reasons[(known > 1) & ~found.judged] = NO_TAIL
    reasons[found.judged] = None
    at_onset = {"sequence_number": settling.sequence_number, "cluster_id": settling.clusters}
    frame = settling.runs.with_columns(
        pl.Series("period", found.period),
        pl.Series("onset", found.onset),
        pl.Series("n", found.length),
        pl.Series("n_unique_outputs", [len(np.unique(run[run != MISSING])) for run in sequences], dtype=pl.Int64),
        pl.Series("steps_per_loop", settling.steps_per_loop).replace(0, None),
        pl.Series("proved", settling.recurring > 0),
        pl.Series("reason", reasons.tolist(), dtype=pl.String),
        *(
            pl.Series(name, [int(values[at]) if one else None for at, one in zip(place, absorbed, strict=True)])
            for name, values in at_onset.items()
        ),
        **{name: pl.lit(value) for name, value in settling.keys.items()},
    )
    absorbing = pl.col("period") > 0
    fixed = pl.col("period") == 1
    return conform(
        frame.with_columns(
            pl.when(absorbing).then("period").name.keep(),
            pl.when(absorbing).then("onset").name.keep(),
            kind=pl.when(fixed).then(pl.lit(FIXED_POINT)).when(absorbing).then(pl.lit(CYCLE)).otherwise(pl.lit(NONE)),
            observed=pl.when(absorbing).then(pl.col("n") - pl.col("onset")),
            censored=~absorbing,
            cluster_id=pl.when(fixed & pl.col("clustering_result_id").is_not_null()).then("cluster_id"),
        ).with_columns(kind=pl.when(pl.col("reason").is_null()).then("kind")),
        COLUMNS,
    )


def _iterate_groups(
    settling: SettlingSequences, null: Null, by: Sequence[str], nulls: int, seed: int
) -> Iterator[tuple[dict[str, Any], Absorption, list[Absorption], Any]]:
    """Yield the values of each group, its runs' absorption and that of surrogates, and the runs' networks and prompts.

    Surrogates are drawn of all runs at once, and of proved cycles as they would have been seen a second time.
    """
    found = find_absorption(settling.sequences, settling.recurring)
    drawn = draw_absorptions(continue_cycles(settling.sequences, found), null, nulls, seed)
    for values, rows in iterate_groups(settling.runs, by):
        yield values, found.take(rows), [each.take(rows) for each in drawn], settling.sequences.group[rows]
