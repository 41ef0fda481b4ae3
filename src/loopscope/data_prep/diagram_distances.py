"""The frames of diagram distances: every pair of runs, and whether groups are further apart than runs of one group."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep.cache import cached
from loopscope.data_prep.columns import EMBEDDING_MODEL, OUTPUT_TYPE, Column, schema_of
from loopscope.data_prep.estimates import ESTIMATE_COLUMNS, estimate_values
from loopscope.data_prep.grouping import group_columns, number_groups
from loopscope.data_prep.stored_diagrams import DIMENSION, METRIC, StoredDiagrams, load_stored_diagrams
from loopscope.engine.persistence import count_processors
from loopscope.statistics.estimate import no_estimate
from loopscope.topology.contrast import DRAWS, NULLS, contrast_groups
from loopscope.topology.distances import GROUND_METRIC, measure_all_distances, name_order

ORDER = Column("order", pl.Float64, "1 or 2 of Wasserstein; infinite for the bottleneck distance")
DISTANCE_NAME = Column("distance_name", pl.String, "Wasserstein W1, Wasserstein W2 or bottleneck")
GROUND = Column("ground_metric", pl.String, "in which one bar is apart from another")

COLUMNS = (
    EMBEDDING_MODEL,
    OUTPUT_TYPE,
    Column("run_a", pl.Int64, "one run"),
    Column("run_b", pl.Int64, "the other, with a larger run_id"),
    *(
        Column(f"{name}_{side}", pl.Int64 if name == "seed" else pl.String, f"of run_{side}")
        for name in ("network", "initial_prompt", "seed")
        for side in "ab"
    ),
    Column("same_network", pl.Boolean, "whether both have one network: within a network, or between two"),
    Column("same_prompt", pl.Boolean, "whether both have one initial prompt: within a prompt, or between two"),
    DIMENSION,
    ORDER,
    DISTANCE_NAME,
    GROUND,
    METRIC,
    Column("distance", pl.Float64, "between their diagrams"),
    Column("reason", pl.String, "why there is no distance; null where there is one"),
)
ESTIMATES_COLUMNS = (
    EMBEDDING_MODEL,
    OUTPUT_TYPE,
    DIMENSION,
    ORDER,
    DISTANCE_NAME,
    GROUND,
    Column("contrast", pl.String, "network, initial_prompt or seed: of what groups the runs are"),
    Column("within", pl.Float64, "the mean distance between runs of one group"),
    Column("between", pl.Float64, "the mean distance between runs of different groups"),
    *ESTIMATE_COLUMNS,
)
"""The estimate is ``between - within``."""

ESSENTIAL = "one diagram has more bars that never end than the other: no matching is finite"


@dataclass(frozen=True)
class DiagramDistances:
    """The distances between the diagrams of all runs.

    Attributes
    ----------
    diagrams
        The diagrams.
    distances
        Shape (number of runs, number of runs): NaN where one has no diagram.
    known
        Shape (number of runs,): whether it has a diagram of this dimension.
    """

    diagrams: StoredDiagrams
    distances: npt.NDArray[np.float64]
    known: npt.NDArray[np.bool_]


@cached
def load_diagram_distances_df(
    session: Session,
    embedding_model: str,
    experiment_id: int | None = None,
    *,
    dimension: int = 1,
    order: float = 1.0,
) -> pl.DataFrame:
    """Load one row for each pair of runs, with the columns ``COLUMNS``.

    Pairs grow as the square of runs: 1,000 runs have 499,500, each about 1 ms where diagrams have 50 bars.

    Parameters
    ----------
    embedding_model
        The name of the model whose diagrams are meant.
    experiment_id
        The experiment whose runs are meant; by default all.
    dimension
        Of the bars that are compared.
    order
        1 or 2 for Wasserstein, ``float("inf")`` for the bottleneck distance.

    Raises
    ------
    NotFoundError
        When there is no such model or experiment.
    ValueError
        When there is no distance of this order.
    """
    rows: list[dict[str, Any]] = []
    for measured in _measure(session, embedding_model, dimension, order, experiment_id):
        every = measured.diagrams.keys | _name(dimension, order)
        rows += [every | row for row in _list_pairs(measured, dimension)]
    return pl.DataFrame(rows, schema=schema_of(COLUMNS))


@cached
def load_diagram_distances_estimates_df(
    session: Session,
    embedding_model: str,
    experiment_id: int | None = None,
    *,
    dimension: int = 1,
    order: float = 1.0,
    by: Sequence[str] = ("network", "initial_prompt"),
    draws: int = DRAWS,
    nulls: int = NULLS,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each name in ``by``: how much further groups are apart than their runs.

    Parameters
    ----------
    by
        Some of ``network``, ``initial_prompt``, ``seed``: each by itself makes groups, and has a row.
    draws, nulls, seed
        How often runs are drawn again, and labels permuted across runs (null P).
    embedding_model, experiment_id, dimension, order
        As of :func:`load_diagram_distances_df`.

    Returns
    -------
    polars.DataFrame
        With the columns ``ESTIMATES_COLUMNS``.

    Raises
    ------
    NotFoundError
        When there is no such model or experiment, or runs cannot be grouped so.
    ValueError
        When there is no distance of this order.
    """
    group_columns(by)
    rows: list[dict[str, Any]] = []
    for measured in _measure(session, embedding_model, dimension, order, experiment_id):
        every = measured.diagrams.keys | _name(dimension, order)
        rows += [every | _contrast(measured, dimension, name, draws=draws, nulls=nulls, seed=seed) for name in by]
    return pl.DataFrame(rows, schema=schema_of(ESTIMATES_COLUMNS))


