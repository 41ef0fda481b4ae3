import sys

import pytest

from loopscope.cli.app import _with_database


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
