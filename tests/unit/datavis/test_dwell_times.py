import numpy as np
import polars as pl
import pytest

from loopscope.datavis.dwell_times import CENSORED_OPACITY, plot_dwell_times
from loopscope.datavis.saving import save_chart
from loopscope.datavis.theme import CLUSTER_COLOURS, OUTLIER_COLOUR
from loopscope.dynamics.dwell_times import estimate_dwell_times, find_stays
from loopscope.dynamics.sequences import Sequences
from loopscope.errors import ChartError


def make_stays(runs):
    """As load_dwell_times_df gives it, as far as the chart needs it."""
    stays = find_stays(Sequences.of(runs))
    return pl.DataFrame(
        {
            "run_id": stays.run,
            "clustering_result_id": 3,
            "embedding_model": "MiniLM",
            "cluster_id": stays.symbol,
            "length": stays.length,
            "left_censored": stays.left_censored,
            "right_censored": stays.right_censored,
        }
    )


def make_estimates(runs, nulls=9):
    found = estimate_dwell_times(Sequences.of(runs), draws=20, nulls=nulls)
    return pl.DataFrame(
        [
            {"cluster_id": each.symbol, "quantity": each.quantity, "null": each.null}
            | {
                name: None if isinstance(value, float) and np.isnan(value) else value
                for name, value in vars(each.estimate).items()
            }
            for each in found
        ],
        infer_schema_length=None,
    )


RUNS = [[0, 0, 1, 1, 1, 0, -1, 0, 0, 1], [1, 0, 0, 0, 1, 1, 0, 1, -1, -1], [0, 1, 0, 0, 1, 1, 1, 1, 0, 0]]


def panels_of(read_chart, *frames, **settings):
    return read_chart(plot_dwell_times(*frames, **settings))["hconcat"][0]["concat"]


def texts_of(spec):
    return [row["text"] for layer in spec["layer"] for row in layer["data"]["values"] if "text" in row]


def test_bars_are_the_stays_and_pale_ones_are_cut(read_chart):
    panel = panels_of(read_chart, make_stays(RUNS))[0]
    bars = panel["layer"][0]
    assert bars["mark"]["color"] == CLUSTER_COLOURS[0]
    counted = {(row["steps"], row["opacity"]): row["stays"] for row in bars["data"]["values"]}
    # of cluster 0: 2 cut, 1, 2; 3, 1; 1 cut, 2, 2 cut
    assert counted == {
        ("1", 1.0): 2,
        ("1", CENSORED_OPACITY): 1,
        ("2", 1.0): 2,
        ("2", CENSORED_OPACITY): 2,
        ("3", 1.0): 1,
    }
    assert sum(counted.values()) == make_stays(RUNS).filter(pl.col("cluster_id") == 0).height
    cut = [row for row in bars["data"]["values"] if row["opacity"] < 1]
    assert {(row["y2"], row["y"]) for row in cut} == {(2, 3), (2, 4)}  # on top of the others


def test_the_line_is_what_a_geometric_law_gives_of_those_at_risk(read_chart):
    runs = [[9, 0, 9, 0, 0, 9, 0, 0, 0, 9], [9, 0, 0, 0, 0, 0]]
    panel = panels_of(read_chart, make_stays(runs), make_estimates(runs))[0]
    lines = [layer for layer in panel["layer"] if layer["mark"]["type"] == "line"]
    # steps at risk 1 + 2 + 3 + 4, three ends: at length 1 four stays, then three, two and the one that was cut
    rate = 3 / 10
    expected = [4 * rate, 3 * rate, 2 * rate, rate]
    for line in lines:
        assert [row["y"] for row in line["data"]["values"]] == pytest.approx(expected, abs=1e-3)
    bare = panels_of(read_chart, make_stays(runs))[0]
    assert bare["layer"][1]["data"]["values"] == panel["layer"][1]["data"]["values"]


def test_outliers_are_grey_and_last_and_medoids_name_the_panels(read_chart):
    medoids = pl.DataFrame({"cluster_id": [0, 1, -1], "cluster_label": ["a fox", None, "OUTLIER"]})
    panels = panels_of(read_chart, make_stays(RUNS), None, medoids)
    assert [texts_of(panel)[0] for panel in panels] == ["0 · a fox", "cluster 1", "outliers"]
    assert panels[-1]["layer"][0]["mark"]["color"] == OUTLIER_COLOUR


