"""The frames of divergence: how far apart runs are at each step, and how fast they got there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep.cache import cached
from loopscope.data_prep.cohorts import choose_runs, describe_choice, make_cohort
from loopscope.data_prep.columns import Column, schema_of
from loopscope.data_prep.estimates import ESTIMATE_COLUMNS, estimate_values
from loopscope.data_prep.grouping import group_columns
from loopscope.data_prep.vector_sequences import GENERATOR, VECTOR_KEYS, VectorSequences, load_vector_sequences
from loopscope.dynamics.divergence import DRAWS, NULLS, SAME, Cohort, PairCurves, measure_divergence
from loopscope.dynamics.divergence_estimates import estimate_divergence
from loopscope.dynamics.sensitivity import Sensitivity, estimate_sensitivity
from loopscope.statistics.estimate import Estimate, make_estimate, no_estimate

PAIRS = Column("pairs", pl.String, "same prompt: runs of one network and prompt; other prompt: runs of one network")
COLUMNS = (
    *VECTOR_KEYS,
    GENERATOR,
    PAIRS,
    Column("t", pl.Int64, "the step: 0 for a run's first output of the type that is embedded"),
    Column("d2", pl.Float64, "the mean squared distance over the pairs; the same as estimate"),
    Column("fitted", pl.Float64, "the fitted relaxation at this step; null where there is none"),
    Column("saturated", pl.Boolean, "whether the fit is within 5 % of its plateau, or the curve begins there"),
    Column("n_pairs", pl.Int64, "how many pairs of runs are known at this step"),
    *ESTIMATE_COLUMNS,
)
QUANTITIES = {
    "d2_first": "the mean squared distance at the first step",
    "d2_last": "its mean over the last quarter of the steps",
    "tau": "the relaxation time, in steps",
    "d2_0": "where the fitted relaxation begins",
    "d2_inf": "its plateau",
    "r2": "the share of the curve's variance that the fit explains",
    "exponent": "the slope of mean ln d, per step, while the pairs are near",
}
ESTIMATES_COLUMNS = (
    *VECTOR_KEYS,
    GENERATOR,
    PAIRS,
    Column("quantity", pl.String, "; ".join(f"{name}: {meaning}" for name, meaning in QUANTITIES.items())),
    Column("tau", pl.Float64, "the estimate, where it is the relaxation time"),
    Column("d2_inf", pl.Float64, "the estimate, where it is the plateau"),
    Column("r2", pl.Float64, "the estimate, where it is the share explained"),
    Column("exponent", pl.Float64, "the estimate, where it is the early exponent"),
    Column("window", pl.Int64, "of the exponent: over how many steps, from the first"),
    *ESTIMATE_COLUMNS,
)


@dataclass(frozen=True)
class _Measured:
    """One kind of pairs of one group of runs."""

    keys: dict[str, Any]
    curves: PairCurves
    rows: npt.NDArray[np.int64]
    note: str


@cached
def load_divergence_df(
    session: Session,
    embedding_model: str,
    experiment_id: int | None = None,
    *,
    by: Sequence[str] = ("network",),
    draws: int = DRAWS,
    nulls: int = NULLS,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each group of runs, kind of pairs and step: how far apart runs are.

    A run that stopped in a cycle goes on in it, up to the length that it was to have.

    Parameters
    ----------
    embedding_model
        The name of the model in whose space distances are measured.
    experiment_id
        The experiment whose runs are meant; by default all.
    by
        Any of ``network``, ``initial_prompt``, ``seed``: what the runs of a group have in common.
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
    columns = _with_groups(COLUMNS, by)
    sequences = load_vector_sequences(session, embedding_model, experiment_id, continue_cycles=True)
    measured, _ = _measure(session, sequences, by, draws, nulls, seed)
    rows = [row for each in measured for row in _step_rows(each)]
    return pl.DataFrame(rows, schema=schema_of(columns), orient="row")


@cached
def load_divergence_estimates_df(
    session: Session,
    embedding_model: str,
    experiment_id: int | None = None,
    *,
    by: Sequence[str] = ("network",),
    draws: int = DRAWS,
    nulls: int = NULLS,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each group of runs, kind of pairs and quantity, with the columns ``ESTIMATES_COLUMNS``.

    Parameters and errors are those of :func:`load_divergence_df`.
    """
    columns = _with_groups(ESTIMATES_COLUMNS, by)
    sequences = load_vector_sequences(session, embedding_model, experiment_id, continue_cycles=True)
    measured, cohort = _measure(session, sequences, by, draws, nulls, seed)
    rows = []
    for each in measured:
        steps = sequences.iterate_steps(session, choose_runs(sequences))
        found = estimate_sensitivity(steps, cohort, each.rows, each.curves, draws=draws, nulls=nulls, seed=seed)
        rows += _quantity_rows(each, found)
    return pl.DataFrame(rows, schema=schema_of(columns), orient="row")


