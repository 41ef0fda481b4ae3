"""ColourLayout: a classical descriptor of pictures, for which no weights are needed."""

import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from loopscope.types import OutputType, Vectors

Array = npt.NDArray[np.float32]

SIDE = 64
CELL = 16
GRID = 8
FREQUENCIES = 6
ORIENTATIONS = 8
BINS = (4, 8, 8)
# Of L* (black to white), a* (green to red) and b* (blue to yellow); all colours of a screen but the most saturated.
LOWEST = np.array([0, -80, -80], np.float32)
HIGHEST = np.array([100, 80, 80], np.float32)
# Of the squared length of the vector, the most that each part makes up.
COLOURS, LAYOUT, EDGES = 0.5, 0.3, 0.2


class ColourLayout:
    """Embed pictures by their colours, where these stand, and the directions of their edges.

    Not semantic: a red car and a red apple are near, a red and a blue apple are not. Three descriptors of the picture,
    scaled to 64 × 64 pixels, are put side by side: a histogram of its colours in CIELAB, smoothed over neighbouring
    bins so that a small change of colour is a small step; the low frequencies of an 8 × 8 thumbnail, as in the MPEG-7
    colour layout (Kasutani and Yamada 2001, doi:10.1109/ICIP.2001.959135); histograms of oriented gradients (Dalal and
    Triggs 2005, doi:10.1109/CVPR.2005.177).
    """

    name: ClassVar[str] = "ColourLayout"
    takes: ClassVar[OutputType] = OutputType.IMAGE
    dimension: ClassVar[int] = 4 * 8 * 8 + 3 * 21 + 8 * 4 * 4
    deterministic: ClassVar[bool] = True

    def __init__(self) -> None:
        self.device = "cpu"

    @classmethod
    def missing(cls) -> str | None:
        """Tell that nothing is missing: it has no weights."""
        return None

    def embed(self, inputs: Sequence[Image.Image]) -> Vectors:
        """Give the unit vector of each picture.

        Parameters
        ----------
        inputs
            Pictures of any size and mode.

        Returns
        -------
        numpy.ndarray
            Shape (n, 447), float32, C order, rows of unit length in the order of the pictures.
        """
        vectors = np.empty((len(inputs), self.dimension), np.float32)
        for row, picture in enumerate(inputs):
            vectors[row] = _describe(picture)
        return vectors


def _describe(picture: Image.Image) -> Array:
    """Give the unit vector of one picture: (447,)."""
    from skimage.color import rgb2lab

    small = picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)
    lab = rgb2lab(np.asarray(small, np.float32) / 255).astype(np.float32)
    vector: Array = np.concatenate(
        [
            math.sqrt(COLOURS) * _colours(lab),
            math.sqrt(LAYOUT) * _layout(lab),
            math.sqrt(EDGES) * _edges(lab[..., 0]),
        ]
    )
    # Not a division by zero: every picture has colours.
    vector /= np.linalg.norm(vector)
    return vector


def _colours(lab: Array) -> Array:
    """Give the square roots of the shares of the colours: (256,), a unit vector."""
    last = np.array(BINS) - 1
    place = np.clip((lab.reshape(-1, 3) - LOWEST) / (HIGHEST - LOWEST), 0, 1) * last
    below = np.minimum(place.astype(np.intp), last - 1)
    within = place - below
    shares = np.zeros(np.prod(BINS))
    # A pixel counts for the eight bins about it, the more the nearer: colours that are nearly equal share their bins.
    for corner in np.ndindex(2, 2, 2):
        weights = np.where(corner, within, 1 - within).prod(axis=1)
        shares += np.bincount(np.ravel_multi_index((below + corner).T, BINS), weights, shares.size)
    roots: Array = np.sqrt(shares / shares.sum()).astype(np.float32)
    return roots


def _layout(lab: Array) -> Array:
    """Give the low frequencies of a thumbnail: (63,); the mean colour alone is of length 1 at most."""
    from scipy.fft import dctn

    step = SIDE // GRID
    thumbnail = lab.reshape(GRID, step, GRID, step, 3).mean(axis=(1, 3))
    waves: Array = dctn(thumbnail / (HIGHEST - LOWEST) / GRID, axes=(0, 1), norm="ortho")
    low = np.add.outer(np.arange(GRID), np.arange(GRID)) < FREQUENCIES
    descriptor: Array = waves[low].ravel()
    return descriptor


def _edges(lightness: Array) -> Array:
    """Give the histograms of oriented gradients of 4 × 4 cells: (128,), a unit vector, or zeros for a blank picture."""
    from skimage.feature import hog

    cells = SIDE // CELL
    # One block over all: cells normalised one by one would make as much of the grain of the paper as of the drawing.
    return np.asarray(
        hog(lightness, ORIENTATIONS, (CELL, CELL), (cells, cells), block_norm="L2", feature_vector=True), np.float32
    )
