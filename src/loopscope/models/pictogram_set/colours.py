"""The palette, and the name of a colour seen. Distances are Euclidean in CIELAB (ΔE 1976)."""

from functools import cache

import numpy as np
import numpy.typing as npt

Lab = npt.NDArray[np.float32]

PALETTE: dict[str, tuple[int, int, int]] = {
    "red": (217, 65, 58), "crimson": (150, 32, 62), "orange": (238, 138, 54), "yellow": (247, 207, 80),
    "olive": (134, 134, 66), "green": (66, 148, 90), "teal": (30, 120, 128), "turquoise": (104, 204, 196),
    "sky blue": (160, 208, 238), "blue": (62, 112, 196), "navy": (42, 54, 104), "purple": (124, 78, 162),
    "lavender": (196, 180, 230), "pink": (243, 164, 186), "brown": (140, 94, 64), "beige": (224, 203, 168),
    "cream": (251, 244, 222), "white": (255, 255, 255), "grey": (144, 150, 156), "black": (62, 62, 70),
}  # fmt: skip
NAMES = tuple(PALETTE)
CONTRAST = 36.0
"""The least distance between a pictogram and its ground."""
_STEPS = 32


@cache
def palette_lab() -> Lab:
    """Give the palette in CIELAB, shape (20, 3), in the order of `NAMES`."""
    from skimage.color import rgb2lab

    lab: Lab = rgb2lab(np.array(list(PALETTE.values()), np.uint8)[None])[0].astype(np.float32)
    return lab


def to_lab(pixels: npt.NDArray[np.uint8]) -> Lab:
    """Turn sRGB pixels into CIELAB by a table of 32 steps for each of red, green and blue.

    Parameters
    ----------
    pixels
        Shape (..., 3), 0 to 255.

    Returns
    -------
    numpy.ndarray
        Shape (..., 3), float32; L* in [0, 100].
    """
    steps = pixels >> 3
    index = (steps[..., 0].astype(np.int32) << 10) | (steps[..., 1].astype(np.int32) << 5) | steps[..., 2]
    table: Lab = np.take(_table(), index, axis=0)
    return table


@cache
def _table() -> Lab:
    from skimage.color import rgb2lab

    axis = (np.arange(_STEPS) * 8 + 3.5) / 255
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    table: Lab = rgb2lab(grid).reshape(-1, 3).astype(np.float32)
    return table


def distance(one: str, other: str) -> float:
    """Give the CIELAB distance between two named colours."""
    lab = palette_lab()
    return float(np.linalg.norm(lab[NAMES.index(one)] - lab[NAMES.index(other)]))


def name_distances(lab: Lab) -> Lab:
    """Give the distance of one colour, shape (3,), from each colour of the palette, shape (20,)."""
    distances: Lab = np.linalg.norm(palette_lab() - lab, axis=1)
    return distances


def shade(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    """Give the darker shade in which the lines of a pictogram of this colour are drawn.

    Examples
    --------
    >>> shade((200, 100, 0))
    (64, 34, 4)
    """
    red, green, blue = (round(0.3 * channel + 4) for channel in colour)
    return red, green, blue


def contrasting(wanted: tuple[str, ...], ground: str) -> str:
    """Give the first colour of ``wanted`` that stands out from ``ground``; else the one of the palette that does most.

    Examples
    --------
    >>> contrasting(("white", "red"), "cream")
    'red'
    """
    for colour in wanted:
        if distance(colour, ground) >= CONTRAST:
            return colour
    return max((*wanted, "red", "white", "navy", "yellow"), key=lambda colour: distance(colour, ground))
