"""The frames of sliding-window persistence: whether runs go round in loops, run by run and by group."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep.cache import cached
from loopscope.data_prep.columns import EMBEDDING_MODEL, OUTPUT_TYPE, RUN_KEYS, Column, schema_of
from loopscope.data_prep.estimates import ESTIMATE_COLUMNS, estimate_values
from loopscope.data_prep.grouping import group_columns, iterate_groups, number_groups
from loopscope.data_prep.keys import load_embedding_models, load_run_keys
from loopscope.engine.persistence import count_processors
from loopscope.statistics.estimate import make_estimate
from loopscope.statistics.means import estimate_mean
from loopscope.store.vectors import EmbeddingIndex, load_embedding_index, load_vectors
from loopscope.topology.sliding_window import MOST_WINDOWS, WINDOW, WindowScore, score_sliding_windows
from loopscope.types import Vectors

DRAWS = 200
NULLS = 99

WINDOW_COLUMN = Column("window", pl.Int64, "how many steps a window has")
COLUMNS = (
    *RUN_KEYS,
    EMBEDDING_MODEL,
    OUTPUT_TYPE,
    Column("n_steps", pl.Int64, "how many embeddings the run has"),
    WINDOW_COLUMN,
    Column("n_windows", pl.Int64, "how many windows were compared"),
    Column("score", pl.Float64, "in [0, 1]: the longest bar of dimension 1 of the windows, as a share of a circle's"),
    *(column for column in ESTIMATE_COLUMNS if column.name.startswith("null_")),
    Column("method", pl.String, "how the null was made"),
    Column("reason", pl.String, "why there is no score; null where there is one"),
)
ESTIMATES_COLUMNS = (EMBEDDING_MODEL, OUTPUT_TYPE, WINDOW_COLUMN, *ESTIMATE_COLUMNS)
"""The estimate is the mean score of the runs."""

_RUNS_AT_A_TIME = 32


@cached
def load_sliding_window_df(
    session: Session,
    embedding_model: str,
    experiment_id: int | None = None,
    *,
    window: int = WINDOW,
    most_windows: int = MOST_WINDOWS,
    nulls: int = NULLS,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each run, with the columns ``COLUMNS``.

    Parameters
    ----------
    embedding_model
        The name of the model whose embeddings are meant.
    experiment_id
        The experiment whose runs are meant; by default all.
    window, most_windows
        As of :func:`loopscope.topology.sliding_window.score_sliding_windows`.
    nulls, seed
        How often the steps of each run are shuffled (null S).

    Raises
    ------
    NotFoundError
        When there is no such model or experiment.
    StoreError
        When a vector is missing or of a wrong length.
    """
    rows: list[dict[str, Any]] = []
    settings = {"window": window, "most_windows": most_windows, "nulls": nulls, "seed": seed}
    for scored in _score(session, embedding_model, experiment_id, settings):
        for keys, n_steps, score in zip(scored.runs.to_dicts(), scored.n_steps, scored.scores, strict=True):
            rows.append(keys | scored.keys | {"n_steps": n_steps} | _describe(score))
    return pl.DataFrame(rows, schema=schema_of(COLUMNS))


