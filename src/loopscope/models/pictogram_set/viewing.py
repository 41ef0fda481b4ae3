"""Looks at a picture: what is there, how many, in which colours, in the order in which it strikes the eye."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from loopscope.models.pictogram_set.colours import NAMES, Lab, name_distances
from loopscope.models.pictogram_set.drawing import SIZE
from loopscope.models.pictogram_set.recognition import colour_and_lines, distances, features_of
from loopscope.models.pictogram_set.scene import Sight
from loopscope.models.pictogram_set.segmentation import Region, find_regions

MOST_REGIONS = 12


@dataclass(frozen=True)
class Attention:
    """How the viewer looks.

    Attributes
    ----------
    doubt
        The temperature of the choice among the nearest shapes, on the scale of squared feature distance; 0 always
        takes the nearest.
    candidates
        How many shapes are considered.
    """

    doubt: float = 0.05
    candidates: int = 6


def view(picture: Image.Image, rng: np.random.Generator, attention: Attention) -> tuple[list[Sight], str]:
    """Look at a picture.

    Parameters
    ----------
    picture
        RGB, of any size.
    rng
        Decides among near shapes.
    attention
        How to look.

    Returns
    -------
    sights : list of Sight
        What is there, the largest share of the picture first.
    ground : str
        The name of the colour behind.
    """
    if picture.size != (SIZE, SIZE):
        picture = picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    regions, ground = find_regions(picture.convert("RGB"))
    regions = sorted(regions, key=lambda region: -float(region.mask.sum()))[:MOST_REGIONS]
    if not regions:
        return [], colour_name(ground)
    looks = [colour_and_lines(region) for region in regions]
    away = distances(
        np.stack([features_of(region.mask, lines) for region, (_, lines) in zip(regions, looks, strict=True)])
    )
    seen: dict[tuple[int, str], list[Region]] = {}
    for region, (colour, _), row in zip(regions, looks, away, strict=True):
        key = (recognise(row, rng, attention), colour_name(colour))
        seen.setdefault(_same(key, list(seen)), []).append(region)
    sights = [_sight(pictogram, colour, group) for (pictogram, colour), group in seen.items()]
    order = sorted(zip(sights, seen.values(), strict=True), key=lambda pair: -sum(float(r.mask.sum()) for r in pair[1]))
    return [sight for sight, _ in order], colour_name(ground)


def _same(key: tuple[int, str], known: list[tuple[int, str]]) -> tuple[int, str]:
    """Give the thing already seen that is the same pictogram, whatever its tint; else the new one."""
    return next((old for old in known if old[0] == key[0]), key)


def recognise(away: npt.NDArray[np.float32], rng: np.random.Generator, attention: Attention) -> int:
    """Choose a pictogram by the squared distances of a shape from every template, shape (pictograms,)."""
    nearest = np.argsort(away, kind="stable")[: attention.candidates]
    if attention.doubt == 0:
        return int(nearest[0])
    logits = np.round((away[nearest[0]] - away[nearest]).astype(np.float64), 3) / attention.doubt
    chances = np.cumsum(np.exp(logits))
    return int(nearest[min(int(np.searchsorted(chances, rng.random() * chances[-1], side="right")), len(nearest) - 1)])


def colour_name(lab: Lab) -> str:
    """Give the name of the colour of the palette nearest to one in CIELAB, shape (3,)."""
    return NAMES[int(np.argmin(name_distances(lab)))]


def _sight(pictogram: int, colour: str, group: list[Region]) -> Sight:
    x = float(np.mean([region.x for region in group]))
    y = float(np.mean([region.y for region in group]))
    return Sight(pictogram, colour, len(group), x, y, max(region.extent for region in group))
