"""How a printed page ages: it is skewed, worn, blotted, stained and photographed a little out of focus.

Ink is a float32 array of the height and width of the page, from 0 (bare paper) to 1 (black).
"""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Array = npt.NDArray[np.float32]

PAPER = np.array([243, 234, 214], np.float32)
INK = np.array([38, 30, 30], np.float32)
BLOTS_PER_WORD = 0.3
FADING = 0.85
COFFEE = np.array([0.80, 0.66, 0.45], np.float32)  # what a stain lets through of red, green and blue


def weather(ink: Image.Image, *, words: int, size: int, wear: float, randomness: np.random.Generator) -> Image.Image:
    """Age a freshly printed page.

    Parameters
    ----------
    ink
        The print, mode L: 255 where there is ink.
    words, size
        How many words were printed, and the size of the type in pixels. Blots are as many and as large as these ask
        for: a page loses about the same share of its words whatever their number.
    wear
        0 for a clean sheet, 1 for a page on which some words are lost; more is worse.
    randomness
        All the randomness that is used.

    Returns
    -------
    PIL.Image.Image
        RGB, of the size of the print.
    """
    skewed = ink.rotate(float(randomness.normal(0, 0.7 * wear)), Image.Resampling.BICUBIC)
    skewed = _blot(skewed, words, size, wear, randomness)
    focus = float(randomness.uniform(0.25, 0.25 + 0.45 * wear))
    print_ = np.asarray(skewed.filter(ImageFilter.GaussianBlur(focus)), np.float32) / 255
    height, width = print_.shape
    fading = 1 - FADING * wear * np.clip(_clouds(height, width, 48, randomness), 0, 1)
    print_ = np.clip(print_ * fading, 0, 1)[..., None]
    page = _sheet(height, width, wear, randomness) * (1 - print_) + INK * print_
    page += randomness.normal(0, 1.6 + 1.6 * wear, (height, width, 1)).astype(np.float32)
    return Image.fromarray(np.clip(np.rint(page), 0, 255).astype(np.uint8))


def _blot(ink: Image.Image, words: int, size: int, wear: float, randomness: np.random.Generator) -> Image.Image:
    """Spill ink on the printed words, and scratch them."""
    printed = np.argwhere(np.asarray(ink) > 128)
    if len(printed) == 0 or wear <= 0:
        return ink
    draw = ImageDraw.Draw(ink)
    for y, x in randomness.choice(printed, randomness.poisson(BLOTS_PER_WORD * wear * words)):
        if randomness.random() < 0.5:
            _spill(draw, x, y, float(randomness.uniform(0.35, 0.7)) * size, randomness)
        else:
            _scratch(draw, x, y, size, randomness)
    return ink


def _spill(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, randomness: np.random.Generator) -> None:
    """Let fall a drop of ink: a ragged round blot with a few splashes about it."""
    angle = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    ragged = radius * (1 + 0.10 * randomness.standard_normal(angle.size))
    stretch = randomness.uniform(1.0, 1.7)
    outline = np.stack([x + stretch * ragged * np.cos(angle), y + 0.8 * ragged * np.sin(angle)], axis=1)
    draw.polygon([(float(px), float(py)) for px, py in outline], fill=int(randomness.integers(190, 255)))
    for _ in range(int(randomness.integers(1, 5))):
        away, towards = radius * randomness.uniform(1.3, 2.4), randomness.uniform(0, 2 * np.pi)
        sx, sy, r = x + away * np.cos(towards), y + away * np.sin(towards), randomness.uniform(0.4, 1.7)
        draw.ellipse([sx - r, sy - r, sx + r, sy + r], fill=220)


def _scratch(draw: ImageDraw.ImageDraw, x: float, y: float, size: int, randomness: np.random.Generator) -> None:
    """Scrape the ink off along a nearly level stroke."""
    length, slope = randomness.uniform(1, 3.5) * size, randomness.normal(0, 0.1)
    ends = [(x - length / 2, y - slope * length / 2), (x + length / 2, y + slope * length / 2)]
    draw.line(ends, fill=0, width=int(randomness.uniform(0.15, 0.45) * size))


def _sheet(height: int, width: int, wear: float, randomness: np.random.Generator) -> Array:
    """Give bare paper, clouded, darker to the edges, perhaps with rings of coffee: (height, width, 3) in 0..255."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    edge = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    shade = 1 - 0.10 * np.exp(-edge / 14) + 0.014 * _clouds(height, width, 40, randomness)
    shade += 0.012 * wear * _clouds(height, width, 5, randomness)
    page: Array = PAPER * shade[..., None]
    for _ in range(randomness.poisson(0.8 * wear)):
        cx, cy = randomness.uniform(0, width), randomness.uniform(0, height)
        radius = randomness.uniform(22, 52)
        away = np.hypot(x - cx, y - cy) + 1.5 * _clouds(height, width, 30, randomness)
        ring = np.exp(-(((away - radius) / 2.6) ** 2))
        pool = 0.15 * (1 + np.tanh((radius - away) / 3))
        strength = randomness.uniform(0.35, 0.8) * np.maximum(ring, pool)
        page *= 1 - strength[..., None].astype(np.float32) * (1 - COFFEE)
    return page


def _clouds(height: int, width: int, grain: int, randomness: np.random.Generator) -> Array:
    """Give smooth noise of about unit variance whose spots are ``grain`` pixels wide; (height, width)."""
    coarse = randomness.standard_normal((height // grain + 2, width // grain + 2), np.float32)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), np.float32)