def _with_groups(columns: tuple[Column, ...], by: Sequence[str]) -> tuple[Column, ...]:
    return (*columns[: len(VECTOR_KEYS)], *group_columns(by), *columns[len(VECTOR_KEYS) :])


def _measure(
    session: Session, sequences: VectorSequences, by: Sequence[str], draws: int, nulls: int, seed: int
) -> tuple[list[_Measured], Cohort]:
    chosen = choose_runs(sequences)
    cohort = make_cohort(sequences, chosen)
    groups = [(values, np.flatnonzero(np.isin(chosen, rows))) for values, rows in sequences.groups(by)]
    groups = [(values, rows) for values, rows in groups if len(rows)]
    found = measure_divergence(
        sequences.iterate_steps(session, chosen),
        cohort,
        [rows for _, rows in groups],
        draws=draws,
        nulls=nulls,
        seed=seed,
    )
    note = describe_choice(sequences, chosen)
    measured = []
    for (values, rows), kinds in zip(groups, found, strict=True):
        turns = sequences.turns(chosen[rows].tolist())
        longest = int(sequences.lengths[chosen[rows]].max())
        for curves in kinds:
            for turn, generator in enumerate(turns):
                keys = sequences.keys | values | {"generator": generator, "pairs": curves.kind}
                measured.append(_Measured(keys, curves.of_turn(turn, len(turns), longest), rows, note))
    return measured, cohort


def _step_rows(measured: _Measured) -> list[dict[str, Any]]:
    curves, estimates = measured.curves, estimate_divergence(measured.curves)
    rows = []
    for place, t in enumerate(curves.t.tolist()):
        n_runs = int(curves.n_runs[place])
        if np.isnan(curves.d2[place]):
            reason = "no two of these runs are known at this step" if n_runs > 1 else "fewer than two runs get so far"
            estimate = no_estimate(
                reason if not estimates.d2_first.reason else estimates.d2_first.reason, n_runs=n_runs
            )
        else:
            estimate = _estimate_step(curves, place, n_runs, measured.note)
        fitted = float(estimates.fitted[place])
        rows.append(
            measured.keys
            | {
                "t": t,
                "d2": None if np.isnan(curves.d2[place]) else float(curves.d2[place]),
                "fitted": None if np.isnan(fitted) else fitted,
                "saturated": bool(estimates.saturated[place]),
                "n_pairs": int(curves.n_pairs[place]),
            }
            | estimate_values(estimate)
        )
    return rows


def _estimate_step(curves: PairCurves, place: int, n_runs: int, note: str) -> Estimate:
    return make_estimate(
        float(curves.d2[place]),
        curves.draws[:, place],
        curves.null[:, place],
        n_runs=n_runs,
        method=curves.method + note,
        extreme="small" if curves.kind == SAME else "large",
        bounds=(0.0, np.inf),
    )


def _quantity_rows(measured: _Measured, sensitivity: Sensitivity) -> list[dict[str, Any]]:
    estimates = estimate_divergence(measured.curves)
    rows = []
    for quantity in QUANTITIES:
        estimate = sensitivity.exponent if quantity == "exponent" else getattr(estimates, quantity)
        if estimate.reason is None:
            estimate = replace(estimate, method=estimate.method + measured.note)
        values = estimate_values(estimate)
        named = {name: values["estimate"] if name == quantity else None for name in ("tau", "d2_inf", "r2", "exponent")}
        window = sensitivity.window if quantity == "exponent" else None
        rows.append(measured.keys | {"quantity": quantity, "window": window} | named | values)
    return rows
