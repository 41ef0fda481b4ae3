"""Title cards of a video: what is seen next, in large letters."""

from collections.abc import Sequence
from typing import Final

from PIL import Image

from loopscope.imaging.canvas import FAINT_INK, INK, Canvas
from loopscope.imaging.lettering import LINE_SPACING, wrap_text

HEIGHT: Final = 1080
MARGIN: Final = 150
HEADING_SIZE: Final = 76
LINE_SIZE: Final = 40
FACTS_SIZE: Final = 30
MOST_LINES: Final = 10


def draw_title_card(size: tuple[int, int], heading: str, lines: Sequence[str], facts: str = "") -> Image.Image:
    """Draw a title card: a heading, lines under it such as prompts, and smaller what else there is to say.

    Parameters
    ----------
    size
        Width and height, in pixels; laid out for a height of 1080.
    lines
        Each is kept to two lines of the card; of more than there is room for, the last says how many there are.

    Returns
    -------
    PIL.Image.Image
        RGB.
    """
    scale = size[1] / HEIGHT
    width = size[0] / scale - 2 * MARGIN
    canvas = Canvas(size[0] / scale, HEIGHT, scale)
    heads = wrap_text(heading, width, HEADING_SIZE, 3, bold=True)
    written: list[str] = []
    for number, line in enumerate(lines):
        wrapped = wrap_text(line, width, LINE_SIZE, 2)
        if len(written) + len(wrapped) > MOST_LINES - (number < len(lines) - 1):
            written.append(f"and {len(lines) - number:,} more")
            break
        written += wrapped
    small = wrap_text(facts, width, FACTS_SIZE, 2) if facts else []
    blocks = [(heads, HEADING_SIZE, INK, True), (written, LINE_SIZE, INK, False), (small, FACTS_SIZE, FAINT_INK, False)]
    shown = [block for block in blocks if block[0]]
    gap = 44
    total = sum(len(texts) * size_ * LINE_SPACING for texts, size_, *_ in shown) + gap * (len(shown) - 1)
    y = (HEIGHT - total) / 2
    for texts, letters, ink, bold in shown:
        for text in texts:
            canvas.write(MARGIN, y, text, letters, ink, bold=bold)
            y += letters * LINE_SPACING
        y += gap
    return canvas.image
