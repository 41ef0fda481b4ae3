"""A sheet of paper to draw on, in pixels of a layout that become one, two or more pixels of the picture."""

from typing import Final

from PIL import Image, ImageDraw

from loopscope.imaging.lettering import write_line

PAPER: Final = "#ffffff"
INK: Final = "#222222"
FAINT_INK: Final = "#666666"
RULE: Final = "#dddddd"
PLACEHOLDER: Final = "#f3f3f3"
"""The inks of the charts, which stand beside these pictures in a paper."""

COARSE: Final = 4
"""A picture that is enlarged so many times keeps its pixels as squares."""
SLACK: Final = 2
"""Pixels by which a picture may be too small for its place before it is scaled again."""


class Canvas:
    """A picture in the making.

    Parameters
    ----------
    width, height
        In pixels of the layout.
    scale
        Pixels of the picture for one of the layout.

    Attributes
    ----------
    image
        RGB, drawn so far.
    """

    def __init__(self, width: float, height: float, scale: float = 2) -> None:
        self.scale = scale
        self.image = Image.new("RGB", (round(width * scale), round(height * scale)), PAPER)
        self._draw = ImageDraw.Draw(self.image)

    def fill(self, x: float, y: float, width: float, height: float, colour: str = PAPER) -> None:
        """Fill a rectangle."""
        self._draw.rectangle(self._corners(x, y, width, height), fill=colour)

    def outline(self, x: float, y: float, width: float, height: float, colour: str = RULE) -> None:
        """Draw the edge of a rectangle, one pixel of the picture wide."""
        self._draw.rectangle(self._corners(x, y, width, height), outline=colour, width=1)

    def polygon(self, points: list[tuple[float, float]], colour: str) -> None:
        """Fill a polygon."""
        self._draw.polygon([(x * self.scale, y * self.scale) for x, y in points], fill=colour)

    def dot(self, x: float, y: float, radius: float, colour: str) -> None:
        """Fill a circle about a point."""
        self._draw.ellipse([each * self.scale for each in (x - radius, y - radius, x + radius, y + radius)], colour)

    def write(
        self, x: float, y: float, text: str, size: float, ink: str = INK, *, bold: bool = False, align: str = "left"
    ) -> None:
        """Write one line; `write_line` says what the words mean."""
        place = (x * self.scale, y * self.scale)
        write_line(self._draw, place, text, size * self.scale, ink, bold=bold, align=align)

    def paste(self, picture: Image.Image, x: float, y: float, width: float, height: float) -> None:
        """Fit a whole picture into a rectangle, in its middle; the paper around it stays as it is."""
        left, top, right, bottom = self._corners(x, y, width, height)
        fitted = fit_picture(picture, right - left + 1, bottom - top + 1)
        self.image.paste(
            fitted, (left + (right - left + 1 - fitted.width) // 2, top + (bottom - top + 1 - fitted.height) // 2)
        )

    def _corners(self, x: float, y: float, width: float, height: float) -> tuple[int, int, int, int]:
        left, top = round(x * self.scale), round(y * self.scale)
        return left, top, max(left, round((x + width) * self.scale) - 1), max(top, round((y + height) * self.scale) - 1)


def fit_picture(
    picture: Image.Image, width: int, height: int, method: Image.Resampling = Image.Resampling.LANCZOS
) -> Image.Image:
    """Scale a picture so that it just fits: never cropped, never stretched.

    Parameters
    ----------
    picture
        RGB. If it fits already, a pixel or two too small, it is given back as it is.
    width, height
        Of the place, in pixels.
    method
        How pixels are averaged. Lanczos keeps the most detail; Hamming takes less than half the time, and is as good
        for what is seen for a moment.

    Examples
    --------
    >>> fit_picture(Image.new("RGB", (400, 300)), 200, 200).size
    (200, 150)
    """
    if 0 <= min(width - picture.width, height - picture.height) <= SLACK:
        return picture
    share = min(width / picture.width, height / picture.height)
    size = (max(1, round(picture.width * share)), max(1, round(picture.height * share)))
    return picture.resize(size, Image.Resampling.NEAREST if share >= COARSE else method, reducing_gap=3.0)


def shrink_picture(picture: Image.Image, side: int) -> Image.Image:
    """Reduce a picture so that it fits a square; a smaller one is given back as it is."""
    return picture if max(picture.size) <= side else fit_picture(picture, side, side)
