"""The vectors of every run over its steps: holes, prompts, and runs that go on in the cycle in which they stopped."""

import numpy as np
import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, make_transient

from loopscope.data_prep.vector_sequences import MISSING, load_vector_sequences
from loopscope.errors import NotFoundError
from loopscope.schemas import Embedding, EmbeddingVector, Invocation, Picture, Run
from loopscope.store.connection import Store

COPIED = (
    (Picture, Picture.id),
    (Invocation, Invocation.id),
    (Embedding, Embedding.id),
    (EmbeddingVector, EmbeddingVector.embedding_id),
)


def _without(store: Store, *embeddings: int) -> None:
    with store.transaction() as session:
        session.execute(delete(Embedding).where(Embedding.id.in_(embeddings)))


def _add_output(session: Session, key: int, *, sequence_number: int) -> None:
    """One more picture of run 3, with its embedding: copies of the last."""
    copied = [session.scalars(select(table).order_by(column.desc())).first() for table, column in COPIED]
    changes = [{"id": key}, {"id": key, "picture_id": key, "sequence_number": sequence_number}]
    changes += [{"id": key, "invocation_id": key}, {"embedding_id": key}]
    for row, change in zip(copied, changes, strict=True):
        make_transient(row)
        for name, value in change.items():
            setattr(row, name, value)
        session.add(row)
        session.flush()


def test_runs_lie_one_after_the_other(filled: Store) -> None:
    with filled.session() as session:
        found = load_vector_sequences(session, "ImageModel")
        runs = [vectors.tolist() for vectors, _ in found.load(session, [2, 0])]
    assert found.keys == {"embedding_model": "ImageModel", "output_type": "image"}
    assert found.runs["run_id"].to_list() == [1, 2, 3]
    assert found.embedding_id.tolist() == [1, 3, 5, 7, 9, 11, 12, 13]
    assert found.sequence_number.tolist() == [0, 2, 4, 0, 2, 4, 0, 1]
    assert runs == [[[1, 0], [1, 0]], [[1, 0], [np.float32(0.6), np.float32(0.8)], [1, 0]]]


def test_a_missing_embedding_is_a_hole_that_is_known(filled: Store) -> None:
    """Also the first one: the run's other steps stay where they were."""
    _without(filled, 1, 9, 13)
    with filled.session() as session:
        found = load_vector_sequences(session, "ImageModel")
        trajectories = found.load(session, [0, 1, 2])
        steps = list(found.iterate_steps(session, [0, 1, 2]))
    assert found.embedding_id.tolist() == [MISSING, 3, 5, 7, MISSING, 11, 12]
    assert found.rank.tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert trajectories.known.tolist() == [False, True, True, True, False, True, True]
    assert [known.tolist() for _, known in steps] == [[False, True, True], [True, False, False], [True, True, False]]
    assert steps[1][0].tolist() == [[np.float32(0.6), np.float32(0.8)], [0, 0], [0, 0]]


def test_vectors_in_pieces_are_vectors_at_once(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with filled.session() as session:
        found = load_vector_sequences(session, "ImageModel")
        at_once = [vectors.tolist() for vectors, _ in found.load(session, [0, 1, 2])]
        steps_at_once = [vectors.tolist() for vectors, _ in found.iterate_steps(session, [0, 1, 2])]
        monkeypatch.setattr("loopscope.data_prep.vector_sequences._NUMBERS_AT_A_TIME", 4)
        in_pieces = {row: vectors.tolist() for row, vectors, _ in found.iterate_runs(session, [0, 1, 2])}
        steps_in_pieces = [vectors.tolist() for vectors, _ in found.iterate_steps(session, [0, 1, 2])]
    assert list(in_pieces.values()) == at_once
    assert steps_in_pieces == steps_at_once


def test_prompts_are_those_of_the_runs(filled: Store) -> None:
    with filled.session() as session:
        texts = load_vector_sequences(session, "TextModel")
        pictures = load_vector_sequences(session, "ImageModel")
        prompts, known = texts.load_prompts(session, [1, 0])
        assert not pictures.load_prompts(session, [0, 1])[1].any()
    assert prompts.tolist() == [[0, 0, 1, 0], [0, 1, 0, 0]]
    assert known.all()


def test_a_run_that_stopped_in_a_cycle_goes_on_in_it(filled: Store) -> None:
    """Run 3 paints the same picture at once, and was to have six steps."""
    with filled.session() as session:
        found = load_vector_sequences(session, "ImageModel", continue_cycles=True)
    assert found.lengths.tolist() == [3, 3, 6]
    assert found.embedding_id[6:].tolist() == [12, 13, 13, 13, 13, 13]
    assert found.sequence_number[6:].tolist() == [0, 1, 2, 3, 4, 5]
    assert found.rank[6:].tolist() == [0, 1, 2, 3, 4, 5]


def test_a_cycle_of_two_pictures_goes_round_and_keeps_its_hole(filled: Store) -> None:
    with filled.transaction() as session:
        _add_output(session, 14, sequence_number=2)
        _add_output(session, 15, sequence_number=3)
        session.execute(update(Run).where(Run.id == 3).values(period=2, max_length=9))
    with filled.session() as session:
        whole = load_vector_sequences(session, "ImageModel", 2, continue_cycles=True)
    _without(filled, 14)
    with filled.session() as session:
        with_hole = load_vector_sequences(session, "ImageModel", 2, continue_cycles=True)
    _without(filled, 13)
    with filled.session() as session:
        unknown = load_vector_sequences(session, "ImageModel", 2, continue_cycles=True)
    assert whole.embedding_id.tolist() == [12, 13, 14, 15, 14, 15, 14, 15, 14]
    assert with_hole.embedding_id.tolist() == [12, 13, MISSING, 15, MISSING, 15, MISSING, 15]
    assert with_hole.sequence_number.tolist() == [0, 1, MISSING, 3, MISSING, 5, MISSING, 7]
    assert unknown.embedding_id.tolist() == [12, MISSING, MISSING, 15]


def test_what_is_not_there_is_said_or_empty(filled: Store) -> None:
    with filled.session() as session:
        assert load_vector_sequences(session, "TextModel", 2).n_runs == 0
        assert load_vector_sequences(session, "TextModel", 2, continue_cycles=True).n_runs == 0
        with pytest.raises(NotFoundError, match="'TextModle'"):
            load_vector_sequences(session, "TextModle")
