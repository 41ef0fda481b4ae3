"""Experiments performed with the fakes, on SQLite and on PostgreSQL."""

from io import BytesIO
from itertools import count

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select, text

from loopscope.config import ExperimentConfig
from loopscope.data_prep import load_clusters_df, load_medoids_df
from loopscope.datavis.cluster_sizes import plot_cluster_sizes
from loopscope.datavis.raster import plot_raster
from loopscope.datavis.saving import save_chart
from loopscope.engine import invoking
from loopscope.engine.clustering import cluster_embeddings
from loopscope.engine.performing import perform_experiment, resume_experiment
from loopscope.engine.randomness import new_streams
from loopscope.errors import ConfigError, NotFoundError, StoreError
from loopscope.models import fakes
from loopscope.models.registry import Registry
from loopscope.schemas import Embedding, FailedAttempt, Invocation, Run
from loopscope.store.deletion import delete_experiment
from loopscope.store.experiments import count_experiment, create_experiment
from loopscope.store.outputs import load_outputs
from loopscope.store.vectors import load_embedding_index, load_vectors

FAKES = (
    fakes.FakeText,
    fakes.FakePainter,
    fakes.FakeDescriber,
    fakes.FakeTextEmbedder,
    fakes.FakeImageEmbedder,
)
CONFIG = ExperimentConfig(
    networks=(("FakePainter", "FakeDescriber"), ("FakeText",)),
    prompts=("a fox", "the rain"),
    seeds=(1, 2),
    num_runs=2,
    embedding_models=("FakeTextEmbedder", "FakeImageEmbedder"),
    max_length=15,
)


@pytest.fixture
def registry(monkeypatch, pytestconfig):
    monkeypatch.syspath_prepend(pytestconfig.rootpath / "tests/plugins")
    import loopscope_test_models as faults

    misbehaving = [model for model in vars(faults).values() if getattr(model, "__module__", "") == faults.__name__]
    return Registry.of(*FAKES, *misbehaving)


def _contents(store):
    """All that an experiment made, without what differs between two performances of it: ids and instants."""
    with store.session() as session:
        runs = {
            run.id: (run.number, tuple(run.network), run.initial_prompt, run.seed, run.stop_reason, run.period)
            for run in session.scalars(select(Run))
        }
        invocations = session.scalars(select(Invocation)).all()
        outputs = load_outputs(session, [each.id for each in invocations])
        key = {each.id: (*runs[each.run_id], each.sequence_number) for each in invocations}
        vectors = {}
        for model_id, name in session.execute(text("SELECT id, name FROM embedding_model")).all():
            index = load_embedding_index(session, model_id)
            loaded = load_vectors(session, model_id, index.embedding_id)
            for invocation_id, vector in zip(index.invocation_id.tolist(), loaded, strict=True):
                vectors[name, key[invocation_id]] = vector.tobytes()
    said = {
        key[each.id]: output if isinstance(output := outputs[each.id], str) else output.tobytes()
        for each in invocations
    }
    inputs = {key[each.id]: key.get(each.input_invocation_id) for each in invocations}
    return runs.values(), said, inputs, vectors


@pytest.fixture
def same_streams(monkeypatch):
    """Make runs with fresh randomness draw the same streams in every database."""
    monkeypatch.setattr("loopscope.engine.performing.new_streams", lambda: count(100))


def test_an_experiment_is_performed_whole(store, registry):
    done = perform_experiment(CONFIG, store, registry=registry)
    assert done.complete
    assert done.counts.runs == done.counts.ended_runs == 16
    with store.session() as session:
        lengths = session.execute(select(Run.stop_reason, Run.seed, Run.max_length, Run.id).order_by(Run.number)).all()
        for reason, seed, max_length, run_id in lengths:
            numbers = session.scalars(
                select(Invocation.sequence_number).where(Invocation.run_id == run_id).order_by(Invocation.id)
            ).all()
            assert numbers == list(range(len(numbers)))
            assert reason == "cycle" or len(numbers) == max_length
            assert seed is not None or reason == "length"
        embedded = session.scalar(text("SELECT count(*) FROM embedding"))
        assert embedded == done.counts.invocations == done.counts.embeddings
        assert session.scalar(text("SELECT count(*) FROM prompt_embedding")) == 16


def test_performing_again_does_nothing_and_again_begins_anew(store, registry):
    first = perform_experiment(CONFIG, store, registry=registry)
    before = _contents(store)
    second = perform_experiment(CONFIG, store, registry=registry)
    assert second == first
    assert _contents(store)[1] == before[1]
    third = perform_experiment(CONFIG, store, registry=registry, again=True)
    assert third.experiment_id != first.experiment_id


