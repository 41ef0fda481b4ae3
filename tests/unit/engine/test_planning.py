"""What an experiment would take, told from what its models took before."""

import pytest
from sqlalchemy import select, update

from loopscope.config import ExperimentConfig
from loopscope.engine import planning
from loopscope.engine.performing import perform_experiment
from loopscope.engine.planning import plan_experiment
from loopscope.errors import ConfigError
from loopscope.models import fakes
from loopscope.models.registry import Registry
from loopscope.schemas import Embedding, EmbeddingModel, Invocation

REGISTRY = Registry.of(
    fakes.FakeText, fakes.FakePainter, fakes.FakeDescriber, fakes.FakeTextEmbedder, fakes.FakeImageEmbedder
)
PAST = {"FakePainter": 0.5, "FakeDescriber": 0.25, "FakeTextEmbedder": 0.125, "FakeImageEmbedder": 2.0}


def _config(**change):
    content = {
        "networks": [["FakePainter", "FakeDescriber"]],
        "prompts": ["a", "b"],
        "num_runs": 3,
        "max_length": 7,
        "embedding_models": ["FakeTextEmbedder", "FakeImageEmbedder"],
    }
    return ExperimentConfig.from_dict(content | change)


@pytest.fixture
def past(sqlite_store):
    """A database in which every model but FakeText was called, and took the seconds of PAST on average."""
    perform_experiment(_config(num_runs=1, max_length=4), sqlite_store, registry=REGISTRY)
    with sqlite_store.transaction() as session:
        for name, mean in PAST.items():
            if name.endswith("Embedder"):
                model_id = session.scalars(select(EmbeddingModel.id).where(EmbeddingModel.name == name)).one()
                table, chosen = Embedding, Embedding.embedding_model_id == model_id
            else:
                table, chosen = Invocation, Invocation.model == name
            ids = session.scalars(select(table.id).where(chosen)).all()
            assert len(ids) == 4
            for number, each in enumerate(ids):
                session.execute(update(table).where(table.id == each).values(seconds=mean * (0.5 + number / 3)))
    return sqlite_store


def _seconds(plan):
    return {model.name: model.seconds for model in plan.models}


def test_the_time_expected_is_the_mean_of_the_past_times_the_calls(past):
    plan = plan_experiment(_config(), REGISTRY, past)
    assert _seconds(plan) == pytest.approx(PAST)
    # Six runs of seven: four pictures and three texts each, and the initial prompt.
    assert plan.seconds == pytest.approx(24 * 0.5 + 18 * 0.25 + (18 + 6) * 0.125 + 24 * 2.0)


def test_a_model_without_a_past_has_no_time_and_so_has_the_whole(past):
    plan = plan_experiment(_config(networks=[["FakePainter", "FakeDescriber"], ["FakeText"]]), REGISTRY, past)
    seconds = _seconds(plan)
    assert seconds.pop("FakeText") is None
    assert seconds == pytest.approx(PAST)
    assert plan.seconds is None


def test_an_empty_database_tells_nothing(sqlite_store):
    plan = plan_experiment(_config(), REGISTRY, sqlite_store)
    assert set(_seconds(plan).values()) == {None}
    assert plan.seconds is None
    assert plan_experiment(_config(), REGISTRY) == plan


def test_the_newest_calls_alone_tell(past, monkeypatch):
    monkeypatch.setattr(planning, "RECENT", 1)
    plan = plan_experiment(_config(), REGISTRY, past)
    assert _seconds(plan) == pytest.approx({name: mean * 1.5 for name, mean in PAST.items()})


def test_a_generator_that_comes_twice_is_counted_together():
    config = _config(
        networks=[["FakeText"], ["FakeText", "FakeText", "FakePainter", "FakeDescriber"]], seeds=[1], max_length=6
    )
    plan = plan_experiment(config, REGISTRY)
    assert plan.runs == 2 * 2 * 4
    calls = {model.name: (model.kind, model.calls) for model in plan.models}
    assert calls == {
        "FakeText": ("generator", 8 * 6 + 8 * 4),
        "FakePainter": ("generator", 8),
        "FakeDescriber": ("generator", 8),
        "FakeTextEmbedder": ("embedder", 8 * 6 + 8 * 5 + 16),
        "FakeImageEmbedder": ("embedder", 8),
    }
    assert (plan.invocations, plan.embeddings) == (16 * 6, 8 * 6 + 8 * 5 + 16 + 8)


def test_a_plan_is_what_is_performed_where_no_run_stops_early(sqlite_store):
    config = _config(networks=[["FakePainter", "FakeDescriber"], ["FakeText"]])
    plan = plan_experiment(config, REGISTRY)
    counts = perform_experiment(config, sqlite_store, registry=REGISTRY).counts
    assert (plan.runs, plan.invocations) == (counts.runs, counts.invocations)
    assert plan.embeddings == counts.embeddings + counts.runs, "initial prompts are embedded too"


def test_a_model_that_is_not_ready_is_planned_with_what_it_lacks(past):
    class NotReady(fakes.FakeText):
        name = "NotReady"

        @classmethod
        def missing(cls):
            return "its weights; type: install"

    plan = plan_experiment(
        _config(networks=[["NotReady"]], embedding_models=[]), Registry.of(NotReady, fakes.FakeText), past
    )
    assert [(model.name, model.missing, model.seconds) for model in plan.models] == [
        ("NotReady", "its weights; type: install", None)
    ]


def test_a_network_that_cannot_be_performed_has_no_plan():
    with pytest.raises(ConfigError, match="FakePainter"):
        plan_experiment(_config(networks=[["FakePainter"]]), REGISTRY)
