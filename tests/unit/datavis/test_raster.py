import json
import re
from itertools import pairwise

import polars as pl
import pytest

from loopscope.datavis.raster import plot_raster
from loopscope.datavis.raster_rows import ADDED_LATER, NOT_SAMPLED, arrange_rows
from loopscope.datavis.saving import save_chart
from loopscope.datavis.theme import CLUSTER_COLOURS, NOT_CLUSTERED_COLOUR, OUTLIER_COLOUR
from loopscope.errors import ChartError


def find_cells(read_chart, chart):
    return read_chart(chart)["hconcat"][0]["layer"][0]


def find_table(cells, key):
    (lookup,) = [step for step in cells["transform"] if step.get("lookup") == key]
    return {row[key]: row for row in lookup["from"]["data"]["values"]}


def find_texts(spec):
    return [row["text"] for layer in spec["layer"] for row in layer["data"]["values"] if "text" in row]


def make_one_run(frame, ids):
    """One run whose clusters are given step by step; "later" was added later, None was not sampled."""
    start = frame(runs=1, prompts=1, steps=len(ids) * 3, clusters=1, fresh_every=0).head(len(ids))
    return start.with_columns(
        cluster_id=pl.Series([None if name in (None, "later") else name for name in ids], dtype=pl.Int64),
        status=pl.Series(
            [{None: "not sampled", "later": "added later", -1: "outlier"}.get(name, "member") for name in ids]
        ),
    )


def test_a_run_is_its_stretches(clusters_frame):
    rows = arrange_rows(make_one_run(clusters_frame, [2, 2, 0, -1, -1, None, "later", 0]), max_runs=10)
    (row,) = rows.rows
    assert row.starts == [0, 2, 3, 5, 6, 7, 8]
    assert row.codes == [2, 0, -1, NOT_SAMPLED, ADDED_LATER, 0]
    assert rows.columns == {"Pictograms→Describe": [0, 1, 2, 3, 4, 5, 6, 7, 8]}


def test_a_step_missing_from_one_run_is_a_gap(clusters_frame):
    frame = clusters_frame(runs=2, prompts=1, steps=30, clusters=1, outliers=0, fresh_every=0)
    frame = frame.filter(~((pl.col("run_id") == 2) & pl.col("sequence_number").is_between(10, 11)))
    row = arrange_rows(frame, max_runs=10).rows[1]
    assert row.starts == [0, 10, 12, 30]
    assert row.codes == [0, None, 0]


def test_a_model_that_sees_every_other_step_leaves_no_gaps(clusters_frame):
    rows = arrange_rows(clusters_frame(runs=1, prompts=1, steps=6, clusters=1, outliers=0, stride=2), max_runs=10)
    assert rows.columns == {"Pictograms→Describe": [1, 3, 5, 7, 9]}
    assert rows.rows[0].starts == [0, 4]


def test_runs_are_ordered_by_network_prompt_and_seed_with_fresh_ones_last(clusters_frame):
    frame = clusters_frame(runs=4, prompts=2, steps=3, networks=("B→A", "A→B"), fresh_every=2)
    rows = arrange_rows(frame, max_runs=100)
    assert [group.heading for group in rows.groups] == ["A→B", "A→B", "B→A", "B→A"]
    assert rows.groups[0].label < rows.groups[1].label
    assert [row.seed for row in rows.rows[:4]] == [0, 2, None, None]
    assert all(one.top < other.top for one, other in pairwise(rows.rows))


def test_every_cell_is_drawn_once(clusters_frame):
    frame = clusters_frame(runs=6, prompts=3, steps=25, not_sampled=0.2)
    rows = arrange_rows(frame, max_runs=100).rows
    drawn = [
        end - start
        for row in rows
        for start, end, code in zip(row.starts, row.starts[1:], row.codes, strict=False)
        if code is not None
    ]
    assert sum(drawn) == frame.height


