"""Labels that fit: text is measured, wrapped and shortened before it is drawn.

Widths are in pixels, measured with the charts' own font and some slack, so that a label is rather a little too short
than cut off: titles are bold, and a browser without that font takes one that is like it.
"""

from typing import Final

from loopscope.imaging import lettering

SLACK: Final = 1.07
"""By how much letters may be wider than those that are measured: bold ones are by 4 to 9 %."""


def measure_width(text: str, size: float) -> float:
    """Measure a line of text, in pixels, at a font size in pixels."""
    return SLACK * lettering.measure_width(text, size)


def wrap_text(text: str, width: float, size: float, max_lines: int | None = None) -> list[str]:
    """Break a text into lines no wider than `width` pixels; `lettering.wrap_text` says how.

    Examples
    --------
    >>> wrap_text("a red fox sitting beside a frozen lake", 110, 12)
    ['a red fox sitting', 'beside a frozen', 'lake']
    >>> wrap_text("a red fox sitting beside a frozen lake", 110, 12, max_lines=2)
    ['a red fox sitting', 'beside a frozen…']
    """
    return lettering.wrap_text(text, width / SLACK, size, max_lines)


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
