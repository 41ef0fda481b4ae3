"""The cluster of every step of every run of a clustering result: what frames of label dynamics are computed from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.data_prep.clustering_results import load_clustering_results_df
from loopscope.data_prep.columns import CLUSTERING_RESULT_ID, EMBEDDING_MODEL, OUTPUT_TYPE, RUN_KEYS, Column
from loopscope.data_prep.facts import fetch_frame
from loopscope.data_prep.grouping import iterate_groups, number_groups
from loopscope.data_prep.keys import ARROW, load_embedding_models, load_run_keys
from loopscope.dynamics.sequences import MISSING, Sequences
from loopscope.schemas import Cluster, EmbeddingCluster
from loopscope.store.vectors import load_embedding_index

Integers = npt.NDArray[np.int64]

LABEL_KEYS: tuple[Column, ...] = (CLUSTERING_RESULT_ID, EMBEDDING_MODEL, OUTPUT_TYPE)
"""What tells, in every frame of label dynamics, which labels are meant."""


STEPS_PER_LOOP = Column(
    "steps_per_loop",
    pl.Int64,
    "after how many steps the same model has its turn again, at most: 2 where two models give what is clustered",
)


@dataclass(frozen=True)
class LabelSequences:
    """The clusters that runs went through, under one clustering result.

    A step is one output of the type that was embedded, or every ``downsample``-th of them.

    Attributes
    ----------
    keys
        The values of ``LABEL_KEYS``.
    downsample
        Every which output of a run was clustered.
    runs
        One row for each run that has a clustered output, in the order of ``run_id``, with the columns ``RUN_KEYS``.
    sequences
        Of these runs: from the first to the last clustered output; one between that has no assignment is `MISSING`.
    embedding_id, sequence_number
        Shape (n,), int64: the embedding of each step and the position of its invocation; −1 where it is missing.
    steps_per_loop
        Shape (number of runs,), int64: after how many steps it is the turn of the same model of the network again.
    """

    keys: dict[str, Any]
    downsample: int
    runs: pl.DataFrame
    sequences: Sequences
    embedding_id: Integers
    sequence_number: Integers
    steps_per_loop: Integers

    def groups(self, by: Sequence[str]) -> Iterator[tuple[dict[str, Any], Sequences]]:
        """Yield the values of ``by`` and the sequences of each group of runs; `rows` says more."""
        for values, rows in self.rows(by):
            yield values, self.sequences.take(rows)

    def rows(self, by: Sequence[str]) -> Iterator[tuple[dict[str, Any], list[int]]]:
        """Yield the values of ``by`` and of `STEPS_PER_LOOP`, and the row numbers of each group of runs."""
        for values, rows in iterate_groups(self.runs, by):
            yield values | {STEPS_PER_LOOP.name: int(self.steps_per_loop[rows].max())}, rows


def load_label_sequences(
    session: Session, clustering_result_id: int, experiment_id: int | None = None
) -> LabelSequences:
    """Read the clusters of every run.

    Parameters
    ----------
    experiment_id
        The experiment whose runs are meant; by default all that have a clustered output.

    Raises
    ------
    NotFoundError
        When there is no such result or experiment.
    """
    result = load_clustering_results_df(session, clustering_result_id).row(0, named=True)
    model = load_embedding_models(session, result["embedding_model"]).row(0, named=True)
    keys = load_run_keys(session, experiment_id)
    index = load_embedding_index(session, model["embedding_model_id"])
    positions = pl.DataFrame(
        {name: getattr(index, name) for name in ("embedding_id", "run_id", "sequence_number", "rank")}
    )
    labels = fetch_frame(
        session,
        select(EmbeddingCluster.embedding_id, Cluster.cluster_id)
        .join(Cluster, Cluster.id == EmbeddingCluster.cluster_id)
        .where(EmbeddingCluster.clustering_result_id == clustering_result_id),
        {"embedding_id": pl.Int64, "cluster_id": pl.Int64},
    )
    downsample = result["downsample"]
    steps = (
        positions.join(labels, on="embedding_id")
        .join(keys.select("run_id"), on="run_id", how="semi")
        .with_columns(step=pl.col("rank") // downsample)
        .sort("run_id", "step")
    )
    runs = keys.join(steps.select("run_id").unique(), on="run_id", how="semi", maintain_order="left")
    return LabelSequences(
        {
            "clustering_result_id": clustering_result_id,
            "embedding_model": model["embedding_model"],
            "output_type": model["output_type"],
        },
        downsample,
        runs.select(column.name for column in RUN_KEYS),
        *_lay_out(steps, runs),
        _count_turns(count_steps_per_loop(runs, positions), downsample),
    )


def count_steps_per_loop(runs: pl.DataFrame, steps: pl.DataFrame) -> Integers:
    """Count the steps in the first round of each run's network, in the run that got furthest.

    Parameters
    ----------
    runs
        With the columns ``RUN_KEYS``.
    steps
        With ``run_id, sequence_number``: of all steps, not only those that were sampled.

    Returns
    -------
    numpy.ndarray
        Shape (number of runs,), int64; 0 where no run of the network got so far.
    """
    rounds = runs.select("run_id", "network", length=pl.col("network").str.count_matches(ARROW, literal=True) + 1)
    counted = (
        steps.join(rounds, on="run_id")
        .filter(pl.col("sequence_number") < pl.col("length"))
        .group_by("run_id", "network")
        .len("outputs")
        .group_by("network")
        .agg(pl.max("outputs"))
    )
    found = runs.join(counted, on="network", how="left", maintain_order="left")["outputs"].fill_null(0)
    return found.to_numpy().astype(np.int64)


def _count_turns(steps_per_loop: Integers, downsample: int) -> Integers:
    """Of every so many steps: after how many of them the same model has its turn again."""
    return np.asarray(steps_per_loop // np.gcd(steps_per_loop, downsample))


def _lay_out(steps: pl.DataFrame, runs: pl.DataFrame) -> tuple[Sequences, Integers, Integers]:
    """Give every step its place, with holes where a step between has no assignment."""
    first_and_last = steps.group_by("run_id").agg(first=pl.min("step"), last=pl.max("step"))
    spans = runs.select("run_id").join(first_and_last, on="run_id", how="left", maintain_order="left")
    lengths = (spans["last"] - spans["first"] + 1).to_numpy()
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    places = (
        steps.join(spans.with_columns(start=pl.Series(starts[:-1], dtype=pl.Int64)), on="run_id", maintain_order="left")
        .select(pl.col("start") + pl.col("step") - pl.col("first"))
        .to_series()
        .to_numpy()
    )
    laid = {name: np.full(starts[-1], -1, dtype=np.int64) for name in ("embedding_id", "sequence_number")}
    for name, values in laid.items():
        values[places] = steps[name].to_numpy()
    symbols = np.full(starts[-1], MISSING, dtype=np.int64)
    symbols[places] = steps["cluster_id"].to_numpy()
    groups = number_groups(runs)
    return Sequences(symbols, starts, groups), laid["embedding_id"], laid["sequence_number"]
