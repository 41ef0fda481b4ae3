"""Experiments and runs in the store: made once, found again, marked as they end, deleted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from loopscope.config import ExperimentConfig
from loopscope.schemas import Embedding, Experiment, FailedAttempt, Invocation, Picture, Run


@dataclass(frozen=True)
class ExperimentCounts:
    """How much of an experiment is in the store.

    Attributes
    ----------
    runs
        All of its runs.
    ended_runs
        Those that have a stop reason, the failed ones among them.
    failed_runs
        Those of which something failed for good, in their invocations or in their embeddings.
    """

    runs: int
    ended_runs: int
    failed_runs: int
    invocations: int
    embeddings: int


@dataclass(frozen=True)
class RunState:
    """A run that has work left, and where it stands.

    Attributes
    ----------
    sequence_number
        Of the next invocation: the number of those that are finished.
    input_invocation_id
        The last finished invocation, whose output is the next input; None before the first, whose input is the prompt.
    """

    run_id: int
    network: tuple[str, ...]
    initial_prompt: str
    seed: int | None
    stream: int | None
    max_length: int
    sequence_number: int
    input_invocation_id: int | None

    @property
    def model(self) -> str:
        """The generator of the next invocation."""
        return self.network[self.sequence_number % len(self.network)]


def find_experiment(session: Session, config: ExperimentConfig) -> int | None:
    """Return the id of the newest experiment of the same content, None if there is none."""
    return session.scalar(
        select(Experiment.id)
        .where(Experiment.config_hash == config.content_hash)
        .order_by(Experiment.id.desc())
        .limit(1)
    )


def create_experiment(session: Session, config: ExperimentConfig, streams: Iterable[int]) -> int:
    """Write an experiment and all its runs, and return its id.

    Parameters
    ----------
    streams
        As many random integers in [0, 2**63) as are asked for: one is recorded for each run with fresh randomness.
    """
    experiment = Experiment(
        config=config.model_dump(mode="json"), config_hash=config.content_hash, created_at=datetime.now(UTC)
    )
    session.add(experiment)
    session.flush()
    draw = iter(streams)
    keys = [
        (network, prompt, seed) for network in config.networks for prompt in config.prompts for seed in config.run_seeds
    ]
    session.execute(
        insert(Run),
        [
            {
                "experiment_id": experiment.id,
                "number": number,
                "network": list(network),
                "initial_prompt": prompt,
                "seed": seed,
                "stream": next(draw) if seed is None else None,
                "max_length": config.max_length,
            }
            for number, (network, prompt, seed) in enumerate(keys)
        ],
    )
    return experiment.id


def load_config(session: Session, experiment_id: int) -> ExperimentConfig:
    """Return what an experiment in the store was asked to perform."""
    content = session.scalar(select(Experiment.config).where(Experiment.id == experiment_id))
    return ExperimentConfig.from_dict(dict(content or {}), f"experiment {experiment_id}")


def reopen_failed_runs(session: Session, experiment_id: int) -> None:
    """Forget that runs failed, so that they are tried again; their failed attempts stay recorded."""
    failed = update(Run).where(Run.experiment_id == experiment_id)
    session.execute(failed.where(Run.stop_reason == "failed").values(stop_reason=None, failure=None))
    session.execute(failed.where(Run.failure.is_not(None)).values(failure=None))


def load_unfinished_runs(session: Session, experiment_id: int) -> list[RunState]:
    """Return the runs that have invocations left, in their order, and where each stands."""
    last = (
        select(Invocation.run_id, func.max(Invocation.sequence_number).label("sequence_number"))
        .join(Run)
        .where(Run.experiment_id == experiment_id, Run.stop_reason.is_(None))
        .group_by(Invocation.run_id)
        .subquery()
    )
    rows = session.execute(
        select(Run, Invocation.id, Invocation.sequence_number)
        .outerjoin(last, last.c.run_id == Run.id)
        .outerjoin(
            Invocation,
            (Invocation.run_id == last.c.run_id) & (Invocation.sequence_number == last.c.sequence_number),
        )
        .where(Run.experiment_id == experiment_id, Run.stop_reason.is_(None))
        .order_by(Run.number)
    )
    return [
        RunState(
            run_id=run.id,
            network=tuple(run.network),
            initial_prompt=run.initial_prompt,
            seed=run.seed,
            stream=run.stream,
            max_length=run.max_length,
            sequence_number=0 if sequence_number is None else sequence_number + 1,
            input_invocation_id=invocation_id,
        )
        for run, invocation_id, sequence_number in rows
    ]


def mark_runs(session: Session, marks: Iterable[Mapping[str, Any]]) -> None:
    """Update runs by primary key: each mark has ``id`` and the columns that change."""
    if rows := list(marks):
        session.execute(update(Run), rows)


def record_failed_attempts(session: Session, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write failed attempts: a mapping of columns each."""
    if attempts := list(rows):
        session.execute(insert(FailedAttempt), attempts)


def count_experiment(session: Session, experiment_id: int) -> ExperimentCounts:
    """Count what an experiment holds."""
    runs = select(func.count(), func.count(Run.stop_reason), func.count(Run.failure)).where(
        Run.experiment_id == experiment_id
    )
    total, ended, failed = session.execute(runs).one()
    invocations = select(func.count()).select_from(Invocation).join(Run).where(Run.experiment_id == experiment_id)
    embeddings = (
        select(func.count())
        .select_from(Embedding)
        .join(Invocation, Invocation.id == Embedding.invocation_id)
        .join(Run, Run.id == Invocation.run_id)
        .where(Run.experiment_id == experiment_id)
    )
    return ExperimentCounts(total, ended, failed, session.scalar(invocations) or 0, session.scalar(embeddings) or 0)


def delete_experiment(session: Session, experiment_id: int) -> None:
    """Delete an experiment with its runs, invocations, pictures and embeddings.

    Raises
    ------
    sqlalchemy.exc.IntegrityError
        If one of its embeddings takes part in a clustering result.
    """
    pictures = list(
        session.scalars(
            select(Invocation.picture_id)
            .join(Run)
            .where(Run.experiment_id == experiment_id, Invocation.picture_id.is_not(None))
        )
    )
    session.execute(delete(Experiment).where(Experiment.id == experiment_id))
    for start in range(0, len(pictures), 500):
        session.execute(delete(Picture).where(Picture.id.in_(pictures[start : start + 500])))
