"""Experiments and runs of the file: read, judged, and their settings told so that nothing can be resumed by mistake."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import numpy as np

from loopscope.config import MAX_LENGTH, MAX_RUNS, ExperimentConfig
from loopscope.errors import ConfigError
from loopscope.schemas import IMPORTED
from loopscope.store.legacy.identifiers import IdColumn, IdColumnReader, IdIndex, Integers
from loopscope.store.legacy.judgement import Judgement, shown
from loopscope.store.legacy.layout import Layout
from loopscope.store.legacy.references import judge_ids, judge_owners, judge_references, public_id
from loopscope.store.legacy.source import Source
from loopscope.store.legacy.values import UNKNOWN_INSTANT, is_integer, is_name, read_instant, read_json
from loopscope.types import fault_of_text

NOT_RECORDED_STREAM = -1
"""Stands for the stream of a run with fresh randomness, of which the file tells nothing."""

MARK = "imported:"
"""Begins the generators in the settings of an imported experiment, so that it cannot be resumed with others."""

_EXPERIMENTS = (
    "SELECT rowid, id, networks, seeds, prompts, embedding_models, max_length, started_at FROM experimentconfig"
)
_RUNS = "SELECT rowid, id, experiment_id, network, seed, max_length, initial_prompt FROM run ORDER BY rowid"


@dataclass(frozen=True)
class OldRun:
    """A run, as the file has it and as far as it can be brought over.

    Attributes
    ----------
    experiment
        The position of its experiment.
    seed
        None for fresh randomness.
    """

    uuid: UUID
    experiment: int
    network: tuple[str, ...]
    seed: int | None
    max_length: int
    initial_prompt: str


@dataclass(frozen=True)
class OldExperiment:
    """An experiment, with settings that this version can read."""

    uuid: UUID
    config: dict[str, Any]
    config_hash: str
    created_at: datetime


@dataclass(frozen=True)
class ExperimentsAndRuns:
    """The experiments and runs of a file, by position; None stands for one that is left out."""

    experiments: list[OldExperiment | None]
    experiments_judged: Judgement
    runs: list[OldRun | None]
    runs_judged: Judgement
    run_index: IdIndex


def read_experiments(source: Source, layout: Layout) -> ExperimentsAndRuns:
    """Read and judge the experiments and runs of a file."""
    rows = source.all(_EXPERIMENTS + " ORDER BY rowid")
    judged = Judgement("experimentconfig", _integers(row[0] for row in rows))
    ids = judge_ids(source, layout, judged, _ids(row[1] for row in rows), public=True)
    run_rows = source.all(_RUNS)
    runs_judged = Judgement("run", _integers(row[0] for row in run_rows))
    run_ids = judge_ids(source, layout, runs_judged, _ids(row[1] for row in run_rows), public=True)
    references = _ids(row[2] for row in run_rows)
    owners = judge_references(runs_judged, "experiment_id", "experiment", references, IdIndex(ids))
    runs = [_read_run(row, position, runs_judged, run_ids, owners) for position, row in enumerate(run_rows)]
    judge_owners(runs_judged, "experiment", owners, judged.kept)
    runs = [run if kept else None for run, kept in zip(runs, runs_judged.kept, strict=True)]
    of_experiment: dict[int, list[OldRun]] = {}
    for run in runs:
        if run is not None:
            of_experiment.setdefault(run.experiment, []).append(run)
    experiments = [
        _read_experiment(row, position, judged, ids, of_experiment.get(position, ()))
        for position, row in enumerate(rows)
    ]
    return ExperimentsAndRuns(experiments, judged, runs, runs_judged, IdIndex(run_ids))


def _read_run(row: Sequence[Any], position: int, judged: Judgement, ids: IdColumn, owners: Integers) -> OldRun | None:
    _, _, _, network, seed, max_length, prompt = row
    names = read_json(network)
    at = np.array([position])
    if not isinstance(names, list) or not names or not all(is_name(name) for name in names):
        judged.leave_out(at, "its network is no list of names", {position: network})
    if seed is not None and not is_integer(seed):
        judged.leave_out(at, "its seed is no integer of 64 bits", {position: seed})
    if not is_integer(max_length) or max_length < 1:
        judged.leave_out(at, "its max_length is no integer above 0", {position: max_length})
    if not isinstance(prompt, str) or fault_of_text(prompt):
        judged.leave_out(at, "its initial_prompt is no text that every database can hold", {position: prompt})
    if judged.left_out[position]:
        return None
    if seed is not None and seed < 0:
        judged.remark(at, "its seed is negative", "brought over with the seed as it stands", {position: seed})
    uuid = public_id(ids, position, row)
    return OldRun(uuid, int(owners[position]), tuple(names), seed, max_length, prompt)


def _read_experiment(
    row: Sequence[Any], position: int, judged: Judgement, ids: IdColumn, runs: Sequence[OldRun]
) -> OldExperiment | None:
    _, _, networks, seeds, prompts, models, max_length, started_at = row
    told = f"networks {networks}, seeds {seeds}, prompts {prompts}, embedding_models {models}, max_length {max_length}"
    at = np.array([position])
    config = _checked(
        networks=read_json(networks),
        prompts=read_json(prompts),
        seeds=read_json(seeds),
        embedding_models=read_json(models),
        max_length=max_length,
    )
    if config is None and not judged.left_out[position]:
        config = _made_of_runs(runs, read_json(models))
        fault = "its settings are no experiment of this version"
        if config is None:
            judged.leave_out(at, f"{fault}, and none of its runs is brought over", {position: told})
        else:
            judged.remark(at, fault, "brought over with settings made of its runs", {position: shown(told)})
    if config is None or judged.left_out[position]:
        return None
    created_at = read_instant(started_at)
    if created_at is None:
        judged.remark(
            at, "its started_at is no instant", f"brought over as of {UNKNOWN_INSTANT:%Y-%m-%d}", {position: started_at}
        )
    marked = config.model_copy(
        update={"networks": tuple(tuple(MARK + name[:190] for name in network) for network in config.networks)}
    )
    digest = blake2b(repr(row).encode("utf-8", "surrogateescape"), digest_size=11).hexdigest()
    return OldExperiment(
        public_id(ids, position, row),
        marked.model_dump(mode="json"),
        IMPORTED + digest,
        created_at or UNKNOWN_INSTANT,
    )


def _checked(**settings: Any) -> ExperimentConfig | None:
    try:
        return ExperimentConfig.from_dict(settings)
    except ConfigError:
        return None


def _made_of_runs(runs: Sequence[OldRun], models: Any) -> ExperimentConfig | None:
    """Make settings that these runs could have come from; None where there are no runs."""
    if not runs:
        return None
    prompts = {" ".join(run.initial_prompt.split()): run.initial_prompt for run in runs}
    seeds = {run.seed for run in runs if run.seed is not None and run.seed >= 0}
    fresh = Counter((run.network, run.initial_prompt) for run in runs if run.seed is None or run.seed < 0)
    known = list(dict.fromkeys(name for name in models if is_name(name))) if isinstance(models, list) else []
    return _checked(
        networks=list(dict.fromkeys(run.network for run in runs)),
        prompts=[prompt for words, prompt in prompts.items() if words] or ["(blank)"],
        seeds=sorted(seeds),
        num_runs=min(max(fresh.values(), default=0), MAX_RUNS),
        embedding_models=known,
        max_length=min(max(run.max_length for run in runs), MAX_LENGTH),
    )


def _ids(values: Iterable[object]) -> IdColumn:
    reader = IdColumnReader()
    reader.add(list(values))
    return reader.column()


def _integers(values: Iterable[int]) -> Integers:
    return np.fromiter(values, dtype=np.int64)
