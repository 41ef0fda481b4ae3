"""Typeset: prints a text on a page that has seen some wear.

The first half of a game of telephone: `Typeset` sets the text in Libre Baskerville (SIL Open Font License, shipped with
its licence), as large as the page allows, and `loopscope.models.weathering` skews, blurs, blots and stains it.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from loopscope.models.weathering import weather
from loopscope.types import OutputType

WIDTH, HEIGHT = 384, 288
MARGIN = 24
SIZES = (26, 24, 22, 20, 18, 16, 15, 14, 13, 12, 11)
LEADING = 1.42
# No page holds more, not even of the narrowest letters; laying out all of a very long text would take seconds.
MOST_CHARACTERS = 2500
FONT = Path(__file__).with_name("typeset_font") / "LibreBaskerville-Regular.ttf"


class Layout(NamedTuple):
    """A text broken into the lines of a page.

    Attributes
    ----------
    lines
        The lines, from the top.
    size
        The size of the type in pixels.
    """

    lines: tuple[str, ...]
    size: int


class Typeset:
    """Print each text on a worn page, 384 × 288 pixels.

    The type is as large as lets the whole text fit, down to 11 pixels; what does not fit then (after some 900
    characters) is left out. The empty text gives an empty page. Characters outside Latin script print as boxes.

    Parameters
    ----------
    wear
        How worn the pages are: 0 for a clean print, 1 for pages on which a reader loses some words.
    """

    name: ClassVar[str] = "Typeset"
    takes: ClassVar[OutputType] = OutputType.TEXT
    gives: ClassVar[OutputType] = OutputType.IMAGE
    deterministic: ClassVar[bool] = True

    def __init__(self, wear: float = 1.0) -> None:
        self.device = "cpu"
        self.wear = wear

    @classmethod
    def missing(cls) -> str | None:
        """Tell that nothing is missing: the font is in the package."""
        return None

    def generate(self, inputs: Sequence[str], seeds: Sequence[int]) -> list[Image.Image]:
        """Print one page for each text.

        Parameters
        ----------
        inputs
            Texts of any length.
        seeds
            One integer in [0, 2**63) for each text: with the text itself, it says where the page is worn.

        Returns
        -------
        list of PIL.Image.Image
            RGB, 384 × 288 pixels, in the order of the texts.
        """
        return [self._print(text, seed) for text, seed in zip(inputs, seeds, strict=True)]

    def _print(self, text: str, seed: int) -> Image.Image:
        layout = lay_out(text)
        # Were the wear of a seed the same on every page, the same places of every text would be lost, and a loop would
        # stand still after a few pages.
        digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        randomness = np.random.default_rng([seed, int.from_bytes(digest, "big")])
        words = sum(len(line.split()) for line in layout.lines)
        return weather(_draw(layout), words=words, size=layout.size, wear=self.wear, randomness=randomness)


def lay_out(text: str) -> Layout:
    """Break a text into lines, at the largest size at which all of it fits on the page.

    Parameters
    ----------
    text
        Any text. White space of any kind separates words; a word wider than the page is broken.

    Returns
    -------
    Layout
        No line for a text without words; the first lines alone for a text that fits at no size.
    """
    words = text[:MOST_CHARACTERS].split()
    for size in SIZES:
        room = int((HEIGHT - 2 * MARGIN) / (size * LEADING))
        lines = tuple(islice(_broken(words, size), room + 1))
        if len(lines) <= room:
            return Layout(lines, size)
    return Layout(lines[:room], size)


def _broken(words: Iterable[str], size: int) -> Iterator[str]:
    """Give one line after another, each filled with as many words as go on it."""
    font = _font(size)
    width = WIDTH - 2 * MARGIN
    line = ""
    for word in words:
        longer = f"{line} {word}" if line else word
        if font.getlength(longer) <= width:
            line = longer
            continue
        if line:
            yield line
        line = word
        # No letter is narrower than a pixel, so that ``line[:width]`` is always enough to look at.
        while font.getlength(line[:width]) > width:
            most = bisect_right(range(1, width), width, key=lambda n: math.ceil(font.getlength(line[:n])))
            yield line[: max(1, most)]
            line = line[max(1, most) :]
    if line:
        yield line


def _draw(layout: Layout) -> Image.Image:
    """Draw the lines in white on black, mode L: the ink of the page."""
    ink = Image.new("L", (WIDTH, HEIGHT), 0)
    draw = ImageDraw.Draw(ink)
    leading = layout.size * LEADING
    # A block of text looks centred when it stands a little above the middle.
    top = MARGIN + 0.42 * (HEIGHT - 2 * MARGIN - leading * len(layout.lines))
    for number, line in enumerate(layout.lines):
        draw.text((MARGIN, round(top + number * leading)), line, font=_font(layout.size), fill=255)
    return ink


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    # The basic layout is the same wherever it runs; the other one depends on whether libraqm is installed.
    return ImageFont.truetype(FONT, size, layout_engine=ImageFont.Layout.BASIC)
