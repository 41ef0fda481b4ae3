import numpy as np
import pytest
from skimage.color import rgb2lab

from loopscope.models.pictogram_set.colours import CONTRAST, NAMES, PALETTE, contrasting, distance, to_lab
from loopscope.models.pictogram_set.viewing import colour_name


@pytest.mark.parametrize("name", PALETTE)
def test_a_patch_of_a_colour_is_called_by_its_name(name):
    rng = np.random.default_rng(0)
    patch = np.array(PALETTE[name]) + rng.normal(0, 4, (16, 16, 3))
    assert colour_name(np.median(to_lab(patch.clip(0, 255).astype(np.uint8)).reshape(-1, 3), axis=0)) == name


@pytest.mark.parametrize(
    ("rgb", "name"),
    [((255, 0, 0), "red"), ((0, 0, 0), "black"), ((255, 255, 255), "white"), ((128, 128, 128), "grey"),
     ((255, 165, 0), "orange"), ((46, 139, 87), "green")],
)  # fmt: skip
def test_well_known_colours_have_their_names(rgb, name):
    assert colour_name(to_lab(np.array(rgb, np.uint8))) == name


def test_the_table_of_colours_is_near_the_true_conversion():
    pixels = np.random.default_rng(1).integers(0, 256, (500, 3)).astype(np.uint8)
    away = np.linalg.norm(to_lab(pixels) - rgb2lab(pixels[None])[0], axis=1)
    assert away.max() < 6


def test_the_colour_wanted_is_kept_where_it_stands_out():
    assert contrasting(("red", "blue"), "cream") == "red"
    assert contrasting(("white", "blue"), "cream") == "blue"


@pytest.mark.parametrize("ground", NAMES)
def test_something_stands_out_from_every_ground(ground):
    assert distance(contrasting((ground,), ground), ground) >= CONTRAST
