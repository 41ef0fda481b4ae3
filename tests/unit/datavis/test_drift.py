import polars as pl
import pytest

from loopscope.datavis.drift import MOST_LINES, MOST_STEPS, plot_drift
from loopscope.datavis.theme import SERIES_COLOURS
from loopscope.errors import ChartError


def find_panels(read_chart, chart):
    return read_chart(chart)["hconcat"][0]["concat"]


def numbers(text):
    return [float(number) for number in text.split(",")]


def test_the_median_and_the_quartiles_are_those_of_the_runs(read_chart, drift_frame):
    frame = drift_frame(runs=5, prompts=1, networks=("A→B",), steps=1).with_columns(
        drift_from_prompt=pl.Series([0.1, 0.2, 0.3, 0.4, 0.9])
    )
    (panel,) = find_panels(read_chart, plot_drift(frame))
    (band,) = panel["layer"][1]["data"]["values"]
    assert (band["low"], band["y"], band["high"], band["runs"]) == ("0.2", "0.3", "0.4", "5")


def test_few_prompts_have_a_panel_for_each_network_and_a_colour_each(read_chart, drift_frame):
    panels = find_panels(read_chart, plot_drift(drift_frame(runs=4, prompts=3, steps=5)))
    assert [panel["layer"][-1]["data"]["values"][0]["text"] for panel in panels] == [
        "Pictograms→Describe",
        "Typeset→Read",
    ]
    for panel in panels:
        assert len(panel["layer"][0]["data"]["values"]) == 12
    colours = [{band["series"]: band["colour"] for band in panel["layer"][1]["data"]["values"]} for panel in panels]
    assert colours[0] == colours[1]
    assert set(colours[0].values()) == set(SERIES_COLOURS[:3])


def test_many_prompts_have_a_panel_each(read_chart, drift_frame):
    panels = find_panels(read_chart, plot_drift(drift_frame(runs=2, prompts=9, steps=5)))
    assert len(panels) == 9
    assert all(len(panel["layer"][1]["data"]["values"]) == 2 for panel in panels)


def test_too_many_prompts_are_said(read_chart, drift_frame):
    chart = plot_drift(drift_frame(runs=2, prompts=9, steps=5), max_prompts=8)
    assert len(find_panels(read_chart, chart)) == 8
    assert "the first 8 prompts drawn" in " ".join(read_chart(chart)["title"]["subtitle"])


def test_long_and_many_runs_are_thinned_but_the_median_is_of_all(read_chart, drift_frame):
    frame = drift_frame(runs=MOST_LINES + 50, prompts=1, networks=("A→B",), steps=MOST_STEPS * 2)
    (panel,) = find_panels(read_chart, plot_drift(frame))
    lines = panel["layer"][0]["data"]["values"]
    assert len(lines) == MOST_LINES
    assert len(numbers(lines[0]["x"])) == MOST_STEPS
    (band,) = panel["layer"][1]["data"]["values"]
    assert set(numbers(band["runs"])) == {MOST_LINES + 50}


def test_all_panels_share_their_axes(read_chart, drift_frame):
    panels = find_panels(read_chart, plot_drift(drift_frame(runs=2, prompts=3, steps=5)))
    domains = {str(panel["layer"][0]["encoding"]["y"]["scale"]["domain"]) for panel in panels}
    assert len(domains) == 1


def test_drift_from_the_start(read_chart, drift_frame):
    frame = drift_frame(runs=1, prompts=1, networks=("A→B",), steps=1).with_columns(
        drift_from_prompt=None, drift_from_start=0.25
    )
    (panel,) = find_panels(read_chart, plot_drift(frame, since="start"))
    assert panel["layer"][1]["data"]["values"][0]["y"] == "0.25"
    with pytest.raises(ChartError, match="--since start"):
        plot_drift(frame)


def test_several_embedding_models_are_refused(drift_frame):
    frame = drift_frame(runs=1, prompts=1, steps=2)
    both = pl.concat([frame, frame.with_columns(embedding_model=pl.lit("ColourLayout"))])
    with pytest.raises(ChartError, match="2 embedding models: ColourLayout, MiniLM"):
        plot_drift(both)
