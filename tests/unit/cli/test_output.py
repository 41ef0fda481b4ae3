"""What is printed is what was said, in the place where it is looked for."""

import io
import json
import re
from datetime import UTC, datetime
from uuid import UUID

import pytest

from loopscope.cli.output import complain, counted, duration, print_facts, print_json, print_table, print_text, say

ODD = ("[red]a fox[/red]", "[/]", r"\[bold]", "[link=x]", "a [0] b", "naïve 🦊")
STYLES = re.compile(r"\x1b\[[0-9;]*m")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def colours_are_not_forced(monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.delenv("TTY_COMPATIBLE", raising=False)


def _lines(capsys):
    out, err = capsys.readouterr()
    assert err == ""
    return [line.rstrip() for line in out.splitlines()]


def test_numbers_stand_to_the_right_and_texts_to_the_left(capsys):
    print_table(["name", "size", "share"], [["fox", 3, 0.25], ["lake", 12345, None], ["a", None, 0.123456]])
    assert _lines(capsys) == [
        "name   size  share",
        "fox       3   0.25",
        "lake  12345",
        "a            0.123",
    ]


def test_a_column_with_a_text_stands_to_the_left(capsys):
    print_table(["size"], [[3], ["many"], [12345]])
    assert _lines(capsys) == ["size", "3", "many", "12345"]


def test_none_is_empty_and_false_and_zero_are_not(capsys):
    print_table(["a", "b", "c"], [[None, "x", 0], ["", "y", False]])
    assert _lines(capsys)[1:] == ["   x      0", "   y  False"]


def test_no_rows_are_a_heading(capsys):
    print_table(["name", "size"], [])
    assert _lines(capsys) == ["name  size"]


@pytest.mark.parametrize("text", ODD)
def test_markup_is_not_obeyed(text, capsys):
    print_table(["text"], [[text]])
    print_facts({"text": text})
    assert _lines(capsys) == ["text", text, f"text  {text}"]
    say(text)
    complain(text)
    assert capsys.readouterr().err == f"{text}\nerror: {text}\n"


def test_codes_of_emoji_are_not_replaced(capsys):
    print_table(["text"], [["a :cat: here"]])
    say("a :cat: here")
    out, err = capsys.readouterr()
    assert out.splitlines()[1].rstrip() == err.rstrip() == "a :cat: here"


def test_a_backslash_at_the_end_stays_one(capsys):
    print_table(["folder"], [["C:\\runs\\"]])
    assert _lines(capsys) == ["folder", "C:\\runs\\"]


def test_a_number_of_four_digits_is_not_in_powers_of_ten(capsys):
    print_table(["mean length"], [[1000.0], [1234.5]])
    assert not any("e+" in line for line in _lines(capsys))


def test_a_long_text_is_whole_where_there_is_no_terminal(capsys):
    text = " ".join(["a red fox"] * 60)
    print_table(["id", "text"], [["1a2b", text]], wide="text")
    say(text)
    out, err = capsys.readouterr()
    assert out.splitlines()[1].rstrip() == f"1a2b  {text}"
    assert err == f"{text}\n"


def test_in_a_narrow_terminal_the_wide_column_alone_is_folded(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr("sys.stdout", stream)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    text = " ".join(["a red fox"] * 6)
    print_table(["a long heading", "text"], [["1a2b3c4d", text]], wide="text")
    lines = STYLES.sub("", stream.getvalue()).splitlines()
    assert lines[0].split() == ["a", "long", "heading", "text"]
    assert max(map(len, lines)) <= 40
    assert " ".join(" ".join(lines[1:]).split()) == f"1a2b3c4d {text}"


def test_facts_are_one_a_line(capsys):
    print_facts({"id": "1a2b", "mean length": 12.3456, "failed": None, "runs": 3})
    assert _lines(capsys) == ["id           1a2b", "mean length  12.3", "failed", "runs         3"]


def test_json_comes_back_as_it_was(capsys):
    data = {"text": "[red]é🦊\\ :cat: \x1b\n", "numbers": [1, 0.1, 1e-300], "none": None, "rows": []}
    print_json(data)
    out, err = capsys.readouterr()
    assert json.loads(out) == data
    assert "é🦊" in out
    assert err == ""


def test_instants_and_uuids_are_text_in_json(capsys):
    print_json([datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC), UUID(int=1)])
    assert json.loads(capsys.readouterr().out) == ["2026-05-04 03:02:01+00:00", "00000000-0000-0000-0000-000000000001"]


def test_text_is_printed_as_it_is(capsys):
    text = "[red] :cat: \\ " + "long " * 500
    print_text(text)
    assert capsys.readouterr() == (f"{text}\n", "")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.00123, "0.0012 s"),
        (0.0, "0 s"),
        (9.5, "9.5 s"),
        (10, "10 s"),
        (59, "59 s"),
        (60, "1 min 0 s"),
        (3_599, "59 min 59 s"),
        (3_600, "1 h 0 min"),
        (86_399, "23 h 59 min"),
        (86_400, "1 d 0 h"),
        (1_000_000, "11 d 13 h"),
    ],
)
def test_durations_are_said_in_two_units(seconds, said):
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 runs"), (1, "1 run"), (2, "2 runs"), (1_234_567, "1,234,567 runs")]
)
def test_counts_agree_with_their_noun(number, said):
    assert counted(number, "run") == said
