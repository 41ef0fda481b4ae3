"""Computing persistence diagrams: one for each run and embedding model, beside the experiment itself.

What is there is not computed again, unless the run has other embeddings by now; so a computation that was interrupted
goes on by being asked for again. Diagrams are computed in threads, which gudhi lets run side by side; only this one
reads and writes the database, and a finished diagram waits at most ``SAVE_SECONDS`` before it is saved.
"""

import os
import platform
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np

from loopscope.engine.progress import Progress, Silence
from loopscope.engine.sampling import find_embedding_model
from loopscope.errors import StoreError
from loopscope.store.connection import Store
from loopscope.store.persistence_diagrams import (
    DiagramState,
    NewDiagram,
    Standing,
    load_diagram_states,
    save_diagrams,
)
from loopscope.store.vectors import EmbeddingIndex, load_embedding_index, load_vectors
from loopscope.topology.diagrams import METRIC, compute_persistence_diagram
from loopscope.types import Vectors

SAVE_SECONDS = 2.0
LIBRARIES = ("loopscope", "gudhi", "numpy", "scipy")


@dataclass(frozen=True)
class RunWithout:
    """A run without a diagram, and why."""

    run_id: int
    reason: str


@dataclass(frozen=True)
class ComputedDiagrams:
    """What came of computing persistence diagrams.

    Attributes
    ----------
    embedding_model
        The name of the model.
    computed, already
        Of how many runs a diagram was computed, and of how many it was there.
    without
        Runs that have no embeddings by the model.
    failed
        Runs whose diagram could not be computed; what was there of them stays.
    """

    embedding_model: str
    computed: int
    already: int
    without: tuple[RunWithout, ...]
    failed: tuple[RunWithout, ...]


def compute_persistence_diagrams(
    store: Store,
    embedding_model: str,
    *,
    experiment_ids: Sequence[int] | None = None,
    max_dimension: int = 1,
    again: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
) -> ComputedDiagrams:
    """Compute the persistence diagram of every run that has none of all its embeddings yet.

    Parameters
    ----------
    store
        Where the embeddings are and the diagrams go.
    embedding_model
        The name of the model.
    experiment_ids
        The experiments whose runs are meant; by default all.
    max_dimension
        Up to which dimension: 1 for loops; 2 for hollows as well, which takes far longer. A diagram that is there up to
        a higher dimension stays, and is computed again up to that one where it is out of date.
    again
        Whether to compute what is there again.
    workers
        How many runs are computed side by side; by default as many as there are processors.
    progress
        Told of each run; by default nobody.

    Returns
    -------
    ComputedDiagrams
        With the runs that have no embeddings, and those that failed: the others go on.

    Raises
    ------
    ClusteringError
        When there are no embeddings by such a model.
    StoreError
        When the store cannot be read or written; what was saved before stays.
    """
    if max_dimension < 0:
        raise ValueError(f"found the dimension {max_dimension}; expected at least 0, which is of components")
    store.require_writable()
    progress = progress or Silence()
    model = find_embedding_model(store, embedding_model)
    with store.session() as session:
        states = load_diagram_states(session, model.id, experiment_ids)
        index = load_embedding_index(session, model.id, experiment_ids)
    embedded = [state for state in states if state.n]
    due = [state for state in embedded if again or not _is_done(state, max_dimension)]
    progress.begin(f"persistence diagrams by {model.name}", len(embedded), len(embedded) - len(due))
    task = _Task(store, model.id, index, versions_of_libraries(), progress)
    task.perform(
        {state.run_id: max(max_dimension, state.max_dimension or 0) for state in due}, workers or count_processors()
    )
    without = f"no embeddings by {model.name}"
    return ComputedDiagrams(
        model.name,
        computed=task.saved,
        already=len(embedded) - len(due),
        without=tuple(RunWithout(state.run_id, without) for state in states if not state.n),
        failed=tuple(task.failed),
    )


def versions_of_libraries() -> dict[str, str]:
    """Tell the versions that a diagram depends on."""
    return {"python": platform.python_version()} | {library: version(library) for library in LIBRARIES}


def count_processors() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _is_done(state: DiagramState, max_dimension: int) -> bool:
    return (
        state.standing is Standing.CURRENT
        and state.metric == METRIC
        and state.max_dimension is not None
        and state.max_dimension >= max_dimension
    )


@dataclass
class _Task:
    """The diagrams of some runs: computed in threads, saved by this one."""

    store: Store
    model_id: int
    index: EmbeddingIndex
    versions: dict[str, str]
    progress: Progress
    saved: int = 0
    failed: list[RunWithout] = field(default_factory=list)
    _finished: list[NewDiagram] = field(default_factory=list)
    _saved_at: float = field(default_factory=time.monotonic)

    def perform(self, dimensions: Mapping[int, int], workers: int) -> None:
        """Compute the diagrams of these runs, each up to its dimension."""
        pool = ThreadPoolExecutor(workers, thread_name_prefix="persistence")
        under_way: dict[Future[NewDiagram], int] = {}
        try:
            for run_id, max_dimension in dimensions.items():
                while len(under_way) >= 2 * workers:  # enough to keep every thread busy, few vectors in memory
                    self._collect(under_way)
                self._submit(pool, run_id, max_dimension, under_way)
            while under_way:
                self._collect(under_way)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        self._save()

    def _submit(
        self, pool: ThreadPoolExecutor, run_id: int, max_dimension: int, under_way: dict[Future[NewDiagram], int]
    ) -> None:
        ids = self.index.embedding_id[slice(*np.searchsorted(self.index.run_id, [run_id, run_id + 1]))]
        if not len(ids):
            self._fail(run_id, "its embeddings are not of the type that the model takes: see loopscope doctor")
            return
        try:
            with self.store.session() as session:
                vectors = load_vectors(session, self.model_id, ids)
        except StoreError as error:
            self._fail(run_id, str(error))
            return
        under_way[pool.submit(self._compute, run_id, vectors, max_dimension, int(ids.max()))] = run_id

    def _compute(self, run_id: int, vectors: Vectors, max_dimension: int, last_embedding_id: int) -> NewDiagram:
        started_at, start = datetime.now(UTC), time.perf_counter()
        diagram = compute_persistence_diagram(vectors, max_dimension=max_dimension)
        return NewDiagram(
            run_id=run_id,
            embedding_model_id=self.model_id,
            points=diagram.points,
            n=diagram.n,
            n_unique=diagram.n_unique,
            last_embedding_id=last_embedding_id,
            metric=diagram.metric,
            versions=self.versions,
            seconds=time.perf_counter() - start,
            started_at=started_at,
            finished_at=datetime.now(UTC),
        )

    def _collect(self, under_way: dict[Future[NewDiagram], int]) -> None:
        """Take what is finished, and save it if it is time to."""
        finished, _ = wait(under_way, return_when=FIRST_COMPLETED)
        for future in finished:
            run_id = under_way.pop(future)
            try:
                self._finished.append(future.result())
            except (ValueError, MemoryError) as error:
                self._fail(run_id, f"{type(error).__name__}: {error}")
        if time.monotonic() - self._saved_at >= SAVE_SECONDS:
            self._save()

    def _fail(self, run_id: int, reason: str) -> None:
        self.failed.append(RunWithout(run_id, reason))
        self.progress.say(f"run {run_id}: no persistence diagram: {reason}")
        self.progress.advance(1)

    def _save(self) -> None:
        finished, self._finished = self._finished, []
        if finished:
            with self.store.transaction() as session:
                self.saved += save_diagrams(session, finished)
            self.progress.advance(len(finished))
        self._saved_at = time.monotonic()
