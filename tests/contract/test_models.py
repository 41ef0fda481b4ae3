"""What every generator and every embedder keeps to: the built-in ones as they are installed, and the fakes."""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from PIL import Image

from loopscope.errors import ModelError
from loopscope.models import fakes
from loopscope.models.pictograms import Pictograms
from loopscope.models.protocol import Embedder, Generator
from loopscope.models.registry import Registry
from loopscope.models.typeset import Typeset
from loopscope.types import Output, OutputType, Vectors, fault_of_text

BUILT_IN = {
    "generator": {"Pictograms", "Describe", "Typeset", "Read"},
    "embedder": {"MiniLM", "ColourLayout"},
}
FAKES = Registry.of(
    fakes.FakeText, fakes.FakePainter, fakes.FakeDescriber, fakes.FakeTextEmbedder, fakes.FakeImageEmbedder
)
ENTRIES = [entry for entry in Registry.installed().entries if entry.package == "loopscope"] + FAKES.entries
CLASSES = {kind: [entry.model for entry in ENTRIES if entry.kind == kind and entry.model] for kind in BUILT_IN}

SENTENCES = (
    "a painting of a red fox sitting beside a frozen lake at dusk",
    "two old men playing chess in the park under a bright moon",
    "three red apples",
)
TEXTS: dict[str, str] = {
    "a sentence": SENTENCES[0],
    "nothing": "",
    "a blank": " \n\t ",
    "a very long text": "A fox sleeps under the tree. " * 400,
    "one very long word": "fox" * 3000,
    "other scripts": "漢字 и текст, ελληνικά, עברית, العربية",
    "emoji and accents": "🦊👩‍👩‍👧 naïve cafe\u0301 Å",
    "controls and markup": "\x01\x7f\u200b\u2028\ufeff\ufffd <b>&amp;</b> [red]{0}%s\\",
}
SEEDS = (3, 2**63 - 1, 0, 5, 7, 11, 13, 17, 19, 23, 29)


def _noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8))


@cache
def _pictures() -> dict[str, Image.Image]:
    """Give pictures to look at: pages, things, and what no model gives."""
    pictures = dict(zip(("a page", "a worn page"), Typeset(wear=2.5).generate(SENTENCES[:2], (1, 3)), strict=True))
    if Pictograms.missing() is None:
        painted = Pictograms().generate(SENTENCES, (1, 2, 3))
        pictures |= dict(zip(("a fox", "a game", "apples"), painted, strict=True))
    return pictures | {
        "one pixel": Image.new("RGB", (1, 1), "teal"),
        "a strip": _noise(500, 2),
        "noise": _noise(97, 61),
        "black": Image.new("RGB", (256, 256)),
        "white": Image.new("RGB", (256, 256), "white"),
        "a big picture": Image.new("RGB", (1700, 1300), "navy"),
    }


def _inputs(model: Any) -> list[Any]:
    return list((TEXTS if model.takes is OutputType.TEXT else _pictures()).values())


def _fresh(model: Any) -> list[Any]:
    """Give inputs that no model was given before."""
    return list(SENTENCES) if model.takes is OutputType.TEXT else [_noise(31, 20), _noise(40, 41)]


def _content(output: Output) -> object:
    """Give what two outputs have in common that are equal to the bit."""
    return output if isinstance(output, str) else (output.mode, output.size, output.tobytes())


def _generate(model: Any, inputs: Sequence[Any], seeds: Sequence[int]) -> list[object]:
    return [_content(output) for output in model.generate(inputs, seeds)]


def _embed(model: Any, inputs: Sequence[Any], _: Sequence[int]) -> list[object]:
    return [vector.tobytes() for vector in model.embed(inputs)]


def _load(model: type[Any]) -> Any:
    if lack := model.missing():
        pytest.skip(f"{model.name}: {lack}")
    return model()


@pytest.fixture(scope="module", params=CLASSES["generator"], ids=lambda model: model.name)
def generator(request: pytest.FixtureRequest) -> Any:
    return _load(request.param)


