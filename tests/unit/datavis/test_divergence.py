"""Charts of dynamics in the space of a model: what they draw, what they say, what they refuse."""

import numpy as np
import polars as pl
import pytest

from loopscope.datavis.change_points import plot_change_points
from loopscope.datavis.divergence import plot_divergence
from loopscope.datavis.drift import plot_drift
from loopscope.datavis.recoverability import plot_recoverability
from loopscope.datavis.recurrence import plot_recurrence
from loopscope.errors import ChartError


def all_text(part) -> str:
    """Every text that stands in a chart."""
    if isinstance(part, dict):
        return " ".join(all_text(value) for value in part.values())
    if isinstance(part, list):
        return " ".join(all_text(value) for value in part)
    return part if isinstance(part, str) else ""


def make_divergence(*, steps=20, networks=("A→B",), known=True) -> pl.DataFrame:
    rows = []
    for network in networks:
        for pairs, level in (("same prompt", 1.0), ("other prompt", 1.5)):
            for t in range(steps):
                d2 = level - 0.6 * np.exp(-t / 3) if known else None
                rows.append(
                    {
                        "embedding_model": "MiniLM", "network": network, "generator": "B", "pairs": pairs, "t": t,
                        "d2": d2, "fitted": d2, "saturated": known and t > 8, "n_runs": 25,
                        "lower": d2 and d2 - 0.1, "upper": d2 and d2 + 0.1,
                        "null_lower": d2 and 1.3, "null_upper": d2 and 1.5,
                        "reason": None if known else "fewer than two runs get so far",
                    }
                )  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


def make_recoverability(*, steps=20, known=True) -> pl.DataFrame:
    accuracy = [0.2 + 0.6 * float(np.exp(-t / 3)) if known else None for t in range(steps)]
    return pl.DataFrame({"t": range(steps), "accuracy": accuracy}).with_columns(
        embedding_model=pl.lit("MiniLM"), network=pl.lit("A→B"), generator=pl.lit("B"), n_prompts=pl.lit(5 * known),
        chance=pl.lit(0.2 if known else None, pl.Float64), fitted=pl.col("accuracy"), lower=pl.col("accuracy") - 0.1,
        upper=pl.col("accuracy") + 0.1, null_lower=pl.lit(0.1), null_upper=pl.lit(0.4), n_runs=pl.lit(25),
        reason=pl.lit(None if known else "fewer than two prompts have two runs", pl.String),
    )  # fmt: skip


def estimate_of(**values) -> pl.DataFrame:
    row = {"network": "A→B", "generator": "B", "estimate": 3.1, "lower": 2.5, "upper": 300.0, "reason": None} | values
    return pl.DataFrame([row])


def test_a_relaxation_time_is_said_with_its_interval(read_chart) -> None:
    chart = plot_divergence(make_divergence(), estimate_of(quantity="tau", pairs="same prompt"))
    said = all_text(read_chart(chart))
    assert "τ = 3.1 [2.5, 300] steps" in said
    assert "early exponent not estimated" in said
    assert "null: prompts permuted across runs (95 %)" in said
    assert "saturated" in said


def test_a_missing_relaxation_time_says_why(read_chart) -> None:
    none = estimate_of(quantity="tau", pairs="same prompt", estimate=None, reason="no plateau within 9 steps")
    assert "no τ: no plateau within 9 steps" in all_text(read_chart(plot_divergence(make_divergence(), none)))


def test_the_null_the_pairs_and_the_fit_are_drawn(read_chart) -> None:
    panel = read_chart(plot_divergence(make_divergence()))["hconcat"][0]["concat"][0]
    names = [layer["data"]["values"][0].get("of") for layer in panel["layer"] if layer["data"]["values"]]
    assert {"null: prompts permuted (95 %)", "one prompt", "different prompts", "fit, one prompt"} <= set(names)


@pytest.mark.parametrize("plot", [lambda: plot_divergence(make_divergence(known=False)),
                                  lambda: plot_recoverability(make_recoverability(known=False))])  # fmt: skip
def test_where_there_is_no_estimate_the_chart_says_why(read_chart, plot) -> None:
    assert "No estimate: fewer than two" in all_text(read_chart(plot())).replace("\n", " ")


def test_several_networks_have_panels_of_one_scale(read_chart) -> None:
    panels = read_chart(plot_divergence(make_divergence(networks=("A→B", "C→B"))))["hconcat"][0]["concat"]
    assert len(panels) == 2
    domains = {str(layer["encoding"]["y"]["scale"]["domain"]) for panel in panels for layer in panel["layer"][:2]}
    assert len(domains) == 1


def test_long_curves_are_thinned(read_chart) -> None:
    panel = read_chart(plot_divergence(make_divergence(steps=1_000)))["hconcat"][0]["concat"][0]
    assert max(len(layer["data"]["values"]) for layer in panel["layer"]) == 250


def test_recoverability_stands_beside_chance_and_null(read_chart) -> None:
    decay = estimate_of(quantity="decay_time")
    said = all_text(read_chart(plot_recoverability(make_recoverability(), decay)))
    assert "decay time = 3.1 [2.5, 300] steps" in said
    assert "5 prompts" in said
    assert "dotted rule: chance" in said


def make_pairs(n=12, **changes) -> pl.DataFrame:
    row = {"embedding_model": "MiniLM", "run_id": 3, "network": "A→B", "initial_prompt": "a fox", "seed": None}
    row |= {"generator": "B", "radius": 0.5, "n_steps": n} | changes
    return pl.DataFrame([row | {"a": a, "b": a + 3} for a in range(n - 3)])


