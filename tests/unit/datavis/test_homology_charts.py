"""The charts of persistence diagrams: what they draw, say and refuse."""

import numpy as np
import polars as pl
import pytest

from loopscope.datavis.barcode import MOST_BARS, plot_barcode
from loopscope.datavis.diagram_distances import MOST_CELLS, plot_diagram_distances
from loopscope.datavis.persistence_diagram import plot_persistence_diagram
from loopscope.datavis.persistence_entropy import plot_persistence_entropy
from loopscope.datavis.saving import save_chart
from loopscope.errors import ChartError

INFINITY = float("inf")


def make_bars(runs=4, loops=5, components=6, networks=("A→B", "C→D"), prompts=2):
    rng = np.random.default_rng(0)
    rows = []
    for run in range(runs):
        keys = {
            "run_id": run + 1,
            "experiment_id": 1,
            "network": networks[run % len(networks)],
            "initial_prompt": f"prompt {run % prompts}",
            "seed": run,
            "embedding_model": "MiniLM",
            "n": components,
            "n_unique": components,
            "metric": "chord",
            "standing": "current",
        }
        deaths = [*rng.random(components - 1), INFINITY]
        rows += [keys | {"dimension": 0, "birth": 0.0, "death": death} for death in deaths]
        births = 0.5 + 0.5 * rng.random(loops)
        rows += [
            keys | {"dimension": 1, "birth": birth, "death": birth + length}
            for birth, length in zip(births, 0.2 * rng.random(loops), strict=True)
        ]
    return pl.DataFrame(rows)


def make_null(bars, reach=0.1):
    return bars.select("run_id", "dimension").unique().with_columns(largest_persistence_null_upper=pl.lit(reach))


def make_entropy(runs=6, networks=("A→B", "C→D"), reason=None):
    values = np.linspace(0.5, 0.9, runs)
    facts = pl.DataFrame(
        {
            "run_id": range(1, runs + 1),
            "network": [networks[run % len(networks)] for run in range(runs)],
            "embedding_model": "MiniLM",
            "dimension": 1,
            "entropy": [None] * runs if reason else values,
            "standing": "current",
            "reason": reason,
        },
        schema_overrides={"entropy": pl.Float64, "reason": pl.String},
    )
    estimates = pl.DataFrame(
        [
            {
                "embedding_model": "MiniLM",
                "network": network,
                "dimension": 1,
                "measure": "entropy",
                "estimate": None if reason else 0.7,
                "lower": None if reason else 0.6,
                "upper": None if reason else 0.8,
                "n_runs": 0 if reason else runs // len(networks),
                "null_mean": None if reason else 0.9,
                "null_p": None if reason else 0.01,
                "null_lower": None if reason else 0.85,
                "null_upper": None if reason else 0.95,
                "method": "" if reason else "bootstrap over runs",
                "reason": reason,
            }
            for network in networks
        ]
    )
    return facts, estimates


def make_pairs(runs=6, networks=("A→B", "C→D"), reason=None):
    rows = []
    for a in range(runs):
        for b in range(a + 1, runs):
            rows.append(
                {
                    "embedding_model": "MiniLM",
                    "run_a": a,
                    "run_b": b,
                    "network_a": networks[a % len(networks)],
                    "network_b": networks[b % len(networks)],
                    "initial_prompt_a": "a fox",
                    "initial_prompt_b": "a fox",
                    "seed_a": a,
                    "seed_b": b,
                    "dimension": 1,
                    "order": 1.0,
                    "distance_name": "Wasserstein W1",
                    "ground_metric": "L∞ on (birth, death)",
                    "distance": None if reason else float(10 * a + b),
                    "reason": reason,
                }
            )
    return pl.DataFrame(rows, schema_overrides={"distance": pl.Float64, "reason": pl.String})


def make_contrasts(reason=None):
    value = None if reason else 0.5
    names = ("estimate", "lower", "upper", "null_lower", "null_upper", "null_p")
    return pl.DataFrame(
        [{"contrast": "network", **dict.fromkeys(names, value), "reason": reason}],
        schema_overrides={**dict.fromkeys(names, pl.Float64), "reason": pl.String},
    )


def layers_of(panel, mark):
    return [layer for layer in panel["layer"] if layer["mark"].get("type") == mark]


def texts_of(read_chart, chart):
    found = []

    def walk(node):
        if isinstance(node, dict):
            if isinstance(node.get("text"), str):
                found.append(node["text"])
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(read_chart(chart))
    return " | ".join(found)


def diagram_panels(read_chart, chart):
    return read_chart(chart)["hconcat"][0]["concat"]