def test_numbers_and_reasons_are_written(read_chart):
    panels = panels_of(read_chart, make_stays(RUNS), make_estimates(RUNS))
    said = texts_of(panels[0])[1]
    assert "8 stays, 37.5 % cut" in said
    assert "mean 1.86 [" in said
    assert "dispersion" in said
    stuck = [[4, 4, 4], [4, 4]]
    (panel,) = panels_of(read_chart, make_stays(stuck), make_estimates(stuck))
    assert "no estimate: never left" in texts_of(panel)[1].replace("\n", " ")
    assert not [layer for layer in panel["layer"] if layer["mark"]["type"] == "line"]


def test_long_stays_are_gathered_in_bins_and_few_counts_have_whole_ticks(read_chart):
    runs = [[1, *[0] * 100, 1, *[0] * 7, 1]]
    panel = next(panel for panel in panels_of(read_chart, make_stays(runs)) if texts_of(panel)[0] == "cluster 0")
    bars = panel["layer"][0]["data"]["values"]
    assert [row["steps"] for row in bars] == ["5 to 8", "97 to 100"]
    assert panel["layer"][0]["encoding"]["y"]["axis"]["values"] == [0, 1]


def test_one_stay_that_is_far_longer_does_not_press_the_others_together(read_chart):
    runs = [[1, *[0] * length, 1] for length in [1, 2, 3, 4] * 100 + [500]]
    panel = next(panel for panel in panels_of(read_chart, make_stays(runs)) if texts_of(panel)[0] == "cluster 0")
    counted = {row["steps"]: row["stays"] for row in panel["layer"][0]["data"]["values"]}
    assert counted == {"1": 100, "2": 100, "3": 100, "4": 100, "6 or more": 1}
    assert "last bar 6 to 500" in texts_of(panel)[1].replace("\n", " ")
    expected = panel["layer"][1]["data"]["values"]
    assert len(expected) == 6
    assert expected[-1]["y"] == pytest.approx(495 * 401 / 1_500, abs=1e-2)


def test_of_many_clusters_those_with_most_steps_are_drawn(read_chart):
    frame = make_stays([np.repeat(np.arange(-1, 40), np.arange(41, 0, -1))])
    chart = read_chart(plot_dwell_times(frame, max_clusters=5))
    headings = [texts_of(panel)[0] for panel in chart["hconcat"][0]["concat"]]
    assert headings == ["cluster 0", "cluster 1", "cluster 2", "cluster 3", "outliers"]
    assert "5 of 41 clusters drawn" in " ".join(chart["title"]["subtitle"])


@pytest.mark.parametrize("runs", [[[-1, -1]], [[0]], RUNS], ids=["all outliers", "one step", "some"])
def test_plain_cases_are_drawn(runs, tmp_path):
    assert save_chart(plot_dwell_times(make_stays(runs), make_estimates(runs)), tmp_path / "dwell.svg").stat().st_size


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ChartError, match="load_dwell_times_df"):
        plot_dwell_times(make_stays(RUNS).clear())
    grouped = make_estimates(RUNS)
    grouped = pl.concat([grouped.with_columns(network=pl.lit(name)) for name in "AB"])
    with pytest.raises(ChartError, match=r"by network\. Load them with `by=\(\)`"):
        plot_dwell_times(make_stays(RUNS), grouped)
    two = pl.concat([make_stays(RUNS), make_stays(RUNS).with_columns(clustering_result_id=pl.lit(4))])
    with pytest.raises(ChartError, match="2 results"):
        plot_dwell_times(two)


def test_the_clustering_is_named_as_it_is_typed(read_chart):
    stays = make_stays([[0, 0, 1]]).with_columns(clustering_result_uuid=pl.lit("06a90841-0000"))
    subtitle = " · ".join(read_chart(plot_dwell_times(stays))["title"]["subtitle"])
    assert "clustering 06a90841" in subtitle
    assert "clustering result 3" not in subtitle
