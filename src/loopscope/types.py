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


OUTLIER = -1
"""The number of the outlier cluster."""

UNIT_TOLERANCE = 1e-3
"""How far from 1 the length of a unit vector may be."""


class OutputType(StrEnum):
    """The two kinds of output, as they stand in the database."""

    TEXT = "text"
    IMAGE = "image"


def fault_of_text(text: str) -> str | None:
    """Say why a text cannot be stored in every database; None if it can.

    >>> fault_of_text("a fox") is None, fault_of_text("a" + chr(0))
    (True, 'found a text with a NUL character, which a database cannot hold')
    """
    if "\0" in text:
        return "found a text with a NUL character, which a database cannot hold"
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return f"found a text that is not Unicode ({error.reason} at character {error.start})"
    return None