def test_outliers_are_grey_and_clusters_keep_their_colours(read_chart, clusters_frame):
    frame = clusters_frame(runs=5, prompts=2)
    for part in (frame, frame.filter(pl.col("run_id") < 4)):
        codes = find_table(find_cells(read_chart, plot_raster(part)), "c")
        assert codes[-1]["colour"] == OUTLIER_COLOUR
        assert codes[-1]["cluster"] == "outlier"
        assert codes[NOT_SAMPLED]["colour"] == NOT_CLUSTERED_COLOUR
        assert all(row["colour"] == CLUSTER_COLOURS[code] for code, row in codes.items() if code >= 0)


def test_what_is_drawn_has_the_colours_of_the_steps(clusters_frame, tmp_path):
    frame = make_one_run(clusters_frame, [0, 0, -1, 1, 0, None, 1])
    svg = save_chart(plot_raster(frame), tmp_path / "raster.svg").read_text()
    drawn = re.findall(r'd="M(\d+),0h(\d+)v17h-\d+Z" fill="(#[0-9a-f]{6})"', svg)
    assert [(int(left) // 24, int(width) // 24, colour) for left, width, colour in drawn] == [
        (0, 2, CLUSTER_COLOURS[0]),
        (2, 1, OUTLIER_COLOUR),
        (3, 1, CLUSTER_COLOURS[1]),
        (4, 1, CLUSTER_COLOURS[0]),
        (5, 1, NOT_CLUSTERED_COLOUR),
        (6, 1, CLUSTER_COLOURS[1]),
    ]


def test_the_data_are_one_entry_for_each_run_and_no_label_is_repeated(read_chart, clusters_frame):
    frame = clusters_frame(runs=5, prompts=4, clusters=9)
    cells = find_cells(read_chart, plot_raster(frame))
    assert len(cells["data"]["values"]) == 20
    label = frame.filter(pl.col("cluster_id") == 0)["cluster_label"][0]
    assert json.dumps(cells).count(label) == 1


def test_the_face_says_what_is_shown(read_chart, clusters_frame):
    frame = make_one_run(clusters_frame, [0, 0, 0, -1, None])
    title = read_chart(plot_raster(frame))["title"]
    subtitle = " · ".join(title["subtitle"])
    for part in ("MiniLM", "min_cluster_size 20", "epsilon 0.1", "1 run of 5", "1 cluster", "25.0 % outliers"):
        assert part in subtitle
    assert "20.0 % not clustered" in subtitle


def test_the_key_names_the_largest_clusters_and_counts_the_rest(read_chart, clusters_frame):
    frame = clusters_frame(runs=10, prompts=1, clusters=30)
    texts = find_texts(read_chart(plot_raster(frame))["hconcat"][1])
    assert texts[0].startswith("0 · ")
    found = frame.filter(pl.col("cluster_id") >= 0)["cluster_id"].n_unique()
    assert any(text.startswith(f"and {found - 8} smaller clusters") for text in texts)
    assert any(text.startswith("outliers · ") for text in texts)


def test_prompt_labels_do_not_overlap(read_chart, clusters_frame):
    spec = read_chart(plot_raster(clusters_frame(runs=1, prompts=200, steps=4)))["hconcat"][0]
    labels = sorted((row["y"], row["text"].count("\n") + 1) for row in spec["layer"][1]["data"]["values"])
    assert len(labels) > 20
    assert all(y + 13 * lines <= after for (y, lines), (after, _) in pairwise(labels))


def test_of_too_many_runs_some_are_drawn_and_it_is_said(read_chart, clusters_frame):
    chart = plot_raster(clusters_frame(runs=10, prompts=3, steps=5), max_runs=12)
    assert len(find_cells(read_chart, chart)["data"]["values"]) == 12
    assert "30 runs of at most 5 embedded steps" in " ".join(read_chart(chart)["title"]["subtitle"])
    assert "12 of them drawn" in " ".join(read_chart(chart)["title"]["subtitle"])


@pytest.mark.parametrize(
    "settings",
    [
        {"runs": 1, "prompts": 1, "steps": 1, "clusters": 1, "outliers": 0},
        {"runs": 3, "prompts": 1, "clusters": 0},
        {"runs": 3, "prompts": 1, "clusters": 1, "outliers": 0},
        {"runs": 2, "prompts": 2, "steps": 4, "not_sampled": 1.0},
    ],
    ids=["one cell", "only outliers", "one cluster", "nothing sampled"],
)
def test_plain_cases_are_drawn(read_chart, clusters_frame, settings):
    assert read_chart(plot_raster(clusters_frame(**settings)))["hconcat"]


def test_several_results_are_refused(clusters_frame):
    frame = clusters_frame(runs=1, prompts=1)
    both = pl.concat([frame, frame.with_columns(clustering_result_uuid=pl.lit("4b"))])
    with pytest.raises(ChartError, match=r"2 clustering results: 3aa6bd65-.*, 4b\. .*`--clustering 3aa6bd65"):
        plot_raster(both)


def test_an_empty_frame_is_refused(clusters_frame):
    with pytest.raises(ChartError, match="loopscope cluster perform"):
        plot_raster(clusters_frame(runs=1, prompts=1).clear())


def make_absorption(onsets):
    """One row for each run: where it was absorbed, or None."""
    return pl.DataFrame(
        {
            "run_id": list(onsets),
            "kind": ["none" if onset is None else "cycle" for onset in onsets.values()],
            "period": [None if onset is None else 2 for onset in onsets.values()],
            "sequence_number": list(onsets.values()),
            "output_type": "text",
            "clustering_result_id": 3,
        },
        schema_overrides={"period": pl.Int64, "sequence_number": pl.Int64},
    )


def test_runs_are_sorted_by_absorption_within_each_network(clusters_frame):
    frame = clusters_frame(runs=2, prompts=2, steps=9, networks=("B→A", "A→B"), fresh_every=0)
    onsets = make_absorption({5: 7, 6: None, 7: 3, 8: 4, 1: None, 2: 2, 3: None, 4: 1})
    rows = arrange_rows(
        frame, max_runs=100, onsets=onsets.filter(pl.col("sequence_number").is_not_null()), sort="absorption"
    )
    assert [row.run_id for row in rows.rows] == [7, 8, 5, 6, 4, 2, 1, 3]
    assert [(group.label, group.heading) for group in rows.groups] == [("A→B", None), ("B→A", None)]
    by_prompt = arrange_rows(frame, max_runs=100, onsets=onsets, sort="absorption", group="prompt")
    assert len(by_prompt.groups) == 2
    assert {row.network for row in by_prompt.rows if row.group == 0} == {"A→B", "B→A"}


def test_runs_of_a_prompt_stand_together_under_it(clusters_frame):
    frame = clusters_frame(runs=2, prompts=2, steps=3, networks=("B→A", "A→B"))
    rows = arrange_rows(frame, max_runs=100, group="prompt")
    assert [group.label for group in rows.groups] == ["A→B", "B→A", "A→B", "B→A"]
    assert len({group.heading for group in rows.groups}) == 2
    one_network = arrange_rows(clusters_frame(runs=2, prompts=2, steps=3), max_runs=100, group="prompt")
    assert [group.heading for group in one_network.groups] == [None, None]


def test_a_tick_marks_the_onset_of_the_runs_that_were_absorbed(read_chart, clusters_frame):
    frame = clusters_frame(runs=3, prompts=1, steps=9, fresh_every=0)
    spec = read_chart(plot_raster(frame, make_absorption({1: None, 2: 6, 3: 2}), sort="absorption"))
    ticks = [layer for layer in spec["hconcat"][0]["layer"] if layer["mark"]["type"] == "tick"]
    assert all([row["x"] for row in layer["data"]["values"]] == [2, 6] for layer in ticks)
    assert "repeats its clusters (2 of 3 runs) · sorted by it" in " ".join(spec["title"]["subtitle"])


def test_an_absorption_that_says_two_things_of_a_run_is_refused(clusters_frame):
    frame = clusters_frame(runs=2, prompts=1)
    twice = pl.concat([make_absorption({1: 2}), make_absorption({1: 4})])
    with pytest.raises(ChartError, match="Keep one output type"):
        plot_raster(frame, twice)
    with pytest.raises(ChartError, match="load_absorption_df"):
        plot_raster(frame, sort="absorption")
