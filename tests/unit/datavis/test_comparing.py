"""The charts of comparing and trusting, of made-up frames."""

from itertools import pairwise

import polars as pl
import pytest

from loopscope.datavis.alluvial import ABSENT, SMALLER, plot_alluvial
from loopscope.datavis.cluster_stability import plot_cluster_stability
from loopscope.datavis.outlier_diagnostics import plot_outlier_diagnostics
from loopscope.datavis.parameter_sweep import plot_parameter_sweep
from loopscope.datavis.theme import CLUSTER_COLOURS, NOT_CLUSTERED_COLOUR, OUTLIER_COLOUR
from loopscope.errors import ChartError

UUID = "3aa6bd65-7daf-41d0-923a-370bf37f5f4f"
ESTIMATE = {"lower": 0.4, "upper": 0.6, "n_runs": 20, "null_mean": 0.1, "null_p": 0.01, "method": "somehow"}


def flows(pairs):
    rows = [
        {"a": 1, "b": 2, "a_cluster_id": a, "a_cluster_label": f"a {a}", "b_cluster_id": b, "b_cluster_label": f"b {b}"}
        | {"a_status": "member" if a is not None else "not sampled", "count": count}
        | {"b_status": "member" if b is not None else "added later"}
        for (a, b), count in pairs.items()
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def stability(jaccards):
    return pl.DataFrame(
        [
            {"clustering_result_id": 3, "clustering_result_uuid": UUID, "embedding_model": "MiniLM"}
            | {"cluster_id": number, "cluster_label": "a small red fox " * 9, "cluster_size": 1200 - number}
            | {"jaccard": jaccard, "recovered": 0.5, **ESTIMATE, "lower": jaccard and jaccard - 0.1}
            for number, jaccard in enumerate(jaccards)
        ],
        infer_schema_length=None,
    )


def sweep(sizes=(5, 10), epsilons=(0.0, 0.2, 0.4), samples=(3,)):
    return pl.DataFrame(
        [
            {"embedding_model": "MiniLM", "n": 900, "n_distinct": 800, "min_cluster_size": size, "epsilon": epsilon}
            | {"min_samples": sample, "n_clusters": size, "outlier_share": epsilon, "largest_cluster": 0.25}
            | {"ari_to_neighbour": None if size == sizes[0] and not epsilon else 0.75}
            for sample in samples
            for size in sizes
            for epsilon in epsilons
        ]
    )


def diagnostics(effects=2):
    every = {"clustering_result_id": 3, "clustering_result_uuid": UUID, "embedding_model": "MiniLM", **ESTIMATE}
    rows = [
        {"parameter": "all", "kind": "share", "estimate": 0.5, "n": 900},
        {"parameter": "neighbour distance", "kind": "separation", "estimate": 0.97},
        {"parameter": "min_cluster_size", "value": "10", "kind": "share", "estimate": 0.55, "n": 900},
        {"parameter": "network", "value": "A→B", "kind": "share", "estimate": 0.45, "n": 400, "null_mean": None},
        {"parameter": "repeats", "kind": "coefficient", "unit": "each doubling", "estimate": 0.5},
        {"parameter": "network", "value": "A→B", "kind": "coefficient", "unit": "instead of C", "estimate": 0.0}
        | {"lower": -0.2, "upper": 0.2},
    ][: 4 + effects]
    blank = dict.fromkeys(("value", "unit", "n"))
    return pl.DataFrame([blank | every | row for row in rows], infer_schema_length=None)


def texts_of(spec):
    """Every text that a chart writes by itself."""
    if isinstance(spec, list):
        return [text for part in spec for text in texts_of(part)]
    if not isinstance(spec, dict):
        return []
    own = [row["text"] for row in spec.get("data", {}).get("values", []) if "text" in row]
    return own + [text for part in spec.values() for text in texts_of(part)]


def test_ribbons_add_up_to_their_bars_and_have_the_colour_of_a(read_chart):
    pairs = {(0, 0): 50, (0, 1): 30, (1, 1): 40, (-1, 0): 20, (1, -1): 10, (2, None): 5, (None, 1): 15}
    ribbons, left, right, *_ = (layer["data"]["values"] for layer in read_chart(plot_alluvial(flows(pairs)))["layer"])
    scale = (left[0]["y2"] - left[0]["y"]) / 80
    for side, bars, edge in ((0, left, 16), (1, right, 364)):
        for bar in bars:
            ending = [
                point for point in ribbons if point["x"] == edge and point[("from", "to")[side]] == bar["cluster"]
            ]
            assert sum(point["y2"] - point["y"] for point in ending) == pytest.approx(bar["y2"] - bar["y"], abs=0.1)
            assert bar["y2"] - bar["y"] == pytest.approx(scale * bar["count"])
    assert [bar["colour"] for bar in left] == [*CLUSTER_COLOURS[:3], OUTLIER_COLOUR, NOT_CLUSTERED_COLOUR]
    assert {point["colour"] for point in ribbons if point["ribbon"].startswith("0>")} == {CLUSTER_COLOURS[0]}
    assert {point["colour"] for point in ribbons if point["ribbon"].startswith("-1>")} == {OUTLIER_COLOUR}
    assert {point["colour"] for point in ribbons if point["ribbon"].startswith(f"{ABSENT}>")} == {NOT_CLUSTERED_COLOUR}
    assert left[-1]["cluster"] == "not sampled · 8.8 %"
    assert right[-1]["cluster"] == "added later · 2.9 %"


def test_clusters_of_b_have_the_colour_of_their_best_match(read_chart):
    pairs = {(0, 1): 50, (1, 0): 40, (0, 0): 15, (2, 2): 1, (1, 2): 2, (-1, 2): 90, (-1, 3): 9}
    _, left, right, *_ = (layer["data"]["values"] for layer in read_chart(plot_alluvial(flows(pairs)))["layer"])
    of_a, of_b = ({bar["cluster"].split(" ")[0]: bar["colour"] for bar in bars} for bars in (left, right))
    assert [of_b["1"], of_b["0"], of_b["2"]] == [of_a["0"], of_a["1"], of_a["1"]]
    assert of_b["3"] not in of_a.values(), "what is like nothing in A has no colour of A"


def test_clusters_of_b_stand_where_they_come_from_and_small_ones_together(read_chart):
    pairs = {(number, 19 - number): 10 for number in range(20)}
    chart = read_chart(plot_alluvial(flows(pairs), top=12))
    ribbons, left, right, *_ = (layer["data"]["values"] for layer in chart["layer"])
    assert [bar["cluster"].split(" ")[0] for bar in left] == [*map(str, range(12)), "8"]
    assert [bar["cluster"].split(" ")[0] for bar in right][:4] == ["11", "10", "9", "8"]
    assert left[-1]["cluster"] == right[-1]["cluster"] == "8 smaller clusters · 40.0 %"
    assert any(point["ribbon"] == f"{SMALLER}>0" for point in ribbons)
    tops = [bar["y"] for bar in right]
    assert tops == sorted(tops)
    assert all(later["y"] >= bar["y2"] for bar, later in pairwise(right))


def test_the_title_of_the_alluvial_chart_says_the_score(read_chart):
    scores = pl.DataFrame(
        [
            {"measure": measure, "outliers": outliers, "estimate": 0.51, "lower": 0.4, "upper": 0.6, "n": 90}
            for outliers in ("a group of their own", "left out")
            for measure in ("ari", "ami")
        ]
    )
    title = read_chart(plot_alluvial(flows({(0, 0): 90, (None, 0): 10}), scores))["title"]
    assert title["text"] == "Where clusters go: adjusted Rand index 0.51 (0.40 to 0.60)"
    assert "90 embeddings in both · 10 only in B" in " · ".join(title["subtitle"])


def dots_axis(spec):
    """The axis along which the dots of a chart lie."""
    dots = next(layer for layer in spec["layer"] if layer["mark"]["type"] == "point")
    return dots["encoding"]["x"]["axis"]


def test_stability_counts_stable_clusters_and_keeps_those_never_seen(read_chart):
    spec = read_chart(plot_cluster_stability(stability([0.9, 0.75, 0.3, None])))
    assert spec["title"]["text"] == "2 of 4 clusters come again when runs are left out"
    dots = [layer["data"]["values"] for layer in spec["layer"] if layer["mark"]["type"] == "point"]
    assert [[dot["jaccard"] for dot in layer] for layer in dots] == [[0.9, 0.75, 0.3]]
    assert [dot["colour"] for dot in dots[0]] == list(CLUSTER_COLOURS[:3])
    written = texts_of(spec)
    assert "never seen · 1,197" in written
    assert {"stable", "pattern", "noise"} <= set(written)
    marks = next(layer["data"]["values"] for layer in spec["layer"] if layer["mark"]["type"] == "rule")
    assert {mark["text"].strip(): mark["at"] for mark in marks} == {"pattern": 0.6, "stable": 0.75, "noise": 0.1}
    axis = dots_axis(spec)
    assert [float(format(tick, axis["format"])) for tick in axis["values"]] == axis["values"], "no tick is rounded"
    assert max(text.count("\n") for text in written) == 1


def test_a_sweep_is_four_maps_for_each_min_samples(read_chart):
    spec = read_chart(plot_parameter_sweep(sweep(samples=(3, 9)), {"epsilon": 0.9, "min_cluster_size": 0.1}))
    assert spec["title"]["text"] == (
        "From 0% outliers (min_cluster_size 5, min_samples 3, epsilon 0) to 40% "
        "(min_cluster_size 5, min_samples 3, epsilon 0.4)"
    )
    assert "epsilon 90%, min_cluster_size 10%" in " ".join(spec["title"]["subtitle"])
    assert [row["title"]["text"] for row in spec["vconcat"]] == ["min_samples 3", "min_samples 9"]
    for row in spec["vconcat"]:
        assert len(row["concat"]) == 4
        for panel in row["concat"]:
            assert len(panel["data"]["values"]) == 6
    outliers, clusters, _, agreement = (panel["data"]["values"] for panel in spec["vconcat"][0]["concat"])
    assert [cell["text"] for cell in outliers][:3] == ["0 %", "20 %", "40 %"]
    greys = [cell["colour"] for cell in outliers]
    assert all(colour[1:3] == colour[3:5] == colour[5:7] for colour in greys), "outliers are grey"
    assert greys[0] > greys[1] > greys[2], "more of them are darker"
    assert [cell["ink"] for cell in clusters] == ["#222222"] * 3 + ["#ffffff"] * 3
    assert (agreement[0]["text"], agreement[0]["colour"]) == ("–", "#ffffff")


def test_a_sweep_without_several_clusters_says_so_and_one_of_noise_shows_it(read_chart):
    frame = sweep().with_columns(n_clusters=pl.lit(1), null_mean=pl.lit(0.9))
    spec = read_chart(plot_parameter_sweep(frame))
    assert spec["title"]["text"].startswith(
        "No setting gives more than one cluster: from 0% outliers (min_cluster_size 5, "
    )
    assert "6 of 6 settings give one cluster or none" in " ".join(spec["title"]["subtitle"])
    panels = [panel["title"]["text"] for panel in spec["vconcat"][0]["concat"]]
    assert panels[:2] == ["outlier share", "outlier share in noise"]


def test_where_epsilon_is_one_min_samples_goes_from_left_to_right(read_chart):
    spec = read_chart(plot_parameter_sweep(sweep(epsilons=(0.2,), samples=(3, 9))))
    (row,) = spec["vconcat"]
    assert row["title"]["text"] == "epsilon 0.2"
    assert {panel["layer"][0]["encoding"]["x"]["field"] for panel in row["concat"]} == {"min_samples"}
    assert min(panel["width"] for panel in row["concat"]) >= 220


def test_one_outcome_everywhere_is_said(read_chart):
    spec = read_chart(plot_parameter_sweep(sweep(epsilons=(0.2,))))
    assert spec["title"]["text"] == "20% are outliers at every setting"


def test_diagnostics_show_shares_beside_effects(read_chart):
    spec = read_chart(plot_outlier_diagnostics(diagnostics()))
    assert spec["title"]["text"].startswith("50.0 % are outliers; their neighbours are further away")
    left, column = spec["hconcat"]
    *right, effects = column["vconcat"]
    shares = {"layer": left["layer"] + [layer for part in right for layer in part["layer"]]}
    assert {"min_cluster_size", "network", "10", "A→B", "900", "400"} <= set(texts_of(shares))
    assert {"repeats", "each doubling", "network A→B", "instead of C"} <= set(texts_of(effects))
    clear, unclear = next(layer["data"]["values"] for layer in effects["layer"] if layer["mark"]["type"] == "point")
    assert clear["colour"] != unclear["colour"]
    nulls = [layer for layer in shares["layer"] if layer["mark"].get("strokeWidth") == 4]
    assert sum(len(layer["data"]["values"]) for layer in nulls) == 1, "what has no null has no bar"


def test_without_effects_there_are_shares_alone(read_chart):
    assert len(read_chart(plot_outlier_diagnostics(diagnostics(effects=0)))["hconcat"]) <= 2


@pytest.mark.parametrize(
    ("plot", "frame"),
    [
        (plot_alluvial, flows({(0, 0): 1})),
        (plot_cluster_stability, stability([0.5])),
        (plot_parameter_sweep, sweep()),
        (plot_outlier_diagnostics, diagnostics()),
    ],
)
def test_frames_that_are_empty_or_lack_a_column_are_refused(plot, frame):
    with pytest.raises(ChartError, match=r"has nothing to draw.*loopscope cluster"):
        plot(frame.clear())
    with pytest.raises(ChartError, match="needs the columns"):
        plot(frame.select(pl.first()))


@pytest.mark.parametrize(
    ("plot", "frame"), [(plot_cluster_stability, stability([0.5])), (plot_outlier_diagnostics, diagnostics())]
)
def test_several_results_are_refused(plot, frame):
    both = pl.concat([frame, frame.with_columns(clustering_result_uuid=pl.lit("9b"))])
    with pytest.raises(ChartError, match="2 clustering results"):
        plot(both)
