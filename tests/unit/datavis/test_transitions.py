"""Charts of transitions, occupancy, motifs and basins: what they say, and that they can be drawn at any size."""

import json

import numpy as np
import polars as pl
import pytest

from loopscope.data_prep.basins import BASIN_COLUMNS, BASIN_ESTIMATE_COLUMNS
from loopscope.data_prep.cluster_names import label_columns
from loopscope.data_prep.columns import schema_of
from loopscope.data_prep.estimates import estimate_values
from loopscope.data_prep.motifs import MOTIF_COLUMNS, _list_quantities
from loopscope.data_prep.occupancy import OCCUPANCY_COLUMNS
from loopscope.data_prep.transitions import TRANSITION_COLUMNS, _list_pairs
from loopscope.datavis.basins import plot_basins
from loopscope.datavis.motif_coverage import plot_motif_coverage
from loopscope.datavis.occupancy import plot_occupancy
from loopscope.datavis.saving import save_chart
from loopscope.datavis.theme import choose_cluster_colour
from loopscope.datavis.transition_graph import plot_transition_graph
from loopscope.datavis.transition_matrix import plot_transition_matrix
from loopscope.dynamics.basin_estimates import estimate_basins
from loopscope.dynamics.basins import find_last_symbols
from loopscope.dynamics.motifs import estimate_motifs
from loopscope.dynamics.occupancy_estimates import estimate_occupancy
from loopscope.dynamics.sequences import MISSING, Sequences
from loopscope.dynamics.transition_estimates import estimate_transitions
from loopscope.errors import ChartError

QUICK = {"draws": 5, "nulls": 5}
KEYS = {"clustering_result_id": 3, "embedding_model": "MiniLM", "output_type": "text"}
PROMPTS = ["an apple", "a painting of a red fox", "a frozen lake at dusk", "rain on a roof"]


def label(cluster):
    return (
        None
        if cluster is None
        else "OUTLIER"
        if cluster < 0
        else f"cluster {cluster} of a fox beside {cluster} peacocks"
    )


def make_runs(n_runs, length, n_clusters, absorbing=()):
    random = np.random.default_rng(0)
    states = np.empty((n_runs, length), dtype=np.int64)
    states[:, 0] = random.integers(-1, n_clusters, n_runs)
    for step in range(1, length):
        moves = (random.random(n_runs) < 0.4) & ~np.isin(states[:, step - 1], absorbing)
        states[:, step] = np.where(moves, random.integers(-1, n_clusters, n_runs), states[:, step - 1])
    return Sequences.of(list(states))


def frame_of(rows, columns):
    return pl.DataFrame(rows, schema=schema_of(label_columns(("network",), columns)), orient="row")


def make_transitions(runs, networks=("A→B",)):
    rows = []
    for network in networks:
        every = KEYS | {"network": network, "lag": 1, "milestoning": False, "null": "S", "group_runs": runs.n_runs}
        names = {state: label(state) for state in (None, *range(-1, 90))}
        rows += [every | row for row in _list_pairs(estimate_transitions(runs, **QUICK), names)]
    return frame_of(rows, TRANSITION_COLUMNS)


def split(runs, networks):
    return [np.arange(runs.n_runs)[place :: len(networks)] for place in range(len(networks))]


def make_occupancy(runs, networks=("A→B", "C")):
    rows = []
    for network, found in zip(networks, estimate_occupancy(runs, split(runs, networks), **QUICK), strict=True):
        for part, shares in enumerate(found.shares):
            for place, state in enumerate(found.states.tolist()):
                values = estimate_values(shares[place])
                own = {
                    "tenth": part or None,
                    "cluster": state,
                    "cluster_label": label(state),
                    "share": values["estimate"],
                }
                rows.append(KEYS | {"network": network, "count": int(found.counts[part, place])} | own | values)
    return frame_of(rows, OCCUPANCY_COLUMNS)


def make_motifs(runs, networks=("A→B", "C")):
    estimates = estimate_motifs(runs, split(runs, networks), **QUICK)
    rows = [
        KEYS | {"network": network} | row
        for network, found in zip(networks, estimates, strict=True)
        for row in _list_quantities(found)
    ]
    return frame_of(rows, MOTIF_COLUMNS)


def make_basins(runs):
    prompts = np.arange(runs.n_runs) % len(PROMPTS)
    found = estimate_basins(find_last_symbols(runs), prompts, runs.runs, **QUICK)
    rows = []
    for cell in found.cells:
        own = {"initial_prompt": PROMPTS[cell.prompt], "cluster": cell.state, "cluster_label": label(cell.state)}
        values = estimate_values(cell.share)
        counts = {"count": cell.count, "n_prompt_runs": cell.total, "share": values["estimate"]}
        rows.append(KEYS | {"network": "A→B"} | own | counts | values)
    bits = KEYS | {"network": "A→B", "quantity": "prompt_bits"} | estimate_values(found.prompt_bits)
    return frame_of(rows, BASIN_COLUMNS), frame_of([bits], BASIN_ESTIMATE_COLUMNS)


