import pytest

from loopscope.models.pictogram_set.words import plural_of, with_article


@pytest.mark.parametrize(
    ("singular", "plural"),
    [
        ("man", "men"),
        ("snowman", "snowmen"),
        ("police officer", "police officers"),
        ("fox", "foxes"),
        ("wolf", "wolves"),
        ("sheep", "sheep"),
        ("potato", "potatoes"),
        ("piano", "pianos"),
        ("butterfly", "butterflies"),
        ("monkey", "monkeys"),
        ("field mouse", "field mice"),
        ("bowl of soup", "bowls of soup"),
        ("pair of scissors", "pairs of scissors"),
        ("loaf of bread", "loaves of bread"),
        ("bus", "buses"),
        ("church", "churches"),
    ],
)
def test_plurals(singular, plural):
    assert plural_of(singular) == plural


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("olive", "an olive"),
        ("unicorn", "a unicorn"),
        ("umbrella", "an umbrella"),
        ("hourglass", "an hourglass"),
        ("house", "a house"),
        ("x-ray", "an x-ray"),
        ("orange cat", "an orange cat"),
        ("ewe", "a ewe"),
        ("yo-yo", "a yo-yo"),
    ],
)
def test_articles(phrase, said):
    assert with_article(phrase) == said
