"""The bars of every run in a few numbers, and what null G gives for them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy.orm import Session

from loopscope.data_prep.stored_diagrams import StoredDiagrams
from loopscope.engine.persistence import count_processors
from loopscope.store.persistence_diagrams import DiagramState
from loopscope.store.vectors import load_embedding_index, load_vectors
from loopscope.topology.gaussian_null import GaussianNull, draw_gaussian_null, measure_bars
from loopscope.topology.persistence_entropy import BarSummary, summarise_bars
from loopscope.types import Vectors

Numbers = npt.NDArray[np.float64]

_RUNS_AT_A_TIME = 32


@dataclass(frozen=True)
class DiagramMeasures:
    """The bars of each run and dimension, summarised.

    Attributes
    ----------
    diagrams
        The diagrams.
    summaries
        By ``(run_id, dimension)``; a run without a diagram has none.
    nulls
        How many Gaussian clouds were drawn for each run.
    null
        By ``run_id``, what these gave; empty where none were asked for.
    """

    diagrams: StoredDiagrams
    summaries: dict[tuple[int, int], BarSummary]
    nulls: int
    null: dict[int, GaussianNull]

    def values(self, dimension: int) -> Numbers:
        """Shape (number of runs, number of ``MEASURES``): NaN where a run has none."""
        missing = BarSummary(np.nan, 0, 0, np.nan, np.nan)
        rows = [self.summaries.get((state.run_id, dimension), missing) for state in self.diagrams.states]
        table = np.array([measure_bars(row) for row in rows]).reshape(len(rows), -1)
        table[[row is missing for row in rows]] = np.nan
        return table

    def null_values(self, dimension: int) -> Numbers:
        """Shape (nulls, number of runs, number of ``MEASURES``): NaN where a run has none."""
        width = len(measure_bars(BarSummary(np.nan, 0, 0, np.nan, np.nan)))
        drawn = np.full((self.nulls, len(self.diagrams.states), width), np.nan)
        for row, state in enumerate(self.diagrams.states):
            if (state.run_id, dimension) in self.summaries and state.run_id in self.null:
                drawn[:, row] = self.null[state.run_id].values[:, dimension]
        return drawn


def measure_diagrams(session: Session, diagrams: StoredDiagrams, *, nulls: int = 0, seed: int = 0) -> DiagramMeasures:
    """Summarise the bars of every run, and those of Gaussian clouds in place of each.

    Parameters
    ----------
    nulls
        How many clouds for each run; each takes about as long as the run's own diagram.
    seed
        The same seed gives the same clouds.

    Raises
    ------
    StoreError
        When a vector is missing or of a wrong length.
    """
    summaries = {place: summarise_bars(points) for place, points in diagrams.points.items()}
    null = dict(_draw(session, diagrams, nulls, seed)) if nulls else {}
    return DiagramMeasures(diagrams, summaries, nulls, null)


def _draw(session: Session, diagrams: StoredDiagrams, nulls: int, seed: int) -> Iterator[tuple[int, GaussianNull]]:
    highest = dict(sorted(diagrams.points))
    with ThreadPoolExecutor(count_processors()) as pool:
        for part in _load_vectors(session, diagrams):
            drawn = pool.map(
                lambda each: draw_gaussian_null(
                    each[1], nulls=nulls, seed=[seed, each[0]], max_dimension=highest[each[0]]
                ),
                part,
            )
            yield from zip((run_id for run_id, _ in part), drawn, strict=True)


def _load_vectors(session: Session, diagrams: StoredDiagrams) -> Iterator[list[tuple[int, Vectors]]]:
    """Yield, for some runs at a time, the vectors that their diagrams are of."""
    computed = [state for state in diagrams.states if state.computed and state.n]
    index = load_embedding_index(session, diagrams.embedding_model_id)
    for start in range(0, len(computed), _RUNS_AT_A_TIME):
        part = []
        for state in computed[start : start + _RUNS_AT_A_TIME]:
            ids = index.embedding_id[slice(*np.searchsorted(index.run_id, [state.run_id, state.run_id + 1]))]
            chosen = ids[ids <= _last(state)]
            if len(chosen):
                part.append((state.run_id, load_vectors(session, diagrams.embedding_model_id, chosen)))
        yield part


def _last(state: DiagramState) -> int:
    """Up to which embedding a diagram is; where that was not recorded, up to the last."""
    return state.last_embedding_id if state.diagram_last_embedding_id is None else state.diagram_last_embedding_id