def test_the_outputs_do_not_depend_on_the_batch(store, registry, same_streams, monkeypatch, tmp_path):
    from loopscope.store.connection import open_store

    perform_experiment(CONFIG, store, registry=registry)
    monkeypatch.setattr(invoking, "BATCH_SIZE", 3)
    with open_store(tmp_path / "other.db", create=True) as other:
        perform_experiment(CONFIG, other, registry=registry)
        for mine, theirs in zip(_contents(store)[1:], _contents(other)[1:], strict=True):
            assert mine == theirs


def test_a_seeded_run_stops_at_the_first_exact_repeat(store, registry):
    config = ExperimentConfig(networks=(("FakeText",),), prompts=("a", "b", "c"), seeds=(1, 2, 3), max_length=400)
    perform_experiment(config, store, registry=registry)
    with store.session() as session:
        runs = session.scalars(select(Run)).all()
        assert {run.stop_reason for run in runs} == {"cycle"}
        for run in runs:
            said = session.scalars(
                select(Invocation.output_text).where(Invocation.run_id == run.id).order_by(Invocation.sequence_number)
            ).all()
            assert len(set(said)) == len(said) - 1
            assert said[-1] == said[-1 - run.period]


def test_in_a_longer_network_a_state_is_an_output_at_its_position(store):
    class Constant(fakes.FakeText):
        name = "Constant"

        def generate(self, inputs, seeds):
            return ["again"] * len(inputs)

    config = ExperimentConfig(networks=(("Constant",) * 3,), prompts=("a",), seeds=(1,), max_length=50)
    perform_experiment(config, store, registry=Registry.of(Constant))
    with store.session() as session:
        run = session.scalars(select(Run)).one()
        assert (run.stop_reason, run.period) == ("cycle", 3)
        assert session.scalar(text("SELECT count(*) FROM invocation")) == 4


def test_a_model_that_is_not_deterministic_never_makes_a_cycle(store):
    class Undecided(fakes.FakeText):
        name = "Undecided"
        deterministic = False

        def generate(self, inputs, seeds):
            return ["again"] * len(inputs)

    config = ExperimentConfig(networks=(("Undecided",),), prompts=("a",), seeds=(1,), max_length=9)
    perform_experiment(config, store, registry=Registry.of(Undecided))
    with store.session() as session:
        assert session.scalars(select(Run)).one().stop_reason == "length"


def test_a_generator_that_fails_sometimes_is_tried_again(store, registry):
    config = ExperimentConfig(networks=(("FailsSometimes",),), prompts=("a", "b"), num_runs=1, max_length=5)
    assert perform_experiment(config, store, registry=registry).complete
    with store.session() as session:
        failures = session.scalars(select(FailedAttempt)).all()
        attempts = session.scalars(select(Invocation.attempts)).all()
    assert len(attempts) == 10
    assert sum(attempts) == 10 + len(failures)
    assert failures
    assert all(failure.cause.startswith("RuntimeError: the lamp flickered (loopscope_test") for failure in failures)


@pytest.mark.parametrize(
    ("model", "cause"),
    [
        ("FailsAlways", "RuntimeError: the lamp is broken"),
        ("GivesNothing", "TypeError: object of type 'NoneType' has no len()"),
        ("GivesTooFew", "found 0 outputs for 1 inputs; expected as many outputs"),
        ("GivesPictures", "found Image for an output; expected a text"),
    ],
)
def test_a_run_that_fails_for_good_is_marked_and_the_others_finish(store, registry, model, cause):
    config = ExperimentConfig(
        networks=((model,), ("FakeText",)),
        prompts=("a",),
        num_runs=2,
        max_length=4,
        embedding_models=("FakeTextEmbedder",),
    )
    done = perform_experiment(config, store, registry=registry)
    assert (done.complete, done.counts.failed_runs, done.counts.invocations) == (False, 2, 8)
    with store.session() as session:
        failed = session.scalars(select(Run).where(Run.stop_reason == "failed")).all()
        assert {tuple(run.network) for run in failed} == {(model,)}
        assert all(cause in run.failure for run in failed)
        causes = session.scalars(select(FailedAttempt.cause).where(FailedAttempt.run_id == failed[0].id)).all()
        assert len(causes) == 3
        assert cause in causes[-1]
        rest = session.scalars(select(Run.stop_reason).where(Run.stop_reason != "failed")).all()
        assert rest == ["length", "length"]


def test_one_bad_run_in_a_batch_does_not_spoil_the_others(store, registry):
    config = ExperimentConfig(networks=(("FailsOnBadInput",),), prompts=("bad", "good"), num_runs=1, max_length=3)
    done = perform_experiment(config, store, registry=registry)
    assert (done.counts.failed_runs, done.counts.invocations) == (1, 3)


