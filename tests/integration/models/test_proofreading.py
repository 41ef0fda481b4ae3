"""The proofreader with the real counts of words."""

import numpy as np
import pytest

from loopscope.models.proofreading import HIDDEN, Proofreader

pytest.importorskip("symspellpy")


@pytest.fixture(scope="module")
def proofread() -> Proofreader:
    return Proofreader()


def most_often(proofread: Proofreader, text: str) -> str:
    """Give what most of 40 seeds make of a text."""
    answers = [" ".join(proofread(text, np.random.default_rng(seed))) for seed in range(40)]
    return max(sorted(set(answers)), key=answers.count)


@pytest.mark.parametrize(
    ("read", "written"),
    [
        ("a painting of a red fox", "a painting of a red fox"),
        ("A Painting, of 12 red foxes!", "a painting of 12 red foxes"),
        ("an ox and a giraffe", "an ox and a giraffe"),
        ("a frozan lake at dusk", "a frozen lake at dusk"),
        ("two men playingchess", "two men playing chess"),
        ("the the fox", "the fox"),
        ("is this a fox? a red one.", "is this a fox a red one"),
        ("", ""),
        ("...", ""),
    ],
)
def test_a_reading_becomes_the_likely_words(proofread: Proofreader, read: str, written: str) -> None:
    assert most_often(proofread, read) == written


def test_a_hidden_word_is_guessed_from_its_neighbours(proofread: Proofreader) -> None:
    words = most_often(proofread, f"a lake {HIDDEN} dusk").split()
    assert words[:2] == ["a", "lake"]
    assert words[-1] == "dusk"
    assert len(words) == 4


def test_what_is_drawn_depends_on_the_seed_alone(proofread: Proofreader) -> None:
    text = f"a rples {HIDDEN} birdsove sae"
    draws = [proofread(text, np.random.default_rng(seed)) for seed in range(20)]
    assert draws == [proofread(text, np.random.default_rng(seed)) for seed in range(20)]
    assert len({tuple(words) for words in draws}) > 3


def test_a_rude_word_is_kept_when_read_but_not_guessed(proofread: Proofreader) -> None:
    assert proofread("sex", np.random.default_rng(0)) == ["sex"]
    guesses = {word for seed in range(200) for word in proofread("sexx", np.random.default_rng(seed))}
    assert guesses
    assert "sex" not in guesses