def _measure(
    session: Session, embedding_model: str, dimension: int, order: float, experiment_id: int | None
) -> Iterator[DiagramDistances]:
    name_order(order)
    for diagrams in load_stored_diagrams(session, embedding_model, experiment_id):
        bars = [diagrams.points.get((state.run_id, dimension)) for state in diagrams.states]
        known = np.array([each is not None for each in bars], dtype=np.bool_)
        distances = np.full((len(bars), len(bars)), np.nan)
        distances[np.ix_(known, known)] = measure_all_distances(
            [each for each in bars if each is not None], order=order, workers=count_processors()
        )
        yield DiagramDistances(diagrams, distances, known)


def _name(dimension: int, order: float) -> dict[str, Any]:
    return {
        "dimension": dimension,
        "order": float(order),
        "distance_name": name_order(order),
        "ground_metric": GROUND_METRIC,
    }


def _list_pairs(measured: DiagramDistances, dimension: int) -> Iterator[dict[str, Any]]:
    diagrams = measured.diagrams
    runs = diagrams.runs.to_dicts()
    reasons = [diagrams.reason(state, dimension) for state in diagrams.states]
    for a, b in combinations(range(len(runs)), 2):
        distance = float(measured.distances[a, b])
        reason = reasons[a] or reasons[b] or (ESSENTIAL if np.isinf(distance) else None)
        metrics = {diagrams.states[row].metric for row in (a, b)}
        if len(metrics) > 1 and reason is None:
            reason = "the diagrams are of different metrics: loopscope persistence perform " + _model(diagrams)
        yield {
            "run_a": runs[a]["run_id"],
            "run_b": runs[b]["run_id"],
            **{
                f"{name}_{side}": runs[row][name]
                for name in ("network", "initial_prompt", "seed")
                for side, row in (("a", a), ("b", b))
            },
            "same_network": runs[a]["network"] == runs[b]["network"],
            "same_prompt": runs[a]["initial_prompt"] == runs[b]["initial_prompt"],
            "metric": diagrams.states[a].metric,
            "distance": None if reason else distance,
            "reason": reason,
        }


def _contrast(measured: DiagramDistances, dimension: int, name: str, **settings: int) -> dict[str, Any]:
    diagrams = measured.diagrams
    known = np.flatnonzero(measured.known)
    runs = diagrams.runs[known.tolist()]
    labels = runs.select(pl.col(name).fill_null(-1) if name == "seed" else name).to_series().rank("dense").to_numpy()
    distances = measured.distances[np.ix_(known, known)]
    if not len(known):
        reasons = [diagrams.reason(state, dimension) for state in diagrams.states]
        estimate = no_estimate(next((reason for reason in reasons if reason), "no runs"), n_runs=0)
    else:
        estimate = contrast_groups(distances, labels, number_groups(runs), **settings)
    same = labels[:, None] == labels[None, :]
    pairs = np.triu(np.ones_like(same), 1)
    return {
        "contrast": name,
        "within": _mean(distances[same & pairs]),
        "between": _mean(distances[~same & pairs]),
        **estimate_values(estimate),
    }


def _mean(values: npt.NDArray[np.float64]) -> float | None:
    return float(values.mean()) if len(values) and np.isfinite(values).all() else None


def _model(diagrams: StoredDiagrams) -> str:
    return str(diagrams.keys["embedding_model"])
