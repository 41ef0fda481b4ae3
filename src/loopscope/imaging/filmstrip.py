"""The filmstrip of a run: its pictures and captions in order, with the colour of its cluster under each."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image

from loopscope.imaging.canvas import FAINT_INK, INK, Canvas
from loopscope.imaging.lettering import wrap_text
from loopscope.imaging.still import Still
from loopscope.imaging.text_tile import draw_text_tile

SCALE: Final = 2
MARGIN: Final = 28
FRAME_WIDTH: Final = 150
"""Everything is in pixels of the layout, of which a picture has two for each."""
GAP: Final = 18
ROW_GAP: Final = 20
TEXT_HEIGHT: Final = 112
BAR_HEIGHT: Final = 8
NUMBER_SIZE: Final = 13
CAPTION_SIZE: Final = 14
CAPTION_LINE: Final = 18
MOST_CAPTION_LINES: Final = 7
TITLE_SIZE: Final = 22
PROMPT_SIZE: Final = 17
FACTS_SIZE: Final = 13


@dataclass(frozen=True)
class FilmstripTitle:
    """What stands above a filmstrip: the network, the prompt, and smaller what else there is to say."""

    network: str
    prompt: str
    facts: str


def draw_filmstrip(
    stills: Sequence[Still], title: FilmstripTitle, *, columns: int = 8, change_points: Collection[int] = ()
) -> Image.Image:
    """Draw stills in rows, a bar in the colour of the cluster under each, its sequence numbers and its caption.

    Parameters
    ----------
    stills
        In order. Between two whose sequence numbers do not follow one another stands an ellipsis.
    title
        What stands above.
    columns
        Stills beside one another, at least 1.
    change_points
        Sequence numbers with which something new begins: a rule stands before the still that shows it.

    Returns
    -------
    PIL.Image.Image
        RGB, at twice the size at which it is meant to be seen.
    """
    across = min(columns, len(stills))
    width = max(across * (FRAME_WIDTH + GAP) - GAP, 3 * FRAME_WIDTH) + 2 * MARGIN
    heading = _lay_out_title(title, width - 2 * MARGIN, bool(_changed(stills, change_points)))
    height_of_still = _tallest(stills)
    rows = [stills[start : start + across] for start in range(0, len(stills), across)]
    captions = [[_wrap_caption(still) for still in row] for row in rows]
    heights = [height_of_still + BAR_HEIGHT + 24 + CAPTION_LINE * max(map(len, lines)) for lines in captions]
    top: float = MARGIN + heading.height + 18
    canvas = Canvas(width, top + sum(heights) + ROW_GAP * (len(rows) - 1) + MARGIN, SCALE)
    heading.draw(canvas)
    changed, previous = _changed(stills, change_points), None
    for row, lines, height in zip(rows, captions, heights, strict=True):
        for column, (still, caption) in enumerate(zip(row, lines, strict=True)):
            x = MARGIN + column * (FRAME_WIDTH + GAP)
            _draw_still(canvas, still, caption, x, top, height_of_still)
            if previous is not None and still.first > previous.last + 1:
                _draw_ellipsis(canvas, x - GAP / 2, top + height_of_still / 2)
            if still.first in changed:
                canvas.fill(x - GAP / 2 - 2, top - 6, 4, height_of_still + BAR_HEIGHT + 12, INK)
            previous = still
        top += height + ROW_GAP
    return canvas.image


@dataclass(frozen=True)
class _Heading:
    network: list[str]
    prompt: list[str]
    facts: list[str]
    with_key: bool

    @property
    def height(self) -> float:
        return 29 * len(self.network) + 23 * len(self.prompt) + 4 + 18 * (len(self.facts) + self.with_key)

    def draw(self, canvas: Canvas) -> None:
        y: float = MARGIN
        for line in self.network:
            canvas.write(MARGIN, y, line, TITLE_SIZE, bold=True)
            y += 29
        for line in self.prompt:
            canvas.write(MARGIN, y, line, PROMPT_SIZE)
            y += 23
        y += 4
        for line in self.facts:
            canvas.write(MARGIN, y, line, FACTS_SIZE, FAINT_INK)
            y += 18
        if self.with_key:
            canvas.fill(MARGIN + 1, y + 1, 4, 13, INK)
            canvas.write(MARGIN + 12, y, "change point", FACTS_SIZE, FAINT_INK)


def _lay_out_title(title: FilmstripTitle, width: float, with_key: bool) -> _Heading:
    return _Heading(
        wrap_text(title.network, width, TITLE_SIZE, 3, bold=True),
        wrap_text(f"“{title.prompt}”", width, PROMPT_SIZE, 4),
        wrap_text(title.facts, width, FACTS_SIZE, 4),
        with_key,
    )


def _changed(stills: Sequence[Still], change_points: Collection[int]) -> set[int]:
    """Find the stills before which a rule stands, by their first sequence number: those that show a change point."""
    found = set()
    before = -1
    for still in stills:
        if any(before < point <= still.last for point in change_points) and still is not stills[0]:
            found.add(still.first)
        before = still.last
    return found


def _tallest(stills: Sequence[Still]) -> float:
    """How tall the pictures are, none being wider than a still nor taller than wide."""
    shapes = [still.picture.height / still.picture.width for still in stills if still.picture]
    if not shapes:
        return TEXT_HEIGHT
    return FRAME_WIDTH * min(1.0, max(shapes))


def _wrap_caption(still: Still) -> list[str]:
    if still.picture is None or not still.caption:
        return []
    return wrap_text(still.caption, FRAME_WIDTH, CAPTION_SIZE, MOST_CAPTION_LINES)


def _draw_still(canvas: Canvas, still: Still, caption: list[str], x: float, y: float, height: float) -> None:
    if still.picture is not None:
        canvas.paste(still.picture, x, y, FRAME_WIDTH, height)
    else:
        draw_text_tile(canvas, still.caption or "", x, y, FRAME_WIDTH, height)
    canvas.outline(x, y, FRAME_WIDTH, height)
    y += height
    if still.colour is not None:
        canvas.fill(x, y, FRAME_WIDTH, BAR_HEIGHT, still.colour)
    y += BAR_HEIGHT + 4
    canvas.write(x, y, still.numbers, NUMBER_SIZE, FAINT_INK)
    canvas.write(x + FRAME_WIDTH, y, still.cluster, NUMBER_SIZE, INK, align="right")
    for number, line in enumerate(caption):
        canvas.write(x, y + 20 + CAPTION_LINE * number, line, CAPTION_SIZE)


def _draw_ellipsis(canvas: Canvas, x: float, y: float) -> None:
    for shift in (-5.5, 0.0, 5.5):
        canvas.dot(x + shift, y, 1.8, FAINT_INK)
