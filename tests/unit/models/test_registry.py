import pytest

from loopscope.errors import ModelError
from loopscope.models import fakes
from loopscope.models.protocol import Embedder, Generator
from loopscope.models.registry import ModelEntry, Registry
from loopscope.types import OutputType

FAKES = Registry.of(fakes.FakeText, fakes.FakePainter, fakes.FakeDescriber, fakes.FakeTextEmbedder)
PLUGINS = "tests/plugins"


@pytest.fixture
def with_plugins(monkeypatch, pytestconfig):
    from loopscope.models import registry

    monkeypatch.syspath_prepend(pytestconfig.rootpath / PLUGINS)
    registry._installed.cache_clear()
    yield Registry.installed()
    registry._installed.cache_clear()


def test_the_built_in_models_are_installed():
    names = {entry.name: entry.kind for entry in Registry.installed().entries if entry.package == "loopscope"}
    assert names == {
        "Pictograms": "generator",
        "Describe": "generator",
        "Typeset": "generator",
        "Read": "generator",
        "MiniLM": "embedder",
        "ColourLayout": "embedder",
    }
    assert not [entry.error for entry in Registry.installed().entries if entry.error]


def test_models_are_found_by_name_and_keep_the_protocol():
    assert isinstance(FAKES.generator("FakeText")(), Generator)
    assert isinstance(FAKES.embedder("FakeTextEmbedder")(), Embedder)
    entry = FAKES.entry("FakePainter")
    assert (entry.takes, entry.gives, entry.missing) == (OutputType.TEXT, OutputType.IMAGE, None)


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("generator", "faketext", 'found no generator "faketext"; did you mean "FakeText"?'),
        ("generator", "FakeTextEmbedder", '"FakeTextEmbedder" is an embedder, not a generator'),
        ("embedder", "FakeText", '"FakeText" is a generator, not an embedder'),
        ("entry", "Zzz", 'found no model "Zzz"'),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(kind, name, said):
    with pytest.raises(ModelError) as refusal:
        getattr(FAKES, kind)(name)
    assert said in str(refusal.value)


def test_another_package_adds_models_and_a_broken_one_hinders_nobody(with_plugins):
    assert with_plugins.generator("FakeText") is fakes.FakeText
    assert with_plugins.entry("FakeText").package == "loopscope-test-models"
    broken = with_plugins.entry("CannotBeImported")
    assert "No module named 'loopscope_no_such_module'" in broken.error
    assert "the plugin is broken" in broken.missing
    with pytest.raises(ModelError, match="is broken"):
        with_plugins.generator("CannotBeImported")


def test_a_class_that_is_no_model_and_a_name_that_is_taken_are_listed_as_broken():
    class NoModel:
        name = "NoModel"

        def generate(self, inputs, seeds):
            return inputs

    registry = Registry.of(NoModel, fakes.FakeText, fakes.FakeText)
    assert "it lacks takes, gives" in registry.entry("NoModel").error
    assert [entry.error is None for entry in registry.entries] == [False, True, False]
    assert "already taken by the generator of this process" in registry.entries[2].error
    assert registry.generator("FakeText") is fakes.FakeText


def test_a_model_that_cannot_say_what_it_lacks_is_listed():
    class Moody(fakes.FakeText):
        name = "Moody"

        @classmethod
        def missing(cls):
            raise RuntimeError("not today")

    class Loose(fakes.FakeText):
        name = "Loose"
        takes = "text"

    registry = Registry.of(Moody, Loose)
    assert registry.entry("Moody").missing == "the plugin is broken: RuntimeError: not today"
    assert "expected members of OutputType" in registry.entry("Loose").error


def test_a_broken_entry_takes_and_gives_nothing():
    entry = ModelEntry("X", "generator", "p", None, "e")
    assert (entry.takes, entry.gives) == (None, None)
