"""Persistence diagrams are computed once for what a run has, resumably, and say what they are of."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, select, update
from tests.contract.conftest import NOW, add_embedding, add_invocation

from loopscope.engine import persistence
from loopscope.engine.persistence import compute_persistence_diagrams
from loopscope.errors import ClusteringError
from loopscope.schemas import EmbeddingVector, PersistenceDiagram, Run
from loopscope.store.connection import Store
from loopscope.store.persistence_diagrams import (
    NewDiagram,
    Standing,
    decode_points,
    load_diagram_states,
    save_diagrams,
)

TEXT, IMAGE = 1, 2


def rows_of(store: Store, model_id: int = TEXT) -> dict[tuple[int, int], PersistenceDiagram]:
    with store.session() as session:
        found = session.scalars(
            select(PersistenceDiagram).where(PersistenceDiagram.embedding_model_id == model_id)
        ).all()
    return {(row.run_id, row.dimension): row for row in found}


def standings(store: Store, model_id: int = TEXT) -> dict[int, Standing]:
    with store.session() as session:
        return {state.run_id: state.standing for state in load_diagram_states(session, model_id)}


def grow(store: Store, run_id: int = 2, key: int = 14, sequence_number: int = 5) -> None:
    """Give a run one more text, embedded."""
    with store.transaction() as session:
        add_invocation(session, key, run_id, sequence_number, "text")
        add_embedding(session, key, key, TEXT, (0, 1, 0, 0))


def fail_for(n: int, error: BaseException, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Let runs of n embeddings fail, and count the calls."""
    calls = []
    compute = persistence.compute_persistence_diagram

    def failing(vectors: Any, **settings: Any) -> Any:
        calls.append(len(vectors))
        if len(vectors) == n:
            raise error
        return compute(vectors, **settings)

    monkeypatch.setattr(persistence, "compute_persistence_diagram", failing)
    return lambda: len(calls)


def test_every_run_with_embeddings_gets_a_diagram_and_what_it_is_of(filled: Store) -> None:
    done = compute_persistence_diagrams(filled, "TextModel")
    assert (done.computed, done.already, done.failed) == (2, 0, ())
    assert [(each.run_id, each.reason) for each in done.without] == [(3, "no embeddings by TextModel")]
    rows = rows_of(filled)
    assert sorted(rows) == [(1, 0), (1, 1), (2, 0), (2, 1)]
    row = rows[2, 0]
    assert (row.n, row.n_unique, row.last_embedding_id, row.metric, row.max_dimension) == (2, 2, 10, "chord", 1)
    assert row.versions is not None
    assert {"python", "loopscope", "gudhi", "numpy", "scipy"} == set(row.versions)
    assert row.seconds is not None
    assert row.seconds >= 0
    assert row.started_at <= row.finished_at
    np.testing.assert_allclose(decode_points(row.points), [[0, np.sqrt(2 - 2 * 0.6)], [0, np.inf]], rtol=1e-7)
    assert (rows[1, 0].n, rows[1, 0].n_unique) == (3, 2)
    assert decode_points(rows[1, 1].points).shape == (0, 2)


