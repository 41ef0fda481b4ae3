import polars as pl
import pytest

from loopscope.errors import ChartError
from loopscope.export.report.answer import Answer, Download, Figure, Section
from loopscope.export.report.numbers import against_null, number, share, with_interval
from loopscope.export.report.page import say, write_page, write_section
from loopscope.export.report.reading import READING
from loopscope.export.report.saying import MOST_REASONS, say_each, say_reasons
from loopscope.export.report.sections import SECTIONS
from loopscope.export.report.writing import _answer

SECTION = Section("a", "Is 1 < 2?", lambda _: Answer(("Yes.",)))


def test_a_section_has_its_question_answer_pictures_and_numbers():
    answer = Answer(
        ("It is < 2.", "Type `loopscope run list`."),
        (Figure("<svg></svg>", "alt", "how to read"),),
        (Download("runs", pl.DataFrame({"a": [1]})),),
        ("tau: one run",),
    )
    written = write_section(SECTION, answer)
    assert written.first == "It is < 2."
    order = ["Is 1 &lt; 2?", "It is &lt; 2.", "<code>loopscope run list</code>", "tau: one run", "<svg>", "runs.csv"]
    places = [written.markup.index(each) for each in order]
    assert places == sorted(places)


def test_a_question_that_cannot_be_answered_says_why_and_stops_no_other():
    def fail(_):
        raise ChartError("there is nothing to draw")

    written = _answer(Section("b", "Why?", fail), None)
    assert written.first is None
    assert "Could not be computed" in written.markup
    assert "there is nothing to draw" in written.markup


def test_a_fault_of_the_program_is_not_hidden():
    def fail(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        _answer(Section("b", "Why?", fail), None)


def test_the_page_has_contents_and_readings():
    page = write_page("T", {"prompts": ["a <fox>", "rain"]}, [write_section(SECTION, Answer(("Yes.",)))], READING)
    assert "a &lt;fox&gt;<br>rain" in page
    assert '<a href="#a">Is 1 &lt; 2?</a> <span>Yes.</span>' in page
    assert all(heading in page for heading in READING)


def test_questions_are_questions_with_anchors_of_their_own():
    assert all(section.question.endswith("?") for section in SECTIONS)
    assert len({section.anchor for section in SECTIONS}) == len(SECTIONS) == 11


def test_only_backticks_are_markup():
    assert say("<i>a</i> & `b<c`") == "&lt;i&gt;a&lt;/i&gt; &amp; <code>b&lt;c</code>"


@pytest.mark.parametrize(
    ("value", "said"), [(0.0, "0 %"), (1.0, "100 %"), (0.123, "12 %"), (0.0123, "1.2 %"), (0.00004, "0.004 %")]
)
def test_shares_are_never_rounded_to_nothing(value, said):
    assert share(value) == said


@pytest.mark.parametrize(
    ("value", "said"), [(0.00001234, "1.23e-05"), (-3.0, "-3"), (999.6, "1,000"), (123456.0, "123,456")]
)
def test_numbers_have_three_digits(value, said):
    assert number(value) == said


def test_what_is_not_known_is_not_made_up():
    row = {"estimate": 2.0, "lower": None, "upper": None, "null_mean": None, "null_lower": None, "null_upper": None}
    assert with_interval(row) == "2 (no interval)"
    assert against_null(row, "shuffled order") == "not compared with shuffled order"


def test_many_networks_are_not_all_told():
    rows = [{"network": f"N{n}", "generator": "G", "estimate": n} for n in range(6)] + [
        {"network": "M", "estimate": None}
    ]
    said = say_each(rows, lambda row: f"x is {row['estimate']}")
    assert said[0] == "In N0, x is 0."
    assert len(said) == 5
    assert said[-1] == "The numbers of 2 more are in the file below."
    assert say_each(rows[-1:], str) == []


def test_generators_are_named_where_there_are_several():
    rows = [{"network": "N", "generator": name, "estimate": 1} for name in ("A", "B")]
    assert say_each(rows, lambda _: "x") == ["In N, outputs of A, x.", "In N, outputs of B, x."]


def test_reasons_are_told_once():
    frame = pl.DataFrame({"q": ["a", "b", "c"], "reason": ["one run", None, "one run"]})
    assert say_reasons(frame, "q") == ["a and 1 more: one run"]
    assert say_reasons(frame.filter(pl.col("reason").is_null()), "q") == []
    many = pl.DataFrame({"q": ["a"] * 9, "reason": [f"reason {'x' * n}" for n in range(9)]})
    assert len(say_reasons(many, "q")) == MOST_REASONS + 1


def test_reasons_name_quantities_in_words_and_differ_by_more_than_numbers():
    reasons = [f"no run has two steps that are {n} apart" for n in (5, 6, 10)]
    frame = pl.DataFrame({"quantity": ["d2_first"] * 3, "cluster_id": [6, 7, 8], "reason": reasons})
    assert say_reasons(frame, "quantity", "cluster_id") == [
        "distance at the first step, cluster 6 and 2 more: no run has two steps that are 5 to 10 apart"
    ]
    one = pl.DataFrame({"window": [8], "reason": ["1 steps of 1,024; M1 takes 3"]})
    assert say_reasons(one, "window") == ["sliding window of 8 steps: 1 step of 1,024; M1 takes 3"]