@pytest.fixture(scope="module")
def outputs(generator: Any) -> list[Any]:
    """What the generator gives for all the inputs in one batch."""
    inputs = _inputs(generator)
    return list(generator.generate(inputs, SEEDS[: len(inputs)]))


@pytest.fixture(scope="module", params=CLASSES["embedder"], ids=lambda model: model.name)
def embedder(request: pytest.FixtureRequest) -> Any:
    return _load(request.param)


@pytest.fixture(scope="module")
def vectors(embedder: Any) -> Vectors:
    """The vectors of all the inputs in one batch."""
    return embedder.embed(_inputs(embedder))


# Of both kinds


def test_all_built_in_models_are_found_and_sound() -> None:
    for kind, names in BUILT_IN.items():
        assert {entry.name for entry in ENTRIES if entry.kind == kind and entry.package == "loopscope"} >= names
    assert [entry for entry in ENTRIES if entry.error] == []


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_a_class_says_what_it_is_before_it_is_loaded(entry: Any) -> None:
    model = entry.model
    assert isinstance(model.name, str)
    assert model.name == entry.name
    assert isinstance(model.takes, OutputType)
    assert isinstance(model.deterministic, bool)
    if entry.kind == "generator":
        assert isinstance(model.gives, OutputType)
        assert not hasattr(model, "embed")
    else:
        assert type(model.dimension) is int
        assert model.dimension > 0
        assert not hasattr(model, "generate")


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry.missing], ids=lambda entry: entry.name)
def test_what_is_not_ready_says_what_to_type_and_cannot_be_loaded(entry: Any) -> None:
    assert "; type: " in entry.missing
    with pytest.raises(ModelError):
        entry.model()


def _check_that_the_batch_does_not_matter(
    model: Any, perform: Callable[[Any, Sequence[Any], Sequence[int]], list[object]], together: list[object]
) -> None:
    inputs, seeds = _inputs(model), SEEDS[: len(together)]
    assert perform(model, inputs, seeds) == together, "twice"
    alone = [perform(model, [each], [seed])[0] for each, seed in zip(inputs, seeds, strict=True)]
    assert alone == together, "alone"
    order = np.random.default_rng(0).permutation(len(inputs)).tolist()
    shuffled = perform(model, [inputs[i] for i in order], [seeds[i] for i in order])
    assert shuffled == [together[i] for i in order], "shuffled"
    assert perform(type(model)(), inputs[::-1], seeds[::-1]) == together[::-1], "in a fresh instance, backwards"


IN_ANOTHER_PROCESS = """
import pickle, sys
module, name, method, arguments = pickle.load(sys.stdin.buffer)
model = getattr(__import__(module, fromlist=[name]), name)()
pickle.dump(list(getattr(model, method)(*arguments)), sys.stdout.buffer)
"""


def _perform_elsewhere(model: Any, method: str, *arguments: Any) -> list[Any]:
    """Call a model in a process of its own, in which sets of texts have another order."""
    job = pickle.dumps((type(model).__module__, type(model).__name__, method, arguments))
    environment = {**os.environ, "PYTHONHASHSEED": "4"}
    done = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS], input=job, env=environment, check=True, stdout=subprocess.PIPE
    )
    return list(pickle.loads(done.stdout))


# Generators


def test_a_generator_is_one(generator: Any) -> None:
    assert isinstance(generator, Generator)
    assert not isinstance(generator, Embedder)
    assert type(generator).missing() is None
    assert isinstance(generator.device, str)
    assert generator.device


def test_no_input_gives_no_output(generator: Any) -> None:
    assert len(generator.generate([], [])) == 0


def test_each_input_gives_one_output_of_the_type_it_gives(generator: Any, outputs: list[Any]) -> None:
    assert len(outputs) == len(_inputs(generator))
    for output in outputs:
        if generator.gives is OutputType.TEXT:
            assert isinstance(output, str)
            assert fault_of_text(output) is None
        else:
            assert isinstance(output, Image.Image)
            assert output.mode == "RGB"
            assert min(output.size) > 0


