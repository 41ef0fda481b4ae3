import sys

import pytest
from typer.testing import CliRunner

from loopscope.cli.app import _say_what_failed, _with_database, app
from loopscope.files import write_whole


@pytest.mark.parametrize(
    "words", [["--db", "postgresql://me:hunter2@host/loops"], ["--db=postgresql://me:hunter2@host/loops"]]
)
def test_a_url_is_named_without_its_password(monkeypatch, words):
    monkeypatch.setattr(sys, "argv", ["loopscope", "cluster", "list", *words])
    said = _with_database("see all: loopscope cluster list")
    assert said == " (with --db 'postgresql+psycopg://me:***@host/loops')"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "see all: loopscope cluster list"),
        (["--db", "x.db"], "found nothing to type"),
        (["--db", "x.db"], "type: loopscope db upgrade --db x.db"),
        (["--db"], "see all: loopscope cluster list"),
        (["--db", "mysql://host/loops"], "see all: loopscope cluster list"),
    ],
)
def test_nothing_is_added_where_nothing_is_missing(monkeypatch, words, message):
    monkeypatch.setattr(sys, "argv", ["loopscope", *words])
    assert _with_database(message) == ""


def test_an_error_that_names_no_file_tells_what_was_being_written(monkeypatch, tmp_path):
    def refuse(*_):
        raise OSError(27, "File too large")

    monkeypatch.setattr("loopscope.files.os.replace", refuse)
    with pytest.raises(OSError, match="File too large") as raised:
        write_whole(tmp_path / "a.html", b"")
    assert _say_what_failed(raised.value).startswith(f"writing {tmp_path / 'a.html'}: File too large; expected")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["chart", "drift", "--by", "seed"], "found 'seed'; expected one of 'network', 'prompt'"),
        (["chart", "raster", "--sort=foo"], "found 'foo'; expected one of 'seed', 'absorption'"),
        (["export", "video", "--size", "720p"], "found '720p'; expected one of '1080p', '4k'"),
    ],
)
def test_an_option_that_is_refused_names_the_choices(words, said):
    done = CliRunner().invoke(app, words, env={"COLUMNS": "200", "TERMINAL_WIDTH": "200"})
    assert done.exit_code == 2
    assert said in " ".join(done.output.replace("│", " ").split())
    assert "Value error" not in done.output
