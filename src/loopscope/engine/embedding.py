"""The second stage of an experiment: each embedder is called on the outputs of its type and on the initial prompts."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from loopscope.engine.attempts import Attempted, attempt, failed_attempt_rows
from loopscope.engine.loading import LoadedModels
from loopscope.engine.progress import Progress
from loopscope.errors import ModelError
from loopscope.models.protocol import Embedder
from loopscope.store.connection import Store
from loopscope.store.embeddings import (
    Unembedded,
    count_unembedded,
    load_embedding_models,
    load_unembedded,
    load_unembedded_prompts,
    save_embeddings,
)
from loopscope.store.experiments import forget_mended_failures, mark_runs, record_failed_attempts
from loopscope.store.outputs import load_outputs
from loopscope.types import UNIT_TOLERANCE, Output, OutputType

BATCH_SIZE = 256


def perform_embeddings(
    store: Store, experiment_id: int, names: Iterable[str], models: LoadedModels, progress: Progress
) -> None:
    """Embed every output, and every initial prompt, that has no embedding under one of the models yet.

    A run of which one fails for good says so; one that failed before, and no longer does, no longer says so.
    """
    failing: set[int] = set()
    for name in names:
        failing |= _embed_all(store, experiment_id, models.embedder(name), progress)
    with store.transaction() as session:
        forget_mended_failures(session, experiment_id, failing)


def _embed_all(store: Store, experiment_id: int, embedder: Embedder[Any], progress: Progress) -> set[int]:
    """Embed all that is left for one model, and return the runs in which something failed for good."""
    with store.session() as session:
        model_id = load_embedding_models(session)[embedder.name]
        total = count_unembedded(session, experiment_id, model_id, embedder.takes)
        takes_text = embedder.takes is OutputType.TEXT
        prompts = load_unembedded_prompts(session, experiment_id, model_id) if takes_text else []
    of_prompts = f" (with {len(prompts)} initial prompts)" if prompts else ""
    progress.begin(f"embeddings by {embedder.name}{of_prompts}", total + len(prompts))
    failing: set[int] = set()
    for start in range(0, len(prompts), BATCH_SIZE):
        failing |= _embed_batch(store, model_id, prompts[start : start + BATCH_SIZE], embedder, progress)
    after = 0
    while True:
        with store.session() as session:
            batch = load_unembedded(session, experiment_id, model_id, embedder.takes, after, BATCH_SIZE)
        if not batch:
            return failing
        after = batch[-1].invocation_id or after
        failing |= _embed_batch(store, model_id, batch, embedder, progress)


def _embed_batch(
    store: Store, model_id: int, batch: Sequence[Unembedded], embedder: Embedder[Any], progress: Progress
) -> set[int]:
    """Embed a batch, save what came of it, and return the runs in which something failed for good."""
    inputs = _load_inputs(store, batch)
    attempted = attempt(
        lambda indices: embedder.embed([inputs[i] for i in indices]),
        lambda vector: _check(vector, embedder.dimension),
        len(batch),
    )
    sound = [each for each, item in zip(batch, attempted, strict=True) if item.result is not None]
    vectors = [item.result for item in attempted if item.result is not None]
    seconds = sum(item.seconds for item in attempted) / len(attempted)
    failures = _failures(batch, attempted, embedder.name)
    with store.transaction() as session:
        if sound:
            save_embeddings(session, model_id, sound, np.stack(vectors), seconds)
        record_failed_attempts(session, failed_attempt_rows(batch, attempted, embedder.name))
        mark_runs(session, failures)
    progress.advance(len(batch))
    return {failure["id"] for failure in failures}


def _load_inputs(store: Store, batch: Sequence[Unembedded]) -> list[Output]:
    with store.session() as session:
        outputs = load_outputs(session, [each.invocation_id for each in batch if each.invocation_id is not None])
    return [each.prompt or "" if each.invocation_id is None else outputs[each.invocation_id] for each in batch]


def _check(vector: Any, dimension: int) -> npt.NDArray[np.float32]:
    """Return a vector as it is stored: float32, finite, of unit length."""
    array = np.asarray(vector, dtype=np.float32)
    if array.shape != (dimension,):
        raise ModelError(f"found a vector of shape {array.shape}; expected ({dimension},)")
    if not np.isfinite(array).all():
        raise ModelError("found NaN or infinity in a vector; expected finite numbers")
    length = float(np.linalg.norm(array))
    if abs(length - 1) > UNIT_TOLERANCE:
        raise ModelError(f"found a vector of length {length:g}; expected 1")
    return array


def _failures(batch: Sequence[Unembedded], attempted: Sequence[Attempted[Any]], model: str) -> list[dict[str, Any]]:
    failed = {
        each.run_id: f"{model} failed {item.attempts} times on {_place(each)}: {item.failures[-1].cause}"
        for each, item in zip(batch, attempted, strict=True)
        if item.result is None
    }
    return [{"id": run_id, "failure": failure} for run_id, failure in failed.items()]


def _place(each: Unembedded) -> str:
    return (
        "the initial prompt" if each.invocation_id is None else f"the output of sequence number {each.sequence_number}"
    )