def test_a_failed_run_is_tried_again_when_performed_again(store, registry):
    class Mended(fakes.FakeText):
        name = "FailsAlways"

    config = ExperimentConfig(networks=(("FailsAlways",),), prompts=("a",), num_runs=2, max_length=4)
    assert not perform_experiment(config, store, registry=registry).complete
    done = perform_experiment(config, store, registry=Registry.of(Mended))
    assert done.complete
    assert done.counts.invocations == 8


@pytest.mark.parametrize(
    ("model", "cause"),
    [("GivesNaN", "found NaN or infinity"), ("GivesOtherLength", "found a vector of shape (20,); expected (26,)")],
)
def test_an_embedding_that_fails_marks_its_run_and_is_not_stored(store, registry, model, cause):
    config = ExperimentConfig(
        networks=(("FakeText",),), prompts=("a",), num_runs=6, max_length=6, embedding_models=(model,)
    )
    done = perform_experiment(config, store, registry=registry)
    assert not done.complete
    with store.session() as session:
        marked = session.scalars(select(Run).where(Run.failure.is_not(None))).all()
        assert len(marked) == done.counts.failed_runs > 0
        assert all(cause in run.failure and run.stop_reason == "length" for run in marked)
        stored = set(session.scalars(select(Invocation.output_text).join(Embedding)).all())
        missing = session.scalars(
            select(Invocation.output_text).outerjoin(Embedding).where(Embedding.id.is_(None))
        ).all()
        index = load_embedding_index(session, 1)
    assert missing
    assert index.rank.tolist() == index.sequence_number.tolist(), "an output without an embedding counts in the rank"
    if model == "GivesNaN":
        assert all(said.startswith("m") for said in missing)
        assert stored
        assert not any(said.startswith("m") for said in stored)


def test_an_embedding_that_is_mended_is_made_when_performed_again(store, registry):
    class Mended(fakes.FakeTextEmbedder):
        name = "GivesNaN"

    config = ExperimentConfig(
        networks=(("FakeText",),), prompts=("a",), num_runs=6, max_length=6, embedding_models=("GivesNaN",)
    )
    assert not perform_experiment(config, store, registry=registry).complete
    done = perform_experiment(config, store, registry=Registry.of(fakes.FakeText, Mended))
    assert (done.counts.embeddings, done.counts.failed_runs, done.complete) == (36, 0, True)


def test_an_experiment_that_another_process_performs_is_left_to_it(store, registry, monkeypatch):
    from loopscope.engine import performing

    inner = performing.perform_invocations

    def overtaken(store, experiment_id, models, progress):
        stale = invoking.load_unfinished_runs
        with store.session() as session:
            before = stale(session, experiment_id)
        inner(store, experiment_id, models, progress)
        monkeypatch.setattr(invoking, "load_unfinished_runs", lambda *_: before)
        inner(store, experiment_id, models, progress)

    monkeypatch.setattr(performing, "perform_invocations", overtaken)
    config = ExperimentConfig(networks=(("FakeText",),), prompts=("a",), num_runs=2, max_length=3)
    with pytest.raises(StoreError, match="another process is performing experiment"):
        perform_experiment(config, store, registry=registry)


def test_an_interrupted_experiment_is_not_called_complete(store, registry, monkeypatch):
    from loopscope.engine import performing

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(performing, "perform_embeddings", interrupt)
        with pytest.raises(KeyboardInterrupt):
            perform_experiment(CONFIG, store, registry=registry)
    with store.session() as session:
        counts = count_experiment(session, 1)
    assert (counts.ended_runs, counts.failed_runs, counts.embeddings) == (16, 0, 0)
    assert counts.missing_embeddings == counts.invocations + counts.runs
    assert not counts.complete
    assert perform_experiment(CONFIG, store, registry=registry).complete


def test_a_failure_of_embedding_stays_told_until_it_is_mended(store, registry, monkeypatch):
    from loopscope.engine import performing

    def interrupt(*_):
        raise KeyboardInterrupt

    config = ExperimentConfig(
        networks=(("FakeText",),), prompts=("a",), num_runs=6, max_length=6, embedding_models=("GivesNaN",)
    )
    failed = perform_experiment(config, store, registry=registry).counts.failed_runs
    with monkeypatch.context() as patch:
        patch.setattr(performing, "perform_embeddings", interrupt)
        with pytest.raises(KeyboardInterrupt):
            perform_experiment(config, store, registry=registry)
    with store.session() as session:
        assert count_experiment(session, 1).failed_runs == failed > 0


