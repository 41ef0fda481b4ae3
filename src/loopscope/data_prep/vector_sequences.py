"""The embedding of every step of every run by one model: what frames of dynamics in its space are computed from.

First only numbers of embeddings are read; vectors are loaded for the runs, or the steps, that are asked for, so that
they never have to be in memory all at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.data_prep.columns import EMBEDDING_MODEL, OUTPUT_TYPE, RUN_KEYS, Column
from loopscope.data_prep.facts import fetch_small_frame
from loopscope.data_prep.grouping import iterate_groups, number_groups
from loopscope.data_prep.keys import ARROW, load_embedding_models, load_run_keys
from loopscope.dynamics.trajectories import Flags, Trajectories
from loopscope.schemas import EmbeddingModel, PromptEmbedding, Run
from loopscope.store.vectors import decode_vectors, load_embedding_index, load_vectors
from loopscope.types import Vectors

Integers = npt.NDArray[np.int64]

VECTOR_KEYS: tuple[Column, ...] = (EMBEDDING_MODEL, OUTPUT_TYPE)
"""What tells, in every frame of dynamics in the space of a model, which embeddings are meant."""

GENERATOR = Column(
    "generator", pl.String, "whose outputs they are: generators of a network that give one type take turns"
)

MISSING = -1
"""The ``embedding_id`` and ``sequence_number`` of a step without an embedding."""

_NUMBERS_AT_A_TIME = 50_000_000


@dataclass(frozen=True)
class VectorSequences:
    """Which embeddings runs went through, under one embedding model.

    Step t of a run is its output of rank t among those of the type that the model takes, so that equal steps of runs of
    one network stand side by side.

    Attributes
    ----------
    keys
        The values of ``VECTOR_KEYS``.
    embedding_model_id, dimension
        The model's ``id``, and how many numbers a vector of it has.
    runs
        One row for each run that has an embedding, in the order of ``run_id``, with the columns ``RUN_KEYS``.
    starts
        Shape (number of runs + 1,), int64: the steps of the run of row r are ``embedding_id[starts[r]:starts[r + 1]]``,
        from its first output of the type to the last that has an embedding.
    group
        Shape (number of runs,), int64: runs of one network and prompt have one number.
    embedding_id, sequence_number, rank
        Shape (n,), int64: the embedding of each step, the position of its invocation in the run, and the step's number
        in the run from 0; `MISSING` for the first two where the step has no embedding.
    """

    keys: dict[str, Any]
    embedding_model_id: int
    dimension: int
    runs: pl.DataFrame
    starts: Integers
    group: Integers
    embedding_id: Integers
    sequence_number: Integers
    rank: Integers

    @property
    def n_runs(self) -> int:
        """How many runs there are."""
        return len(self.starts) - 1

    @property
    def lengths(self) -> Integers:
        """Shape (number of runs,), int64: how many steps each run has."""
        return np.diff(self.starts)

    def turns(self, rows: Sequence[int]) -> list[str]:
        """Name the generators whose outputs are the steps of these runs, turn about.

        Step t is of generator ``t % len(turns)``. Outputs of several generators differ for that alone, so that curves
        over steps are told apart by it. Networks of another make are named together, such as ``Read or Describe``.
        """
        named: list[list[str]] = []
        networks = self.runs["network"].to_numpy()[list(rows)]
        for network in np.unique(networks).tolist():
            generators = network.split(ARROW)
            of_network = np.isin(self._run_of_step, np.asarray(rows)[networks == network])
            known = self.sequence_number[of_network & (self.embedding_id != MISSING)]
            named.append([generators[place] for place in np.unique(known % len(generators))])
        longest = max((len(names) for names in named), default=1)
        turns = [[names[turn % len(names)] for names in named if names] for turn in range(longest)]
        return [" or ".join(dict.fromkeys(names)) for names in turns]

    @cached_property
    def _run_of_step(self) -> Integers:
        return np.repeat(np.arange(self.n_runs), self.lengths)

    def groups(self, by: Sequence[str]) -> Iterator[tuple[dict[str, Any], list[int]]]:
        """Yield the values of ``by`` and the row numbers of each group's runs; `iterate_groups` says more."""
        yield from iterate_groups(self.runs, by)

    def load(self, session: Session, rows: npt.ArrayLike) -> Trajectories:
        """Load the vectors of the runs of these rows, in this order.

        Raises
        ------
        StoreError
            When a vector is missing or of a wrong length.
        """
        chosen = np.asarray(rows, dtype=np.int64)
        parts = [self.embedding_id[self.starts[row] : self.starts[row + 1]] for row in chosen]
        starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
        vectors, known = self._load(session, np.concatenate([*parts, np.empty(0, dtype=np.int64)]))
        return Trajectories(vectors, known, starts, self.group[chosen])

    def iterate_runs(self, session: Session, rows: npt.ArrayLike) -> Iterator[tuple[int, Vectors, Flags]]:
        """Yield the row of each of these runs, its vectors and which of its steps are known; loaded some at a time."""
        chosen = np.asarray(rows, dtype=np.int64)
        piece = np.cumsum(self.lengths[chosen]) * self.dimension // _NUMBERS_AT_A_TIME
        for number in np.unique(piece):
            some = chosen[piece == number]
            for row, (vectors, known) in zip(some.tolist(), self.load(session, some), strict=True):
                yield row, vectors, known

    def iterate_steps(self, session: Session, rows: npt.ArrayLike) -> Iterator[tuple[Vectors, Flags]]:
        """Yield the vectors of the runs of these rows at step 0, at step 1, …; loaded some steps at a time.

        Yields
        ------
        vectors
            Shape (number of rows, dimension), float32; zeros where it is not known.
        known
            Shape (number of rows,), bool: whether the run has got so far and the step has an embedding.
        """
        chosen = np.asarray(rows, dtype=np.int64)
        lengths = self.lengths[chosen]
        longest = int(lengths.max(initial=0))
        every = max(1, _NUMBERS_AT_A_TIME // max(1, len(chosen) * self.dimension))
        for first in range(0, longest, every):
            steps = np.arange(first, min(first + every, longest))[:, None]
            places = np.where(steps < lengths, self.starts[chosen] + steps, -1)
            ids = np.where(places >= 0, self.embedding_id[places], MISSING)
            vectors, known = self._load(session, ids.ravel())
            yield from zip(vectors.reshape(*ids.shape, -1), known.reshape(ids.shape), strict=True)

    def load_prompts(self, session: Session, rows: npt.ArrayLike) -> tuple[Vectors, Flags]:
        """Load the embedded prompts of the runs of these rows: shape (number of rows, dimension), and which there are.

        A model of pictures embeds no prompts.
        """
        wanted = self.runs["run_id"].to_numpy()[np.asarray(rows, dtype=np.int64)]
        statement = select(PromptEmbedding.run_id, PromptEmbedding.vector)
        found = session.execute(statement.where(PromptEmbedding.embedding_model_id == self.embedding_model_id))
        stored = dict(found.all())
        known = np.isin(wanted, list(stored))
        vectors = np.zeros((len(wanted), self.dimension), dtype=np.float32)
        vectors[known] = decode_vectors([stored[run_id] for run_id in wanted[known].tolist()], self.dimension)
        return vectors, known

    def _load(self, session: Session, ids: Integers) -> tuple[Vectors, Flags]:
        known = ids != MISSING
        if known.all():
            return load_vectors(session, self.embedding_model_id, ids), known
        vectors = np.zeros((len(ids), self.dimension), dtype=np.float32)
        vectors[known] = load_vectors(session, self.embedding_model_id, ids[known])
        return vectors, known


def load_vector_sequences(
    session: Session, embedding_model: str, experiment_id: int | None = None, *, continue_cycles: bool = False
) -> VectorSequences:
    """Read which embeddings each run went through; vectors are loaded later.

    Parameters
    ----------
    embedding_model
        The name of the model whose embeddings are meant.
    experiment_id
        The experiment whose runs are meant; by default all that have an embedding.
    continue_cycles
        Whether a run that stopped because it came round to a state of its own goes on in its cycle, by the embeddings
        that it has, up to the length that it was to have. What would come is known, and without it the runs that are
        left at later steps are those that did not settle.

    Raises
    ------
    NotFoundError
        When there is no such model or experiment.
    """
    model_id, name, output_type = load_embedding_models(session, embedding_model).row(0)
    keys = load_run_keys(session, experiment_id)
    index = load_embedding_index(session, model_id, None if experiment_id is None else [experiment_id])
    runs = keys.join(pl.DataFrame({"run_id": np.unique(index.run_id)}), on="run_id", how="semi", maintain_order="left")
    _, first, row = np.unique(index.run_id, return_index=True, return_inverse=True)
    last = np.append(first[1:], len(index))[: len(first)] - 1
    starts = np.concatenate([[0], np.cumsum(index.rank[last] + 1)]).astype(np.int64)
    places = starts[:-1][row] + index.rank
    embedding_id, sequence_number = np.full((2, starts[-1]), MISSING, dtype=np.int64)
    embedding_id[places], sequence_number[places] = index.embedding_id, index.sequence_number
    found = VectorSequences(
        {"embedding_model": name, "output_type": output_type},
        model_id,
        _dimension(session, model_id),
        runs.select(column.name for column in RUN_KEYS),
        starts,
        number_groups(runs),
        embedding_id,
        sequence_number,
        np.arange(starts[-1]) - np.repeat(starts[:-1], np.diff(starts)),
    )
    return _continue_cycles(session, found) if continue_cycles else found


def _dimension(session: Session, model_id: int) -> int:
    return int(session.scalars(select(EmbeddingModel.dimension).where(EmbeddingModel.id == model_id)).one())


def _continue_cycles(session: Session, sequences: VectorSequences) -> VectorSequences:
    """Let runs that stopped in a cycle go round in it."""
    statement = select(Run.id, Run.period, Run.max_length).where(Run.stop_reason == "cycle")
    ends = fetch_small_frame(session, statement, dict.fromkeys(("run_id", "period", "max_length"), pl.Int64))
    cycles = {run_id: (period, max_length) for run_id, period, max_length in ends.iter_rows()}
    ids, numbers, lengths = [], [], []
    for row, run_id in enumerate(sequences.runs["run_id"].to_list()):
        of_run = slice(sequences.starts[row], sequences.starts[row + 1])
        embedding_id, sequence_number = sequences.embedding_id[of_run], sequences.sequence_number[of_run]
        if run_id in cycles:
            embedding_id, sequence_number = _go_round(embedding_id, sequence_number, *cycles[run_id])
        ids.append(embedding_id)
        numbers.append(sequence_number)
        lengths.append(len(embedding_id))
    empty = [np.empty(0, dtype=np.int64)]
    return replace(
        sequences,
        starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        embedding_id=np.concatenate(ids or empty),
        sequence_number=np.concatenate(numbers or empty),
        rank=np.concatenate([np.arange(length) for length in lengths] or empty),
    )


def _go_round(
    embedding_id: Integers, sequence_number: Integers, period: int, max_length: int
) -> tuple[Integers, Integers]:
    """Repeat the last ``period`` invocations up to ``max_length``; not where one of them has no embedding."""
    before = np.flatnonzero(sequence_number == sequence_number[-1] - period)
    if not len(before):
        return embedding_id, sequence_number
    around = len(embedding_id) - 1 - int(before[0])
    rounds = 1 + (max_length - int(sequence_number[-1])) // period
    ids = np.concatenate([embedding_id, np.tile(embedding_id[-around:], rounds)])
    later = [sequence_number[-around:] + period * number for number in range(1, rounds + 1)]
    numbers = np.where(ids == MISSING, MISSING, np.concatenate([sequence_number, *later]))
    stop = np.flatnonzero((ids != MISSING) & (numbers < max_length))[-1] + 1
    return ids[:stop], numbers[:stop]
