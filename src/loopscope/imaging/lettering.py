"""Letters in pictures: Liberation Sans, measured and wrapped before it is drawn.

The font is in this package, so that a picture is the same on every machine and its letters are those of the charts. It
has the letters of Latin, Greek, Cyrillic and Hebrew scripts, arrows and signs. A letter that it lacks is drawn in the
first font of the system that is named in ``FALLBACKS``, and as an empty box where there is none.
"""

from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path
from typing import Final
from unicodedata import normalize

from PIL import Image, ImageDraw, ImageFont

FOLDER: Final = Path(__file__).parent / "fonts"
FALLBACKS: Final = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "Arial Unicode.ttf",
    "msyh.ttc",
    "DejaVuSans.ttf",
)
"""Fonts of systems with many letters, by the names of their files: the widest first."""

LONGEST: Final = 4_000
"""Letters of a text that are looked at; no caption has room for more."""

LINE_SPACING: Final = 1.3
"""From one baseline to the next, in sizes of the font."""


def measure_width(text: str, size: float, *, bold: bool = False) -> float:
    """Measure a line of text, in pixels, at a font size in pixels.

    Examples
    --------
    >>> measure_width("a red fox", 20) < measure_width("a red fox", 20, bold=True)
    True
    """
    return sum(_measure_word(word, size, bold) for word in text.split(" ")) + text.count(" ") * _measure_word(
        " ", size, bold
    )


@lru_cache(maxsize=20_000)
def _measure_word(word: str, size: float, bold: bool) -> float:
    return sum(_load(name, size).getlength(part) for name, part in _split(word, bold))


def write_line(
    draw: ImageDraw.ImageDraw,
    position: tuple[float, float],
    text: str,
    size: float,
    ink: str,
    *,
    bold: bool = False,
    align: str = "left",
) -> None:
    """Write one line.

    Parameters
    ----------
    position
        Its left end, middle or right end, as `align` says, and the top of its letters' box.
    text
        What is not printable is written as a replacement character.
    align
        left, centre or right.
    """
    x, y = position
    shift = {"left": 0.0, "centre": 0.5, "right": 1.0}[align]
    x -= shift * measure_width(text, size, bold=bold)
    baseline = y + _load(_own(bold), size).getmetrics()[0]
    for name, part in _split(text, bold):
        font = _load(name, size)
        draw.text((x, baseline), part, ink, font, "ls")
        x += font.getlength(part)


def wrap_text(text: str, width: float, size: float, max_lines: int | None = None, *, bold: bool = False) -> list[str]:
    """Break a text into lines no wider than a width.

    Parameters
    ----------
    text
        Runs of white space count as one space; a word wider than a line is broken.
    width, size
        Width of a line and size of the font, in pixels.
    max_lines
        Lines beyond these are left out, and the last one ends in an ellipsis; None keeps all.

    Returns
    -------
    list of str
        At least one line.

    Examples
    --------
    >>> wrap_text("a red fox sitting beside a frozen lake", 110, 12)
    ['a red fox sitting', 'beside a frozen lake']
    >>> wrap_text("Ein rötlicher Fuchs → ein gefrorener See", 110, 12, max_lines=2)
    ['Ein rötlicher Fuchs', '→ ein gefrorener…']
    """
    return list(_wrap(text, width, size, max_lines, bold))


@lru_cache(maxsize=2_000)
def _wrap(text: str, width: float, size: float, max_lines: int | None, bold: bool) -> list[str]:
    lines = [""]
    for word in text[:LONGEST].split():
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if measure_width(longer, size, bold=bold) <= width:
            lines[-1] = longer
            continue
        pieces = _break_word(word, width, size, bold)
        lines = [*lines, *pieces] if lines[-1] else pieces
        if max_lines is not None and len(lines) > max_lines:
            break
    if max_lines is None or len(lines) <= max_lines:
        return lines
    return [*lines[: max_lines - 1], _end_in_ellipsis(lines[max_lines - 1], width, size, bold)]


def _break_word(word: str, width: float, size: float, bold: bool) -> list[str]:
    pieces = [""]
    for letter in word:
        if pieces[-1] and measure_width(pieces[-1] + letter, size, bold=bold) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def _end_in_ellipsis(line: str, width: float, size: float, bold: bool) -> str:
    while line and measure_width(line + "…", size, bold=bold) > width:
        shorter = line.rpartition(" ")[0]
        line = shorter if len(shorter) > len(line) / 2 else line[:-1]
    return line.rstrip(" ,.;:") + "…"


@cache
def _own(bold: bool) -> str:
    return str(FOLDER / f"LiberationSans-{'Bold' if bold else 'Regular'}.ttf")


@cache
def _load(name: str, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(name, size)


def _split(text: str, bold: bool) -> list[tuple[str, str]]:
    """Cut a text where the font changes: names of fonts, and what is written in each."""
    if text.isascii() and text.isprintable():
        return [(_own(bold), text)]
    composed = normalize("NFC", text)
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in composed)
    return [(name, "".join(part)) for name, part in groupby(shown, key=lambda letter: _choose(letter, bold))]


@cache
def _choose(letter: str, bold: bool) -> str:
    return next((name for name in (_own(bold), *_fallbacks()) if _has(name, letter)), _own(bold))


@cache
def _fallbacks() -> tuple[str, ...]:
    return tuple(name for name in FALLBACKS if _is_there(name))


def _is_there(name: str) -> bool:
    try:
        _load(name, 20)
    except OSError:
        return False
    return True


def _has(name: str, letter: str) -> bool:
    """Whether a font has a letter: if not, it draws the box that it draws for a letter of nobody's."""
    font = _load(name, 20)
    return letter.isspace() or _mask(font, letter) != _mask(font, "\ue123")


def _mask(font: ImageFont.FreeTypeFont, letter: str) -> bytes:
    image = Image.new("L", (60, 60))
    ImageDraw.Draw(image).text((20, 40), letter, 255, font, "ls")
    return image.tobytes()
