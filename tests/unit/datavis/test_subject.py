import polars as pl
import pytest

from loopscope.datavis.subject import describe_medoids, describe_result, require_one, require_rows, write_subtitle
from loopscope.datavis.wording import measure_width
from loopscope.errors import ChartError


def test_a_result_is_said_with_its_model_and_settings(clusters_frame):
    frame = clusters_frame(runs=1, prompts=1, steps=3)
    assert describe_result(frame) == [
        "MiniLM",
        "hdbscan with min_cluster_size 20, min_samples 5, epsilon 0.1",
        "clustering 3aa6bd65",
    ]


def test_a_downsampled_result_says_so(clusters_frame):
    frame = clusters_frame(runs=1, prompts=1, steps=3).with_columns(downsample=10, epsilon=0.0)
    assert describe_result(frame)[1] == "hdbscan with min_cluster_size 20, min_samples 5, downsample 10"


def test_medoids_are_said_with_clusters_and_outliers(medoids_frame):
    frame = medoids_frame(clusters=1, size=75, outliers=25).with_columns(n_runs_total=12)
    assert describe_medoids(frame) == ["clustering 3aa6bd65", "12 runs", "1 cluster", "100 embeddings, 25.0 % outliers"]


def test_an_empty_frame_is_refused_with_advice():
    with pytest.raises(ChartError, match=r"no rows. Try this\."):
        require_rows(pl.DataFrame(schema={"a": pl.Int64}), ("a",), chart="raster", advice="Try this.")


def test_a_missing_column_is_named():
    with pytest.raises(ChartError, match="needs the columns b, c, but the frame has a"):
        require_rows(pl.DataFrame({"a": [1]}), ("a", "b", "c"), chart="raster", advice="")


def test_several_results_are_listed():
    with pytest.raises(ChartError, match=r"2 clustering results: 3, 7\. Choose .* `--clustering 3`"):
        require_one(pl.DataFrame({"id": [7, 3, 7]}), "id", chart="x", noun="clustering results", option="--clustering")


def test_a_subtitle_breaks_between_what_it_says():
    lines = write_subtitle(["a" * 60, "b" * 20, "20 % outliers"], 480)
    assert all(measure_width(line, 12) <= 480 for line in lines)
    assert lines[-1].endswith("20 % outliers")
