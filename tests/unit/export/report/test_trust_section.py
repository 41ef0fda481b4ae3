import polars as pl
import pytest

from loopscope.export.report.sections.outliers import say_largest, say_share


@pytest.mark.parametrize(("sizes", "said"), [((50, 30, 20), False), ((51, 29, 20), True), ((0, 100), False)])
def test_one_cluster_that_holds_most_outputs_is_told(sizes, said):
    medoids = pl.DataFrame({"cluster_id": [*range(len(sizes) - 1), -1], "cluster_size": sizes})
    found = say_largest(medoids)
    assert bool(found) == said
    if said:
        assert found[0].startswith("Cluster 0 alone holds 51.0 % of the outputs, beside 1 other cluster:")


def test_without_clusters_nothing_is_largest():
    assert say_largest(pl.DataFrame({"cluster_id": [-1], "cluster_size": [9]})) == []


@pytest.mark.parametrize("value", [0.0, 0.6, 1.0])
def test_an_interval_of_no_width_is_no_certainty(value):
    assert "no interval" in say_share({"estimate": value, "lower": value, "upper": value})
    assert say_share({"estimate": value, "lower": 0.0, "upper": 0.9}).endswith("[0 %, 90 %]")