def test_a_long_run_can_be_deleted(store):
    config = ExperimentConfig(networks=(("FakeText",),), prompts=("a",), num_runs=1, max_length=3000)
    perform_experiment(config, store, registry=Registry.of(fakes.FakeText))
    with store.transaction() as session:
        delete_experiment(session, 1)
    with store.session() as session:
        assert session.scalar(text("SELECT count(*) FROM invocation")) == 0


def test_a_picture_that_is_broken_and_a_vector_that_is_none_are_failed_attempts(store):
    class GivesCutPictures(fakes.FakePainter):
        name = "GivesCutPictures"

        def generate(self, inputs, seeds):
            file = BytesIO()
            Image.effect_noise((64, 64), 50).convert("RGB").save(file, "PNG")
            return [Image.open(BytesIO(file.getvalue()[:1000])) for _ in inputs]

    class GivesNone(fakes.FakeTextEmbedder):
        name = "GivesNone"

        def embed(self, inputs):
            return [[None] * 26 for _ in inputs]

    config = ExperimentConfig(
        networks=(("GivesCutPictures", "FakeDescriber"), ("FakeText",)),
        prompts=("a",),
        num_runs=1,
        max_length=2,
        embedding_models=("GivesNone",),
    )
    registry = Registry.of(GivesCutPictures, fakes.FakeDescriber, fakes.FakeText, GivesNone)
    done = perform_experiment(config, store, registry=registry)
    assert (done.counts.failed_runs, done.counts.invocations, done.counts.embeddings) == (2, 2, 0)


def test_an_unknown_experiment_is_not_found(store):
    with pytest.raises(NotFoundError, match="there is no experiment 99"):
        resume_experiment(99, store)


@pytest.mark.parametrize(
    ("said", "clusters", "outliers"),
    [(["moon"] * 40, 1, 0), ([chr(97 + i % 26) * (1 + i // 26) for i in range(26)], 0, 26)],
    ids=["all equal", "all outliers"],
)
def test_degenerate_outputs_go_all_the_way_to_a_chart(store, tmp_path, said, clusters, outliers):
    class Recites(fakes.FakeText):
        name = "Recites"

        def __init__(self):
            self.lines = iter(said)

        def generate(self, inputs, seeds):
            return [next(self.lines) for _ in inputs]

    config = ExperimentConfig(
        networks=(("Recites",),),
        prompts=("a",),
        num_runs=1,
        max_length=len(said),
        embedding_models=("FakeTextEmbedder",),
    )
    perform_experiment(config, store, registry=Registry.of(Recites, fakes.FakeTextEmbedder))
    found = cluster_embeddings(
        store,
        "FakeTextEmbedder",
        min_cluster_size=5,
        min_samples=3,
        epsilon=0.0,
        allow_single_cluster=clusters == 1,
    )
    assert (found.clusters, found.outliers) == (clusters, outliers)
    with store.session() as session:
        save_chart(plot_raster(load_clusters_df(session, found.clustering_result_id)), tmp_path / "raster.svg")
        save_chart(plot_cluster_sizes(load_medoids_df(session, found.clustering_result_id)), tmp_path / "sizes.svg")
    assert (tmp_path / "raster.svg").exists()


def test_one_run_of_one_step_and_a_run_without_text(store, registry):
    config = ExperimentConfig(
        networks=(("FakePainter", "FakeDescriber"),),
        prompts=("a",),
        seeds=(1,),
        max_length=1,
        embedding_models=("FakeTextEmbedder", "FakeImageEmbedder"),
    )
    done = perform_experiment(config, store, registry=registry)
    assert (done.counts.invocations, done.counts.embeddings, done.complete) == (1, 1, True)


def test_pictures_come_back_pixel_for_pixel(store, registry):
    perform_experiment(CONFIG, store, registry=registry)
    with store.session() as session:
        first = session.scalars(select(Invocation).where(Invocation.output_type == "image")).first()
        run = session.get_one(Run, first.run_id)
        picture = load_outputs(session, [first.id])[first.id]
    assert isinstance(picture, Image.Image)
    assert np.asarray(picture).shape == (16, 16, 3)
    assert run.network[0] == "FakePainter"


def test_an_experiment_with_unknown_models_leaves_the_store_empty(store, registry):
    config = ExperimentConfig(networks=(("Nobody",),), prompts=("a",), num_runs=1, max_length=1)
    with pytest.raises(ConfigError, match="Nobody"):
        perform_experiment(config, store, registry=registry)
    with store.session() as session:
        assert session.scalar(text("SELECT count(*) FROM experiment")) == 0


def test_streams_are_recorded(store):
    with store.transaction() as session:
        create_experiment(session, CONFIG, new_streams())
    with store.session() as session:
        runs = session.scalars(select(Run)).all()
    assert all((run.seed is None) == (run.stream is not None) for run in runs)
    assert len({run.stream for run in runs if run.stream is not None}) == 8
