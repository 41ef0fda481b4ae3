"""Progress: plain lines elsewhere than in a terminal, bars in one."""

import io
import re
from types import SimpleNamespace

import pytest

from loopscope.cli import progress
from loopscope.cli.progress import Bars, Lines, shown_progress


class Clock:
    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=clock.monotonic))
    return clock


@pytest.fixture
def said(capsys):
    """Give the lines that were said since it was last asked."""

    def read():
        out, err = capsys.readouterr()
        assert out == "", "progress is no data"
        return err.splitlines()

    return read


def test_without_a_terminal_there_are_lines(said):
    with shown_progress() as shown:
        assert isinstance(shown, Lines)
        shown.begin("invocations", 3)
        shown.say("found [x]")
    assert said() == ["invocations: 3", "found [x]"]


def test_a_line_comes_every_ten_seconds_with_rate_and_time_left(clock, said):
    lines = Lines()
    lines.begin("invocations", 100)
    clock.now += 9
    lines.advance(10)
    assert said() == ["invocations: 100"]
    clock.now += 1
    lines.advance(10)
    assert said() == ["invocations: 20 of 100, 2/s, 40 s left"]
    clock.now += 9
    lines.advance(20)
    assert said() == []
    clock.now += 1
    lines.advance(20)
    assert said() == ["invocations: 60 of 100, 3/s, 13 s left"]


def test_the_end_is_said_at_once_with_the_time_it_took(clock, said):
    lines = Lines()
    lines.begin("invocations", 100)
    clock.now += 4
    lines.advance(100)
    assert said()[1:] == ["invocations: 100 of 100, 25/s, done in 4 s"]


def test_what_was_done_before_does_not_count_for_the_rate(clock, said):
    lines = Lines()
    lines.begin("invocations", 100, 40)
    clock.now += 10
    lines.advance(20)
    assert said() == ["invocations: 40 of 100", "invocations: 60 of 100, 2/s, 20 s left"]


def test_a_run_that_stops_early_leaves_less_to_do(clock, said):
    lines = Lines()
    lines.begin("invocations", 100)
    lines.shorten(30)
    clock.now += 10
    lines.advance(50)
    assert said()[1:] == ["invocations: 50 of 70, 5/s, 4 s left"]
    lines.advance(20)
    assert said() == ["invocations: 70 of 70, 7/s, done in 10 s"]


def test_the_end_is_said_when_the_last_run_stops_early(clock, said):
    lines = Lines()
    lines.begin("invocations", 100)
    clock.now += 4
    lines.advance(60)
    lines.shorten(40)
    assert said()[1:] == ["invocations: 60 of 60, 15/s, done in 4 s"]


def test_where_nothing_went_well_the_time_left_is_unknown(clock, said):
    lines = Lines()
    lines.begin("invocations", 100, 40)
    clock.now += 10
    lines.advance(0)
    assert said()[1:] == ["invocations: 40 of 100, 0/s, time left unknown"]


def test_each_stage_has_its_own_clock(clock, said):
    lines = Lines()
    lines.begin("invocations", 10)
    clock.now += 100
    lines.begin("embeddings", 10)
    clock.now += 2
    lines.advance(5)
    clock.now += 3
    lines.advance(5)
    assert said() == ["invocations: 10", "embeddings: 10", "embeddings: 10 of 10, 2/s, done in 5 s"]


@pytest.mark.parametrize(
    ("seconds", "items", "rate"),
    [
        (10, 20_000, "2,000/s"),
        (3, 1, "0.333/s"),
        (1, 12, "12/s"),
        (1, 1_000, "1,000/s"),
        (10, 9_997, "1,000/s"),
    ],
)
def test_rates_are_said_in_three_digits_at_least(seconds, items, rate, clock, said):
    lines = Lines()
    lines.begin("x", items)
    clock.now += seconds
    lines.advance(items)
    assert said()[1].split(", ")[1] == rate


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_in_a_terminal_there_are_bars(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setenv("COLUMNS", "150")
    monkeypatch.setenv("TERM", "xterm")
    with shown_progress() as bars:
        assert isinstance(bars, Bars)
        bars.begin("invocations", 50, 10)
        bars.advance(20)
        bars.shorten(5)
        bars.say("found [x]")
        bars.begin("embeddings", 7)
        bars.advance(7)
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stream.getvalue())
    assert "30/45" in shown
    assert "7/7" in shown
    assert "found [x]" in shown


def test_a_bar_knows_its_total_its_count_and_its_rate(clock):
    bars = Bars()
    bars.begin("invocations", 50, 10)
    clock.now += 10
    bars.advance(20)
    bars.shorten(5)
    (task,) = bars.display.tasks
    assert (task.description, task.completed, task.total) == ("invocations", 30, 45)
    assert task.fields["rate"] == "2/s"
    bars.begin("embeddings", 7)
    bars.advance(3)
    assert [(each.completed, each.total) for each in bars.display.tasks] == [(30, 45), (3, 7)]
