import re

import numpy as np
import pytest
from PIL import Image

from loopscope.models.describe import Describe
from loopscope.models.pictogram_set.catalogue import load_catalogue
from loopscope.models.pictogram_set.drawing import draw
from loopscope.models.pictogram_set.scene import Scene, Thing
from loopscope.models.protocol import Generator

CATALOGUE = load_catalogue()


@pytest.fixture(scope="module")
def describe():
    return Describe()


def picture_of(*things, ground="cream", seed=0):
    scene = Scene(tuple(Thing(CATALOGUE.number[name], colour, count) for name, colour, count in things), ground)
    return draw(scene, np.random.default_rng(seed))


def test_it_is_a_generator_that_is_ready(describe):
    assert isinstance(describe, Generator)
    assert Describe.missing() is None


def test_three_of_one_pictogram_are_three(describe):
    (text,) = describe.generate([picture_of(("butterfly", "purple", 3))], [5])
    assert re.search(r"\bthree (\w+ )?butterflies\b", text.lower())


def test_each_output_depends_on_its_input_and_seed_alone(describe):
    pictures = [picture_of(("fox", "orange", 1), ("tree", "green", 2), seed=seed) for seed in range(3)]
    seeds = [7, 2**63 - 1, 0]
    together = describe.generate(pictures, seeds)
    assert describe.generate(pictures[::-1], seeds[::-1]) == together[::-1]
    assert [Describe().generate([p], [s])[0] for p, s in zip(pictures, seeds, strict=True)] == together


def test_the_seed_varies_the_words(describe):
    picture = picture_of(("fox", "red", 1), ("tree", "green", 2))
    assert len(set(describe.generate([picture] * 20, range(20)))) > 5


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (16, 9), (256, 256), (900, 500)])
def test_pictures_of_anything_are_described(describe, mode, size):
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3)).astype(np.uint8)
    texts = describe.generate([Image.fromarray(noise).convert(mode), Image.new(mode, size)], [1, 2])
    assert all(re.fullmatch(r"[A-Z][^.]*\.", text) for text in texts)


def test_an_empty_picture_is_named_by_its_colour(describe):
    (text,) = describe.generate([Image.new("RGB", (256, 256), (42, 54, 104))], [1])
    assert text in ("There is nothing but a navy background.", "There is nothing but a navy backdrop.")


def test_no_inputs_give_no_outputs(describe):
    assert describe.generate([], []) == []