def words(chart):
    return json.dumps(chart.to_dict(), ensure_ascii=False)


SIZES = [(1, 6, 3, ()), (40, 30, 5, (2,)), (12, 25, 30, (3, 7)), (2, 4, 0, ())]


@pytest.mark.parametrize("size", SIZES)
def test_every_chart_can_be_drawn_at_any_size(size, tmp_path):
    runs = make_runs(*size)
    networks = ("A→B", "C") if runs.n_runs > 1 else ("A→B",)
    charts = [
        plot_transition_matrix(make_transitions(runs)),
        plot_transition_graph(make_transitions(runs)),
        plot_occupancy(make_occupancy(runs, networks)),
        plot_motif_coverage(make_motifs(runs, networks)),
        plot_basins(*make_basins(runs)),
    ]
    for number, chart in enumerate(charts):
        if size not in SIZES[:2]:
            assert "Which" in words(chart) or "Where" in words(chart) or "How" in words(chart)
            continue
        assert save_chart(chart, tmp_path / f"{number}.svg").stat().st_size > 1000


def test_the_matrix_tells_closed_classes_and_on_how_much_they_rest():
    chart = words(plot_transition_matrix(make_transitions(make_runs(40, 30, 5, (2,)))))
    assert "closed: not left in" in chart
    assert "transitions of 4" in chart or "transitions of 3" in chart
    assert "closed" not in words(plot_transition_matrix(make_transitions(make_runs(2, 2, 9)))).replace(
        "closed class, which", ""
    )


def test_the_matrix_shows_the_largest_and_says_so():
    frame = make_transitions(make_runs(60, 60, 30), networks=("A→B", "C"))
    chart = words(plot_transition_matrix(frame, top=10))
    assert "10 of 31 states, with" in chart
    assert "the first 1 of 2 groups drawn" in words(plot_transition_matrix(frame, max_groups=1))


def test_the_graph_has_an_arrow_for_each_transition_that_is_likely_enough():
    frame = make_transitions(make_runs(40, 30, 5, (2,)))
    chart = plot_transition_graph(frame, least=0.1).to_dict()
    heads = next(values for values in chart["datasets"].values() if "angle" in values[0])
    moves = frame.filter(pl.col("from_cluster") != pl.col("to_cluster"), pl.col("probability") >= 0.1)
    assert len(heads) == moves.height > 0
    discs = next(values for values in chart["datasets"].values() if "rim" in values[0])
    assert [disc["cluster"] for disc in discs if disc["closed"] == "yes"] == ["2"]
    assert "4 of 6 states, with" in words(plot_transition_graph(frame, top=4))


def test_a_cluster_keeps_its_colour_and_outliers_are_grey():
    runs = make_runs(40, 30, 5)
    for chart in (
        plot_transition_matrix(make_transitions(runs)),
        plot_occupancy(make_occupancy(runs)),
        plot_basins(*make_basins(runs)),
    ):
        said = words(chart)
        assert all(choose_cluster_colour(cluster) in said for cluster in (-1, 0, 4))


def test_occupancy_says_which_tenths_are_unknown_and_draws_no_stream_through_them():
    chart = words(plot_occupancy(make_occupancy(make_runs(4, 6, 3))))
    assert "the runs are too short" in chart
    assert '"type": "area"' not in chart
    assert '"type": "area"' in words(plot_occupancy(make_occupancy(make_runs(4, 20, 3))))


def test_streams_of_a_tenth_sum_to_one():
    chart = plot_occupancy(make_occupancy(make_runs(40, 30, 20)), top=5).to_dict()
    points = next(values for values in chart["datasets"].values() if "high" in values[0])
    ends = {}
    for point in points:
        ends[point["x"]] = max(ends.get(point["x"], 0), point["high"])
    assert len(ends) == 12
    assert list(ends.values()) == pytest.approx([1] * 12)


def test_coverage_has_its_null_as_a_grey_band_with_a_key_or_says_why_not():
    assert "null: runs dealt out to the groups (95 %)" in words(plot_motif_coverage(make_motifs(make_runs(40, 9, 5))))
    alone = words(plot_motif_coverage(make_motifs(make_runs(40, 9, 5), networks=("A→B",))))
    assert "no null: one group" in alone
    assert "(95 %)" not in alone
    assert "no known step is in a cluster" in words(plot_motif_coverage(make_motifs(make_runs(4, 9, 0))))


