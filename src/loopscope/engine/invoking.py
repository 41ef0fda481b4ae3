"""The first stage of an experiment: runs advance in lockstep, each generator called on batches of them.

Each round takes the runs that are furthest behind, groups them by the generator they need next, and performs the
groups batch by batch. A batch is saved in one short transaction after its generator is done, so that whatever ends the
process loses at most the batch in flight; finished work is whatever the database holds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from loopscope.engine.attempts import Attempted, attempt, failed_attempt_rows
from loopscope.engine.loading import LoadedModels
from loopscope.engine.progress import Progress
from loopscope.engine.randomness import invocation_seed
from loopscope.models.protocol import Generator
from loopscope.store.connection import Store
from loopscope.store.experiments import RunState, load_unfinished_runs, mark_runs, record_failed_attempts
from loopscope.store.invocations import FinishedInvocation, find_repeats, save_invocations
from loopscope.store.outputs import StorableOutput, load_outputs, prepare_output
from loopscope.types import Output

BATCH_SIZE = 64


def perform_invocations(store: Store, experiment_id: int, models: LoadedModels, progress: Progress) -> None:
    """Perform every invocation that an experiment has left.

    A run ends when it has its full length, when it is in a state it was in before (a seeded run of deterministic
    generators: a cycle), or when an invocation failed for good.
    """
    with store.session() as session:
        runs = load_unfinished_runs(session, experiment_id)
    done = sum(run.sequence_number for run in runs)
    progress.begin("invocations", sum(run.max_length for run in runs), done)
    while runs:
        behind = min(run.sequence_number for run in runs)
        waiting = [run for run in runs if run.sequence_number > behind]
        advanced = [
            run
            for batch in _batches([run for run in runs if run.sequence_number == behind])
            for run in _perform_batch(store, batch, models, progress)
        ]
        runs = advanced + waiting


def _batches(runs: Sequence[RunState]) -> Iterator[list[RunState]]:
    for model in dict.fromkeys(run.model for run in runs):
        group = [run for run in runs if run.model == model]
        for start in range(0, len(group), BATCH_SIZE):
            yield group[start : start + BATCH_SIZE]


def _perform_batch(store: Store, runs: Sequence[RunState], models: LoadedModels, progress: Progress) -> list[RunState]:
    """Perform the next invocation of each run, save what came of it, and return the runs that have work left."""
    generator = models.generator(runs[0].model)
    inputs = _load_inputs(store, runs)
    attempted = _generate(generator, runs, inputs)
    finished = [
        FinishedInvocation(run, item.result, item.attempts, item.seconds, item.started_at, item.finished_at)
        for run, item in zip(runs, attempted, strict=True)
        if item.result is not None
    ]
    failed = {run.run_id: item for run, item in zip(runs, attempted, strict=True) if item.result is None}
    autonomous = [each for each in finished if _is_autonomous(each.run, models)]
    with store.session() as session:
        periods = find_repeats(session, autonomous)
    marks = _ends(finished, periods) + [_failure(run, failed[run.run_id]) for run in runs if run.run_id in failed]
    with store.transaction() as session:
        new = save_invocations(session, finished)
        record_failed_attempts(session, failed_attempt_rows(runs, attempted, generator.name))
        mark_runs(session, marks)
    ended = {mark["id"] for mark in marks}
    progress.advance(len(finished))
    for run in runs:
        if run.run_id in ended:
            progress.shorten(run.max_length - run.sequence_number - (run.run_id in new))
    return [
        replace(run, sequence_number=run.sequence_number + 1, input_invocation_id=new[run.run_id])
        for run in runs
        if run.run_id not in ended
    ]


def _load_inputs(store: Store, runs: Sequence[RunState]) -> list[Output]:
    """Return what each run's next generator takes: the last output, or the initial prompt."""
    with store.session() as session:
        outputs = load_outputs(
            session, [run.input_invocation_id for run in runs if run.input_invocation_id is not None]
        )
    return [run.initial_prompt if run.input_invocation_id is None else outputs[run.input_invocation_id] for run in runs]


def _generate(
    generator: Generator[Any, Any], runs: Sequence[RunState], inputs: Sequence[Output]
) -> list[Attempted[StorableOutput]]:
    seeds = [invocation_seed(run) for run in runs]
    return attempt(
        lambda indices: generator.generate([inputs[i] for i in indices], [seeds[i] for i in indices]),
        lambda output: prepare_output(output, generator.gives),
        len(runs),
    )


def _is_autonomous(run: RunState, models: LoadedModels) -> bool:
    """Tell whether an exact repeat of the run's state means that it will repeat for ever."""
    return run.seed is not None and all(models.registry.generator(name).deterministic for name in run.network)


def _ends(finished: Sequence[FinishedInvocation], periods: Mapping[int, int]) -> list[dict[str, Any]]:
    """Return the marks of runs that have found a cycle or have their full length."""
    marks: list[dict[str, Any]] = []
    for each in finished:
        if each.run.run_id in periods:
            marks.append(
                {"id": each.run.run_id, "stop_reason": "cycle", "period": periods[each.run.run_id], "failure": None}
            )
        elif each.run.sequence_number + 1 == each.run.max_length:
            marks.append({"id": each.run.run_id, "stop_reason": "length", "period": None, "failure": None})
    return marks


def _failure(run: RunState, item: Attempted[StorableOutput]) -> dict[str, Any]:
    failure = (
        f"{run.model} failed {item.attempts} times at sequence number {run.sequence_number}: {item.failures[-1].cause}"
    )
    return {"id": run.run_id, "stop_reason": "failed", "period": None, "failure": failure}
