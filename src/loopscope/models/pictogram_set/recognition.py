"""Recognises a pictogram by its silhouette and the lines on it: histograms of oriented gradients, nearest template."""

from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt
from PIL import Image

from loopscope.models.pictogram_set.catalogue import load_catalogue
from loopscope.models.pictogram_set.colours import PALETTE, Lab
from loopscope.models.pictogram_set.drawing import SIZE, put
from loopscope.models.pictogram_set.layout import Place
from loopscope.models.pictogram_set.segmentation import Region, find_regions

Features = npt.NDArray[np.float32]

SIDE = 48
CELL = 12
THUMBNAIL = 12
SCALE = 255.0
# Lines are told from the fill by their lightness; a region of one lightness has none.
LINES = 12.0


def colour_and_lines(region: Region) -> tuple[Lab, npt.NDArray[np.float32]]:
    """Tell the colour of a region from the darker lines drawn on it.

    Parameters
    ----------
    region
        One region.

    Returns
    -------
    colour : numpy.ndarray
        Shape (3,): its fill, in CIELAB.
    lines : numpy.ndarray
        Shape (height, width), in [0, 1]: how much of each pixel is line.
    """
    from scipy import ndimage

    # The rim is a mixture with the ground; what is thinner than two rims is all rim.
    core = ndimage.minimum_filter(region.mask, size=3, mode="constant")
    inside = region.lab[core if 3 * core.sum() > region.mask.sum() else region.mask]
    lightness = inside[:, 0]
    dark, light = np.percentile(lightness, (4, 96))
    if light - dark < LINES:
        return np.median(inside, axis=0), np.zeros(region.mask.shape, np.float32)
    lines = ((light - region.lab[..., 0]) / (light - dark)).clip(0, 1) * region.mask
    fill = inside[lightness > light - 0.35 * (light - dark)]
    return np.median(fill, axis=0), lines.astype(np.float32)


def features_of(mask: npt.NDArray[np.bool_], lines: npt.NDArray[np.float32]) -> Features:
    """Give the features of a shape: what does not depend on its colour, size or place.

    Parameters
    ----------
    mask
        Shape (height, width): its silhouette.
    lines
        Shape (height, width), in [0, 1]: the lines on it.

    Returns
    -------
    numpy.ndarray
        Shape (features,), float32, in [0, 1].
    """
    from skimage.feature import hog

    height, width = mask.shape
    parts = [np.array([0.5 + 0.35 * np.log(width / height)]).clip(0, 1)]
    for image, weight in ((mask.astype(np.float32), 1.0), (lines, 0.9)):
        square = _square(image)
        gradients = hog(square, orientations=8, pixels_per_cell=(CELL, CELL), cells_per_block=(2, 2))
        thumbnail = square.reshape(THUMBNAIL, SIDE // THUMBNAIL, THUMBNAIL, -1).mean(axis=(1, 3))
        parts += [weight * gradients, 0.22 * weight * thumbnail.ravel()]
    features: Features = np.concatenate(parts).astype(np.float32)
    return features


def _square(image: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    height, width = image.shape
    scale = (SIDE - 4) / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(
        Image.fromarray(image).resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR)
    )
    square = np.zeros((SIDE, SIDE), np.float32)
    top, left = (SIDE - size[1]) // 2, (SIDE - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = small
    return square


def distances(features: Features) -> Features:
    """Give the squared distance of features, shape (n, features), from every template, shape (n, pictograms)."""
    shapes, squares = templates()
    # Not by BLAS: its last bits depend on the number of threads.
    products: Features = np.einsum("nf,pf->np", features, shapes)
    away: Features = np.square(features).sum(axis=1)[:, None] - 2 * products + squares
    return away


@cache
def templates() -> tuple[Features, Features]:
    """Give the features of all pictograms, shape (pictograms, features), and their squared lengths."""
    data = files("loopscope.models.pictogram_set").joinpath("templates.npz")
    with data.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        shapes = arrays["features"].astype(np.float32) / np.float32(SCALE)
    return shapes, np.square(shapes).sum(axis=1)


def template_of(pictogram: int) -> Features:
    """Compute the features of a pictogram anew: the mean over four sizes and small turns, as they are seen when drawn.

    Parameters
    ----------
    pictogram
        Its number in the catalogue.

    Returns
    -------
    numpy.ndarray
        Shape (features,), float32, in [0, 1].
    """
    views = []
    for side, turn in ((60.0, 0.0), (90.0, 3.0), (90.0, -3.0), (130.0, 0.0)):
        picture = Image.new("RGB", (SIZE, SIZE), PALETTE["cream"])
        put(picture, pictogram, PALETTE["blue"], Place(SIZE / 2, SIZE / 2, side, turn))
        regions, _ = find_regions(picture)
        region = max(regions, key=lambda region: region.mask.sum())
        views.append(features_of(region.mask, colour_and_lines(region)[1]))
    mean: Features = np.mean(views, axis=0).astype(np.float32)
    return mean


def compute_templates() -> npt.NDArray[np.uint8]:
    """Compute the shipped array of templates anew: shape (pictograms, features), in steps of 1/255."""
    shapes = np.stack([template_of(pictogram) for pictogram in range(len(load_catalogue().pictograms))])
    return np.round(shapes * SCALE).astype(np.uint8)
