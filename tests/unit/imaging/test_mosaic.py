from dataclasses import replace

import numpy as np
import pytest

from loopscope.imaging.mosaic import Mosaic, Tile
from loopscope.imaging.title_card import draw_title_card

HD = (1920, 1080)


def shade(still):
    return "#{:02x}{:02x}{:02x}".format(*still.picture.getpixel((0, 0)))


def test_every_tile_has_its_picture_and_bar(make_still, colours, count_pixels, find_box):
    tiles = [Tile("a fox", make_still(n, colour=colour, cluster_id=n)) for n, colour in enumerate(colours)]
    image = Mosaic(HD, 3, 2, "A → B").draw(tiles, 0, 10)
    assert image.size == HD
    boxes = [find_box(image, shade(tile.still)) for tile in tiles]
    assert boxes[0][0] < boxes[1][0] < boxes[2][0]
    assert [box[0] for box in boxes[:3]] == [box[0] for box in boxes[3:]]
    assert boxes[0][3] < boxes[3][1]
    assert all(count_pixels(image, colour) > 1000 for colour in colours)


def test_only_what_changed_is_drawn_again_and_the_frame_is_the_same(make_still):
    tiles = [Tile("a fox", make_still(n)) for n in range(4)]
    changed = [*tiles[:2], replace(tiles[2], still=make_still(9, caption="a bear")), tiles[3]]
    mosaic = Mosaic(HD, 2, 2, "A → B")
    mosaic.draw(tiles, 0, 10)
    again = mosaic.draw(changed, 5, 10)
    assert again.tobytes() == Mosaic(HD, 2, 2, "A → B").draw(changed, 5, 10).tobytes()


@pytest.mark.parametrize(("grid", "pictures"), [((5, 4), True), ((2, 2), True), ((4, 2), True), ((3, 2), False)])
def test_frames_one_after_the_other_are_those_that_are_drawn_alone(make_still, colours, grid, pictures):
    random = np.random.default_rng(1)
    captions = ("an Ångström fox", "a jumping lake " * 9, "g", None if pictures else "y")
    labels = ("seed 1 · “a fox”", "seed 2 · “" + "a jetty by a lake " * 5 + "”")
    mosaic = Mosaic((960, 540), *grid, "A → B", pictures=pictures)
    for frame in range(12):
        tiles = []
        for _ in range(grid[0] * grid[1]):
            caption, label = captions[random.integers(4)], labels[int(random.integers(20) == 0)]
            still = make_still(
                int(random.integers(9)),
                caption=caption,
                picture=pictures,
                size=((64, 64), (96, 48))[int(random.integers(9) == 0)],
                colour=None if frame < 4 else colours[0],
                cluster_id=int(random.integers(20) == 0),
            )
            tiles.append(
                Tile(label, None if random.random() < 0.05 else still, "cycle" if random.random() < 0.1 else "")
            )
        alone = Mosaic((960, 540), *grid, "A → B", pictures=pictures).draw(tiles, frame, 20)
        assert mosaic.draw(tiles, frame, 20).tobytes() == alone.tobytes()


def test_a_prepared_picture_is_drawn_as_it_is(make_still):
    mosaic = Mosaic(HD, 5, 4, "A → B")
    for size in ((640, 640), (300, 200), (200, 300), (16, 16), (1, 7)):
        prepared = mosaic.prepare(make_still(3, size=size).picture)
        assert mosaic.prepare(prepared).size == prepared.size
        tile = Tile("a fox", replace(make_still(3), picture=prepared))
        plain = Tile("a fox", make_still(3, size=size))
        one, other = (Mosaic(HD, 5, 4, "A → B").draw([each], 0, 1) for each in (tile, plain))
        assert np.abs(np.asarray(one, dtype=int) - np.asarray(other)).mean() < 0.6


def test_a_run_that_ended_keeps_its_picture_dimmed(make_still, count_pixels):
    still = make_still(0, colour="#0072b2", cluster_id=0)
    going, ended = (Mosaic(HD, 2, 2, "A → B").draw([Tile("a fox", still, why)], 5, 10) for why in ("", "cycle of 2"))
    assert count_pixels(ended, shade(still)) == 0
    assert count_pixels(going, shade(still)) > 10_000
    faint = 255 + 0.35 * (np.array(still.picture.getpixel((0, 0))) - 255)
    near = (np.abs(np.asarray(ended) - faint) <= 2).all(axis=-1)
    assert near.sum() > 0.6 * count_pixels(going, shade(still))


@pytest.mark.parametrize("grid", [(5, 4), (1, 1), (4, 5), (8, 2), (10, 8)])
@pytest.mark.parametrize("picture", [True, False])
def test_nothing_is_drawn_outside_of_tiles(make_still, grid, picture):
    words = "Antidisestablishmentarianism " * 9
    columns, rows = grid
    still = make_still(0, caption=words, picture=picture, colour="#0072b2", cluster_id=11)
    tiles = [Tile(words, still, words if place % 2 else "") for place in range(columns * rows)]
    pixels = np.asarray(Mosaic(HD, columns, rows, words, pictures=picture).draw(tiles, 999, 1000))
    edge = 34
    for part in (pixels[:15], pixels[-edge:], pixels[:, :edge], pixels[:, -edge:]):
        assert (part == 255).all()
    width = (HD[0] - 72 + 20) / columns
    for column in range(1, columns):
        left = round(36 + column * width - 20)
        assert (pixels[90:, left + 2 : left + 18] == 255).all()


def test_4k_is_the_same_picture_with_more_pixels(make_still, colours):
    tiles = [Tile("a fox", make_still(n, colour=colour, cluster_id=n)) for n, colour in enumerate(colours)]
    small, large = (Mosaic(size, 3, 2, "A → B").draw(tiles, 3, 10) for size in (HD, (3840, 2160)))
    reduced = np.asarray(large.resize(HD), dtype=int)
    assert np.abs(reduced - np.asarray(small)).mean() < 3


def test_a_title_card_has_room_for_many_and_for_long_prompts():
    lines = ["“" + "a fox beside a lake " * 30 + "”"] * 40
    pixels = np.asarray(draw_title_card(HD, "Network → " * 30, lines, "a fact " * 60))
    for part in (pixels[:30], pixels[-30:], pixels[:, :140], pixels[:, -140:]):
        assert (part == 255).all()


def test_a_title_card_says_how_many_more_there_are():
    few, many = (draw_title_card(HD, "A → B", ["“a fox”"] * number) for number in (10, 11))
    assert few.tobytes() != many.tobytes()
    assert draw_title_card(HD, "A → B", ["“a fox”"] * 12).tobytes() != many.tobytes()
