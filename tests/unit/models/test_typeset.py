"""Typeset: what is printed where, and pages that any text gives."""

import numpy as np
import pytest
from PIL import Image

from loopscope.models.protocol import Generator
from loopscope.models.typeset import FONT, SIZES, Typeset, lay_out

SENTENCE = "a red fox beside a frozen lake"


def pixels(page: Image.Image) -> np.ndarray:
    return np.asarray(page, dtype=np.int16)


@pytest.mark.parametrize(
    "text",
    ["", " \n\t", "a", SENTENCE, "word " * 3000, "x" * 5000, "漢字 и emoji 🦊", "a\0b\ud800"],
    ids=["empty", "blank", "letter", "sentence", "long", "one long word", "other scripts", "no characters at all"],
)
def test_every_text_gives_a_page(text: str) -> None:
    (page,) = Typeset().generate([text], [1])
    assert page.size == (384, 288)
    assert page.mode == "RGB"


def test_is_a_generator_that_is_always_ready() -> None:
    assert isinstance(Typeset(), Generator)
    assert Typeset.missing() is None


def test_the_font_comes_with_its_licence() -> None:
    assert "SIL OPEN FONT LICENSE" in FONT.with_name("OFL.txt").read_text(encoding="utf-8")


def test_all_words_are_laid_out_in_order_at_the_largest_size() -> None:
    layout = lay_out(f"  {SENTENCE}\nat\tdusk ")
    assert " ".join(layout.lines) == f"{SENTENCE} at dusk"
    assert layout.size == SIZES[0]


def test_a_longer_text_is_set_smaller_until_it_is_cut() -> None:
    sizes = [lay_out(f"{SENTENCE} " * times).size for times in (1, 6, 12, 40, 100)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[2] > sizes[3] == sizes[4] == SIZES[-1]
    numbered = [str(number) for number in range(10_000, 11_000)]
    printed = " ".join(lay_out(" ".join(numbered)).lines).split()
    assert 100 < len(printed) < 200
    assert printed == numbered[: len(printed)]


def test_a_word_wider_than_the_page_is_broken() -> None:
    word = "abcdefghij" * 20
    lines = lay_out(word).lines
    assert len(lines) > 1
    assert "".join(lines) == word


def test_an_empty_text_gives_a_page_without_ink() -> None:
    empty, printed = (pixels(page) for page in Typeset(wear=0).generate(["", SENTENCE], [1, 1]))
    assert empty.min() > 150
    assert printed.min() < 80


def test_a_page_depends_on_its_text_and_seed_alone() -> None:
    texts = [SENTENCE, "two old men", SENTENCE, ""]
    together = Typeset().generate(texts, [1, 2, 3, 4])
    apart = [Typeset().generate([text], [seed])[0] for text, seed in zip(texts, [1, 2, 3, 4], strict=True)]
    assert all(np.array_equal(pixels(a), pixels(b)) for a, b in zip(together, apart, strict=True))
    assert not np.array_equal(pixels(together[0]), pixels(together[2]))


def test_two_texts_of_one_seed_are_not_worn_in_the_same_places() -> None:
    first, second = Typeset().generate(["", " "], [1, 1])
    assert not np.array_equal(pixels(first), pixels(second))


def test_more_wear_changes_a_page_more() -> None:
    clean, worn, ruined = (pixels(Typeset(wear).generate([SENTENCE] * 5, range(5))[0]) for wear in (0, 1, 3))
    assert np.abs(clean - worn).mean() < np.abs(clean - ruined).mean()


def test_as_many_seeds_as_texts_are_asked_for() -> None:
    with pytest.raises(ValueError, match="shorter"):
        Typeset().generate([SENTENCE, SENTENCE], [1])
