"""Pictures whose every pixel has one colour, so that they are found again in what is drawn of them."""

import numpy as np
import pytest
from PIL import Image, ImageColor

from loopscope.imaging.still import Still

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9")


@pytest.fixture
def colours():
    return COLOURS


@pytest.fixture
def make_still():
    def make(number, *, picture=True, caption="a red fox beside a lake", size=(64, 64), colour=None, cluster_id=None):
        shade = (200, 10, (number * 37) % 256)
        return Still(
            2 * number,
            2 * number + (picture and caption is not None),
            Image.new("RGB", size, shade) if picture else None,
            caption,
            colour,
            cluster_id,
        )

    return make


@pytest.fixture
def count_pixels():
    """Count the pixels of a picture that have a colour, or their least and largest row and column."""

    def count(image, colour):
        return int((np.asarray(image) == ImageColor.getrgb(colour)).all(axis=-1).sum())

    return count


@pytest.fixture
def find_box():
    def find(image, colour):
        rows, columns = np.nonzero((np.asarray(image) == ImageColor.getrgb(colour)).all(axis=-1))
        return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1

    return find
