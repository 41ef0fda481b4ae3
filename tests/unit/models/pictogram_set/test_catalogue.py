import re
from importlib.resources import files

import pytest
from PIL import ImageFont

from loopscope.models.pictogram_set.catalogue import load_catalogue, typicality
from loopscope.models.pictogram_set.colours import PALETTE
from loopscope.models.pictogram_set.grammar import VERBS


@pytest.fixture(scope="module")
def catalogue():
    return load_catalogue()


def test_there_are_nearly_a_thousand_pictograms_each_with_a_character_of_its_own(catalogue):
    assert 900 <= len(catalogue.pictograms) <= 1000
    assert len({pictogram.character for pictogram in catalogue.pictograms}) == len(catalogue.pictograms)


def test_every_character_is_in_the_font(catalogue):
    with files("loopscope.models.pictogram_set").joinpath("NotoEmoji.ttf").open("rb") as stream:
        font = ImageFont.truetype(stream, 40)
    absent = bytes(font.getmask("\U0010fffd"))
    drawn = [pictogram.name for pictogram in catalogue.pictograms if bytes(font.getmask(pictogram.character)) == absent]
    assert drawn == []


def test_names_are_plain_nouns_without_colours(catalogue):
    colours = "|".join(name for name in PALETTE if " " not in name and name not in ("orange", "olive"))
    odd = [p.name for p in catalogue.pictograms if re.search(rf"[:“”’(]|(?<!ice )\b({colours})\b", p.name)]
    assert odd == []


def test_every_pictogram_has_colours_of_the_palette_and_a_verb(catalogue):
    for pictogram in catalogue.pictograms:
        assert pictogram.colours
        assert set(pictogram.colours) <= set(PALETTE), pictogram.name
        assert pictogram.group in VERBS, pictogram.name


def test_themes_have_members_to_choose_among_and_known_grounds(catalogue):
    for theme in catalogue.themes:
        assert len(theme.members) >= 5, theme.name
        assert theme.grounds
        assert set(theme.grounds) <= set(PALETTE)


def test_names_plurals_kinds_and_synonyms_mean_pictograms(catalogue):
    assert catalogue.phrases["foxes"] == ((catalogue.number["fox"], 1.0),)
    assert catalogue.phrases["milk"] == ((catalogue.number["glass of milk"], 1.0),)
    birds = {catalogue.pictograms[number].name for number, _ in catalogue.phrases["birds"]}
    assert {"bird", "parrot", "owl"} <= birds
    assert all(sum(chance for _, chance in meant) == pytest.approx(1) for meant in catalogue.phrases.values())


def test_the_first_members_are_the_most_typical():
    assert typicality(1) == [1.0]
    assert typicality(4) == sorted(typicality(4), reverse=True)
    assert sum(typicality(7)) == pytest.approx(1)


def test_the_licence_of_the_font_is_shipped():
    licence = files("loopscope.models.pictogram_set").joinpath("OFL.txt").read_text("utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
