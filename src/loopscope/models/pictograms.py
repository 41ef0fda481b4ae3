"""Pictograms: paints the things that a text mentions, as pictograms chosen by nearness of meaning."""

import hashlib
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from loopscope.models.minilm import MiniLM
from loopscope.models.pictogram_set.catalogue import load_catalogue
from loopscope.models.pictogram_set.drawing import draw
from loopscope.models.pictogram_set.imagination import Habits, Imagination
from loopscope.models.pictogram_set.reading import Reading, read
from loopscope.types import OutputType

# Vectors of words are kept from call to call, up to this many.
REMEMBERED = 20_000


class Pictograms:
    """Paints a text with Noto Emoji pictograms: 256 × 256 pixels, flat colours.

    The words of the text are matched to the names of some thousand pictograms by sentence embeddings; the seed decides
    among the near ones, and on layout and small imperfections. It is a small model of a text-to-image model, for
    experiments without a download of gigabytes: its familiar scenes are built in, and with them where loops settle.

    Parameters
    ----------
    habits
        How it imagines; by default as shipped.
    """

    name: ClassVar[str] = "Pictograms"
    takes: ClassVar[OutputType] = OutputType.TEXT
    gives: ClassVar[OutputType] = OutputType.IMAGE
    deterministic: ClassVar[bool] = True

    def __init__(self, habits: Habits | None = None) -> None:
        self.device = "cpu"
        self._embedder = MiniLM()
        self._imagination = Imagination(habits)
        self._vectors: dict[str, npt.NDArray[np.float32]] = {}

    @classmethod
    def missing(cls) -> str | None:
        """Tell what is missing before it can be loaded: what MiniLM, which it finds pictograms with, is missing."""
        return MiniLM.missing()

    def generate(self, inputs: Sequence[str], seeds: Sequence[int]) -> list[Image.Image]:
        """Paint each text.

        Parameters
        ----------
        inputs
            Texts; any English.
        seeds
            One integer in [0, 2**63) for each.

        Returns
        -------
        list of PIL.Image.Image
            RGB, 256 × 256, one for each text.
        """
        readings = [read(text, load_catalogue()) for text in inputs]
        self._learn(readings)
        pictures = []
        for text, reading, seed in zip(inputs, readings, seeds, strict=True):
            rng = np.random.default_rng([seed, _digest(text)])
            scene = self._imagination.imagine(reading, self._vectors, rng)
            pictures.append(draw(scene, rng))
        return pictures

    def _learn(self, readings: Sequence[Reading]) -> None:
        """Embed the phrases that are new, all at once."""
        phrases = {mention.phrase for reading in readings for mention in reading.mentions}
        new = sorted(phrases - self._vectors.keys())
        if len(self._vectors) + len(new) > REMEMBERED:
            self._vectors, new = {}, sorted(phrases)
        if new:
            self._vectors.update(zip(new, self._embedder.embed(new), strict=True))


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
