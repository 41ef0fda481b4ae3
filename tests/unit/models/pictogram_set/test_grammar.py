import re

import numpy as np
import pytest

from loopscope.models.pictogram_set.catalogue import load_catalogue
from loopscope.models.pictogram_set.colours import NAMES
from loopscope.models.pictogram_set.grammar import Manner, count_word, describe, relation_of
from loopscope.models.pictogram_set.reading import read
from loopscope.models.pictogram_set.scene import Sight

CATALOGUE = load_catalogue()
ALL = Manner(kind=0, usual_colour=1, unusual_colour=1, size=0, third=1, ground=1)


def sight(name, colour="red", count=1, x=0.5, y=0.5, extent=0.4):
    return Sight(CATALOGUE.number[name], colour, count, x, y, extent)


def sentences(*sights, ground="navy", manner=ALL, seeds=60):
    return {describe(sights, ground, np.random.default_rng(seed), manner) for seed in range(seeds)}


@pytest.mark.parametrize(
    ("name", "count", "phrase"),
    [
        ("old man", 2, "two old men"),
        ("fox", 3, "three red foxes"),
        ("wolf", 4, "(four|several) red wolves"),
        ("deer", 2, "two red deer"),
        ("pair of scissors", 2, "two red pairs of scissors"),
        ("olive", 1, "a red olive"),
        ("unicorn", 1, "a red unicorn"),
        ("chess pawn", 7, "many red chess pawns"),
    ],
)
def test_the_thing_is_called_right(name, count, phrase):
    for sentence in sentences(sight(name, count=count)):
        assert re.search(rf"\b{phrase}\b", sentence.lower()), sentence


def test_the_article_follows_the_sound():
    assert all(" an orange ice cube" in " " + text.lower() for text in sentences(sight("ice cube", "orange")))
    assert all(re.search(r"\ban ice cube", t.lower()) for t in sentences(sight("ice cube"), manner=Manner(0, 0, 0, 0)))


def test_a_name_with_an_adjective_is_given_no_other():
    for sentence in sentences(sight("old man", "purple", extent=0.9), manner=Manner(kind=0, size=1, unusual_colour=1)):
        assert re.search(r"\ban old man", sentence.lower()), sentence
        assert "purple" not in sentence


def test_verbs_agree_and_suit():
    one, two = sentences(sight("whale")), sentences(sight("whale", count=2))
    assert all(re.search("whale (swims|drifts)", text) for text in one)
    assert all(re.search("whales (swim|drift)\\b", text) for text in two)


def test_places_are_related_as_they_are_seen():
    moon, tree = sight("moon", "yellow", y=0.2), sight("tree", "green", y=0.8)
    assert all(re.search("moon .*(above|over) .*tree", text) for text in sentences(moon, tree))
    assert all(re.search("tree .*(below|beneath) .*moon", text) for text in sentences(tree, moon))
    assert relation_of(sight("moon", x=0.1), sight("tree", x=0.9)) == "left"


def test_two_of_one_kind_are_told_apart_by_their_names():
    for sentence in sentences(sight("parrot", x=0.2), sight("owl", x=0.8), manner=Manner(kind=1)):
        assert "parrot" in sentence
        assert "owl" in sentence


def test_a_thing_may_be_called_by_its_kind():
    assert all("bird" in text and "parrot" not in text for text in sentences(sight("parrot"), manner=Manner(kind=1)))


@pytest.mark.parametrize("seed", range(0, 400, 7))
def test_every_sentence_is_one_sentence_that_can_be_read_back(seed):
    rng = np.random.default_rng(seed)
    numbers = rng.choice(len(CATALOGUE.pictograms), 3, replace=False)
    seen = [Sight(int(n), str(rng.choice(NAMES)), int(rng.integers(1, 6)), *map(float, rng.random(3))) for n in numbers]
    text = describe(seen[: int(rng.integers(1, 4))], str(rng.choice(NAMES)), rng, ALL)
    assert re.fullmatch(r"[A-Z][^.]*\.", text)
    assert 4 <= len(text.split()) <= 34
    assert not re.search(r"\b(\w+) \1\b", text.lower()), text
    assert not re.search(r"\ba [aeio]|\ban [^aeiouhx]", text.lower()), text
    reading = read(text, CATALOGUE)
    assert reading.ground is not None
    assert reading.mentions[0].phrase in (
        CATALOGUE.pictograms[seen[0].pictogram].name.lower(), CATALOGUE.pictograms[seen[0].pictogram].plural.lower(),
    )  # fmt: skip
    assert reading.mentions[0].count == min(seen[0].count, 5)


def test_an_empty_picture_is_said_to_be_empty():
    assert all(re.fullmatch(r"There is nothing but a navy (background|backdrop)\.", text) for text in sentences())


def test_count_words():
    assert [count_word(count, 0.0) for count in (2, 3, 4, 5, 6)] == ["two", "three", "four", "five", "many"]
