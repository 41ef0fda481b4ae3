"""A text where a picture would stand: set as large as it fits."""

from typing import Final

from loopscope.imaging.canvas import INK, PLACEHOLDER, Canvas
from loopscope.imaging.lettering import LINE_SPACING, wrap_text

SIZES: Final = (1 / 5, 1 / 6, 1 / 7, 1 / 8.5, 1 / 10, 1 / 12, 1 / 14)
"""Sizes of the letters that are tried, as shares of the shorter side."""
PADDING: Final = 0.08
"""Of the shorter side."""


def draw_text_tile(canvas: Canvas, text: str, x: float, y: float, width: float, height: float) -> None:
    """Set a text into a rectangle, in its middle, in the largest letters in which all of it fits.

    What does not fit even in the smallest ends in an ellipsis.
    """
    canvas.fill(x, y, width, height, PLACEHOLDER)
    side = min(width, height)
    room, tall = width - 2 * PADDING * side, height - 2 * PADDING * side
    lines, size = _set(text, room, tall, side)
    top = y + (height - len(lines) * size * LINE_SPACING) / 2
    for number, line in enumerate(lines):
        canvas.write(x + width / 2, top + number * size * LINE_SPACING, line, size, INK, align="centre")


def _set(text: str, room: float, tall: float, side: float) -> tuple[list[str], float]:
    """Break a text into lines at the largest size at which no word is broken and no line left out."""
    for share in SIZES:
        size = share * side
        most = max(1, int(tall / (size * LINE_SPACING)))
        lines = wrap_text(text, room, size, most)
        if " ".join(lines) == " ".join(text.split()):
            return lines, size
    return lines, size
