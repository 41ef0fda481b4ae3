"""Labels that fit: text is measured, wrapped and shortened before it is drawn.

Widths are in pixels, measured with the font inside Pillow, whose letters are 3 to 7 % wider than those of the charts'
own font, so that a label is rather a little too short than cut off.
"""

from functools import cache

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@cache
def load_font(size: float) -> Font:
    """Load the font inside Pillow, which needs no font of the system."""
    return ImageFont.load_default(size)


def measure_width(text: str, size: float) -> float:
    """Measure a line of text, in pixels, at a font size in pixels."""
    return load_font(size).getlength(text)


def wrap_text(text: str, width: float, size: float, max_lines: int | None = None) -> list[str]:
    """Break a text into lines no wider than `width` pixels.

    Parameters
    ----------
    text
        Any text; runs of white space count as one space. A word wider than a line is broken.
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
    ['a red fox sitting', 'beside a frozen', 'lake']
    >>> wrap_text("a red fox sitting beside a frozen lake", 110, 12, max_lines=2)
    ['a red fox sitting', 'beside a frozen…']
    """
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if measure_width(longer, size) <= width:
            lines[-1] = longer
            continue
        pieces = _break_word(word, width, size)
        lines = [*lines, *pieces] if lines[-1] else pieces
    if max_lines is None or len(lines) <= max_lines:
        return lines
    return [*lines[: max_lines - 1], _end_in_ellipsis(lines[max_lines - 1], width, size)]


def shorten_text(text: str, width: float, size: float) -> str:
    """Keep as much of a text as fits one line, an ellipsis standing for the rest."""
    return wrap_text(text, width, size, max_lines=1)[0]


def count_of(number: int, singular: str, plural: str | None = None) -> str:
    """Say a number of things.

    Examples
    --------
    >>> count_of(1, "run"), count_of(1200, "run"), count_of(2, "query", "queries")
    ('1 run', '1,200 runs', '2 queries')
    """
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def percentage(part: int, whole: int) -> str:
    """Say a share, never rounding something to nothing nor almost all to all.

    Examples
    --------
    >>> percentage(1, 3), percentage(0, 3), percentage(1, 100_000), percentage(99_999, 100_000)
    ('33.3 %', '0 %', '< 0.1 %', '> 99.9 %')
    """
    if part in (0, whole):
        return f"{100 * part // whole} %"
    share = 100 * part / whole
    if share < 0.1:
        return "< 0.1 %"
    return "> 99.9 %" if share > 99.9 else f"{share:.1f} %"


def _break_word(word: str, width: float, size: float) -> list[str]:
    pieces = [""]
    for letter in word:
        if pieces[-1] and measure_width(pieces[-1] + letter, size) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def _end_in_ellipsis(line: str, width: float, size: float) -> str:
    while line and measure_width(line + "…", size) > width:
        shorter = line.rpartition(" ")[0]
        line = shorter if len(shorter) > len(line) / 2 else line[:-1]
    return line.rstrip(" ,.;:") + "…"
