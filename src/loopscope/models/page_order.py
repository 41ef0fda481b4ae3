"""Puts the pieces of text found on a page in reading order, and marks the places where one must be missing."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from loopscope.models.proofreading import HIDDEN

# Gaps between pieces as multiples of the height of their line: a space is some 0.3.
LOST_LETTERS = 0.5
LOST_WORD = 0.8
SPACE = 0.3


class Piece(NamedTuple):
    """A piece of text and where it stands, in pixels: its ends, its middle height, the height of its line."""

    left: float
    right: float
    middle: float
    height: float
    text: str


def in_reading_order(pieces: Iterable[Piece]) -> str:
    """Read pieces of text line by line, from the top and from the left.

    Parameters
    ----------
    pieces
        Words or parts of lines, in any order.

    Returns
    -------
    str
        Their texts. Where a gap in a line, or before it, has room for a word, there is a `HIDDEN` one, and also at the
        end of a line that had room for the first word of the next; pieces on the two sides of a smaller gap, too wide
        for a space, are taken for the ends of one word.

    Examples
    --------
    >>> in_reading_order([Piece(90, 120, 11, 20, "fox"), Piece(0, 30, 10, 20, "red"), Piece(0, 20, 40, 20, "ran")])
    'red ▯ fox ran'
    """
    lines = _lines(pieces)
    left = min((line[0].left for line in lines), default=0.0)
    right = max((line[-1].right for line in lines), default=0.0)
    texts = [_join(line, left) for line in lines]
    for number, (line, following) in enumerate(pairwise(lines)):
        word = following[0].right - following[0].left
        if right - line[-1].right > word + 2 * SPACE * line[-1].height:
            texts[number] += f" {HIDDEN}"
    return " ".join(texts)


def _lines(pieces: Iterable[Piece]) -> list[list[Piece]]:
    """Gather the pieces that stand side by side, from the top of the page, each line from the left."""
    lines: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: (piece.middle, piece.left)):
        if lines and piece.middle - lines[-1][-1].middle < 0.5 * min(piece.height, lines[-1][-1].height):
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return [sorted(line) for line in lines]


def _join(line: Sequence[Piece], margin: float) -> str:
    text = line[0].text
    if line[0].left - margin > LOST_WORD * line[0].height:
        text = f"{HIDDEN} {text}"
    for before, piece in pairwise(line):
        gap = (piece.left - before.right) / piece.height
        if gap > LOST_WORD:
            text += f" {HIDDEN} {piece.text}"
        else:
            text += piece.text if gap > LOST_LETTERS else f" {piece.text}"
    return text
