"""The runs that pictures are made of, with what is said of each in words."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.data_prep import load_runs_df
from loopscope.data_prep.columns import OUTPUT_TYPE, RUN_ID, SEQUENCE_NUMBER, schema_of
from loopscope.data_prep.facts import fetch_frame
from loopscope.data_prep.keys import require_run
from loopscope.imaging.still import find_spans
from loopscope.schemas import Invocation, Run
from loopscope.types import OutputType


@dataclass(frozen=True)
class ShownRun:
    """A run as pictures tell of it.

    Attributes
    ----------
    run_id, uuid
        The run, and its public id.
    network
        Such as ``Pictograms→Describe``.
    length
        How many invocations are finished.
    ending
        Why there are no more, in words.
    types
        What the models of its network give, in their order.
    """

    run_id: int
    uuid: str
    network: str
    prompt: str
    seed: int | None
    length: int
    ending: str
    types: tuple[OutputType, ...]

    @property
    def seed_in_words(self) -> str:
        """The seed, or that its randomness is fresh."""
        return "fresh randomness" if self.seed is None else f"seed {self.seed}"

    @property
    def spans(self) -> list[tuple[int, int]]:
        """First and last sequence number of each of its stills."""
        return find_spans(self.types, self.length)


def load_shown_runs(session: Session, *, experiment_id: int | None = None, run_id: int | None = None) -> list[ShownRun]:
    """Load the runs that have an output, by network, prompt, seed and number.

    Parameters
    ----------
    experiment_id, run_id
        The experiment, or the one run, that is meant; by default all.

    Raises
    ------
    NotFoundError
        When there is no such experiment or run.
    """
    if run_id is not None:
        require_run(session, run_id)
        experiment_id = session.get_one(Run, run_id).experiment_id
    runs = load_runs_df(session, experiment_id).filter(pl.col("length") > 0)
    if run_id is not None:
        runs = runs.filter(pl.col("run_id") == run_id)
    types = _load_types(session, runs["run_id"].to_list())
    order = runs.sort("network", "initial_prompt", "seed", "number", nulls_last=True)
    return [
        ShownRun(
            run_id=row["run_id"],
            uuid=row["uuid"],
            network=row["network"],
            prompt=row["initial_prompt"],
            seed=row["seed"],
            length=row["length"],
            ending=_say_ending(row["stop_reason"], row["period"]),
            types=types[row["run_id"]],
        )
        for row in order.iter_rows(named=True)
    ]


def _say_ending(stop_reason: str | None, period: int | None) -> str:
    words = {"length": "full length", "cycle": f"cycle of {period}", "failed": "failed", None: "unfinished"}
    return words[stop_reason]


def _load_types(session: Session, run_ids: Sequence[int]) -> dict[int, tuple[OutputType, ...]]:
    """Read what the first round of each network gave."""
    lengths = {key: len(network) for key, network in session.execute(select(Run.id, Run.network))}
    longest = max(lengths.values(), default=0)
    schema = schema_of([RUN_ID, SEQUENCE_NUMBER, OUTPUT_TYPE])
    statement = (
        select(Invocation.run_id, Invocation.sequence_number, Invocation.output_type)
        .where(Invocation.sequence_number < longest)
        .order_by(Invocation.run_id, Invocation.sequence_number)
    )
    frame = fetch_frame(session, statement, schema).filter(pl.col("run_id").is_in(run_ids))
    found: dict[int, list[OutputType]] = {}
    for run_id, _, output_type in frame.iter_rows():
        found.setdefault(run_id, []).append(OutputType(output_type))
    return {run_id: tuple(types[: lengths[run_id]]) for run_id, types in found.items()}
