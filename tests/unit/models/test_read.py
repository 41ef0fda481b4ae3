"""Read without its models: what is missing, and how pieces of text are put in order."""

import importlib.util

import numpy as np
import pytest

from loopscope.errors import ModelError
from loopscope.models.proofreading import HIDDEN
from loopscope.models.read import Read, _join, _lines, _Piece


@pytest.mark.parametrize("absent", ["rapidocr", "onnxruntime", "symspellpy"])
def test_a_missing_extra_is_named_with_what_to_type(monkeypatch: pytest.MonkeyPatch, absent: str) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == absent else object())
    assert Read.missing() == "the ocr extra is not installed; type: pip install 'loopscope[ocr]'"
    with pytest.raises(ModelError, match=r"Read cannot be loaded: the ocr extra.*pip install 'loopscope\[ocr\]'"):
        Read()


def test_nothing_is_missing_where_all_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    assert Read.missing() is None


def piece(text: str, left: float, top: float, right: float, bottom: float) -> _Piece:
    return _Piece.of(np.array([[left, top], [right, top], [right, bottom], [left, bottom]]), text)


def test_pieces_are_read_line_by_line_from_the_left() -> None:
    # The second line climbs to the right, as on a skewed page.
    pieces = [piece("fox", 80, 4, 120, 24), piece("lake", 70, 36, 110, 56), piece("red", 10, 0, 50, 20)]
    pieces.append(piece("a", 0, 42, 20, 62))
    assert [[found.text for found in line] for line in _lines(pieces)] == [["red", "fox"], ["a", "lake"]]


def test_a_gap_as_wide_as_a_word_holds_a_hidden_word() -> None:
    red = piece("red", 0, 0, 40, 20)
    assert _join([red, piece("fox", 50, 0, 80, 20)]) == "red fox"
    assert _join([red, piece("fox", 100, 0, 130, 20)]) == f"red {HIDDEN} fox"
