"""Tiny models that are real implementations of the protocol, for tests, benchmarks and as examples to copy.

They cost nothing, need nothing and are deterministic. They are not registered; name them in an entry point of your
own, or hand their classes to ``Registry.of``.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import ClassVar

import numpy as np
from PIL import Image

from loopscope.types import OutputType, Vectors

WORDS = ("moon", "river", "fox", "lamp", "stone", "bird", "door", "salt")


def _digest(*parts: object) -> bytes:
    return blake2b("|".join(map(str, parts)).encode(), digest_size=16).digest()


class AlwaysReady:
    """What the fakes share: nothing to install, and nothing left to chance."""

    deterministic: ClassVar[bool] = True
    device = "cpu"

    @classmethod
    def missing(cls) -> str | None:
        """Nothing is ever missing."""
        return None


class FakeText(AlwaysReady):
    """A text generator that says three of eight words, chosen by its input and its seed."""

    name: ClassVar[str] = "FakeText"
    takes: ClassVar[OutputType] = OutputType.TEXT
    gives: ClassVar[OutputType] = OutputType.TEXT

    def generate(self, inputs: Sequence[str], seeds: Sequence[int]) -> list[str]:
        """Give three words for each text."""
        return [_three_words(text, seed) for text, seed in zip(inputs, seeds, strict=True)]


class FakePainter(AlwaysReady):
    """A text-to-image generator: four squares whose colours are the digest of the text and the seed."""

    name: ClassVar[str] = "FakePainter"
    takes: ClassVar[OutputType] = OutputType.TEXT
    gives: ClassVar[OutputType] = OutputType.IMAGE

    def generate(self, inputs: Sequence[str], seeds: Sequence[int]) -> list[Image.Image]:
        """Give a 16 × 16 picture for each text."""
        return [_squares(_digest(text, seed)) for text, seed in zip(inputs, seeds, strict=True)]


class FakeDescriber(AlwaysReady):
    """An image-to-text generator that says three of eight words, chosen by the picture and its seed."""

    name: ClassVar[str] = "FakeDescriber"
    takes: ClassVar[OutputType] = OutputType.IMAGE
    gives: ClassVar[OutputType] = OutputType.TEXT

    def generate(self, inputs: Sequence[Image.Image], seeds: Sequence[int]) -> list[str]:
        """Give three words for each picture."""
        return [_three_words(picture.tobytes().hex(), seed) for picture, seed in zip(inputs, seeds, strict=True)]


class FakeTextEmbedder(AlwaysReady):
    """An embedder of texts: counts of letters, in 26 dimensions."""

    name: ClassVar[str] = "FakeTextEmbedder"
    takes: ClassVar[OutputType] = OutputType.TEXT
    dimension: ClassVar[int] = 26

    def embed(self, inputs: Sequence[str]) -> Vectors:
        """Give the unit vector of letter counts of each text, plus one each so that it is never zero."""
        counts = [[1 + text.lower().count(chr(97 + letter)) for letter in range(26)] for text in inputs]
        return _unit(np.array(counts, dtype=np.float32).reshape(-1, 26))


class FakeImageEmbedder(AlwaysReady):
    """An embedder of pictures: their mean colour, in 3 dimensions."""

    name: ClassVar[str] = "FakeImageEmbedder"
    takes: ClassVar[OutputType] = OutputType.IMAGE
    dimension: ClassVar[int] = 3

    def embed(self, inputs: Sequence[Image.Image]) -> Vectors:
        """Give the unit vector of the mean red, green and blue of each picture, plus one so that it is never zero."""
        means = [1 + np.asarray(picture, dtype=np.float32).mean(axis=(0, 1)) for picture in inputs]
        return _unit(np.array(means, dtype=np.float32).reshape(-1, 3))


def _three_words(content: str, seed: int) -> str:
    return " ".join(WORDS[byte % len(WORDS)] for byte in _digest(content, seed)[:3])


def _squares(digest: bytes) -> Image.Image:
    colours = np.frombuffer(digest[:12], dtype=np.uint8).reshape(2, 2, 3)
    return Image.fromarray(colours.repeat(8, axis=0).repeat(8, axis=1))


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