def test_a_generator_leaves_its_inputs_as_they_are(generator: Any) -> None:
    inputs, untouched = _fresh(generator), _fresh(generator)
    generator.generate(inputs, SEEDS[: len(inputs)])
    assert [_content(each) for each in inputs] == [_content(each) for each in untouched]


def test_an_output_depends_on_its_input_and_seed_alone(generator: Any, outputs: list[Any]) -> None:
    if not generator.deterministic:
        pytest.skip(f"{generator.name} does not promise it")
    _check_that_the_batch_does_not_matter(generator, _generate, [_content(each) for each in outputs])


def test_an_output_is_the_same_in_another_process(generator: Any, outputs: list[Any]) -> None:
    if not generator.deterministic:
        pytest.skip(f"{generator.name} does not promise it")
    elsewhere = _perform_elsewhere(generator, "generate", _inputs(generator)[:4], SEEDS[:4])
    assert [_content(each) for each in elsewhere] == [_content(each) for each in outputs[:4]]


def test_another_seed_gives_other_outputs(generator: Any, outputs: list[Any]) -> None:
    others = _generate(generator, _inputs(generator), range(100, 100 + len(outputs)))
    assert others != [_content(each) for each in outputs]


# Embedders


def test_an_embedder_is_one(embedder: Any) -> None:
    assert isinstance(embedder, Embedder)
    assert not isinstance(embedder, Generator)
    assert type(embedder).missing() is None
    assert isinstance(embedder.device, str)
    assert embedder.device


def _check_shape(vectors: Vectors, count: int, dimension: int) -> None:
    assert isinstance(vectors, np.ndarray)
    assert vectors.shape == (count, dimension)
    assert vectors.dtype == np.float32
    assert vectors.flags.c_contiguous


def test_no_input_gives_no_vector(embedder: Any) -> None:
    _check_shape(embedder.embed([]), 0, embedder.dimension)


def test_each_input_gives_a_unit_vector(embedder: Any, vectors: Vectors) -> None:
    _check_shape(vectors, len(_inputs(embedder)), embedder.dimension)
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors.astype(np.float64), axis=1), 1, rtol=0, atol=1e-5)
    _check_shape(embedder.embed(_inputs(embedder)[:1]), 1, embedder.dimension)


def test_different_inputs_have_different_vectors(embedder: Any) -> None:
    inputs = SENTENCES if embedder.takes is OutputType.TEXT else list(_pictures().values())[:2]
    assert len(np.unique(embedder.embed(inputs), axis=0)) == len(inputs)


def test_an_embedder_leaves_its_inputs_as_they_are(embedder: Any) -> None:
    inputs, untouched = _fresh(embedder), _fresh(embedder)
    embedder.embed(inputs)
    assert [_content(each) for each in inputs] == [_content(each) for each in untouched]


def test_a_vector_depends_on_its_input_alone(embedder: Any, vectors: Vectors) -> None:
    if not embedder.deterministic:
        pytest.skip(f"{embedder.name} does not promise it")
    _check_that_the_batch_does_not_matter(embedder, _embed, [vector.tobytes() for vector in vectors])


def test_a_vector_is_the_same_in_another_process(embedder: Any, vectors: Vectors) -> None:
    if not embedder.deterministic:
        pytest.skip(f"{embedder.name} does not promise it")
    elsewhere = _perform_elsewhere(embedder, "embed", _inputs(embedder)[:4])
    assert np.array_equal(np.stack(elsewhere), vectors[:4])


def test_an_equal_input_has_an_equal_vector(embedder: Any, vectors: Vectors) -> None:
    first = _inputs(embedder)[0]
    again = embedder.embed([first] * 5)
    assert np.array_equal(again, np.repeat(vectors[:1], 5, axis=0))
