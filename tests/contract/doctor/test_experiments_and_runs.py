"""Experiments, runs and invocations that do not go together."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from PIL import Image
from sqlalchemy import delete, func, select, update

from loopscope.config import ExperimentConfig
from loopscope.schemas import (
    Embedding,
    Experiment,
    Invocation,
    LaterAssignment,
    PromptEmbedding,
    Run,
)

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


def test_another_config_hash(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.session.execute(update(Experiment).where(Experiment.id == 1).values(config_hash="0" * 32))
    spoilt.tells("experiment", "config_hash 0000", "the hash of its config", fixable=True)


def test_an_experiment_without_runs(spoilt: Any) -> None:
    with spoilt.made() as rows:
        config = ExperimentConfig(networks=(("FakeText",),), prompts=("a",), seeds=(1,), max_length=2)
        rows.session.add(
            Experiment(config=config.model_dump(mode="json"), config_hash=config.content_hash, created_at=NOW)
        )
    spoilt.tells("experiment", "no run", "a run for each network, prompt and seed")


def test_a_config_that_says_nothing(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.session.execute(update(Experiment).where(Experiment.id == 1).values(config={"n": 1}))
    spoilt.tells("experiment", "in config: ", "a config that can be performed")


def test_a_gap_in_the_numbers_of_runs(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.session.execute(update(Run).where(Run.experiment_id == 1, Run.number == 1).values(number=100))
    spoilt.tells("experiment", "no run of the number 1", "without a gap")


def test_a_run_of_another_seed(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.session.execute(update(Run).where(Run.initial_prompt == "a later fox").values(seed=99))
    spoilt.tells_all(
        spoilt.fault(
            "experiment", '0 runs of network FakeText, prompt "a later fox" and seed 3', "1, as its config says"
        ),
        spoilt.fault("run", "a run of network FakeText", "one that its config asks for"),
    )


def test_a_run_of_another_length(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.session.execute(update(Run).where(Run.initial_prompt == "a later fox").values(max_length=50))
    spoilt.tells_all(
        spoilt.fault("run", "max_length 50", "6, as the config of its experiment says"),
        spoilt.fault("run", "stop_reason length", "no stop_reason for 6 of 50 invocations", fixable=True),
    )


def test_a_whole_run_that_is_not_marked(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.run_of(Run.stop_reason == "length", Run.seed.is_(None)).stop_reason = None
    spoilt.tells("run", "no stop_reason", "stop_reason length for 24 of 24 invocations", fixable=True)


def test_a_cycle_that_is_not_marked(spoilt: Any) -> None:
    with spoilt.made() as rows:
        run = rows.run_of(Run.stop_reason == "cycle")
        run.stop_reason, run.period = None, None
    spoilt.tells("run", "no stop_reason", "stop_reason cycle with period", fixable=True)


def test_a_cycle_of_another_period(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.run_of(Run.stop_reason == "cycle").period = 90
    spoilt.tells("run", "with period 90", "stop_reason cycle with period", fixable=True)


def test_a_cycle_without_a_repeat(spoilt: Any) -> None:
    with spoilt.made() as rows:
        run = rows.run_of(Run.stop_reason == "length", Run.seed.is_(None))
        run.stop_reason, run.period = "cycle", 2
    spoilt.tells("run", "stop_reason cycle with period 2", "stop_reason length for 24 of 24", fixable=True)


def test_a_run_marked_whole_that_is_not(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.add_run(length=23, max_length=24, stop_reason="length")
    spoilt.tells("run", "stop_reason length", "no stop_reason for 23 of 24 invocations", fixable=True)


def test_more_invocations_than_the_length(spoilt: Any) -> None:
    with spoilt.made() as rows:
        run = rows.run_of(Run.initial_prompt == "a later fox")
        rows.add_text(run, 6, rows.invocation_of(run, 5))
    spoilt.tells("run", "7 invocations", "at most its max_length 6")


def test_a_whole_run_that_failed(spoilt: Any) -> None:
    with spoilt.made() as rows:
        run = rows.run_of(Run.initial_prompt == "a later fox")
        run.stop_reason, run.failure = "failed", "the lamp is broken"
    spoilt.tells("run", "stop_reason failed", "stop_reason length for 6 of 6 invocations")


def test_a_prompt_that_is_not_embedded(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.session.execute(delete(PromptEmbedding).where(PromptEmbedding.run_id == 1))
    spoilt.tells(
        "run", "no embedding of its initial prompt by FakeTextEmbedder", "as the other runs of its experiment have"
    )


def test_a_gap_in_sequence_numbers(spoilt: Any) -> None:
    with spoilt.made() as rows:
        _, last = rows.add_run(length=12, max_length=24, stop_reason=None)
        last.sequence_number = 100
    spoilt.tells("invocation", "10 before it in its run", "sequence number 99 before it")


def test_an_input_out_of_turn(spoilt: Any) -> None:
    with spoilt.made() as rows:
        run = rows.run_of(Run.network.is_not(None), Run.stop_reason == "length")
        third = rows.invocation_of(run, 3)
        third.input_invocation_id = rows.invocation_of(run, 0).id
    spoilt.tells("invocation", "input_invocation_id", "the invocation before it in its run")


def test_a_generator_out_of_turn(spoilt: Any) -> None:
    with spoilt.made() as rows:
        first = rows.session.scalars(
            select(Invocation).where(Invocation.model == "FakeDescriber").order_by(Invocation.id)
        )
        first.first().model = "FakePainter"  # type: ignore[union-attr]
    spoilt.tells("invocation", "model FakePainter", "FakeDescriber, whose turn it was in FakePainter→FakeDescriber")


def test_a_text_that_was_changed(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.session.execute(
            update(Invocation)
            .where(Invocation.id == select(func.max(Invocation.id)).scalar_subquery())
            .values(output_text="another")
        )
    spoilt.tells("invocation", "output_hash", "the hash of its text")


def test_a_picture_that_was_changed(spoilt: Any) -> None:
    with spoilt.made() as rows:
        picture, file = rows.any_picture(), BytesIO()
        Image.new("RGB", (16, 16), "navy").save(file, "WEBP", lossless=True)
        picture.data = file.getvalue()
    spoilt.tells("invocation", "output_hash", "the hash of its picture")


def test_a_failure_of_an_embedding_that_was_made_since(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.run_of(Run.stop_reason == "length").failure = "FakeTextEmbedder failed 3 times"
    spoilt.tells("run", "failure: FakeTextEmbedder failed", "none, since nothing is missing", fixable=True)


def test_a_failure_of_an_embedding_that_is_missing_is_no_fault(spoilt: Any) -> None:
    with spoilt.made() as rows:
        run = rows.run_of(Run.initial_prompt == "a later fox")
        run.failure = "FakeTextEmbedder failed 3 times"
        last = rows.invocation_of(run, 5)
        rows.session.execute(delete(LaterAssignment))
        rows.session.execute(delete(Embedding).where(Embedding.invocation_id == last.id))
    assert spoilt.examine() == []


def test_an_imported_experiment_may_lack_runs_and_have_another_hash(spoilt: Any) -> None:
    with spoilt.made() as rows:
        later = rows.session.scalars(select(Experiment).order_by(Experiment.id.desc())).first()
        later.config_hash = "imported 0123456789"
        later.config = {**later.config, "prompts": ["another"]}
        run = rows.run_of(Run.initial_prompt == "a later fox")
        run.failure = "1 of its invocations could not be imported"
    assert spoilt.examine() == []


def repeat_text(rows: Any, last: Invocation, before: int) -> None:
    """Let the last output of a run be the one of some invocations before."""
    run = rows.session.get_one(Run, last.run_id)
    earlier = rows.invocation_of(run, last.sequence_number - before)
    last.output_text, last.output_hash = earlier.output_text, earlier.output_hash


def test_a_repeat_amid_a_round_of_the_network_is_no_cycle(spoilt: Any) -> None:
    with spoilt.made() as rows:
        _, last = rows.add_run(4, 24, "cycle", period=1, seed=9, network=("FakeText", "Breaks"))
        repeat_text(rows, last, 1)
    spoilt.tells("run", "stop_reason cycle with period 1", "no stop_reason for 4 of 24 invocations", fixable=True)


def test_a_repeat_after_a_round_of_the_network_is_a_cycle(spoilt: Any) -> None:
    with spoilt.made() as rows:
        _, last = rows.add_run(4, 24, "cycle", period=2, seed=9, network=("FakeText", "Breaks"))
        repeat_text(rows, last, 2)
    assert spoilt.examine() == []


def test_a_run_with_fresh_randomness_is_in_no_cycle(spoilt: Any) -> None:
    with spoilt.made() as rows:
        _, last = rows.add_run(4, 24, "cycle", period=2)
        repeat_text(rows, last, 2)
    spoilt.tells("run", "stop_reason cycle with period 2", "no stop_reason for 4 of 24 invocations", fixable=True)