def test_basins_count_every_run_and_tell_what_prompts_tell():
    runs = make_runs(40, 9, 30)
    table, bits = make_basins(runs)
    for top in (3, 40):
        chart = plot_basins(table, bits, top=top).to_dict()
        cells = next(values for values in chart["datasets"].values() if "prompt" in values[0])
        assert sum(cell["count"] for cell in cells if cell["prompt"] != "all prompts") == 40
        assert sum(cell["count"] for cell in cells if cell["prompt"] == "all prompts") == 40
    assert "other clusters" in words(plot_basins(table, top=3))
    assert "bits" in words(plot_basins(table, bits))
    assert "the first 2 prompts drawn" in words(plot_basins(table, bits, max_prompts=2))


@pytest.mark.parametrize(
    "plot", [plot_transition_matrix, plot_transition_graph, plot_occupancy, plot_motif_coverage, plot_basins]
)
def test_an_empty_or_mixed_frame_is_refused(plot):
    make = {
        plot_transition_matrix: make_transitions,
        plot_transition_graph: make_transitions,
        plot_occupancy: make_occupancy,
        plot_motif_coverage: make_motifs,
    }
    runs = make_runs(8, 20, 3)
    frame = make[plot](runs) if plot in make else make_basins(runs)[0]
    with pytest.raises(ChartError, match="loopscope cluster"):
        plot(frame.clear())
    with pytest.raises(ChartError, match="needs the columns"):
        plot(frame.drop("clustering_result_id"))
    with pytest.raises(ChartError, match="2 clustering results"):
        plot(pl.concat([frame, frame.with_columns(clustering_result_id=pl.lit(4, pl.Int64))]))


def test_charts_say_where_models_take_turns():
    """A run of two painters ends with the same one each time: that they all end in one cluster says little."""
    frame = make_transitions(make_runs(3, 10, 2), ("A→B", "A→B→C→D"))
    turns = pl.when(pl.col("network") == "A→B").then(1).otherwise(2)
    said = [
        json.dumps(plot_transition_matrix(each).to_dict()["title"], ensure_ascii=False)
        for each in (
            frame.with_columns(steps_per_loop=turns),
            frame.with_columns(steps_per_loop=2),
            frame.with_columns(steps_per_loop=1),
        )
    ]
    assert "in some networks steps are of 2 models in turn" in said[0]
    assert "steps are of 2 models in turn" in said[1]
    assert "in some networks" not in said[1]
    assert "in turn" not in said[2]


@pytest.mark.parametrize("plot", [plot_transition_matrix, plot_transition_graph])
def test_a_group_without_a_cluster_says_why_on_the_face_of_the_chart(plot):
    some = make_transitions(make_runs(3, 10, 2))
    nothing = make_transitions(Sequences.of([[MISSING] * 4, [MISSING] * 4]), networks=("C→D",))
    assert "all known steps are outliers" in json.dumps(plot(pl.concat([some, nothing])).to_dict())


def test_the_graph_tells_on_how_much_a_closed_class_rests():
    runs = make_runs(40, 30, 5, (2,))
    row = make_transitions(runs).filter(pl.col("closed"), pl.col("from_cluster") == 2).row(0, named=True)
    said = f"closed: 2: not left in {row['class_count']:,} transitions of {row['class_runs']} runs"
    assert said in words(plot_transition_graph(make_transitions(runs))).replace("\\n", " ")
    whole = plot_transition_graph(make_transitions(make_runs(40, 30, 5)), top=2)
    assert "closed: a class of 6: not left in" in words(whole).replace("\\n", " ")


def test_the_last_column_of_the_basins_is_named_and_not_counted():
    ends = Sequences.of([[0, end] for end in [*range(12), -1] for _ in range(4)])
    drawn = words(plot_basins(*make_basins(ends)))
    assert "outliers" in drawn
    assert "and 1 more" not in drawn


def test_coverage_is_drawn_to_no_more_clusters_than_there_are():
    ends = Sequences.of([[0, end] for end in range(12) for _ in range(2)])
    chart = json.loads(words(plot_motif_coverage(make_motifs(ends, ("A→B",)))))
    ks = [row["k"] for row in _rows_of(chart) if "k" in row]
    assert max(ks) == 12


def _rows_of(spec):
    """Every mapping of a chart, at whatever depth its data stand."""
    if isinstance(spec, dict):
        yield spec
    for each in spec.values() if isinstance(spec, dict) else spec if isinstance(spec, list) else []:
        yield from _rows_of(each)
