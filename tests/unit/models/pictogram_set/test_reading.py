import pytest

from loopscope.models.pictogram_set.catalogue import load_catalogue
from loopscope.models.pictogram_set.reading import Mention, read


def said(text):
    return read(text, load_catalogue())


def test_things_colours_counts_and_the_ground_are_read():
    reading = said("A small red fox sits beside two green trees, on a navy background.")
    assert reading.mentions == (Mention("fox", "red", 1, 0.75), Mention("trees", "green", 2))
    assert reading.ground == "navy"
    assert reading.relation is None


@pytest.mark.parametrize(
    ("joint", "relation"),
    [
        ("above", "above"),
        ("beneath", "below"),
        ("to the left of", "left"),
        ("to the right of", "right"),
        ("near", None),
    ],
)
def test_the_relation_is_read(joint, relation):
    assert said(f"A star hangs {joint} a house.").relation == relation


def test_the_longest_phrase_is_taken():
    mentions = said("Two men in turbans wait near a bowl of ice cream.").mentions
    assert [mention.phrase for mention in mentions] == ["men in turbans", "bowl of ice cream"]


def test_a_colour_of_two_words_is_one_colour():
    reading = said("A sky blue bird stands alone on a sky blue background.")
    assert reading.mentions == (Mention("bird", "sky blue"),)
    assert reading.ground == "sky blue"


def test_words_outside_the_catalogue_are_mentions_unless_they_name_no_thing():
    assert [mention.phrase for mention in said("the sound of quixotic rain falling there").mentions] == [
        "sound", "quixotic", "rain",
    ]  # fmt: skip


def test_capitals_and_punctuation_do_not_matter():
    assert said("A CHRISTMAS TREE! A strand of DNA?") == said("a Christmas tree, a strand of dna")
    assert [mention.phrase for mention in said("a Christmas tree").mentions] == ["christmas tree"]


@pytest.mark.parametrize("text", ["", "   ", "the of and", "?!", "12345", "画"])
def test_a_text_without_things_mentions_none(text):
    assert said(text).mentions == ()


def test_at_most_six_things_are_read():
    assert len(said("fox " * 50).mentions) == 6
