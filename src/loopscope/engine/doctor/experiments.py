"""Whether the runs of each experiment are those that its config asks for; an imported one may lack some."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple, TypeAlias
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.config import ExperimentConfig
from loopscope.engine.doctor.fault import Fault, Mend, Row
from loopscope.errors import ConfigError
from loopscope.schemas import IMPORTED, Experiment, Run

Combination: TypeAlias = tuple[tuple[str, ...], str, int | None]
"""A network, a prompt and a seed."""


class _Run(NamedTuple):
    """What is compared of a run."""

    experiment_id: int
    id: int
    uuid: UUID
    number: int
    network: list[str]
    initial_prompt: str
    seed: int | None
    max_length: int

    @property
    def combination(self) -> Combination:
        return tuple(self.network), self.initial_prompt, self.seed


def check_experiments(session: Session) -> Iterator[Fault]:
    """Check the config of each experiment, its hash and its runs."""
    columns = (Run.experiment_id, Run.id, Run.uuid, Run.number, Run.network, Run.initial_prompt, Run.seed)
    rows = session.execute(select(*columns, Run.max_length).order_by(Run.experiment_id, Run.number)).all()
    runs = {key: list(group) for key, group in groupby((_Run(*row) for row in rows), lambda run: run.experiment_id)}
    for experiment in session.scalars(select(Experiment).order_by(Experiment.id)):
        yield from _check_experiment(experiment, runs.get(experiment.id, []))


def _check_experiment(experiment: Experiment, runs: Sequence[_Run]) -> Iterator[Fault]:
    row = {"id": experiment.id, "uuid": experiment.uuid}
    if not runs:
        delete = f"loopscope experiment delete {experiment.uuid.hex[:8]}"
        yield Fault("experiment", row, "no run", "a run for each network, prompt and seed", delete)
    numbers = [run.number for run in runs]
    if numbers != list(range(len(runs))):
        missing = sorted(set(range(max(numbers) + 1)) - set(numbers))
        found = f"no run of the number {missing[0]}" if missing else f"a run of the number {min(numbers)}"
        yield Fault("experiment", row, found, "runs numbered 0, 1, … without a gap")
    if experiment.config_hash.startswith(IMPORTED):
        return
    try:
        config = ExperimentConfig.from_dict(experiment.config)
    except ConfigError as error:
        said = " ".join(str(error).split())
        yield Fault("experiment", row, f"in config: {said}", "a config that can be performed")
        return
    wrong = list(_compare(config, runs, row)) if runs else []
    yield from wrong
    yield from _check_hash(experiment, config, row, runs_agree=bool(runs) and not wrong)


def _check_hash(experiment: Experiment, config: ExperimentConfig, row: Row, *, runs_agree: bool) -> Iterator[Fault]:
    """Check the hash by which the experiment is found again; if the runs agree, it is not the config that is wrong."""
    if experiment.config_hash != config.content_hash:
        mend = Mend(
            Experiment,
            {"id": experiment.id},
            {"config_hash": experiment.config_hash},
            {"config_hash": config.content_hash},
        )
        found = f"config_hash {experiment.config_hash}"
        expected = f"{config.content_hash}, the hash of its config"
        yield Fault("experiment", row, found, expected, mend=mend if runs_agree else None)


def _compare(config: ExperimentConfig, runs: Sequence[_Run], row: Row) -> Iterator[Fault]:
    """Hold the runs against the config: each network with each prompt and each seed."""
    asked: Counter[Combination] = Counter(
        (network, prompt, seed) for network in config.networks for prompt in config.prompts for seed in config.run_seeds
    )
    there = Counter(run.combination for run in runs)
    for combination, count in (asked - there).items():
        found = f"{there[combination]} runs of {_said(combination)}"
        yield Fault("experiment", row, found, f"{there[combination] + count}, as its config says")
    surplus = there - asked
    for run in reversed(runs):
        which = {"id": run.id, "uuid": run.uuid}
        if surplus[run.combination] > 0:
            surplus[run.combination] -= 1
            found = f"a run of {_said(run.combination)}"
            times = asked[run.combination]
            expected = (
                f"{times} of these, as the config of its experiment says" if times else "one that its config asks for"
            )
            yield Fault("run", which, found, expected)
        if run.max_length != config.max_length:
            expected = f"{config.max_length}, as the config of its experiment says"
            yield Fault("run", which, f"max_length {run.max_length}", expected)


def _said(combination: Combination) -> str:
    network, prompt, seed = combination
    return (
        f'network {"→".join(network)}, prompt "{prompt}" and {"fresh randomness" if seed is None else f"seed {seed}"}'
    )
