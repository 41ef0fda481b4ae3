"""Draws pictograms and scenes: flat colour inside a darker outline, on a ground that fades a little downwards."""

import io
from functools import lru_cache
from importlib.resources import files

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from loopscope.models.pictogram_set.catalogue import load_catalogue
from loopscope.models.pictogram_set.colours import PALETTE, shade
from loopscope.models.pictogram_set.layout import Place, arrange
from loopscope.models.pictogram_set.scene import Scene

SIZE = 256
"""The side of a picture in pixels."""
MASTER = 160
# A pictogram that is nearly all outline (a running figure) is painted in its colour, without lines.
SOLID = 0.72
# Gaps in an outline up to this width are closed before it is filled; there is room for it around the outline.
SEAL = 7
EDGE = 8
FADE = 7
GRAIN = 2.0


@lru_cache(maxsize=512)
def layers(pictogram: int) -> tuple[Image.Image, Image.Image]:
    """Give the two masks of a pictogram: its silhouette, and the lines on it.

    Parameters
    ----------
    pictogram
        Its number in the catalogue.

    Returns
    -------
    silhouette, lines : PIL.Image.Image
        Mode "L", of one size, the longer side about 160 pixels, with a little room around.
    """
    from scipy import ndimage

    canvas = Image.new("L", (2 * MASTER, 2 * MASTER))
    ImageDraw.Draw(canvas).text(
        (MASTER // 2, MASTER // 4), load_catalogue().pictograms[pictogram].character, font=_font(), fill=255
    )
    left, top, right, bottom = canvas.getbbox() or (0, 0, 1, 1)
    lines = canvas.crop((left - EDGE, top - EDGE, right + EDGE, bottom + EDGE))
    ink = np.asarray(lines)
    sealed = ndimage.maximum_filter(ink >= 128, size=SEAL)
    outside, _ = ndimage.label(~sealed)
    around = ndimage.maximum_filter(outside == outside[0, 0], size=SEAL)
    silhouette = np.maximum(ink, ~around * np.uint8(255))
    if ink.sum() > SOLID * silhouette.sum():
        return lines, Image.new("L", lines.size)
    return Image.fromarray(silhouette), lines


@lru_cache(maxsize=1)
def _font() -> ImageFont.FreeTypeFont:
    data = files("loopscope.models.pictogram_set").joinpath("NotoEmoji.ttf").read_bytes()
    return ImageFont.truetype(io.BytesIO(data), MASTER)


def put(picture: Image.Image, pictogram: int, colour: tuple[int, int, int], place: Place) -> None:
    """Draw one pictogram onto a picture.

    Parameters
    ----------
    picture
        Mode "RGB"; it is changed.
    pictogram
        Its number in the catalogue.
    colour
        Red, green, blue, 0 to 255.
    place
        Where, how large and how far turned.
    """
    silhouette, lines = layers(pictogram)
    scale = place.side / (max(silhouette.size) - 2 * EDGE)
    size = (max(1, round(silhouette.width * scale)), max(1, round(silhouette.height * scale)))
    corner = (round(place.x - size[0] / 2), round(place.y - size[1] / 2))
    for mask, paint in ((silhouette, colour), (lines, shade(colour))):
        small = mask.resize(size, Image.Resampling.BOX if scale < 0.5 else Image.Resampling.BILINEAR)
        if place.turn:
            small = small.rotate(place.turn, resample=Image.Resampling.BILINEAR, expand=True)
        shift = ((small.width - size[0]) // 2, (small.height - size[1]) // 2)
        picture.paste(paint, (corner[0] - shift[0], corner[1] - shift[1]), small)


def draw(scene: Scene, rng: np.random.Generator) -> Image.Image:
    """Draw a scene.

    Parameters
    ----------
    scene
        What to draw.
    rng
        Decides the layout and the small imperfections: tints, blur, grain.

    Returns
    -------
    PIL.Image.Image
        RGB, 256 × 256.
    """
    picture = _ground(scene.ground, rng)
    places = arrange(scene, SIZE, rng)
    for thing, group in zip(scene.things, places, strict=True):
        colour = _tinted(PALETTE[thing.colour], rng, 5.0)
        for place in group:
            put(picture, thing.pictogram, colour, place)
    return _imperfect(picture, rng)


def _ground(name: str, rng: np.random.Generator) -> Image.Image:
    red, green, blue = _tinted(PALETTE[name], rng, 2.5)
    ramp = np.linspace(FADE, -FADE, SIZE, dtype=np.float32)[:, None, None]
    rows = np.array([red, green, blue], np.float32) + ramp
    pixels = np.broadcast_to(rows.clip(0, 255).round().astype(np.uint8), (SIZE, SIZE, 3))
    return Image.fromarray(np.ascontiguousarray(pixels))


def _tinted(colour: tuple[int, int, int], rng: np.random.Generator, spread: float) -> tuple[int, int, int]:
    red, green, blue = (round(min(255.0, max(0.0, channel + rng.normal(0, spread)))) for channel in colour)
    return red, green, blue


def _imperfect(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Blur a little, and add a coarse grain: one of 17 by 17 values, smoothly enlarged, so that files stay small."""
    picture = picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.2, 0.7))))
    coarse = rng.normal(128, 16 * GRAIN, (17, 17)).clip(0, 255).astype(np.uint8)
    grain = np.asarray(Image.fromarray(coarse).resize((SIZE, SIZE), Image.Resampling.BICUBIC)).astype(np.int16)
    pixels = np.asarray(picture).astype(np.int16) + ((grain - 128) // 16)[..., None]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
