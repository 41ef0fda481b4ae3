import polars as pl
import pytest

from loopscope.datavis.cluster_sizes import BAR_WIDTH, LABEL_WIDTH, plot_cluster_sizes
from loopscope.datavis.theme import CLUSTER_COLOURS, OUTLIER_COLOUR
from loopscope.errors import ChartError


def read(read_chart, chart):
    layers = [layer["data"]["values"] for layer in read_chart(chart)["layer"]]
    return layers[0], layers[1], [row["text"] for layer in layers[2:] for row in layer]


def test_bars_are_the_largest_clusters_to_scale(read_chart, medoids_frame):
    strip, bars, texts = read(read_chart, plot_cluster_sizes(medoids_frame(clusters=8), top=5))
    assert [bar["cluster"] for bar in bars] == ["0", "1", "2", "3", "4"]
    assert bars[0]["x2"] == BAR_WIDTH
    assert bars[1]["x2"] / bars[0]["x2"] == pytest.approx(bars[1]["size"] / bars[0]["size"])
    assert [bar["colour"] for bar in bars] == list(CLUSTER_COLOURS[:5])
    assert len(strip) == 9
    assert any("3 smaller ones" in text for text in texts)


def test_the_strip_shows_all_to_scale_with_grey_outliers_last(read_chart, medoids_frame):
    strip, _, texts = read(read_chart, plot_cluster_sizes(medoids_frame(clusters=1, size=75, outliers=25)))
    assert [part["colour"] for part in strip] == [CLUSTER_COLOURS[0], OUTLIER_COLOUR]
    whole = LABEL_WIDTH + BAR_WIDTH
    assert [(part["x2"] - part["x"]) / whole for part in strip] == pytest.approx([0.75, 0.25])
    assert "25.0 % outliers" in texts


def test_prompts_and_runs_that_come_by_are_counted(read_chart, medoids_frame):
    _, bars, texts = read(read_chart, plot_cluster_sizes(medoids_frame(clusters=1, runs=24, prompts=7)))
    assert (bars[0]["n_prompts"], bars[0]["n_runs"]) == (7, 12)
    assert {"7", "12", "prompts", "runs"} <= set(texts)


def test_a_long_label_is_cut_to_two_lines(read_chart, medoids_frame):
    frame = medoids_frame(clusters=1).with_columns(cluster_label=pl.lit("snow-capped mountains " * 20))
    _, bars, texts = read(read_chart, plot_cluster_sizes(frame))
    (label,) = [text for text in texts if text.startswith("snow")]
    assert label.count("\n") == 1
    assert label.endswith("…")
    assert len(bars[0]["label"]) > 400


@pytest.mark.parametrize(("clusters", "outliers"), [(0, 50), (1, 0), (1, 900_000)])
def test_plain_cases_are_drawn(read_chart, medoids_frame, clusters, outliers):
    strip, bars, _ = read(read_chart, plot_cluster_sizes(medoids_frame(clusters=clusters, outliers=outliers)))
    assert len(bars) == clusters
    assert len(strip) == clusters + (outliers > 0)


def test_several_results_are_refused(medoids_frame):
    frame = medoids_frame(clusters=2)
    with pytest.raises(ChartError, match=r"2 clustering results: 3aa6bd65-.*, 9b"):
        plot_cluster_sizes(pl.concat([frame, frame.with_columns(clustering_result_uuid=pl.lit("9b"))]))
