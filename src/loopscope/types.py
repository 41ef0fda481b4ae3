"""The few types that every layer shares."""

from enum import StrEnum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

Output: TypeAlias = str | Image.Image
"""What a generator gives: a text, or an RGB picture."""

Vectors: TypeAlias = npt.NDArray[np.float32]
"""Embeddings: shape (n, dimension), float32, C order, rows of unit length."""


class OutputType(StrEnum):
    """The two kinds of output, as they stand in the database."""

    TEXT = "text"
    IMAGE = "image"
