"""What may settle: every run's outputs, as numbers that are equal where the outputs are, or its clusters."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.data_prep.columns import CLUSTERING_RESULT_ID, EMBEDDING_MODEL, OUTPUT_TYPE, RUN_KEYS, Column
from loopscope.data_prep.facts import fetch_frame, fetch_small_frame
from loopscope.data_prep.grouping import number_groups
from loopscope.data_prep.keys import load_run_keys
from loopscope.data_prep.label_sequences import LabelSequences, count_steps_per_loop, load_label_sequences
from loopscope.dynamics.milestoning import find_milestones
from loopscope.dynamics.sequences import MISSING, Sequences
from loopscope.schemas import Invocation, Run
from loopscope.types import OUTLIER

Integers = npt.NDArray[np.int64]

SETTLING_KEYS: tuple[Column, ...] = (
    OUTPUT_TYPE,
    Column(EMBEDDING_MODEL.name, EMBEDDING_MODEL.dtype, "whose clusters are meant; null where exact outputs are"),
    Column(CLUSTERING_RESULT_ID.name, CLUSTERING_RESULT_ID.dtype, "whose clusters are meant; null for exact outputs"),
)
"""What tells, in every frame of what settles, which steps are meant."""


@dataclass(frozen=True)
class SettlingSequences:
    """What runs went through, in steps of one output type.

    Attributes
    ----------
    keys
        The values of ``SETTLING_KEYS``.
    runs
        One row for each run, with the columns ``RUN_KEYS``; also a run that has not got so far as to have a step.
    sequences
        Of these runs: equal symbols for equal outputs, or the clusters. Two outliers are not the same state, so that
        outliers have symbols above those of clusters, equal where their outputs are.
    sequence_number
        Shape (n,), int64: the position of each step's invocation in its run; −1 where it is missing.
    outlier
        Shape (n,), bool: of clusters, whether a step is an outlier.
    recurring
        Shape (number of runs,), int64: how many of the last steps of a run are proved to come again for ever, since it
        is deterministic and was in its last state before; 0 where nothing is proved.
    steps_per_loop
        Shape (number of runs,), int64: how many steps one round of the run's network has, two where two of its
        generators give this type; 0 where no run of the network got so far.
    """

    keys: dict[str, Any]
    runs: pl.DataFrame
    sequences: Sequences
    sequence_number: Integers
    outlier: npt.NDArray[np.bool_]
    recurring: Integers
    steps_per_loop: Integers

    @property
    def clusters(self) -> Integers:
        """Shape (n,), int64: the symbols, all outliers being one; of exact outputs they mean nothing by themselves."""
        return np.where(self.outlier, OUTLIER, self.sequences.symbols)

    @property
    def known(self) -> Integers:
        """Shape (number of runs,), int64: how many steps each run has, those that are missing left out."""
        steps = np.bincount(self.sequences.run[self.sequences.symbols != MISSING], minlength=self.sequences.n_runs)
        return steps.astype(np.int64)


def load_settling_sequences(
    session: Session,
    experiment_id: int | None = None,
    clustering_result_id: int | None = None,
    *,
    milestoning: bool = False,
) -> list[SettlingSequences]:
    """Read the outputs of every run, for each output type, or its clusters under one clustering result.

    Parameters
    ----------
    experiment_id
        The experiment whose runs are meant; by default all.
    clustering_result_id
        The result whose clusters are meant; by default exact outputs are.
    milestoning
        Of clusters, whether an outlier counts as the last cluster that was visited before.

    Raises
    ------
    NotFoundError
        When there is no such experiment or result.
    """
    positions = _load_positions(session, experiment_id)
    if clustering_result_id is not None:
        labels = load_label_sequences(session, clustering_result_id, experiment_id)
        return [_of_clusters(labels, positions, milestoning=milestoning)]
    runs = load_run_keys(session, experiment_id)
    types = _types_of_networks(runs, positions)
    found = []
    for output_type in types["output_type"].unique().sort(nulls_last=True).to_list():
        networks = types.filter(pl.col("output_type").eq_missing(output_type))
        giving = runs.join(networks, on="network", how="semi", maintain_order="left")
        found.append(_of_outputs(giving, positions.filter(pl.col("output_type").eq_missing(output_type)), output_type))
    return found


def _load_positions(session: Session, experiment_id: int | None) -> pl.DataFrame:
    """Load one row for each invocation, in trajectory order: whether it ``recurs`` for ever, and a number for output.

    Of a run that stopped in a cycle the last ``period`` invocations do.
    """
    invocations = select(Invocation.run_id, Invocation.sequence_number, Invocation.output_type, Invocation.output_hash)
    ends = select(Run.id, Run.period).where(Run.stop_reason == "cycle", Run.seed.is_not(None))
    if experiment_id is not None:
        invocations = invocations.join(Run, Run.id == Invocation.run_id).where(Run.experiment_id == experiment_id)
    schema = {
        "run_id": pl.Int64,
        "sequence_number": pl.Int64,
        "output_type": pl.String,
        "output_hash": pl.String,
    }
    periods = fetch_small_frame(session, ends, {"run_id": pl.Int64, "period": pl.Int64})
    return (
        fetch_frame(session, invocations, schema)
        .sort("run_id", "sequence_number")
        .join(periods, on="run_id", how="left", maintain_order="left")
        .select(
            "run_id",
            "sequence_number",
            "output_type",
            output=pl.col("output_hash").cast(pl.Categorical).to_physical().cast(pl.Int64),
            recurs=(
                pl.col("sequence_number") > pl.col("sequence_number").max().over("run_id") - pl.col("period")
            ).fill_null(value=False),
        )
    )


def _types_of_networks(runs: pl.DataFrame, positions: pl.DataFrame) -> pl.DataFrame:
    """Give the output types of each network; null for one of whose runs none has an output."""
    given = positions.select("run_id", "output_type").unique()
    seen = runs.select("run_id", "network").join(given, on="run_id").select("network", "output_type").unique()
    return runs.select("network").unique().join(seen, on="network", how="left")


def _of_outputs(runs: pl.DataFrame, steps: pl.DataFrame, output_type: str | None) -> SettlingSequences:
    counted = steps.group_by("run_id").agg(n=pl.len(), recurring=pl.col("recurs").sum())
    spans = runs.select("run_id").join(counted, on="run_id", how="left", maintain_order="left").fill_null(0)
    return SettlingSequences(
        {"output_type": output_type, "embedding_model": None, "clustering_result_id": None},
        runs.select(column.name for column in RUN_KEYS),
        Sequences(
            steps["output"].to_numpy().astype(np.int64),
            np.concatenate([[0], np.cumsum(spans["n"].to_numpy())]).astype(np.int64),
            number_groups(runs),
        ),
        steps["sequence_number"].to_numpy(),
        np.zeros(steps.height, dtype=np.bool_),
        spans["recurring"].to_numpy().astype(np.int64),
        count_steps_per_loop(runs, steps),
    )


def _of_clusters(labels: LabelSequences, positions: pl.DataFrame, *, milestoning: bool) -> SettlingSequences:
    sequences = find_milestones(labels.sequences).sequences if milestoning else _tell_outliers_apart(labels, positions)
    lowest = 0 if milestoning else OUTLIER  # a core carried forward into a round need not be that of the next round
    steps = positions.filter(pl.col("output_type") == labels.keys["output_type"])
    ends = steps.group_by("run_id").agg(pl.col("recurs").sum(), last=pl.col("sequence_number").max())
    ended = labels.runs.select("run_id").join(ends, on="run_id", how="left", maintain_order="left")
    recurring = np.zeros(sequences.n_runs, dtype=np.int64)
    if labels.downsample == 1:  # else what recurs may not be what was clustered
        for run, (count, last) in enumerate(ended.select("recurs", "last").iter_rows()):
            end = sequences.starts[run + 1]
            tail = labels.sequences.symbols[max(sequences.starts[run], end - count) : end]
            if len(tail) == count and labels.sequence_number[end - 1] == last and (tail >= lowest).all():
                recurring[run] = count
    outlier = (labels.sequences.symbols == OUTLIER) & (not milestoning)
    return SettlingSequences(
        labels.keys, labels.runs, sequences, labels.sequence_number, outlier, recurring, labels.steps_per_loop
    )


def _tell_outliers_apart(labels: LabelSequences, positions: pl.DataFrame) -> Sequences:
    """Give each outlier a symbol above those of the clusters, by its exact output."""
    sequences = labels.sequences
    place = np.flatnonzero(sequences.symbols == OUTLIER)
    outliers = pl.DataFrame(
        {
            "run_id": labels.runs["run_id"].to_numpy()[sequences.run[place]],
            "sequence_number": labels.sequence_number[place],
        }
    )
    outputs = outliers.join(positions, on=["run_id", "sequence_number"], how="left", maintain_order="left")["output"]
    symbols = sequences.symbols.copy()
    symbols[place] = sequences.n_symbols + np.unique(outputs.to_numpy(), return_inverse=True)[1]
    return sequences.replace(symbols)
