import pytest

from loopscope.config import ExperimentConfig
from loopscope.engine.checking import check_models, check_ready
from loopscope.engine.planning import plan_experiment
from loopscope.errors import ConfigError, ModelError
from loopscope.models import fakes
from loopscope.models.registry import Registry


class NotReady(fakes.FakeText):
    name = "NotReady"

    @classmethod
    def missing(cls):
        return "its weights are not there; type: loopscope model install NotReady"


REGISTRY = Registry.of(
    fakes.FakeText, fakes.FakePainter, fakes.FakeDescriber, fakes.FakeTextEmbedder, fakes.FakeImageEmbedder, NotReady
)


def _config(**change):
    content = {"networks": [["FakePainter", "FakeDescriber"]], "prompts": ["a", "b"], "num_runs": 3, "max_length": 7}
    return ExperimentConfig.from_dict(content | change)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"networks": [["FakePaintr", "FakeDescriber"]]}, 'no generator "FakePaintr"; did you mean "FakePainter"?'),
        (
            {"networks": [["FakePainter"]]},
            '"FakePainter" gives image, and "FakePainter", which follows it in the cycle',
        ),
        ({"networks": [["FakePainter", "FakeText"]]}, '"FakePainter" gives image, and "FakeText"'),
        ({"networks": [["FakeDescriber", "FakePainter"]]}, 'starts with "FakeDescriber", which takes an image'),
        ({"embedding_models": ["FakeText"]}, '"FakeText" is a generator, not an embedder'),
        ({"embedding_models": ["Nomic"]}, 'no embedder "Nomic"'),
    ],
)
def test_what_cannot_work_is_refused_before_anything_runs(change, said):
    with pytest.raises(ConfigError) as refusal:
        check_models(_config(**change), REGISTRY)
    assert said in str(refusal.value)


def test_a_network_of_any_length_whose_outputs_fit_is_accepted():
    check_models(_config(networks=[["FakeText"], ["FakeText", "FakePainter", "FakeDescriber"]]), REGISTRY)


def test_a_model_that_is_not_ready_says_what_to_type():
    with pytest.raises(ModelError, match="NotReady: its weights are not there; type: loopscope model install NotReady"):
        check_ready(_config(networks=[["NotReady"]]), REGISTRY)


def test_a_plan_counts_what_would_be_made():
    plan = plan_experiment(_config(embedding_models=["FakeTextEmbedder", "FakeImageEmbedder"]), REGISTRY)
    assert plan.runs == 6
    assert plan.invocations == 6 * 7
    counts = {model.name: model.calls for model in plan.models}
    assert counts == {"FakePainter": 24, "FakeDescriber": 18, "FakeTextEmbedder": 18 + 6, "FakeImageEmbedder": 24}
    assert plan.seconds is None