def test_every_bar_is_in_a_circle_and_circles_say_how_many(read_chart):
    bars = make_bars(runs=8, loops=200)
    panels = diagram_panels(read_chart, plot_persistence_diagram(bars))
    assert len(panels) == 2
    for panel in panels:
        (circles,) = layers_of(panel, "circle")
        assert sum(cell["bars"] for cell in circles["data"]["values"]) == 4 * 200
        assert max(cell["bars"] for cell in circles["data"]["values"]) > 1
        assert "size" in circles["encoding"]


def test_all_panels_share_their_axes_and_sizes(read_chart):
    panels = diagram_panels(read_chart, plot_persistence_diagram(make_bars(), by=("run_id",)))
    scales = [layers_of(panel, "circle")[0]["encoding"][name]["scale"] for panel in panels for name in ("x", "y")]
    assert len(panels) == 4
    assert all(scale["domain"] == scales[0]["domain"] for scale in scales)


def test_the_null_is_a_band_along_the_diagonal(read_chart):
    bars = make_bars()
    chart = plot_persistence_diagram(bars, null=make_null(bars, 0.1))
    panel = diagram_panels(read_chart, chart)[0]
    (band,) = layers_of(panel, "area")
    first = band["data"]["values"][0]
    assert first["top"] - first["death"] == pytest.approx(0.1)
    loops = bars.filter(pl.col("dimension") == 1, pl.col("network") == "A→B")
    longer = int((loops["death"] - loops["birth"] > 0.1).sum())
    said = texts_of(read_chart, chart)
    assert f"10 bars of 2 runs; {longer} longer than the null's longest" in said
    assert "null: Gaussian cloud (95 %)" in said
    assert "null" not in texts_of(read_chart, plot_persistence_diagram(bars))


def test_components_are_drawn_without_the_one_that_never_ends(read_chart):
    panels = diagram_panels(read_chart, plot_persistence_diagram(make_bars(), dimension=0, by=()))
    (circles,) = layers_of(panels[0], "circle")
    assert sum(cell["bars"] for cell in circles["data"]["values"]) == 4 * 5


def test_diagrams_that_are_out_of_date_are_said(read_chart):
    bars = make_bars().with_columns(standing=pl.lit("outdated"))
    subtitle = " ".join(read_chart(plot_persistence_diagram(bars))["title"]["subtitle"])
    assert "4 of them out of date: loopscope persistence perform MiniLM" in subtitle


def test_what_a_diagram_cannot_draw_says_what_to_type():
    bars = make_bars()
    with pytest.raises(ChartError, match="loopscope persistence perform MODEL"):
        plot_persistence_diagram(bars.clear())
    with pytest.raises(ChartError, match="loopscope persistence perform MiniLM --max-dimension 2"):
        plot_persistence_diagram(bars, dimension=2)
    with pytest.raises(ChartError, match="found no column length"):
        plot_persistence_diagram(bars, by=("length",))
    with pytest.raises(ChartError, match="--model"):
        plot_persistence_diagram(pl.concat([bars, bars.with_columns(embedding_model=pl.lit("Other"))]))


def test_a_barcode_is_of_one_run(read_chart):
    bars = make_bars()
    with pytest.raises(ChartError, match="4 runs"):
        plot_barcode(bars)
    chart = read_chart(plot_barcode(bars.filter(pl.col("run_id") == 1)))
    components, loops = chart["hconcat"][0]["vconcat"]
    drawn = components["layer"][0]["data"]["values"]
    assert [bar["endless"] for bar in drawn].count(True) == 1
    assert [bar["row"] for bar in drawn] == sorted(bar["row"] for bar in drawn)
    births = [bar["birth"] for bar in loops["layer"][0]["data"]["values"]]
    assert births == sorted(births)
    assert len(births) == 5


def test_of_many_bars_the_longest_are_drawn_and_it_is_said(read_chart):
    bars = make_bars(runs=1, loops=300)
    chart = plot_barcode(bars)
    drawn = read_chart(chart)["hconcat"][0]["vconcat"][1]["layer"][0]["data"]["values"]
    lengths = (bars.filter(pl.col("dimension") == 1)["death"] - bars.filter(pl.col("dimension") == 1)["birth"]).sort()
    assert min(bar["death"] - bar["birth"] for bar in drawn) == pytest.approx(lengths[-MOST_BARS], abs=1e-5)
    assert f"dimension 1: 300 loops; the {MOST_BARS} longest are drawn" in texts_of(read_chart, chart)