@cached
def load_sliding_window_estimates_df(
    session: Session,
    embedding_model: str,
    experiment_id: int | None = None,
    *,
    window: int = WINDOW,
    most_windows: int = MOST_WINDOWS,
    by: Sequence[str] = ("network",),
    draws: int = DRAWS,
    nulls: int = NULLS,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each group of runs: their mean score.

    Parameters
    ----------
    by
        Some of ``network``, ``initial_prompt``, ``seed``; none for one group of all runs.
    draws
        How often runs are drawn again for the interval.
    embedding_model, experiment_id, window, most_windows, nulls, seed
        As of :func:`load_sliding_window_df`.

    Returns
    -------
    polars.DataFrame
        With the columns ``ESTIMATES_COLUMNS``, those of ``by`` after the model's.

    Raises
    ------
    NotFoundError
        When there is no such model or experiment, or runs cannot be grouped so.
    StoreError
        When a vector is missing or of a wrong length.
    """
    columns = (*ESTIMATES_COLUMNS[:2], *group_columns(by), *ESTIMATES_COLUMNS[2:])
    found: list[dict[str, Any]] = []
    settings = {"window": window, "most_windows": most_windows, "nulls": nulls, "seed": seed}
    for scored in _score(session, embedding_model, experiment_id, settings):
        values = np.array([score.score for score in scored.scores])
        null = np.array([_pad(score, nulls) for score in scored.scores]).reshape(len(values), nulls).T
        groups = number_groups(scored.runs)
        for keys, rows in iterate_groups(scored.runs, by):
            estimate = estimate_mean(
                values[rows],
                groups[rows],
                null=null[:, rows],
                null_said=_say_null(nulls),
                draws=draws,
                seed=seed,
                reason=next((scored.scores[row].reason or "" for row in rows), ""),
            )
            found.append(scored.keys | keys | {"window": window} | estimate_values(estimate))
    return pl.DataFrame(found, schema=schema_of(columns))


@dataclass(frozen=True)
class _Scored:
    """The scores of all runs under one embedding model."""

    keys: dict[str, Any]
    runs: pl.DataFrame
    n_steps: list[int]
    scores: list[WindowScore]


def _score(
    session: Session, embedding_model: str, experiment_id: int | None, settings: dict[str, int]
) -> Iterator[_Scored]:
    runs = load_run_keys(session, experiment_id).select(column.name for column in RUN_KEYS)
    chosen = None if experiment_id is None else [experiment_id]
    run_ids = runs["run_id"].to_list()
    for model_id, name, output_type in load_embedding_models(session, embedding_model).iter_rows():
        index = load_embedding_index(session, model_id, chosen)
        n_steps: list[int] = []
        scores: list[WindowScore] = []
        with ThreadPoolExecutor(count_processors()) as pool:
            for start in range(0, len(run_ids), _RUNS_AT_A_TIME):
                parts = [_of_run(index, run_id) for run_id in run_ids[start : start + _RUNS_AT_A_TIME]]
                n_steps += [len(part) for part in parts]
                loaded = [load_vectors(session, model_id, part.embedding_id) for part in parts]
                gaps = [_find_gap(part, name) for part in parts]
                scores += pool.map(
                    lambda run_id, vectors, gap: _score_run(run_id, vectors, gap, settings),
                    run_ids[start : start + _RUNS_AT_A_TIME],
                    loaded,
                    gaps,
                )
        yield _Scored({"embedding_model": name, "output_type": output_type}, runs, n_steps, scores)


def _score_run(run_id: int, vectors: Vectors, gap: str | None, settings: dict[str, int]) -> WindowScore:
    if gap:
        return WindowScore(np.nan, settings["window"], 0, np.empty(0), gap)
    return score_sliding_windows(vectors, **settings | {"seed": _seed(settings["seed"], run_id)})


def _seed(seed: int, run_id: int) -> int:
    """Give every run shuffles of its own."""
    return int(np.random.SeedSequence([seed, run_id]).generate_state(1)[0])


def _of_run(index: EmbeddingIndex, run_id: int) -> EmbeddingIndex:
    return index.take(np.arange(*np.searchsorted(index.run_id, [run_id, run_id + 1])))


def _find_gap(index: EmbeddingIndex, model: str) -> str | None:
    """Say why the embeddings of a run are not step after step."""
    if not len(index):
        return f"no embeddings by {model}"
    missing = int(index.rank[-1] - index.rank[0]) + 1 - len(index)
    if missing:
        steps = "step" if missing == 1 else "steps"
        return f"{missing} {steps} between without an embedding by {model}: windows need step after step"
    return None


def _describe(score: WindowScore) -> dict[str, Any]:
    values = {"window": score.window, "n_windows": score.n_windows, "reason": score.reason}
    if score.reason:
        return values
    made = estimate_values(make_estimate(score.score, [], score.null, n_runs=1, method=""))
    nulls = {name: value for name, value in made.items() if name.startswith("null_")}
    return values | nulls | {"score": score.score, "method": _say_null(len(score.null))}


def _say_null(nulls: int) -> str:
    return f"null S: {nulls} shuffles of the steps within each run" if nulls else "no null was asked for"


def _pad(score: WindowScore, nulls: int) -> list[float]:
    return score.null.tolist() if len(score.null) == nulls else [np.nan] * nulls
