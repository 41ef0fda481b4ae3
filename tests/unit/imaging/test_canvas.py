import pytest
from PIL import Image

from loopscope.datavis import theme
from loopscope.imaging import canvas
from loopscope.imaging.canvas import Canvas, fit_picture, shrink_picture


def test_the_inks_are_those_of_the_charts():
    assert (canvas.INK, canvas.FAINT_INK, canvas.RULE) == (theme.INK, theme.FAINT_INK, theme.RULE)


@pytest.mark.parametrize("size", [(1, 1), (10, 400), (400, 10), (64, 64), (1000, 700)])
def test_a_picture_fits_and_keeps_its_shape(size):
    fitted = fit_picture(Image.new("RGB", size), 200, 100)
    assert fitted.width <= 200
    assert fitted.height <= 100
    assert fitted.width >= 198 or fitted.height >= 98


def test_a_small_picture_keeps_its_pixels_as_squares():
    small = Image.new("RGB", (2, 1), "red")
    small.putpixel((1, 0), (0, 0, 255))
    assert len(fit_picture(small, 64, 64).getcolors()) == 2


def test_shrinking_never_enlarges():
    assert shrink_picture(Image.new("RGB", (20, 10)), 64).size == (20, 10)
    assert shrink_picture(Image.new("RGB", (200, 100)), 64).size == (64, 32)


def test_a_picture_stands_in_the_middle_of_its_place():
    sheet = Canvas(100, 100, 2)
    sheet.paste(Image.new("RGB", (50, 25), "red"), 10, 20, 40, 40)
    assert sheet.image.point(lambda level: 255 - level).getbbox() == (20, 60, 100, 100)
