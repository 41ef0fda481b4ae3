import numpy as np
import pytest

from loopscope.dynamics.nulls import MARKOV, PERMUTED, SHUFFLED, Null, describe_method
from loopscope.dynamics.sequences import Sequences
from loopscope.statistics.resampling import Runs

SEQUENCES = Sequences.of([[0, 1, 0, 0, 2, 1, 2, 0]] * 5 + [[3, 3, 1]])


@pytest.mark.parametrize("null", [SHUFFLED, MARKOV, PERMUTED], ids=lambda null: null.name)
def test_surrogates_are_drawn_one_after_the_other_from_one_stream(null):
    random = np.random.default_rng(3)
    one_by_one = [null.draw(SEQUENCES, random).symbols.tolist() for _ in range(4)]
    drawn = [each.symbols.tolist() for each in null.draw_all(SEQUENCES, 4, 3)]
    assert drawn == one_by_one
    assert list(null.draw_all(SEQUENCES, 0, 3)) == []


def test_one_may_stop_in_the_middle_and_a_failure_is_not_swallowed():
    assert next(iter(SHUFFLED.draw_all(SEQUENCES, 9, 0))).n_runs == 6

    def fail(sequences, random):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        list(Null("X", fail, "failures").draw_all(SEQUENCES, 2, 0))


def test_methods_say_what_was_done():
    assert describe_method(Runs.of([0]), 200) == "no interval: one run"
    assert describe_method(Runs.of([0, 1]), 7, MARKOV, 0).endswith("7 draws")
    assert describe_method(Runs.of([0, 1]), 7, MARKOV, 9).endswith(
        "null M1: 9 first-order Markov surrogates of each run"
    )
