from hypothesis import given
from hypothesis import strategies as st

from loopscope.datavis.wording import measure_width, percentage, shorten_text, wrap_text

texts = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=160)


@given(texts, st.integers(30, 300))
def test_no_line_is_wider_than_asked_and_nothing_is_lost(text, width):
    lines = wrap_text(text, width, 11)
    assert all(measure_width(line, 11) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(texts, st.integers(30, 300), st.integers(1, 4))
def test_a_shortened_text_keeps_to_its_lines_and_width(text, width, most):
    lines = wrap_text(text, width, 11, most)
    assert len(lines) <= most
    assert all(measure_width(line, 11) <= width for line in lines)
    assert lines[-1].endswith("…") or wrap_text(text, width, 11) == lines


def test_a_text_that_fits_is_left_alone():
    assert shorten_text("an apple", 200, 11) == "an apple"


def test_an_empty_text_is_one_empty_line():
    assert wrap_text("", 100, 11) == [""]


def test_a_percentage_never_rounds_to_all_or_nothing():
    assert [percentage(part, 10_000) for part in (0, 1, 2_500, 9_999, 10_000)] == [
        "0 %",
        "< 0.1 %",
        "25.0 %",
        "> 99.9 %",
        "100 %",
    ]
