import polars as pl
import pytest

from loopscope.data_prep.absorption import SURVIVAL_KEYS
from loopscope.data_prep.columns import NETWORK, schema_of
from loopscope.data_prep.estimates import ESTIMATE_COLUMNS, estimate_values
from loopscope.datavis import survival
from loopscope.datavis.saving import save_chart
from loopscope.datavis.step_panels import NULL_COLOUR
from loopscope.datavis.survival import plot_survival
from loopscope.dynamics.absorption import find_absorption
from loopscope.dynamics.nulls import SHUFFLED
from loopscope.dynamics.sequences import Sequences
from loopscope.dynamics.settling import draw_absorptions, estimate_survival_curve
from loopscope.errors import ChartError

SETTLE = [[*range(k), *[100] * (20 - k)] for k in (3, 4, 5, 6)] + [list(range(20)), list(range(30))]


def make_survival(runs=SETTLE, *, networks=("A→B",), types=("text",), nulls=9, null="S"):
    """As load_survival_df gives it."""
    sequences = Sequences.of(runs)
    drawn = draw_absorptions(sequences, SHUFFLED, nulls, 0)
    found = find_absorption(sequences)
    curve = estimate_survival_curve(found, drawn, SHUFFLED, sequences.group, draws=50, seed=0)
    rows = [
        {
            "output_type": output_type,
            "network": network,
            "null": null,
            "step": point.step,
            "n_at_risk": point.n_at_risk,
            "n_absorbed": point.n_absorbed,
            **estimate_values(point.estimate),
        }
        for output_type in types
        for network in networks
        for point in curve
    ]
    return pl.DataFrame(rows, schema=schema_of((*SURVIVAL_KEYS, NETWORK, *ESTIMATE_COLUMNS)))


def panels_of(read_chart, frame):
    return read_chart(plot_survival(frame))["hconcat"][0]["concat"]


def layers_of(panel, mark):
    return [layer for layer in panel["layer"] if layer["mark"]["type"] == mark]


def texts_of(spec):
    return [row["text"] for layer in spec["layer"] for row in layer["data"].get("values", []) if "text" in row]


def test_the_line_is_a_staircase_down_to_the_last_run_that_is_watched(read_chart):
    (panel,) = panels_of(read_chart, make_survival())
    (line,) = layers_of(panel, "line")
    assert line["mark"]["interpolate"] == "step-after"
    points = [(row["step"], row["estimate"]) for row in line["data"]["values"]]
    assert points[0] == (0, 1)
    assert (3, pytest.approx(5 / 6, abs=1e-3)) in points
    assert points[-1][0] == 29
    assert texts_of(panel) == ["A→B", "4 of 6 runs settled; half by step 5"]


def test_ticks_are_where_runs_end_that_had_not_settled(read_chart):
    (panel,) = panels_of(read_chart, make_survival())
    (ticks,) = layers_of(panel, "tick")
    assert [(row["step"], row["left"]) for row in ticks["data"]["values"]] == [(18, 1), (28, 1)]


def test_the_null_is_a_grey_band_under_the_interval_and_in_the_key(read_chart):
    spec = read_chart(plot_survival(make_survival()))
    bands = layers_of(spec["hconcat"][0]["concat"][0], "area")
    assert [band["mark"]["color"] == NULL_COLOUR for band in bands] == [True, False]
    assert "null: shuffled order (95 %)" in texts_of(spec["hconcat"][1])
    without = read_chart(plot_survival(make_survival(nulls=0)))
    assert len(layers_of(without["hconcat"][0]["concat"][0], "area")) == 1
    assert "null: shuffled order (95 %)" not in texts_of(without["hconcat"][1])


def test_each_output_type_and_group_has_a_panel_and_says_which(read_chart):
    frame = make_survival(networks=("A→B", "C"), types=("image", "text"))
    panels = panels_of(read_chart, frame)
    assert [texts_of(panel)[0] for panel in panels] == ["A→B", "C", "A→B", "C"]
    assert [texts_of(panel)[1].split(":")[0] for panel in panels] == ["images", "images", "texts", "texts"]
    colours = {layers_of(panel, "line")[0]["mark"]["color"] for panel in panels}
    assert len(colours) == 2


def test_a_group_without_an_estimate_says_why(read_chart, tmp_path):
    frame = make_survival([[1], [2]])
    (panel,) = panels_of(read_chart, frame)
    assert any("nothing can repeat" in text.replace("\n", " ") for text in texts_of(panel))
    assert save_chart(plot_survival(frame), tmp_path / "survival.svg").stat().st_size


def test_one_run_has_no_interval_and_says_so(read_chart):
    frame = make_survival(SETTLE[:1])
    (panel,) = panels_of(read_chart, frame)
    assert len(layers_of(panel, "area")) == 1
    assert "no interval: one run" in " ".join(read_chart(plot_survival(frame))["title"]["subtitle"])


def test_many_groups_are_small_panels_and_those_left_out_are_told(read_chart, monkeypatch):
    monkeypatch.setattr(survival, "MOST_PANELS", 12)
    frame = make_survival(SETTLE[:2], networks=[f"A{number:03}" for number in range(14)], nulls=0)
    chart = read_chart(plot_survival(frame))
    assert len(chart["hconcat"][0]["concat"]) == 12
    assert "the first 12 of 14 groups drawn" in " ".join(chart["title"]["subtitle"])


def test_a_long_curve_is_thinned(read_chart):
    runs = [[*range(k), *[5_000] * (1_000 - k)] for k in range(1, 998)]
    (panel,) = panels_of(read_chart, make_survival(runs, nulls=0))
    assert len(layers_of(panel, "line")[0]["data"]["values"]) <= 251


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ChartError, match="load_survival_df"):
        plot_survival(make_survival().clear())
    mixed = pl.concat([make_survival(), make_survival(null="M1")])
    with pytest.raises(ChartError, match="2 nulls"):
        plot_survival(mixed)


@pytest.mark.parametrize(("uuid", "said"), [("06a90841-0000", "clustering 06a90841"), (None, "clustering result 2")])
def test_the_clustering_is_named_as_it_is_typed(read_chart, uuid, said):
    frame = make_survival().with_columns(clustering_result_id=pl.lit(2), embedding_model=pl.lit("MiniLM"))
    if uuid:
        frame = frame.with_columns(clustering_result_uuid=pl.lit(uuid))
    assert said in " · ".join(read_chart(plot_survival(frame))["title"]["subtitle"])
