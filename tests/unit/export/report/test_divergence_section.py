import polars as pl
import pytest

from loopscope.export.report.sections.divergence import say_divergence
from loopscope.export.report.sections.shape import CLOUDS, say_beside


def estimate(quantity, value, lower, upper, null=None, p=None):
    return {
        "network": "A→B", "generator": "B", "embedding_model": "MiniLM", "quantity": quantity, "window": 1,
        "estimate": value, "lower": lower, "upper": upper, "null_mean": null,
        "null_lower": None if null is None else null - 0.1, "null_upper": None if null is None else null + 0.1,
        "null_p": p,
    }  # fmt: skip


BOTH = [estimate("d2_first", 1.1, 1.0, 1.2, 1.5, 0.01), estimate("d2_last", 1.6, 1.5, 1.7, 1.55, 0.9)]


def test_each_p_stands_beside_the_number_that_it_is_of():
    [said] = say_divergence(pl.DataFrame(BOTH))
    assert "begin 1.1 [1, 1.2] apart (dealing runs out to other prompts gives 1.5 [1.4, 1.6], p = 0.01) and" in said
    assert "are 1.6 [1.5, 1.7] apart over the last quarter of the steps (dealing" in said
    assert said.index("p = 0.01") < said.index("p = 0.9")
    assert said.endswith("by MiniLM.")


@pytest.mark.parametrize(
    ("lower", "upper", "told"), [(0.5, 14.0, True), (0.5, 15.1, False), (0.0, 2.0, False), (0.5, None, False)]
)
def test_a_time_that_spans_more_than_a_factor_of_thirty_is_no_number(lower, upper, told):
    *_, said = say_divergence(pl.DataFrame([*BOTH, estimate("tau", 1.25, lower, upper)]))
    assert ("1.25" in said) == told
    assert ("is not determined by these runs" in said) != told


def test_the_exponent_says_of_one_step_what_it_says_of_several():
    *_, said = say_divergence(pl.DataFrame([*BOTH, estimate("exponent", 0.1, 0.05, 0.2)]))
    assert said.endswith("over the first 1 step.")


@pytest.mark.parametrize(
    ("value", "word"), [(0.5, "smaller than those of Gaussian"), (2.0, "larger than"), (1.0, None)]
)
def test_what_is_outside_the_band_of_the_null_says_on_which_side(value, word):
    said = say_beside(estimate("x", value, 0, 3, 1.0, 1.0), *CLOUDS)
    assert word in said if word else "than" not in said


def test_without_a_null_nothing_is_said_of_sides():
    assert say_beside(estimate("x", 1, 0, 3), *CLOUDS) == "not compared with a Gaussian cloud"
