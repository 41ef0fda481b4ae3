"""Painting and describing with the real MiniLM."""

import numpy as np
import pytest

from loopscope.models.describe import Describe
from loopscope.models.minilm import MiniLM
from loopscope.models.pictogram_set.catalogue import load_catalogue
from loopscope.models.pictogram_set.imagination import compute_meanings, load_meanings
from loopscope.models.pictogram_set.viewing import Attention, view
from loopscope.models.pictograms import Pictograms
from loopscope.models.protocol import Generator

TEXTS = ["a red fox beside a frozen lake at dusk", "two old men playing chess in a park", "", "画", "fox " * 500]
SEEDS = [3, 2**63 - 1, 0, 5, 7]


@pytest.fixture(scope="module")
def pictograms():
    return Pictograms()


def test_it_is_a_generator_that_is_ready(pictograms):
    assert isinstance(pictograms, Generator)
    assert Pictograms.missing() is None


def test_it_is_missing_what_minilm_is_missing(monkeypatch):
    monkeypatch.setattr(MiniLM, "missing", classmethod(lambda cls: "type: install it"))
    assert Pictograms.missing() == "type: install it"


def test_each_output_depends_on_its_input_and_seed_alone(pictograms):
    together = [picture.tobytes() for picture in pictograms.generate(TEXTS, SEEDS)]
    back = [picture.tobytes() for picture in pictograms.generate(TEXTS[::-1], SEEDS[::-1])]
    assert back == together[::-1]
    alone = Pictograms()
    assert [alone.generate([t], [s])[0].tobytes() for t, s in zip(TEXTS, SEEDS, strict=True)] == together


def test_another_seed_paints_another_picture(pictograms):
    pictures = pictograms.generate([TEXTS[0]] * 5, range(5))
    assert len({picture.tobytes() for picture in pictures}) == 5
    assert {(picture.mode, picture.size) for picture in pictures} == {("RGB", (256, 256))}


def test_what_is_said_is_mostly_painted(pictograms):
    fox = load_catalogue().number["fox"]
    pictures = pictograms.generate(["A fox stands beside a tree."] * 40, range(40))
    shown = [view(picture, np.random.default_rng(0), Attention(doubt=0))[0] for picture in pictures]
    assert sum(any(sight.pictogram == fox for sight in sights) for sights in shown) > 20


def test_words_outside_the_catalogue_are_painted_by_their_meaning(pictograms):
    animals = {n for n, pictogram in enumerate(load_catalogue().pictograms) if pictogram.group == "animal"}
    pictures = pictograms.generate(["A coyote."] * 30, range(30))
    shown = [view(picture, np.random.default_rng(0), Attention(doubt=0))[0] for picture in pictures]
    assert sum(any(sight.pictogram in animals for sight in sights) for sights in shown) > 20


def test_the_shipped_meanings_equal_a_fresh_computation():
    numbers = list(range(0, len(load_catalogue().pictograms), 7))
    fresh = compute_meanings(MiniLM(), numbers).astype(np.float32)
    np.testing.assert_allclose(load_meanings()[numbers], fresh, atol=1e-3)


def test_a_loop_moves_on_and_is_repeated_exactly(pictograms):
    def loop(text):
        describe, texts = Describe(), [text]
        for _ in range(8):
            texts += describe.generate(pictograms.generate([texts[-1]], [11]), [11])
        return texts

    texts = loop(TEXTS[0])
    assert len(set(texts)) > 3
    assert loop(TEXTS[0]) == texts
