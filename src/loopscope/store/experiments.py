"""Experiments and runs in the store: made once, found again, marked as they end, deleted."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from loopscope.config import ExperimentConfig
from loopscope.errors import NotFoundError
from loopscope.schemas import (
    Embedding,
    EmbeddingModel,
    Experiment,
    FailedAttempt,
    Invocation,
    PromptEmbedding,
    Run,
)
from loopscope.types import OutputType


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
    missing_embeddings
        How many outputs and initial prompts are not embedded yet by a model that the experiment names.
    """

    runs: int
    ended_runs: int
    failed_runs: int
    invocations: int
    embeddings: int
    missing_embeddings: int

    @property
    def complete(self) -> bool:
        """Whether nothing is left to be done, and nothing failed for good."""
        return self.ended_runs == self.runs and self.failed_runs == 0 and self.missing_embeddings == 0


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


def load_experiment_uuids(session: Session, experiment_ids: Collection[int]) -> list[str]:
    """Return the public ids of experiments, in the order of their ids."""
    query = select(Experiment.uuid).where(Experiment.id.in_(experiment_ids)).order_by(Experiment.id)
    return [str(uuid) for uuid in session.scalars(query)]


def load_config(session: Session, experiment_id: int) -> ExperimentConfig:
    """Return what an experiment in the store was asked to perform.

    Raises
    ------
    NotFoundError
        If there is no such experiment.
    """
    content = session.scalar(select(Experiment.config).where(Experiment.id == experiment_id))
    if content is None:
        raise NotFoundError(f"there is no experiment {experiment_id}; see all: loopscope experiment list")
    return ExperimentConfig.from_dict(content, f"experiment {experiment_id}")


def reopen_failed_runs(session: Session, experiment_id: int) -> None:
    """Forget that invocations failed, so that they are tried again; their failed attempts stay recorded."""
    session.execute(
        update(Run)
        .where(Run.experiment_id == experiment_id, Run.stop_reason == "failed")
        .values(stop_reason=None, failure=None)
    )


def forget_mended_failures(session: Session, experiment_id: int, still_failing: Collection[int]) -> None:
    """Forget that embeddings failed in runs other than these: they were made since."""
    mended = set(
        session.scalars(
            select(Run.id).where(
                Run.experiment_id == experiment_id, Run.failure.is_not(None), Run.stop_reason != "failed"
            )
        )
    ) - set(still_failing)
    mark_runs(session, ({"id": run_id, "failure": None} for run_id in sorted(mended)))


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
    """Count what an experiment holds, and what it lacks."""
    of_experiment = Run.experiment_id == experiment_id
    total, ended, failed = session.execute(
        select(func.count(), func.count(Run.stop_reason), func.count(Run.failure)).where(of_experiment)
    ).one()
    outputs = dict(
        session.execute(
            select(Invocation.output_type, func.count()).join(Run).where(of_experiment).group_by(Invocation.output_type)
        ).all()
    )
    embedded = dict(
        session.execute(
            select(Embedding.embedding_model_id, func.count())
            .join(Invocation, Invocation.id == Embedding.invocation_id)
            .join(Run, Run.id == Invocation.run_id)
            .where(of_experiment)
            .group_by(Embedding.embedding_model_id)
        ).all()
    )
    prompts = dict(
        session.execute(
            select(PromptEmbedding.embedding_model_id, func.count())
            .join(Run)
            .where(of_experiment)
            .group_by(PromptEmbedding.embedding_model_id)
        ).all()
    )
    models = session.scalars(
        select(EmbeddingModel).where(EmbeddingModel.name.in_(load_config(session, experiment_id).embedding_models))
    )
    missing = sum(
        outputs.get(model.takes, 0)
        - embedded.get(model.id, 0)
        + (total - prompts.get(model.id, 0) if model.takes == OutputType.TEXT else 0)
        for model in models
    )
    return ExperimentCounts(total, ended, failed, sum(outputs.values()), sum(embedded.values()), missing)
