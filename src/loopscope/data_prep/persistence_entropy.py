"""The frames of persistence entropy: the bars of each run in a few numbers, and their means by group."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep.cache import cached
from loopscope.data_prep.columns import EMBEDDING_MODEL, OUTPUT_TYPE, RUN_KEYS, Column, schema_of
from loopscope.data_prep.diagram_measures import DiagramMeasures, measure_diagrams
from loopscope.data_prep.estimates import ESTIMATE_COLUMNS, estimate_values
from loopscope.data_prep.grouping import group_columns, iterate_groups, number_groups
from loopscope.data_prep.stored_diagrams import DIMENSION, METRIC, STANDING, load_stored_diagrams
from loopscope.statistics.estimate import Estimate, make_estimate
from loopscope.statistics.means import estimate_mean
from loopscope.store.persistence_diagrams import DiagramState
from loopscope.topology.gaussian_null import MEASURES

DRAWS = 200

_EXTREME: dict[str, Literal["large", "far"]] = {"largest_persistence": "large"}


def _null_columns(measure: str) -> tuple[Column, ...]:
    where = f"{measure} where null G holds; null where no null was asked for"
    return (
        Column(f"{measure}_null_mean", pl.Float64, f"the mean of the {where}"),
        Column(f"{measure}_null_lower", pl.Float64, "the lower end of where 95 % of the draws from the null lie"),
        Column(f"{measure}_null_upper", pl.Float64, "the upper end"),
        Column(f"{measure}_null_p", pl.Float64, "the share of draws as extreme, the run itself counted as one"),
    )


COLUMNS = (
    *RUN_KEYS,
    EMBEDDING_MODEL,
    OUTPUT_TYPE,
    DIMENSION,
    Column("entropy", pl.Float64, "of the lengths of the bars that end, as a share of ln n_bars: 1 if all are equal"),
    Column("n_bars", pl.Int64, "how many bars end"),
    Column("n_essential", pl.Int64, "how many never do"),
    Column("total_persistence", pl.Float64, "the sum of the lengths of the bars that end"),
    Column("largest_persistence", pl.Float64, "the greatest of them"),
    Column("n", pl.Int64, "how many embeddings the diagram is of; null where it was not recorded"),
    Column("n_unique", pl.Int64, "how many of them are different"),
    METRIC,
    STANDING,
    *_null_columns("entropy"),
    *_null_columns("largest_persistence"),
    Column("method", pl.String, "how the null was made; null where none was asked for"),
    Column("reason", pl.String, "why there is no entropy; null where there is one"),
)
ESTIMATES_COLUMNS = (
    EMBEDDING_MODEL,
    OUTPUT_TYPE,
    DIMENSION,
    Column("measure", pl.String, "entropy, n_bars, total_persistence or largest_persistence: its mean over runs"),
    *ESTIMATE_COLUMNS,
)


@cached
def load_persistence_entropy_df(
    session: Session,
    embedding_model: str | None = None,
    experiment_id: int | None = None,
    *,
    nulls: int = 0,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each run, embedding model and dimension, with the columns ``COLUMNS``.

    Parameters
    ----------
    embedding_model
        The name of the model whose diagrams are meant; by default all.
    experiment_id
        The experiment whose runs are meant; by default all.
    nulls
        How many Gaussian clouds to draw in place of each run (null G: same mean, same covariance, no shape), such as
        99; each takes about as long as the run's own diagram, so that there are none unless asked for.
    seed
        The same seed gives the same clouds.

    Raises
    ------
    NotFoundError
        When there is no such model or experiment.
    """
    rows: list[dict[str, Any]] = []
    for diagrams in load_stored_diagrams(session, embedding_model, experiment_id):
        measured = measure_diagrams(session, diagrams, nulls=nulls, seed=seed)
        rows += [
            keys | diagrams.keys | _describe(measured, state, dimension)
            for keys, state in zip(diagrams.runs.to_dicts(), diagrams.states, strict=True)
            for dimension in range(diagrams.max_dimension + 1)
        ]
    return pl.DataFrame(rows, schema=schema_of(COLUMNS))


