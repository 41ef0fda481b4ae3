import numpy as np
import polars as pl
import pytest
from PIL import ImageColor

from loopscope.datavis.gallery import CARD_GAP, CARD_WIDTH, MARGIN, SCALE, draw_medoid_gallery
from loopscope.datavis.theme import CLUSTER_COLOURS
from loopscope.errors import ChartError


def holds(image, colour):
    return bool((np.asarray(image) == ImageColor.getrgb(colour)).all(axis=-1).any())


def test_every_card_has_the_colour_of_its_cluster(medoids_frame):
    sheet = draw_medoid_gallery(medoids_frame(clusters=7), columns=3)
    assert sheet.mode == "RGB"
    assert sheet.width == (3 * CARD_WIDTH + 2 * CARD_GAP + 2 * MARGIN) * SCALE
    assert all(holds(sheet, colour) for colour in CLUSTER_COLOURS[:7])
    assert not holds(sheet, CLUSTER_COLOURS[7])


def test_only_the_largest_have_a_card(medoids_frame):
    sheet = draw_medoid_gallery(medoids_frame(clusters=7), columns=3, top=2)
    assert holds(sheet, CLUSTER_COLOURS[1])
    assert not holds(sheet, CLUSTER_COLOURS[2])


def test_nothing_is_written_into_the_margin(medoids_frame):
    frame = medoids_frame(clusters=3).with_columns(caption=pl.lit("Antidisestablishmentarianism" * 6))
    pixels = np.asarray(draw_medoid_gallery(frame, columns=3))
    assert (pixels[:, -(MARGIN - 1) * SCALE :] == 255).all()
    assert (pixels[:, : (MARGIN - 1) * SCALE] == 255).all()
    assert (pixels[-(MARGIN - 1) * SCALE :] == 255).all()


def test_a_missing_picture_has_a_placeholder(medoids_frame):
    sheet = draw_medoid_gallery(medoids_frame(clusters=1, picture_missing_at=(0,)))
    assert holds(sheet, "#c9c9c9")


def test_a_longer_caption_makes_a_higher_sheet(medoids_frame):
    frame = medoids_frame(clusters=1)
    short, long = (draw_medoid_gallery(frame.with_columns(caption=pl.lit("an apple " * times))) for times in (1, 20))
    assert short.width == long.width
    assert short.height < long.height


def test_without_a_cluster_it_says_so(medoids_frame):
    assert draw_medoid_gallery(medoids_frame(clusters=0)).height > 0


def test_a_broken_picture_is_named(medoids_frame):
    frame = medoids_frame(clusters=1).with_columns(
        picture=pl.when(pl.col("cluster_id") == 0).then(pl.lit(b"no picture"))
    )
    with pytest.raises(ChartError, match=r"cluster 0 \(10 bytes\).*Restore the database"):
        draw_medoid_gallery(frame)


def test_no_columns_are_refused(medoids_frame):
    with pytest.raises(ChartError, match="at least 1 column, not 0"):
        draw_medoid_gallery(medoids_frame(clusters=1), columns=0)


def test_letters_beyond_english_are_kept(medoids_frame):
    frame = medoids_frame(clusters=1)
    sheets = [draw_medoid_gallery(frame.with_columns(caption=pl.lit(text))) for text in ("café →", "cafe >", "café ?")]
    assert len({sheet.tobytes() for sheet in sheets}) == 3
