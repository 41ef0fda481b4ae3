"""Finds the pictograms in a picture: what stands out from a smooth ground, in regions of its own."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from loopscope.models.pictogram_set.colours import Lab, to_lab

# Distances in CIELAB; lengths in pixels of a 256-pixel picture.
STANDS_OUT = 13.0
REACH = 4
LEAST_AREA = 60
LEAST_SIDE = 12
BORDER = 4


@dataclass(frozen=True)
class Region:
    """One region that stands out from the ground.

    Attributes
    ----------
    mask
        Shape (height, width), bool: its pixels within its box.
    lab
        Shape (height, width, 3): the colours within its box.
    x, y
        The middle of its box, as shares of the picture.
    extent
        The longer side of its box, as a share of the picture.
    """

    mask: npt.NDArray[np.bool_]
    lab: Lab
    x: float
    y: float
    extent: float


def find_regions(picture: Image.Image) -> tuple[list[Region], Lab]:
    """Find the regions of a picture that stand out from its ground.

    Parameters
    ----------
    picture
        RGB.

    Returns
    -------
    regions : list of Region
        From the top to the bottom.
    ground : numpy.ndarray
        Shape (3,): the colour behind them, in CIELAB.
    """
    from scipy import ndimage

    lab = to_lab(np.asarray(picture))
    ground = _ground(lab)
    apart = np.sqrt(np.square(lab - ground[:, None, :]).sum(axis=2)) > STANDS_OUT
    # Parts of one pictogram are nearer to each other than two pictograms; joined at half the resolution, for speed.
    half = apart[: lab.shape[0] // 2 * 2, : lab.shape[1] // 2 * 2].reshape(lab.shape[0] // 2, 2, -1, 2).any(axis=(1, 3))
    joined, _ = ndimage.label(ndimage.maximum_filter(half, size=REACH + 1), np.ones((3, 3)))
    regions = []
    for index, (rows, columns) in enumerate(ndimage.find_objects(joined), 1):
        box = (slice(rows.start * 2, rows.stop * 2), slice(columns.start * 2, columns.stop * 2))
        here = np.repeat(np.repeat(joined[rows, columns] == index, 2, axis=0), 2, axis=1)
        region = _region(apart[box] & here, lab[box], box[1].start, box[0].start, lab.shape[0])
        if region is not None:
            regions.append(region)
    return regions, np.median(ground, axis=0)


def _ground(lab: Lab) -> Lab:
    """Fit the ground, row by row: a line through the colours of the left and right borders; shape (height, 3)."""
    sides = np.concatenate([lab[:, :BORDER], lab[:, -BORDER:]], axis=1)
    rows = np.median(sides, axis=1)
    middle = np.median(rows, axis=0)
    near = np.linalg.norm(rows - middle, axis=1) < 2 * STANDS_OUT
    at = np.arange(len(rows))
    slope, level = np.polyfit(at[near], rows[near], 1)
    fitted: Lab = (at[:, None] * slope + level).astype(np.float32)
    return fitted


def _region(mask: npt.NDArray[np.bool_], lab: Lab, left: int, top: int, size: int) -> Region | None:
    if mask.sum() < LEAST_AREA:
        return None
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    height, width = mask[box].shape
    if max(height, width) < LEAST_SIDE:
        return None
    x, y = left + columns[0] + width / 2, top + rows[0] + height / 2
    return Region(mask[box], lab[box], x / size, y / size, max(height, width) / size)