def test_what_is_there_is_not_computed_again(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    compute_persistence_diagrams(filled, "TextModel")
    before = {place: row.id for place, row in rows_of(filled).items()}
    calls = fail_for(-1, ValueError(), monkeypatch)
    done = compute_persistence_diagrams(filled, "TextModel")
    assert (done.computed, done.already, calls()) == (0, 2, 0)
    assert {place: row.id for place, row in rows_of(filled).items()} == before
    assert compute_persistence_diagrams(filled, "TextModel", again=True).computed == 2


def test_a_diagram_of_which_it_was_not_recorded_what_it_is_of_is_computed_again(filled: Store) -> None:
    assert standings(filled) == {
        1: Standing.NOT_RECORDED,
        2: Standing.NOT_COMPUTED,
        3: Standing.NO_EMBEDDINGS,
    }
    compute_persistence_diagrams(filled, "TextModel")
    assert standings(filled) == {1: Standing.CURRENT, 2: Standing.CURRENT, 3: Standing.NO_EMBEDDINGS}


def test_a_run_that_got_longer_is_computed_again_and_no_other(filled: Store) -> None:
    compute_persistence_diagrams(filled, "TextModel")
    other = rows_of(filled)[1, 0].id
    grow(filled)
    assert standings(filled)[2] is Standing.OUTDATED
    done = compute_persistence_diagrams(filled, "TextModel")
    assert (done.computed, done.already) == (1, 1)
    rows = rows_of(filled)
    assert (rows[2, 0].n, rows[2, 0].last_embedding_id) == (3, 14)
    assert rows[1, 0].id == other


def test_an_embedding_that_was_made_anew_makes_a_diagram_out_of_date(filled: Store) -> None:
    """As many embeddings as before, but not the same ones."""
    compute_persistence_diagrams(filled, "TextModel")
    with filled.transaction() as session:
        session.execute(update(PersistenceDiagram).values(last_embedding_id=9))
    assert standings(filled)[2] is Standing.OUTDATED
    assert compute_persistence_diagrams(filled, "TextModel").computed == 2


def test_only_the_experiment_that_is_meant(filled: Store) -> None:
    done = compute_persistence_diagrams(filled, "ImageModel", experiment_ids=[2])
    assert (done.computed, done.without) == (1, ())
    assert {run_id for run_id, _ in rows_of(filled, IMAGE)} == {3}


def test_a_higher_dimension_is_computed_once_and_kept(filled: Store) -> None:
    compute_persistence_diagrams(filled, "TextModel")
    assert compute_persistence_diagrams(filled, "TextModel", max_dimension=2).computed == 2
    assert compute_persistence_diagrams(filled, "TextModel", max_dimension=1).computed == 0
    grow(filled)
    compute_persistence_diagrams(filled, "TextModel", max_dimension=1)
    assert sorted(rows_of(filled)) == [(run, dimension) for run in (1, 2) for dimension in (0, 1, 2)]


def test_workers_change_nothing(filled: Store) -> None:
    found = []
    for workers in (1, 3):
        compute_persistence_diagrams(filled, "ImageModel", again=True, workers=workers)
        found.append({place: row.points for place, row in rows_of(filled, IMAGE).items()})
    assert found[0] == found[1]


@pytest.mark.parametrize("error", [ValueError("no"), MemoryError("too large")])
def test_of_two_runs_one_fails_and_the_other_goes_on(
    filled: Store, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_for(3, error, monkeypatch)
    done = compute_persistence_diagrams(filled, "TextModel")
    assert done.computed == 1
    assert [(each.run_id, each.reason) for each in done.failed] == [(1, f"{type(error).__name__}: {error}")]
    assert rows_of(filled)[1, 0].n is None, "what was there of it stays"
    monkeypatch.undo()
    assert compute_persistence_diagrams(filled, "TextModel").computed == 1


def test_a_vector_that_is_missing_fails_its_run_alone(filled: Store) -> None:
    with filled.transaction() as session:
        session.execute(delete(EmbeddingVector).where(EmbeddingVector.embedding_id == 4))
    done = compute_persistence_diagrams(filled, "TextModel")
    assert done.computed == 1
    assert done.failed[0].run_id == 1
    assert "the first is embedding 4" in done.failed[0].reason


def test_an_interruption_in_the_middle_keeps_what_was_saved(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs 1, 2 and 3 have 3, 3 and 2 pictures: the last is interrupted."""
    monkeypatch.setattr(persistence, "SAVE_SECONDS", 0)
    fail_for(2, KeyboardInterrupt(), monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        compute_persistence_diagrams(filled, "ImageModel", workers=1)
    assert {run_id for run_id, _ in rows_of(filled, IMAGE)} == {1, 2}
    monkeypatch.undo()
    done = compute_persistence_diagrams(filled, "ImageModel")
    assert (done.computed, done.already) == (1, 2)
    assert set(standings(filled, IMAGE).values()) == {Standing.CURRENT}


def test_a_process_that_is_killed_leaves_whole_diagrams(sqlite_store: Store, fill_store: Any) -> None:
    fill_store(sqlite_store)
    code = f"""
import os
from loopscope.engine import persistence
from loopscope.store.connection import open_store
persistence.SAVE_SECONDS = 0
compute = persistence.compute_persistence_diagram
def dying(vectors, **settings):
    if len(vectors) == 2:
        os.kill(os.getpid(), 9)
    return compute(vectors, **settings)
persistence.compute_persistence_diagram = dying
with open_store({sqlite_store.location!r}) as store:
    persistence.compute_persistence_diagrams(store, "ImageModel", workers=1)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    before = rows_of(sqlite_store, IMAGE)
    assert {run_id for run_id, _ in before} <= {1, 2}
    done = compute_persistence_diagrams(sqlite_store, "ImageModel")
    assert done.computed == 3 - len(before) // 2
    assert set(standings(sqlite_store, IMAGE).values()) == {Standing.CURRENT}


def test_no_transaction_is_open_while_a_diagram_is_computed(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    compute = persistence.compute_persistence_diagram

    def writing(vectors: Any, **settings: Any) -> Any:
        with filled.transaction() as session:
            session.execute(update(Run).values(failure="another writer was here"))
        return compute(vectors, **settings)

    monkeypatch.setattr(persistence, "compute_persistence_diagram", writing)
    assert compute_persistence_diagrams(filled, "TextModel").computed == 2


def test_a_run_that_was_deleted_meanwhile_is_left_out(filled: Store) -> None:
    diagram = NewDiagram(99, TEXT, (np.array([[0, np.inf]]),), 1, 1, 1, "chord", {}, 0.0, NOW, NOW)
    with filled.transaction() as session:
        assert save_diagrams(session, [diagram]) == 0


def test_diagrams_go_with_their_run(filled: Store) -> None:
    compute_persistence_diagrams(filled, "ImageModel")
    with filled.transaction() as session:
        session.execute(delete(PersistenceDiagram).where(PersistenceDiagram.run_id == 3))
    assert standings(filled, IMAGE)[3] is Standing.NOT_COMPUTED


def test_an_unknown_model_is_named(filled: Store) -> None:
    with pytest.raises(ClusteringError, match=r'found no embeddings by "TextModle".*did you mean "TextModel"'):
        compute_persistence_diagrams(filled, "TextModle")


def test_progress_tells_of_every_run(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    class Told:
        def __init__(self) -> None:
            self.total = self.done = 0
            self.said: list[str] = []

        def begin(self, stage: str, total: int, done: int = 0) -> None:
            self.total, self.done = total, done

        def advance(self, items: int) -> None:
            self.done += items

        def shorten(self, items: int) -> None: ...

        def say(self, message: str) -> None:
            self.said.append(message)

    fail_for(3, ValueError("no"), monkeypatch)
    told = Told()
    compute_persistence_diagrams(filled, "TextModel", progress=told)
    assert (told.done, told.total) == (2, 2)
    assert told.said == ["run 1: no persistence diagram: ValueError: no"]
