"""ColourLayout: known neighbours, and vectors for every picture."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from loopscope.models.colour_layout import ColourLayout
from loopscope.models.protocol import Embedder


def plain(colour: str | tuple[int, int, int], size: tuple[int, int] = (256, 256)) -> Image.Image:
    return Image.new("RGB", size, colour)


def disc(colour: str, centre: tuple[int, int] = (128, 128)) -> Image.Image:
    picture = plain("white")
    x, y = centre
    ImageDraw.Draw(picture).ellipse([x - 60, y - 60, x + 60, y + 60], fill=colour)
    return picture


def grain(seed: int, size: tuple[int, int] = (97, 31)) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.fixture(scope="module")
def embedder() -> ColourLayout:
    assert ColourLayout.missing() is None
    return ColourLayout()


@pytest.mark.parametrize(
    "picture",
    [plain("black"), plain("white"), plain("lime"), plain("grey", (1, 1)), plain("red", (1000, 3)), grain(0)],
    ids=["black", "white", "lime", "one pixel", "a strip", "grain"],
)
def test_every_picture_has_a_unit_vector(embedder: ColourLayout, picture: Image.Image) -> None:
    vectors = embedder.embed([picture])
    assert vectors.shape == (1, embedder.dimension)
    assert vectors.dtype == np.float32
    assert vectors.flags.c_contiguous
    assert np.linalg.norm(vectors) == pytest.approx(1, abs=1e-6)


def test_is_an_embedder_and_takes_no_picture_too(embedder: ColourLayout) -> None:
    assert isinstance(embedder, Embedder)
    assert embedder.embed([]).shape == (0, embedder.dimension)


@pytest.mark.parametrize(
    ("picture", "near", "far"),
    [
        (plain("red"), plain((230, 20, 30)), plain("blue")),
        (disc("red"), disc("darkred"), disc("blue")),
        (disc("red"), disc("red", (110, 140)), disc("red", (60, 60))),
        (disc("red"), disc("red").resize((90, 70)), plain("white")),
    ],
    ids=["another red", "a disc of another red", "a disc that stands nearby", "the same disc in another size"],
)
def test_a_picture_is_nearer_to_one_like_it(
    embedder: ColourLayout, picture: Image.Image, near: Image.Image, far: Image.Image
) -> None:
    vector, nearer, farther = embedder.embed([picture, near, far])
    assert vector @ nearer > vector @ farther + 0.02


def test_edges_tell_level_stripes_from_upright_ones(embedder: ColourLayout) -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[::8] = stripes[1::8] = 255
    level, again, upright = embedder.embed(
        [
            Image.fromarray(stripes),
            Image.fromarray(np.roll(stripes, 2, 0)),
            Image.fromarray(stripes.swapaxes(0, 1).copy()),
        ]
    )
    assert level @ again > level @ upright + 0.1


def test_a_vector_does_not_depend_on_its_batch(embedder: ColourLayout) -> None:
    pictures = [grain(seed, (20 + seed, 40)) for seed in range(12)]
    together = embedder.embed(pictures)
    assert np.array_equal(np.concatenate([embedder.embed([picture]) for picture in pictures]), together)
    assert np.array_equal(embedder.embed(pictures[::-1]), together[::-1])


def test_the_mode_of_a_picture_does_not_matter(embedder: ColourLayout) -> None:
    grey = grain(3).convert("L")
    assert np.array_equal(*embedder.embed([grey, grey.convert("RGB")]))