@cached
def load_persistence_entropy_estimates_df(
    session: Session,
    embedding_model: str,
    experiment_id: int | None = None,
    *,
    by: Sequence[str] = ("network",),
    draws: int = DRAWS,
    nulls: int = 0,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each group of runs, dimension and measure.

    Parameters
    ----------
    by
        Some of ``network``, ``initial_prompt``, ``seed``; none for one group of all runs.
    draws
        How often runs are drawn again for the interval.
    embedding_model
        The name of the model whose diagrams are meant.
    experiment_id, nulls, seed
        As of :func:`load_persistence_entropy_df`.

    Returns
    -------
    polars.DataFrame
        With the columns ``ESTIMATES_COLUMNS``, those of ``by`` after the model's.

    Raises
    ------
    NotFoundError
        When there is no such model or experiment, or runs cannot be grouped so.
    """
    columns = (*ESTIMATES_COLUMNS[:2], *group_columns(by), *ESTIMATES_COLUMNS[2:])
    found: list[dict[str, Any]] = []
    for diagrams in load_stored_diagrams(session, embedding_model, experiment_id):
        measured = measure_diagrams(session, diagrams, nulls=nulls, seed=seed)
        for dimension in range(diagrams.max_dimension + 1):
            estimates = _estimate_groups(measured, dimension, by, draws, seed)
            found += [diagrams.keys | {"dimension": dimension} | row for row in estimates]
    return pl.DataFrame(found, schema=schema_of(columns))


def _describe(measured: DiagramMeasures, state: DiagramState, dimension: int) -> dict[str, Any]:
    known = {
        "dimension": dimension,
        "n": state.diagram_n,
        "n_unique": measured.diagrams.n_unique.get(state.run_id),
        "metric": state.metric,
        "standing": state.standing.value,
        "reason": measured.diagrams.reason(state, dimension),
    }
    summary = measured.summaries.get((state.run_id, dimension))
    if summary is None:
        return known
    values = {name: getattr(summary, name) for name in ("n_bars", "n_essential", *MEASURES[2:])}
    entropy = None if np.isnan(summary.entropy) else summary.entropy
    return known | values | {"entropy": entropy, "reason": summary.reason} | _nulls(measured, state, dimension)


def _nulls(measured: DiagramMeasures, state: DiagramState, dimension: int) -> dict[str, Any]:
    null = measured.null.get(state.run_id)
    if null is None:
        return {}
    found: dict[str, Any] = {"method": say_null(measured.nulls)}
    for measure in ("entropy", "largest_persistence"):
        value = getattr(measured.summaries[state.run_id, dimension], measure)
        drawn = null.of(dimension, measure)
        estimate = make_estimate(
            value, [], drawn, n_runs=1, method="", extreme=_EXTREME.get(measure, "far"), bounds=(0, np.inf)
        )
        values = estimate_values(estimate)
        found |= {f"{measure}_{name}": values[name] for name in ("null_mean", "null_lower", "null_upper", "null_p")}
    return found


def _estimate_groups(
    measured: DiagramMeasures, dimension: int, by: Sequence[str], draws: int, seed: int
) -> list[dict[str, Any]]:
    runs, states = measured.diagrams.runs, measured.diagrams.states
    numbers = number_groups(runs)
    values, null = measured.values(dimension), measured.null_values(dimension)
    found = []
    for keys, rows in iterate_groups(runs, by):
        missing = [measured.diagrams.reason(states[row], dimension) for row in rows]
        for place, measure in enumerate(MEASURES):
            estimate = _estimate(
                values[rows, place],
                numbers[rows],
                null[:, rows, place],
                draws=draws,
                seed=seed,
                extreme=_EXTREME.get(measure, "far"),
                reason=next((reason for reason in missing if reason), f"no run has two bars of dimension {dimension}"),
            )
            found.append(keys | {"measure": measure} | estimate_values(estimate))
    return found


def _estimate(
    values: npt.NDArray[np.float64], group: npt.NDArray[np.int64], null: npt.NDArray[np.float64], **settings: Any
) -> Estimate:
    said = say_null(len(null)) if len(null) else "no null: ask for it with nulls=99"
    return estimate_mean(values, group, null=null, null_said=said, **settings)


def say_null(nulls: int) -> str:
    """Say null G in words."""
    return f"null G: {nulls} Gaussian clouds with the mean and the covariance of each run's distinct embeddings"