def make_measures(**changes) -> pl.DataFrame:
    row = {"embedding_model": "MiniLM", "run_id": 3, "generator": "B", "reason": None}
    row |= {"rr": 0.2, "det": 1.0, "l": 9.0, "l_max": 9.0, "entr": 0.0, "lam": 0.0, "tt": None}
    row |= {"det_shuffled": 0.3, "det_shuffled_p": 0.01, "det_markov": 0.5, "det_markov_p": 0.02} | changes
    return pl.DataFrame([row])


def test_a_recurrence_plot_is_one_picture_with_its_measures(read_chart) -> None:
    chart = read_chart(plot_recurrence(make_pairs(), make_measures()))
    said = all_text(chart).replace("\n", " ")
    assert "determinism 1.00" in said
    assert "trapping time" not in said
    assert "shuffled 0.30 (p = 0.01), with one step of memory 0.50 (p = 0.02)" in said
    assert "data:image/png;base64," in said


def test_the_picture_has_a_dot_for_each_recurrence() -> None:
    import base64
    from io import BytesIO

    from PIL import Image

    from loopscope.datavis.recurrence import _encode_matrix

    matrix = np.eye(4, dtype=bool)
    matrix[0, 3] = matrix[3, 0] = True
    url = _encode_matrix(matrix, 2)
    alpha = np.asarray(Image.open(BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGBA"))[..., 3]
    assert (alpha > 0).tolist() == matrix[::-1].tolist()


def test_a_run_in_which_nothing_was_measured_says_why(read_chart) -> None:
    none = make_measures(reason="only 4 steps; recurrences need 10")
    said = all_text(read_chart(plot_recurrence(make_pairs(4), none)))
    assert "nothing measured: only 4 steps" in said


def make_change_points(found=(5,)) -> pl.DataFrame:
    row = {"embedding_model": "MiniLM", "run_id": 3, "network": "A→B", "initial_prompt": "a fox", "seed": 1}
    row |= {"generator": "B", "penalty": 2.0, "run_null_p": 0.01}
    if not found:
        nothing = {"change_point": None, "sequence_number": None, "gain": 1.2, "null_p": 0.3}
        return pl.DataFrame([row | nothing | {"reason": "no change point gains more than the penalty 2.00"}])
    return pl.DataFrame(
        [row | {"change_point": at, "sequence_number": 2 * at + 1, "gain": 3.4, "null_p": 0.01, "reason": None}
         for at in found]
    )  # fmt: skip


def make_steps(n=20) -> pl.DataFrame:
    sizes = [None, *(0.1 + 0.01 * t for t in range(1, n))]
    return pl.DataFrame({"sequence_number": [2 * t + 1 for t in range(n)], "step_of_generator": sizes}).with_columns(
        run_id=pl.lit(3), embedding_model=pl.lit("MiniLM"), generator=pl.lit("B")
    )


def test_change_points_are_rules_before_their_steps(read_chart) -> None:
    chart = read_chart(plot_change_points(make_change_points((5, 9)), make_steps()))
    assert "twice" in chart["title"]["text"]
    (panel,) = chart["vconcat"]
    rules = panel["layer"][1]["data"]["values"]
    assert [rule["x"] for rule in rules] == [10.5, 18.5]
    assert "3.4" in all_text(panel)


def test_a_run_without_change_points_says_so(read_chart) -> None:
    said = all_text(read_chart(plot_change_points(make_change_points(()), make_steps())))
    assert "does not go over" in said
    assert "no change point gains more than the penalty" in said


def test_drift_stands_beside_what_is_unrelated(read_chart, drift_frame) -> None:
    frame = drift_frame(runs=3, prompts=2, networks=("A→B",), steps=5).with_columns(unrelated_to_prompt=pl.lit(0.9))
    chart = read_chart(plot_drift(frame))
    (panel,) = chart["hconcat"][0]["concat"]
    assert set(panel["layer"][0]["data"]["values"][0]["y"].split(",")) == {"0.9"}
    assert "runs with other prompts" in all_text(chart).replace("\n", " ")


def test_drift_of_generators_that_take_turns_is_drawn_apart(read_chart, drift_frame) -> None:
    frame = drift_frame(runs=3, prompts=2, networks=("A→B",), steps=6, stride=1).with_columns(
        generator=pl.when(pl.col("sequence_number") % 2 == 0).then(pl.lit("A")).otherwise(pl.lit("B"))
    )
    chart = read_chart(plot_drift(frame))
    assert len(chart["hconcat"][0]["concat"]) == 2
    assert "A→B · 2 prompts" in " ".join(chart["title"]["subtitle"])


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda: plot_divergence(make_divergence().clear()), "load_divergence_df"),
        (lambda: plot_recoverability(make_recoverability().clear()), "load_recoverability_df"),
        (lambda: plot_recurrence(make_pairs().clear()), "load_recurrence_pairs_df"),
        (lambda: plot_recurrence(pl.concat([make_pairs(), make_pairs(run_id=4)])), "2 runs: 3, 4"),
        (lambda: plot_change_points(make_change_points().clear(), make_steps()), "load_change_points_df"),
        (lambda: plot_change_points(make_change_points(), make_steps().clear()), "load_drift_df"),
        (lambda: plot_divergence(pl.DataFrame({"t": [1]})), "needs the columns"),
    ],
)
def test_what_cannot_be_drawn_says_what_to_type(draw, said: str) -> None:
    with pytest.raises(ChartError, match=said):
        draw()
