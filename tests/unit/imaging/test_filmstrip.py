import numpy as np
import pytest
from PIL import ImageColor

from loopscope.imaging.canvas import INK, PLACEHOLDER
from loopscope.imaging.filmstrip import (
    BAR_HEIGHT,
    FRAME_WIDTH,
    GAP,
    MARGIN,
    SCALE,
    TEXT_HEIGHT,
    FilmstripTitle,
    draw_filmstrip,
)

TITLE = FilmstripTitle("Paint → Describe", "a fox", "seed 1")


def rules(image):
    """Count the bands of columns that are ink for longer than a picture is tall."""
    dark = (np.asarray(image.convert("L")) < 60).sum(axis=0) > FRAME_WIDTH * SCALE
    return int((np.diff(dark.astype(int)) == 1).sum())


def test_every_still_has_its_picture_and_the_bar_of_its_cluster(make_still, colours, count_pixels, find_box):
    stills = [make_still(n, colour=colour, cluster_id=n) for n, colour in enumerate(colours)]
    image = draw_filmstrip(stills, TITLE, columns=3)
    assert image.width == (3 * FRAME_WIDTH + 2 * GAP + 2 * MARGIN) * SCALE
    for place, (still, colour) in enumerate(zip(stills, colours, strict=True)):
        left, _, right, _ = find_box(image, colour)
        assert left == (MARGIN + place % 3 * (FRAME_WIDTH + GAP)) * SCALE
        assert right - left == FRAME_WIDTH * SCALE
        assert count_pixels(image, colour) >= FRAME_WIDTH * BAR_HEIGHT * SCALE**2
        shade = "#{:02x}{:02x}{:02x}".format(*still.picture.getpixel((0, 0)))
        assert count_pixels(image, shade) > 0.9 * (FRAME_WIDTH * SCALE) ** 2


def test_rows_hold_as_many_as_asked(make_still):
    heights = {
        columns: draw_filmstrip([make_still(n) for n in range(6)], TITLE, columns=columns).height
        for columns in (6, 3, 2)
    }
    assert heights[6] < heights[3] < heights[2]


def test_nothing_is_written_into_the_margin(make_still):
    words = "Antidisestablishmentarianism" * 20
    stills = [make_still(n, caption=words) for n in range(4)]
    image = draw_filmstrip(stills, FilmstripTitle(words, words, words), columns=4)
    pixels = np.asarray(image)
    edge = (MARGIN - 1) * SCALE
    for part in (pixels[:edge], pixels[-edge:], pixels[:, :edge], pixels[:, -edge:]):
        assert (part == 255).all()


def test_texts_alone_stand_in_the_place_of_pictures(make_still):
    image = draw_filmstrip([make_still(n, picture=False) for n in range(3)], TITLE)
    rows = (np.asarray(image) == ImageColor.getrgb(PLACEHOLDER)).all(axis=-1).sum(axis=1) > FRAME_WIDTH * SCALE
    assert rows.sum() == pytest.approx(TEXT_HEIGHT * SCALE, abs=4)


def test_pictures_alone_have_no_room_for_captions(make_still):
    bare, described = (
        draw_filmstrip([make_still(n, caption=caption) for n in range(3)], TITLE) for caption in (None, "a fox")
    )
    assert bare.height < described.height


def test_wide_pictures_are_neither_cropped_nor_stretched(make_still, find_box):
    image = draw_filmstrip([make_still(0, size=(80, 40))], TITLE)
    left, top, right, bottom = find_box(image, "#c80a00")
    assert (right - left) / (bottom - top) == pytest.approx(2, abs=0.05)


def test_a_change_point_is_a_rule_before_the_still_that_shows_it(make_still):
    stills = [make_still(n, caption=None) for n in range(5)]  # steps 0, 2, 4, 6, 8
    assert rules(draw_filmstrip(stills, TITLE)) == 0
    assert rules(draw_filmstrip(stills, TITLE, change_points=[4])) == 1
    assert rules(draw_filmstrip(stills, TITLE, change_points=[3, 4])) == 1
    assert rules(draw_filmstrip(stills, TITLE, change_points=[4, 8])) == 2
    assert rules(draw_filmstrip(stills, TITLE, change_points=[0])) == 0


def test_change_points_have_a_key_only_where_there_are_any(make_still, count_pixels):
    stills = [make_still(n) for n in range(5)]
    plain, marked = (draw_filmstrip(stills, TITLE, change_points=points) for points in ([], [4]))
    assert marked.height > plain.height
    assert count_pixels(marked, INK) > count_pixels(plain, INK)


def test_an_ellipsis_stands_where_steps_are_left_out(make_still):
    whole = draw_filmstrip([make_still(n) for n in (0, 1, 2)], TITLE)
    gap = draw_filmstrip([make_still(n) for n in (0, 1, 5)], TITLE)
    first, second = (MARGIN + n * (FRAME_WIDTH + GAP) - GAP for n in (1, 2))
    for image, place, dotted in ((whole, second, False), (gap, first, False), (gap, second, True)):
        strip = np.asarray(image)[120 * SCALE :, (place + 3) * SCALE : (place + GAP - 3) * SCALE]
        assert bool((strip < 200).any()) is dotted
