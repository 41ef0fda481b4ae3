import numpy as np
import polars as pl
import pytest

from loopscope.datavis.invocation_durations import plot_invocation_durations
from loopscope.errors import ChartError


def make_invocations(medians, n=200, seed=0):
    random = np.random.default_rng(seed)
    parts = [
        pl.DataFrame({"model": [name] * n, "seconds": middle * np.exp(0.3 * random.standard_normal(n))})
        for name, middle in medians.items()
    ]
    return pl.concat(parts).with_columns(run_id=pl.int_range(pl.len()) % 7)


def layer(chart, number):
    drawn = chart.to_dict()
    return drawn["datasets"][drawn["layer"][number]["data"]["name"]]


def bars(chart):
    return layer(chart, 1)


def test_the_model_that_takes_most_time_is_first_with_its_quartiles():
    frame = make_invocations({"Quick": 0.001, "Slow": 10.0})
    drawn = bars(plot_invocation_durations(frame))
    assert [bar["model"] for bar in drawn] == ["Slow", "Quick"]
    slow = frame.filter(pl.col("model") == "Slow")["seconds"]
    assert drawn[0]["median"] == slow.median()
    assert drawn[0]["low"] == slow.quantile(0.25, "linear")


def test_hills_have_equal_area_and_the_tallest_fits():
    values = layer(plot_invocation_durations(make_invocations({"A": 0.01, "B": 1.0})), 0)
    hills = pl.DataFrame(values).with_columns(height=pl.col("base") - pl.col("y"))
    areas = hills.group_by("model").agg(pl.col("height").sum())["height"]
    assert areas[0] == pytest.approx(areas[1], rel=0.01)
    assert hills["height"].max() == pytest.approx(46, abs=0.1)


@pytest.mark.parametrize("seconds", [[0.0, 0.0], [0.5, 0.5], [1e-7, 1e5]])
def test_odd_durations_are_drawn(seconds):
    frame = pl.DataFrame({"model": ["A", "A"], "seconds": seconds, "run_id": [1, 1]})
    chart = plot_invocation_durations(frame).to_dict()
    domain = chart["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert 0 < domain[0] < domain[1]
    assert all(domain[0] <= bar["median"] <= domain[1] for bar in bars(plot_invocation_durations(frame)))


def test_a_frame_without_rows_is_refused_with_what_to_type():
    with pytest.raises(ChartError, match="loopscope experiment perform FILE"):
        plot_invocation_durations(make_invocations({"A": 1.0}).head(0))
