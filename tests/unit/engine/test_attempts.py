from loopscope.engine.attempts import attempt
from loopscope.errors import ModelError


def _sound(result):
    return result


def _not_bad(result):
    if result == "bad":
        raise ModelError("found bad")
    return result


def test_a_sound_batch_takes_one_call():
    calls = []
    items = attempt(lambda indices: [calls.append(list(indices)) or index for index in indices], _sound, 3)
    assert [item.result for item in items] == [0, 1, 2]
    assert [item.attempts for item in items] == [1, 1, 1]
    assert not any(item.failures for item in items)


def test_one_bad_item_does_not_spoil_the_others():
    def call(indices):
        if 1 in indices:
            raise ValueError("one")
        return [f"item {index}" for index in indices]

    items = attempt(call, _sound, 3)
    assert [item.result for item in items] == ["item 0", None, "item 2"]
    assert [item.attempts for item in items] == [2, 3, 2]
    assert all(failure.cause.startswith("ValueError: one (test_attempts.py, line") for failure in items[1].failures)
    assert [failure.attempt for failure in items[1].failures] == [1, 2, 3]
    assert len(items[0].failures) == 1


def test_an_unsound_result_is_tried_again_alone():
    calls = []

    def call(indices):
        calls.append(list(indices))
        return ["bad" if index == 2 and len(calls) < 3 else "good" for index in indices]

    items = attempt(call, _not_bad, 3)
    assert calls == [[0, 1, 2], [2], [2]]
    assert [item.result for item in items] == ["good"] * 3
    assert [failure.cause for failure in items[2].failures] == ["found bad"] * 2
    assert items[2].attempts == 3


def test_nothing_and_too_few_results_are_failures():
    assert "NoneType" in attempt(lambda indices: None, _sound, 1)[0].failures[0].cause
    assert attempt(lambda indices: [], _sound, 2)[0].failures[0].cause == (
        "found 0 outputs for 2 inputs; expected as many outputs"
    )


def test_a_text_is_not_taken_for_a_sequence_of_texts():
    assert "found one text for 2 inputs" in attempt(lambda indices: "xy", _sound, 2)[0].failures[0].cause


def test_a_cause_is_made_of_characters_that_any_database_holds():
    def call(indices):
        raise ValueError("a \ud800 b \0 c")

    assert attempt(call, _sound, 1)[0].failures[0].cause.startswith("ValueError: a \\ud800 b \\0 c")
