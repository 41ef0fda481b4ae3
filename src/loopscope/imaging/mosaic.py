"""Frames of a video: many runs at once, each in a tile with its caption and the colour of its cluster.

Everything is laid out for a height of 1080 pixels; a larger frame has the same layout with more pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image

from loopscope.imaging.canvas import FAINT_INK, INK, PAPER, RULE, Canvas, fit_picture
from loopscope.imaging.lettering import LINE_SPACING, wrap_text
from loopscope.imaging.still import Still
from loopscope.imaging.text_tile import draw_text_tile

HEIGHT: Final = 1080
MARGIN: Final = 36
GAP: Final = 20
HEADER: Final = 86
BAR_HEIGHT: Final = 8
OVERHANG: Final = 10
"""How far accents above, and letters such as j to the left, may reach out of their place."""
HEADER_SIZE: Final = 30
LARGEST_CAPTION: Final = 36
SMALLEST_CAPTION: Final = 9
CAPTION_SHARES: Final = (0.1, 0.085, 0.075, 0.066)
"""Sizes of the letters of a caption that are tried, as shares of the height of a tile."""
LABEL_SHARE: Final = 0.064
DIMMED: Final = 0.35
"""How much of a picture is left once its run has ended."""


@dataclass(frozen=True)
class Tile:
    """One run at one moment.

    Attributes
    ----------
    label
        What tells it from the others, such as its prompt and seed.
    still
        What it shows; None before its first output.
    ending
        Why it has ended, in words; empty while it goes on.
    """

    label: str
    still: Still | None
    ending: str = ""


@dataclass(frozen=True)
class _Box:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class _Tail:
    """The cluster and the label of a tile, and where they stand."""

    cluster: str
    lines: tuple[str, ...]
    box: _Box


class Mosaic:
    """Draws one frame after the other; only tiles that changed are drawn again.

    Parameters
    ----------
    size
        Width and height of a frame, in pixels.
    columns, rows
        Tiles beside and below one another.
    title
        What stands above them.
    pictures
        Whether there are any; texts alone have tiles that are wide.
    """

    def __init__(self, size: tuple[int, int], columns: int, rows: int, title: str, *, pictures: bool = True) -> None:
        self._pictures = pictures
        scale = size[1] / HEIGHT
        self._width = size[0] / scale
        self._canvas = Canvas(self._width, HEIGHT, scale)
        self._columns = columns
        self._tile_width = (self._width - 2 * MARGIN + GAP) / columns - GAP
        self._tile_height = (HEIGHT - HEADER - MARGIN + GAP) / rows - GAP
        self._shown: dict[int, Tile] = {}
        self._tails: dict[int, _Tail] = {}
        room = self._width - 2 * MARGIN - 260
        self._canvas.write(MARGIN, 22, wrap_text(title, room, HEADER_SIZE, 1, bold=True)[0], HEADER_SIZE, bold=True)

    def prepare(self, picture: Image.Image) -> Image.Image:
        """Scale a picture to its size in a tile: in whichever thread reads it, so that drawing has less to do."""
        box, scale = self._arrange(0)[0], self._canvas.scale
        width, height = int(box.width * scale), int((box.height - BAR_HEIGHT) * scale)
        return fit_picture(picture, width, height, Image.Resampling.HAMMING)

    def draw(self, tiles: Sequence[Tile], step: int, length: int) -> Image.Image:
        """Draw one frame.

        Parameters
        ----------
        tiles
            At most columns × rows, from left to right and from top to bottom, always in the same order.
        step, length
            The sequence number that is shown, and how many steps the longest run has.

        Returns
        -------
        PIL.Image.Image
            RGB; the next call draws on it.
        """
        self._draw_header(step, length)
        for place, tile in enumerate(tiles):
            if self._shown.get(place) != tile:
                self._draw_tile(tile, place)
                self._shown[place] = tile
        return self._canvas.image

    def _draw_header(self, step: int, length: int) -> None:
        canvas, right = self._canvas, self._width - MARGIN
        canvas.fill(right - 250, 16, 250, 48)
        canvas.write(right, 22, f"step {step:,} of {length:,}", HEADER_SIZE, FAINT_INK, align="right")
        canvas.fill(MARGIN, 68, right - MARGIN, 3, RULE)
        canvas.fill(MARGIN, 68, (right - MARGIN) * min(1, (step + 1) / length), 3, INK)

    def _box(self, place: int) -> _Box:
        row, column = divmod(place, self._columns)
        x = MARGIN + column * (self._tile_width + GAP)
        return _Box(x, HEADER + row * (self._tile_height + GAP), self._tile_width, self._tile_height)

    def _arrange(self, place: int) -> tuple[_Box, _Box]:
        """Divide a tile between picture and words: beside one another where it is wide, else below."""
        box = self._box(place)
        if not self._pictures:
            shown = _Box(box.x, box.y, box.width, 0.74 * box.height)
            return shown, _Box(box.x, box.y + 0.76 * box.height, box.width, 0.24 * box.height)
        if box.width < 1.25 * box.height:
            shown = _Box(box.x, box.y, box.width, 0.66 * box.height)
            return shown, _Box(box.x, box.y + 0.68 * box.height, box.width, 0.32 * box.height)
        side = min(box.height - BAR_HEIGHT, 0.6 * box.width)
        words = _Box(box.x + side + 12, box.y, box.width - side - 12, box.height)
        return _Box(box.x, box.y, side, box.height), words

    def _draw_tile(self, tile: Tile, place: int) -> None:
        canvas, box = self._canvas, self._box(place)
        before = self._tails.pop(place, None)
        if tile.still is None:
            self._clear(box, None)
            return
        shown, words = self._arrange(place)
        height = self._picture_height(tile.still, shown)
        if words.y == box.y:
            words = _Box(words.x, words.y, words.width, max(height + BAR_HEIGHT, 0.7 * box.height))
        tail = self._set_tail(tile, words)
        self._clear(box, tail if tail == before else None)
        if tail != before:
            self._write_tail(tail)
        self._draw_picture(tile.still, shown, height)
        if tile.still.colour is not None:
            canvas.fill(shown.x, shown.y + height, shown.width, BAR_HEIGHT, tile.still.colour)
        if tile.still.picture and tile.still.caption:
            room = tail.box.y - words.y - 0.3 * self._letters(LABEL_SHARE)
            self._write_caption(tile.still.caption, _Box(words.x, words.y, words.width, room))
        if tile.ending:
            self._dim(box)
            self._mark_ending(tile.ending, shown, shown.y + height)
        else:
            self._tails[place] = tail

    def _clear(self, box: _Box, kept: _Tail | None) -> None:
        """Clear a tile and what letters reach about it, but for a tail that is kept: words take longest to draw."""
        left, top, bottom = box.x - OVERHANG, box.y - OVERHANG, box.y + box.height
        if kept is None:
            self._canvas.fill(left, top, box.width + OVERHANG, bottom - top)
            return
        if kept.box.x > box.x:
            self._canvas.fill(left, top, kept.box.x - box.x, bottom - top)
        self._canvas.fill(kept.box.x - OVERHANG, top, kept.box.width + OVERHANG, kept.box.y - top)

    def _picture_height(self, still: Still, box: _Box) -> float:
        """How much of a box a picture, or a text in its place, takes from its top, with room for the bar below."""
        height = box.height - BAR_HEIGHT
        return height if still.picture is None else min(height, box.width * still.picture.height / still.picture.width)

    def _draw_picture(self, still: Still, box: _Box, height: float) -> None:
        if still.picture is None:
            draw_text_tile(self._canvas, still.caption or "", box.x, box.y, box.width, height)
        else:
            self._canvas.paste(still.picture, box.x, box.y, box.width, height)
            self._canvas.outline(box.x, box.y, box.width, height)

    def _set_tail(self, tile: Tile, box: _Box) -> _Tail:
        """Put cluster and label at the bottom of the words of a tile; of texts alone there are no other words."""
        assert tile.still is not None
        small, cluster = self._letters(LABEL_SHARE), tile.still.cluster
        most = max(1, min(3, int(box.height / (small * LINE_SPACING)) - bool(cluster)))
        lines = wrap_text(tile.label, box.width, small, most)
        height = (len(lines) + bool(cluster)) * small * LINE_SPACING
        y = box.y + (box.height - height if self._pictures else 0)
        return _Tail(cluster, tuple(lines), _Box(box.x, y, box.width, height))

    def _write_tail(self, tail: _Tail) -> None:
        small, box = self._letters(LABEL_SHARE), tail.box
        y = box.y
        if tail.cluster:
            self._canvas.write(box.x, y, tail.cluster, small, INK, bold=True)
            y += small * LINE_SPACING
        for number, line in enumerate(tail.lines):
            self._canvas.write(box.x, y + number * small * LINE_SPACING, line, small, FAINT_INK)

    def _write_caption(self, caption: str, box: _Box) -> None:
        """Write a caption in the largest letters in which all of it fits, or as much as fits in the smallest."""
        for share in CAPTION_SHARES:
            size = self._letters(share)
            lines = wrap_text(caption, box.width, size)
            most = max(1, int(box.height / (size * LINE_SPACING)))
            if len(lines) <= most:
                break
        else:
            lines = wrap_text(caption, box.width, size, most)
        for number, line in enumerate(lines):
            self._canvas.write(box.x, box.y + (number * LINE_SPACING - 0.15) * size, line, size)

    def _letters(self, share: float) -> float:
        return max(SMALLEST_CAPTION, min(LARGEST_CAPTION, share * self._tile_height))

    def _dim(self, box: _Box) -> None:
        image, scale = self._canvas.image, self._canvas.scale
        left, top = round(box.x * scale), round(box.y * scale)
        part = image.crop((left, top, round((box.x + box.width) * scale), round((box.y + box.height) * scale)))
        image.paste(Image.blend(Image.new("RGB", part.size, PAPER), part, DIMMED), (left, top))

    def _mark_ending(self, ending: str, box: _Box, bottom: float) -> None:
        """Write on the picture, in its middle, why there are no more."""
        size = self._letters(CAPTION_SHARES[1])
        lines = wrap_text(ending, box.width - 2 * size, size, 3, bold=True)
        height = len(lines) * size * LINE_SPACING
        top = (box.y + bottom - height) / 2
        self._canvas.fill(box.x, top - 0.4 * size, box.width, height + 0.8 * size, PAPER)
        for number, line in enumerate(lines):
            y = top + number * size * LINE_SPACING
            self._canvas.write(box.x + box.width / 2, y, line, size, INK, bold=True, align="centre")
