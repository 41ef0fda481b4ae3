"""Read without its models: what is missing, and what to type."""

import importlib.util

import pytest

from loopscope.errors import ModelError
from loopscope.models.read import Read


@pytest.mark.parametrize("absent", ["rapidocr", "onnxruntime", "symspellpy"])
def test_a_missing_extra_is_named_with_what_to_type(monkeypatch: pytest.MonkeyPatch, absent: str) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == absent else object())
    assert Read.missing() == "the ocr extra is not installed; type: pip install rapidocr onnxruntime symspellpy"
    with pytest.raises(ModelError, match=r"Read cannot be loaded: the ocr extra.*pip install rapidocr"):
        Read()


def test_nothing_is_missing_where_all_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    assert Read.missing() is None
