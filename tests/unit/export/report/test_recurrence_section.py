import polars as pl
import pytest

from loopscope.export.report.sections.recurrence import choose_run, say_changes, say_cycles


def cycles(*tau, null=0.6, p=0.01):
    return pl.DataFrame(
        [
            {
                "network": "A→B",
                "period": period,
                "estimate": value,
                "lower": value - 0.01,
                "upper": value + 0.01,
                "null_mean": null,
                "null_lower": null - 0.01,
                "null_upper": null + 0.01,
                "null_p": p if value > null else 1.0,
            }
            for period, value in enumerate(tau, start=1)
        ]
    )


def test_likeness_that_only_decays_is_no_near_cycle():
    [said] = say_cycles(cycles(0.9, 0.8, 0.7, 0.65))
    assert said == (
        "There is no near-cycle among periods 2 to 4: the likeness of outputs only decays with their distance in time."
    )


def test_a_near_cycle_is_a_rise_beyond_its_null_corrected_for_all_periods():
    [said] = say_cycles(cycles(0.62, 0.61, 0.9, *[0.61] * 7))
    assert "outputs 3 steps apart are more alike than those 2 apart" in said
    assert "τ = 0.9 [0.89, 0.91] beside 0.61 [0.6, 0.62]" in said
    assert "p < 0.001 corrected for 9 periods looked at" in said


@pytest.mark.parametrize(("rise", "found"), [(0.611, False), (0.6125, False), (0.614, True)])
def test_a_rise_within_what_the_best_of_nine_reaches_by_chance_is_none(rise, found):
    [said] = say_cycles(cycles(0.605, 0.604, rise, *[0.5] * 7))
    assert said.startswith("There is a near-cycle") == found
    assert ("no near-cycle beyond chance" in said) != found


def test_a_rise_that_stays_below_shuffled_order_is_none():
    [said] = say_cycles(cycles(0.5, 0.4, 0.5))
    assert "does not exceed shuffled order" in said


def test_a_rise_without_a_null_is_no_finding():
    frame = cycles(0.5, 0.4, 0.5).with_columns(pl.lit(None, pl.Float64).alias("null_mean"), null_p=None)
    assert "no null was drawn" in say_cycles(frame)[0]


def change(run, points, p, reason=None, generator="A"):
    return {
        "run_id": run, "generator": generator, "n_change_points": points, "run_null_p": p, "reason": reason
    }  # fmt: skip


def test_runs_are_cut_and_what_shuffled_order_would_give_is_told():
    rows = [change(1, 1, 0.01), change(2, 0, 0.2, "no"), change(3, None, None, "only 4 steps; change points need 8")]
    said = say_changes(pl.DataFrame(rows, infer_schema_length=None))
    assert said == [
        "In 1 of 2 runs the best cut in two parts gains more than in shuffled order (p ≤ 0.05 each); by chance alone "
        "0.1 would.",
        "1 of 2 runs is cut, 1 time at most (a cut must gain more than a penalty).",
        "Change points were not looked for in 1 run (1: only 4 steps; change points need 8).",
    ]


def test_the_run_that_is_drawn_is_one_of_the_longest():
    measures = pl.DataFrame({"run_id": [1, 2, 3, 4], "n_steps": [5, 30, 30, 40], "det": [1.0, 0.2, 0.6, None]})
    assert choose_run(measures) == 3
    assert choose_run(measures.filter(pl.col("det").is_null())) is None
