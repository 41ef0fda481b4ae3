"""Describe: says in one sentence which pictograms a picture shows, how many, of what colour and where."""

import zlib
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from PIL import Image

from loopscope.models.pictogram_set.grammar import Manner, describe
from loopscope.models.pictogram_set.scene import Sight
from loopscope.models.pictogram_set.viewing import Attention, view
from loopscope.types import OutputType


class Describe:
    """Describes a picture of pictograms.

    It parts the picture into regions, takes each for the pictogram whose shape is nearest, names colours in CIELAB,
    counts, relates positions, and speaks by a small grammar; the seed decides among near shapes and among words. Of a
    picture of anything else it says which pictograms it resembles.

    Parameters
    ----------
    attention
        How it looks; by default as shipped.
    manner
        How it speaks; by default as shipped.
    """

    name: ClassVar[str] = "Describe"
    takes: ClassVar[OutputType] = OutputType.IMAGE
    gives: ClassVar[OutputType] = OutputType.TEXT
    deterministic: ClassVar[bool] = True

    def __init__(self, attention: Attention | None = None, manner: Manner | None = None) -> None:
        self.device = "cpu"
        self._attention = attention or Attention()
        self._manner = manner or Manner()

    @classmethod
    def missing(cls) -> str | None:
        """Tell what is missing before it can be loaded: nothing."""
        return None

    def generate(self, inputs: Sequence[Image.Image], seeds: Sequence[int]) -> list[str]:
        """Describe each picture.

        Parameters
        ----------
        inputs
            RGB pictures of any size.
        seeds
            One integer in [0, 2**63) for each.

        Returns
        -------
        list of str
            One sentence for each picture.
        """
        return [self._describe(picture, seed) for picture, seed in zip(inputs, seeds, strict=True)]

    def _describe(self, picture: Image.Image, seed: int) -> str:
        sights, ground = view(picture, np.random.default_rng(seed), self._attention)
        return describe(sights, ground, np.random.default_rng([seed, _digest(sights)]), self._manner)


def _digest(sights: Sequence[Sight]) -> int:
    """Give a number for what is seen, so that one seed words different pictures differently.

    Places count roughly, and for the subject alone: a seeded loop comes round to the same words in time.
    """
    things = [(sight.pictogram, sight.colour, sight.count) for sight in sights]
    place = [(round(sight.x * 8), round(sight.y * 8)) for sight in sights[:1]]
    return zlib.crc32(repr((things, place)).encode())