def test_the_null_of_a_barcode_is_behind_loops_only(read_chart):
    bars = make_bars(runs=1)
    components, loops = read_chart(plot_barcode(bars, null=make_null(bars, 0.05)))["hconcat"][0]["vconcat"]
    assert "reach" not in str(components["layer"][0]["encoding"])
    assert loops["layer"][0]["encoding"]["x2"]["field"] == "reach"
    first = loops["layer"][0]["data"]["values"][0]
    assert first["reach"] - first["birth"] == pytest.approx(0.05, abs=1e-5)


def test_entropy_has_every_run_the_mean_its_interval_and_the_null(read_chart):
    facts, estimates = make_entropy()
    chart = plot_persistence_entropy(facts, estimates)
    null, runs, interval, mean, *_ = read_chart(chart)["hconcat"][0]["layer"]
    assert len(runs["data"]["values"]) == 6
    assert {point["x"] for point in mean["data"]["values"]} == {0.7}
    assert {(each["lower"], each["upper"]) for each in interval["data"]["values"]} == {(0.6, 0.8)}
    assert {(each["x"], each["x2"]) for each in null["data"]["values"]} == {(0.85, 0.95)}
    assert "3 runs, p = 0.01" in texts_of(read_chart, chart)


def test_groups_without_entropy_say_why(read_chart, tmp_path):
    chart = plot_persistence_entropy(*make_entropy(reason="no persistence diagram yet: type this"))
    assert "No estimate: no persistence diagram yet: type this" in texts_of(read_chart, chart)
    save_chart(chart, tmp_path / "empty.svg")


def test_an_unknown_measure_is_refused():
    with pytest.raises(ChartError, match="found no measure length; expected one of entropy"):
        plot_persistence_entropy(*make_entropy(), measure="length")


def matrix_of(read_chart, chart):
    cells = read_chart(chart)["hconcat"][0]["layer"][0]["data"]["values"]
    return [[float(value) if value else None for value in row["value"].split(",")] for row in cells]


def test_the_matrix_is_symmetric_and_ordered_by_group(read_chart):
    """Runs 0, 2, 4 are of one network, 1, 3, 5 of the other."""
    matrix = matrix_of(read_chart, plot_diagram_distances(make_pairs()))
    order = [0, 2, 4, 1, 3, 5]
    for row, a in enumerate(order):
        for column, b in enumerate(order):
            expected = None if a == b else 10 * min(a, b) + max(a, b)
            assert matrix[row][column] == expected


def test_many_runs_share_rows_and_it_is_said(read_chart):
    chart = plot_diagram_distances(make_pairs(runs=MOST_CELLS + 10))
    assert len(matrix_of(read_chart, chart)) == (MOST_CELLS + 10) // 2
    assert "each row and column is the mean of 2 runs" in texts_of(read_chart, chart)


def test_contrasts_are_drawn_with_their_null_or_their_reason(read_chart):
    said = texts_of(read_chart, plot_diagram_distances(make_pairs(), make_contrasts()))
    assert "within a network (6 pairs)" in said
    assert "between two networks (9 pairs)" in said
    assert "by network (p = 0.5)" in said
    assert "No estimate: one group" in texts_of(
        read_chart, plot_diagram_distances(make_pairs(), make_contrasts("one group"))
    )


def test_order_and_ground_metric_are_named(read_chart):
    subtitle = " ".join(read_chart(plot_diagram_distances(make_pairs()))["title"]["subtitle"])
    assert "Wasserstein W1 distance of dimension 1, ground metric L∞ on (birth, death)" in subtitle


def test_distances_that_are_not_known_are_refused_with_their_reason():
    with pytest.raises(ChartError, match="type loopscope persistence perform MiniLM"):
        plot_diagram_distances(make_pairs(reason="type loopscope persistence perform MiniLM"))
    with pytest.raises(ChartError, match="at least two runs"):
        plot_diagram_distances(make_pairs().clear())


@pytest.mark.parametrize("draw", ["diagram", "barcode", "entropy", "distances"])
def test_every_chart_can_be_written(draw, tmp_path):
    bars = make_bars()
    charts = {
        "diagram": lambda: plot_persistence_diagram(bars, null=make_null(bars)),
        "barcode": lambda: plot_barcode(bars.filter(pl.col("run_id") == 1)),
        "entropy": lambda: plot_persistence_entropy(*make_entropy()),
        "distances": lambda: plot_diagram_distances(make_pairs(), make_contrasts()),
    }
    assert save_chart(charts[draw](), tmp_path / f"{draw}.svg").stat().st_size > 1000
