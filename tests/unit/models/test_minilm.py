"""MiniLM without its weights: what it says of itself."""

import pytest

from loopscope.errors import ModelError
from loopscope.models.installation import PackagedWeights
from loopscope.models.minilm import MiniLM, _stacks


def test_missing_weights_are_named_with_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PackagedWeights, "find", lambda _: None)
    assert MiniLM.missing() == "its weights are not installed; type: loopscope model install MiniLM"
    with pytest.raises(ModelError, match="type: loopscope model install MiniLM"):
        MiniLM()


def test_a_stack_holds_texts_of_one_length_and_every_text_once() -> None:
    lengths = [5, 3, 5, 200, 3, 3] + [40] * 10
    stacks = list(_stacks(lengths))
    assert all(len({lengths[row] for row in rows}) == 1 for rows in stacks)
    assert sorted(row for rows in stacks for row in rows) == list(range(len(lengths)))
    assert max(len(rows) for rows in stacks if lengths[rows[0]] == 40) == 3
