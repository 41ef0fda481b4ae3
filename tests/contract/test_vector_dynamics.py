"""The frames of dynamics in the space of a model: grain, keys, reasons, and that a null estimate always has one."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import numpy as np
import polars as pl
import pytest
from sqlalchemy import delete

from loopscope.data_prep import (
    load_change_points_df,
    load_divergence_df,
    load_divergence_estimates_df,
    load_drift_df,
    load_drift_estimates_df,
    load_recoverability_df,
    load_recoverability_estimates_df,
    load_recurrence_df,
    load_recurrence_estimates_df,
    load_recurrence_pairs_df,
)
from loopscope.data_prep.columns import schema_of
from loopscope.errors import NotFoundError
from loopscope.schemas import Embedding, EmbeddingModel, EmbeddingVector, Experiment, Invocation, PromptEmbedding, Run
from loopscope.store.connection import Store

STEPS, DIMENSION = 24, 8
PROMPTS = ("a fox", "a lake", "a tree")


@pytest.fixture
def wandering(store: Store, instant: Any) -> Store:
    """Two networks of texts, three prompts, three runs each; the second network has two generators that take turns."""
    random = np.random.default_rng(0)
    centres = {prompt: random.normal(size=DIMENSION) for prompt in PROMPTS}
    key = 0
    with store.transaction() as session:
        session.add(Experiment(id=1, uuid=UUID(int=1 << 120), config={}, config_hash="h", created_at=instant))
        session.add(EmbeddingModel(id=1, name="Words", takes="text", dimension=DIMENSION))
        session.flush()
        for number in range(18):
            prompt = PROMPTS[number % 3]
            network = ["Say"] if number < 9 else ["Say", "Echo"]
            seed = None if number // 3 % 3 == 2 else number // 3 % 3
            run = {"id": number + 1, "uuid": UUID(int=(number + 1) << 120), "experiment_id": 1, "number": number}
            ends = {"seed": seed, "stream": 7 if seed is None else None, "max_length": STEPS, "stop_reason": "length"}
            session.add(Run(**run, **ends, network=network, initial_prompt=prompt))
            session.flush()
            vector = centres[prompt].astype("<f4")
            session.add(PromptEmbedding(run_id=number + 1, embedding_model_id=1, vector=vector.tobytes()))
            at = centres[prompt] + 0.2 * random.normal(size=DIMENSION)
            for step in range(STEPS):
                key += 1
                took = {"attempts": 1, "seconds": 0.1, "started_at": instant, "finished_at": instant}
                output = {"output_type": "text", "output_text": f"text {key}", "output_hash": f"{key:032x}"}
                session.add(
                    Invocation(
                        id=key, run_id=number + 1, sequence_number=step, model=network[step % len(network)],
                        input_invocation_id=key - 1 if step else None, **output, **took,
                    )
                )  # fmt: skip
                session.flush()
                session.add(Embedding(id=key, invocation_id=key, embedding_model_id=1, seconds=0.1))
                session.flush()
                at = 0.7 * at + 0.7 * random.normal(size=DIMENSION)
                session.add(EmbeddingVector(embedding_id=key, vector=at.astype("<f4").tobytes()))
        session.flush()
    return store


@pytest.fixture
def instant() -> Any:
    from datetime import UTC, datetime

    return datetime(2026, 5, 4, tzinfo=UTC)


FEW: dict[str, int] = {"draws": 20, "nulls": 9}
ESTIMATES: dict[str, Callable[..., pl.DataFrame]] = {
    "divergence": load_divergence_df,
    "divergence_estimates": load_divergence_estimates_df,
    "recoverability": load_recoverability_df,
    "recoverability_estimates": load_recoverability_estimates_df,
    "drift_estimates": load_drift_estimates_df,
    "recurrence_estimates": load_recurrence_estimates_df,
}


@pytest.mark.parametrize("name", ESTIMATES)
@pytest.mark.parametrize("by", [(), ("network",), ("network", "initial_prompt"), ("seed",)])
def test_a_null_estimate_has_a_reason_and_no_other(wandering: Store, name: str, by: tuple[str, ...]) -> None:
    with wandering.session() as session:
        frame = ESTIMATES[name](session, "Words", by=by, **FEW)
    assert frame.height
    assert set(by) <= set(frame.columns)
    assert (frame["estimate"].is_null() == frame["reason"].is_not_null()).all()
    known = frame.filter(pl.col("estimate").is_not_null())
    assert (known["method"].str.len_chars() > 0).all()
    assert known["estimate"].is_finite().all()
    assert (known["null_p"].is_between(0.1, 1) | known["null_p"].is_null()).all()


def test_divergence_has_a_row_for_each_group_kind_and_step(wandering: Store) -> None:
    with wandering.session() as session:
        frame = load_divergence_df(session, "Words", **FEW)
    assert frame.height == 2 * 2 * STEPS
    keys = ["network", "generator", "pairs", "t"]
    assert frame.select(keys).n_unique() == frame.height
    assert frame["generator"].unique().sort().to_list() == ["Echo", "Say"]
    echo = frame.filter(generator="Echo")
    assert echo["t"].unique().sort().to_list() == list(range(1, STEPS, 2))
    assert (echo["network"] == "Say→Echo").all()
    same = frame.filter(pairs="same prompt", network="Say")
    assert (same["n_pairs"] == 9).all()
    assert (frame.filter(pairs="other prompt")["n_pairs"] == 27).all()
    assert (same["d2"] == same["estimate"]).all()


def test_runs_of_one_prompt_are_nearer_at_first(wandering: Store) -> None:
    with wandering.session() as session:
        frame = load_divergence_estimates_df(session, "Words")
        told = load_recoverability_estimates_df(session, "Words")
        drift = load_drift_estimates_df(session, "Words")
    first = frame.filter(quantity="d2_first", pairs="same prompt", network="Say").row(0, named=True)
    assert first["null_p"] == 0.01
    assert first["lower"] < first["estimate"] < first["upper"] < first["null_mean"]
    assert frame.filter(quantity="tau")["tau"].is_not_null().any()
    assert frame.filter(pl.col("quantity") != "tau")["tau"].is_null().all()
    assert told.filter(quantity="accuracy_first", network="Say")["null_p"].to_list() == [0.01]
    at_first = drift.filter(quantity="drift_from_prompt", t=0, network="Say").row(0, named=True)
    assert at_first["null_p"] == 0.01
    no_step = drift.filter(quantity="step", t=0)
    assert no_step["reason"].unique().to_list() == ["there is no step before the first"]


def test_a_missing_embedding_and_a_run_alone_are_said(wandering: Store) -> None:
    with wandering.transaction() as session:
        session.execute(delete(Embedding).where(Embedding.id.in_(range(1, 9 * STEPS + 1, STEPS))))
    with wandering.session() as session:
        frame = load_divergence_df(session, "Words", by=("network",), **FEW)
        by_seed = load_divergence_df(session, "Words", by=("seed",), **FEW)
        told = load_recoverability_df(session, "Words", **FEW)
    first = frame.filter(t=0, network="Say")
    assert first["reason"].to_list() == ["fewer than two runs get so far"] * 2
    assert first["n_pairs"].to_list() == [0, 0]
    assert by_seed.filter(pairs="same prompt")["reason"].unique().to_list() == ["no two runs of one prompt"]
    assert by_seed["seed"].null_count() == 2 * STEPS
    assert told.filter(t=0, network="Say")["reason"].str.contains("fewer than two prompts").all()


def test_pictures_have_no_prompts_to_drift_from(filled: Store) -> None:
    with filled.session() as session:
        frame = load_drift_estimates_df(session, "ImageModel", **FEW)
    none = frame.filter(quantity="drift_from_prompt")
    assert none["reason"].unique().to_list() == ["no embedded prompts: the model takes pictures"]
    assert frame.filter(quantity="drift_from_start")["estimate"].null_count() == 0
    assert frame.filter(quantity="drift_from_start", network="Turn")["t"].to_list() == [0, 1, 2, 3, 4, 5]


def test_drift_stands_beside_what_is_unrelated(filled: Store) -> None:
    """Text 6 lies on the prompt of run 1 and at a right angle to that of run 2, and to its start."""
    with filled.session() as session:
        frame = load_drift_df(session, "TextModel", 1)
    row = frame.filter(embedding_id=6).row(0, named=True)
    assert (row["drift_from_prompt"], row["unrelated_to_prompt"], row["unrelated_to_start"]) == (0, 1, 1)
    assert (row["generator"], row["step_of_generator"]) == ("Describe", 1)
    with filled.session() as session:
        alone = load_drift_df(session, "ImageModel", 2)
    assert alone["unrelated_to_start"].null_count() == alone.height
    assert alone["step_of_generator"].to_list() == [None, 0]


def test_steps_of_a_generator_are_measured_from_its_own(wandering: Store) -> None:
    with wandering.session() as session:
        frame = load_drift_df(session, "Words").filter(run_id=18)
    assert frame["generator"].to_list() == ["Say", "Echo"] * (STEPS // 2)
    assert frame["step_of_generator"].null_count() == 2
    assert frame["step"].null_count() == 1


def test_recurrences_have_a_row_for_each_run_and_generator(wandering: Store) -> None:
    with wandering.session() as session:
        frame = load_recurrence_df(session, "Words", nulls=9)
        pairs = load_recurrence_pairs_df(session, "Words", 18)
        groups = load_recurrence_estimates_df(session, "Words", **FEW)
    assert frame.height == 9 + 18
    assert frame.select("run_id", "generator").n_unique() == frame.height
    assert frame.filter(network="Say")["n_steps"].unique().to_list() == [STEPS]
    assert frame.filter(generator="Echo")["n_steps"].unique().to_list() == [STEPS // 2]
    mine = frame.filter(run_id=18, generator="Say").row(0, named=True)
    of_say = pairs.filter(generator="Say")
    assert of_say.height == round(mine["rr"] * 12 * 11 / 2)
    assert of_say["radius"].unique().to_list() == [pytest.approx(mine["radius"])]
    assert (of_say["a"] < of_say["b"]).all()
    assert (of_say["a_sequence_number"] == 2 * of_say["a"]).all()
    det = groups.filter(quantity="det", network="Say", null="S").row(0, named=True)
    assert det["estimate"] == pytest.approx(frame.filter(network="Say")["det"].mean())
    assert det["n_runs"] == 9
    assert 0 < det["upper"] - det["lower"] < 0.3


def test_where_no_two_steps_follow_one_another_the_other_runs_make_the_null(wandering: Store) -> None:
    first, others = range(2, STEPS + 1, 2), range(STEPS + 2, 9 * STEPS + 1, 2)
    for gone, said in ((first, "; the null is of 8 of 9 runs"), (others, "; no null M1")):
        with wandering.transaction() as session:
            session.execute(delete(Embedding).where(Embedding.id.in_(gone)))
        with wandering.session() as session:
            frame = load_recurrence_estimates_df(session, "Words", **FEW).filter(network="Say", quantity="det")
            runs = load_recurrence_df(session, "Words", nulls=9)
        shuffled, markov = (frame.filter(null=null).row(0, named=True) for null in ("S", "M1"))
        assert said in markov["method"]
        assert shuffled["null_p"] is not None
        assert (markov["null_p"] is None) == (gone is others)
        assert markov["estimate"] == shuffled["estimate"]
        assert runs.filter(run_id=1)["method"].to_list() == [
            "null S: 9 shuffles of the steps within each run; no null M1"
        ]


def test_texts_whose_prompts_are_not_embedded_say_so(wandering: Store) -> None:
    with wandering.transaction() as session:
        session.execute(delete(PromptEmbedding))
    with wandering.session() as session:
        frame = load_drift_estimates_df(session, "Words", **FEW).filter(quantity="drift_from_prompt")
    assert frame["reason"].unique().to_list() == ["none of these runs' prompts is embedded"]


def test_a_run_without_a_change_point_has_a_row_that_says_why(wandering: Store) -> None:
    with wandering.session() as session:
        frame = load_change_points_df(session, "Words", nulls=9)
    assert frame.select("run_id", "generator").n_unique() == 27
    assert (frame["change_point"].is_null() == frame["reason"].is_not_null()).all()
    assert (frame["change_point"].is_null() == frame["embedding_id"].is_null()).all()
    found = frame.filter(pl.col("change_point").is_not_null())
    assert (found["gain"] > found["penalty"]).all()


def test_runs_too_short_are_said_and_nothing_is_empty(filled: Store) -> None:
    with filled.session() as session:
        recurrence = load_recurrence_df(session, "TextModel")
        groups = load_recurrence_estimates_df(session, "TextModel")
        changes = load_change_points_df(session, "TextModel")
        divergence = load_divergence_df(session, "TextModel")
    assert recurrence["reason"].to_list() == ["only 3 steps; recurrences need 10", "only 2 steps; recurrences need 10"]
    assert recurrence["det"].null_count() == 2
    assert groups["reason"].str.contains("recurrences need 10").all()
    assert changes["reason"].str.contains("change points need 10").all()
    assert changes["gain"].null_count() == 2
    assert divergence.filter(pairs="other prompt", t=0)["d2"].to_list() == [2]


def test_a_model_without_embeddings_gives_an_empty_frame_of_the_same_columns(store: Store) -> None:
    from loopscope.data_prep import change_points, drift, recurrence

    with store.transaction() as session:
        session.add(EmbeddingModel(id=1, name="Words", takes="text", dimension=3))
    with store.session() as session:
        assert load_change_points_df(session, "Words").schema == schema_of(change_points.COLUMNS)
        assert load_recurrence_df(session, "Words").schema == schema_of(recurrence.COLUMNS)
        assert load_drift_df(session, "Words").schema == schema_of(drift.COLUMNS)
        for load in ESTIMATES.values():
            assert load(session, "Words").is_empty()


def test_what_is_not_there_is_said(filled: Store) -> None:
    with filled.session() as session:
        for load in (*ESTIMATES.values(), load_recurrence_df, load_change_points_df):
            with pytest.raises(NotFoundError, match="'TextModle'"):
                load(session, "TextModle")
            with pytest.raises(NotFoundError, match="no experiment 9"):
                load(session, "TextModel", 9)
        for load in ESTIMATES.values():
            with pytest.raises(NotFoundError, match='no column "model"'):
                load(session, "TextModel", by=("model",))
        with pytest.raises(NotFoundError, match="run 3 has no embeddings by TextModel"):
            load_recurrence_pairs_df(session, "TextModel", 3)
        with pytest.raises(NotFoundError, match="no run 9"):
            load_recurrence_pairs_df(session, "TextModel", 9)
