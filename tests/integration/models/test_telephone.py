"""Typeset and Read together: a sentence comes back, and worn pages make it drift."""

import socket
from difflib import SequenceMatcher

import numpy as np
import pytest
from PIL import Image

from loopscope.models.protocol import Generator
from loopscope.models.read import ILLEGIBLE, MOST_WORDS, Read
from loopscope.models.typeset import Typeset

pytestmark = pytest.mark.skipif(Read.missing() is not None, reason=str(Read.missing()))

SENTENCES = [
    "a painting of a red fox sitting beside a frozen lake at dusk",
    "two old men playing chess in the park under a bright moon",
    "three red apples and a large blue umbrella above a violet giraffe on a yellow background",
    "a small boat on a calm sea with a green island behind it",
]


@pytest.fixture(scope="module")
def read() -> Read:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", lambda *_: pytest.fail("a model was about to be downloaded"))
        return Read()


def share_kept(before: str, after: str) -> float:
    """Give the share of the words that are still there, in their order."""
    first, second = before.split(), after.split()
    blocks = SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / len(first)


def step(read: Read, texts: list[str], seeds: list[int], wear: float = 1.0) -> list[str]:
    return read.generate(Typeset(wear).generate(texts, seeds), seeds)


def test_is_a_generator(read: Read) -> None:
    assert isinstance(read, Generator)


def test_a_clean_page_is_read_word_for_word(read: Read) -> None:
    assert step(read, SENTENCES, [1, 2, 3, 4], wear=0) == SENTENCES


def test_a_long_clean_page_is_cut_at_forty_words(read: Read) -> None:
    (text,) = step(read, [" ".join(SENTENCES)], [1], wear=0)
    assert len(text.split()) == MOST_WORDS
    assert share_kept(" ".join(" ".join(SENTENCES).split()[:MOST_WORDS]), text) > 0.9


def test_a_worn_page_keeps_most_words_but_not_all(read: Read) -> None:
    texts, seeds = SENTENCES * 6, list(range(24))
    kept = np.mean([share_kept(*pair) for pair in zip(texts, step(read, texts, seeds), strict=True)])
    assert 0.6 < kept < 0.93


@pytest.mark.parametrize("size", [(256, 256), (1, 1), (300, 1), (1, 300), (2000, 20)])
def test_a_picture_without_words_gives_a_text_that_says_so(read: Read, size: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(100, 140, (*size[::-1], 3), dtype=np.uint8)
    assert read.generate([Image.new("RGB", size, "white")], [5])[0] in ILLEGIBLE
    (text,) = read.generate([Image.fromarray(noise)], [5])
    assert text.strip()


def test_no_picture_gives_no_text(read: Read) -> None:
    assert list(read.generate([], [])) == []


def test_a_text_depends_on_its_picture_and_seed_alone(read: Read) -> None:
    seeds = list(range(8))
    pages = Typeset(2.0).generate(SENTENCES * 2, seeds)
    together = read.generate(pages, seeds)
    assert [read.generate([page], [seed])[0] for page, seed in zip(pages, seeds, strict=True)] == together
    assert list(read.generate(pages[::-1], seeds[::-1])) == list(together)[::-1]
    assert Read().generate(pages, seeds) == together


def test_what_cannot_be_read_is_guessed_by_the_seed(read: Read) -> None:
    (page,) = Typeset(2.5).generate([SENTENCES[0]], [3])
    assert len(set(read.generate([page] * 12, list(range(12))))) > 1


def test_nothing_is_printed(read: Read, capfd: pytest.CaptureFixture[str]) -> None:
    step(Read(), SENTENCES[:1], [1])
    assert capfd.readouterr() == ("", "")
