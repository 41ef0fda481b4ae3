"""A contact sheet: runs from top to bottom, steps from left to right, the colour of the cluster under each picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image

from loopscope.imaging.canvas import FAINT_INK, INK, RULE, Canvas
from loopscope.imaging.lettering import wrap_text
from loopscope.imaging.still import Still
from loopscope.imaging.text_tile import draw_text_tile

SCALE: Final = 2
MARGIN: Final = 28
"""Everything is in pixels of the layout, of which a picture has two for each."""
HEADING_WIDTH: Final = 210
CELL: Final = 104
GAP: Final = 8
BAR_HEIGHT: Final = 7
ROW_GAP: Final = 12
GROUP_HEIGHT: Final = 44
TITLE_SIZE: Final = 22
FACTS_SIZE: Final = 13
GROUP_SIZE: Final = 17
PROMPT_SIZE: Final = 14
PROMPT_LINE: Final = 18


@dataclass(frozen=True)
class SheetRow:
    """One run.

    Attributes
    ----------
    group
        Rows that follow one another and share it stand under one heading.
    heading, facts
        What stands at the left: such as the prompt, and smaller the seed and the run.
    stills
        One for each column; None from where the run has ended.
    ending
        Why it ended, in words.
    """

    group: str
    heading: str
    facts: str
    stills: Sequence[Still | None]
    ending: str


def draw_contact_sheet(rows: Sequence[SheetRow], steps: Sequence[int], title: str, facts: str) -> Image.Image:
    """Draw runs as rows.

    Parameters
    ----------
    rows
        At least one, in order.
    steps
        The sequence number that each column shows.
    title, facts
        What stands above, the second smaller.

    Returns
    -------
    PIL.Image.Image
        RGB, at twice the size at which it is meant to be seen.
    """
    left = MARGIN + HEADING_WIDTH
    width = left + max(3, len(steps)) * (CELL + GAP) - GAP + MARGIN
    titles = wrap_text(title, width - 2 * MARGIN, TITLE_SIZE, 2, bold=True)
    lines = wrap_text(facts, width - 2 * MARGIN, FACTS_SIZE, 4)
    top = MARGIN + 29 * len(titles) + 18 * len(lines) + 16
    starts = [place for place, row in enumerate(rows) if place == 0 or row.group != rows[place - 1].group]
    pitch = CELL + BAR_HEIGHT + ROW_GAP
    canvas = Canvas(width, top + 24 + pitch * len(rows) - ROW_GAP + GROUP_HEIGHT * len(starts) + MARGIN, SCALE)
    for number, line in enumerate(titles):
        canvas.write(MARGIN, MARGIN + 29 * number, line, TITLE_SIZE, bold=True)
    for number, line in enumerate(lines):
        canvas.write(MARGIN, MARGIN + 29 * len(titles) + 18 * number, line, FACTS_SIZE, FAINT_INK)
    canvas.write(left - 14, top, "step", FACTS_SIZE, FAINT_INK, align="right")
    for column, step in enumerate(steps):
        canvas.write(left + column * (CELL + GAP) + CELL / 2, top, f"{step:,}", FACTS_SIZE, INK, align="centre")
    y: float = top + 24
    for place, row in enumerate(rows):
        if place in starts:
            _draw_group(canvas, row.group, y, width)
            y += GROUP_HEIGHT
        _draw_row(canvas, row, left, y)
        y += pitch
    return canvas.image


def _draw_group(canvas: Canvas, group: str, y: float, width: float) -> None:
    canvas.fill(MARGIN, y + 4, width - 2 * MARGIN, 1, RULE)
    line = wrap_text(group, width - 2 * MARGIN, GROUP_SIZE, 1, bold=True)[0]
    canvas.write(MARGIN, y + 13, line, GROUP_SIZE, bold=True)


def _draw_row(canvas: Canvas, row: SheetRow, left: float, y: float) -> None:
    facts = wrap_text(row.facts, HEADING_WIDTH - 16, FACTS_SIZE, 2)
    lines = wrap_text(row.heading, HEADING_WIDTH - 16, PROMPT_SIZE, 5 - len(facts))
    for number, line in enumerate(lines):
        canvas.write(MARGIN, y + PROMPT_LINE * number, line, PROMPT_SIZE)
    for number, line in enumerate(facts):
        canvas.write(MARGIN, y + PROMPT_LINE * (len(lines) + number) + 4, line, FACTS_SIZE, FAINT_INK)
    ended = False
    for column, still in enumerate(row.stills):
        x = left + column * (CELL + GAP)
        if still is None:
            if not ended:
                _draw_ending(canvas, row.ending, x, y)
            ended = True
        else:
            _draw_cell(canvas, still, x, y)


def _draw_cell(canvas: Canvas, still: Still, x: float, y: float) -> None:
    if still.picture is not None:
        canvas.paste(still.picture, x, y, CELL, CELL)
    else:
        draw_text_tile(canvas, still.caption or "", x, y, CELL, CELL)
    canvas.outline(x, y, CELL, CELL)
    if still.colour is not None:
        canvas.fill(x, y + CELL, CELL, BAR_HEIGHT, still.colour)


def _draw_ending(canvas: Canvas, ending: str, x: float, y: float) -> None:
    """Say in the first empty cell why the run has ended."""
    lines = wrap_text(ending, CELL - 8, FACTS_SIZE, 4)
    for number, line in enumerate(lines):
        top = y + CELL / 2 + (number - len(lines) / 2) * 17
        canvas.write(x + 4, top, line, FACTS_SIZE, FAINT_INK)
