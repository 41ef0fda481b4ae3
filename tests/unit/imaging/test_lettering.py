import pytest
from PIL import Image, ImageDraw

from loopscope.imaging import lettering
from loopscope.imaging.lettering import measure_width, wrap_text, write_line


def drawn(text, **options):
    image = Image.new("L", (400, 60))
    write_line(ImageDraw.Draw(image), (20, 10), text, 30, "white", **options)
    return image


@pytest.mark.parametrize("letters", ["eé", "oö", "IΛ", "K—", "nж", "-−", ">→", "x×"])
def test_letters_of_other_scripts_are_drawn_as_themselves(letters):
    plain, other = (drawn(letter).tobytes() for letter in letters)
    box = drawn("\ue123").tobytes()
    assert len({plain, other, box}) == 3


def test_what_nobody_can_draw_is_a_box_and_takes_its_room(monkeypatch):
    monkeypatch.setattr(lettering, "_fallbacks", tuple)
    lettering._choose.cache_clear()
    assert drawn("漢").tobytes() == drawn("\ue123").tobytes()
    lettering._choose.cache_clear()


def test_a_letter_that_the_font_lacks_comes_from_another_font(monkeypatch, tmp_path):
    from PIL import ImageFont

    emoji = pytest.importorskip("loopscope.models.pictogram_set").__path__[0] + "/NotoEmoji.ttf"
    monkeypatch.setattr(lettering, "_fallbacks", lambda: (emoji,))
    lettering._choose.cache_clear()
    lettering._measure_word.cache_clear()
    assert measure_width("\U0001f98a", 30) == ImageFont.truetype(emoji, 30).getlength("\U0001f98a")
    assert drawn("\U0001f98a").tobytes() != drawn("\ue123").tobytes()
    lettering._choose.cache_clear()
    lettering._measure_word.cache_clear()


def test_what_is_not_printable_is_replaced():
    assert drawn("a\x07b").tobytes() == drawn("a\N{REPLACEMENT CHARACTER}b").tobytes()


def test_an_accent_of_its_own_joins_its_letter():
    assert drawn("e\u0301").tobytes() == drawn("é").tobytes()


@pytest.mark.parametrize("align", ["left", "centre", "right"])
def test_a_line_is_aligned_at_its_place(align):
    text = "H" * 5
    shift = {"left": 0, "centre": 0.5, "right": 1}[align]
    image = Image.new("L", (600, 60))
    write_line(ImageDraw.Draw(image), (300, 10), text, 30, "white", align=align)
    assert image.getbbox()[0] == pytest.approx(300 - shift * measure_width(text, 30), abs=4)


@pytest.mark.parametrize("text", ["a red fox sits " * 30, "Donaudampfschifffahrt" * 9, "one\ntwo\t three", ""])
@pytest.mark.parametrize("width", [30, 120, 500])
def test_no_line_is_wider_than_asked(text, width):
    lines = wrap_text(text, width, 14)
    assert all(measure_width(line, 14) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == "".join(text.split())


def test_lines_beyond_the_last_end_in_an_ellipsis():
    lines = wrap_text("a red fox sits beside a frozen lake, " * 5, 120, 14, 3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert measure_width(lines[-1], 14) <= 120


def test_a_book_is_wrapped_as_far_as_anybody_looks():
    assert len("".join(wrap_text("word " * 1_000_000, 100, 14))) <= lettering.LONGEST


def test_a_caller_may_change_the_lines_it_got():
    wrap_text("a red fox", 300, 14).append("!")
    assert wrap_text("a red fox", 300, 14) == ["a red fox"]
