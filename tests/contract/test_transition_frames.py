"""Frames of transitions, chains, milestones, occupancy, motifs and basins, on either database."""

from typing import Any

import polars as pl
import pytest

import loopscope
from loopscope.data_prep import basins, markov_chains, milestones, motifs, occupancy, transitions
from loopscope.data_prep.columns import schema_of
from loopscope.errors import NotFoundError
from loopscope.schemas import ClusteringResult, Run
from loopscope.store.clusterings import save_clustering
from loopscope.store.connection import Store

QUICK = {"draws": 20, "nulls": 9}
ESTIMATES = {
    "load_transitions_df": transitions.COLUMNS,
    "load_markov_chains_df": markov_chains.COLUMNS,
    "load_chapman_kolmogorov_df": markov_chains.CHAPMAN_KOLMOGOROV,
    "load_markov_order_df": markov_chains.ORDER,
    "load_occupancy_df": occupancy.COLUMNS,
    "load_motifs_df": motifs.COLUMNS,
    "load_basins_df": basins.COLUMNS,
    "load_basin_estimates_df": basins.ESTIMATES,
}


@pytest.fixture
def pictures(filled: Store, clustering: Any) -> int:
    """A result of pictures: run 1 is in 0, nowhere and outlier, run 2 in 1, 1 and 1, run 3 in 0 and 0."""
    with filled.transaction() as session:
        return save_clustering(
            session, clustering({1: 0, 5: -1, 7: 1, 9: 1, 11: 1, 12: 0, 13: 0}, [1, 7], model_id=2)
        ).id


def load(store: Store, name: str, result: int, **settings: Any) -> pl.DataFrame:
    quick = {key: value for key, value in QUICK.items() if not (name == "load_markov_order_df" and key == "nulls")}
    with store.session() as session:
        return getattr(loopscope, name)(session, result, **quick, **settings)


@pytest.mark.parametrize("name", ESTIMATES)
def test_a_frame_has_its_columns_and_a_reason_exactly_where_there_is_no_estimate(filled, pictures, name):
    for result in (1, pictures):
        frame = load(filled, name, result)
        assert frame.schema == schema_of(ESTIMATES[name])
        assert frame.height > 0
        assert (frame["estimate"].is_null() == frame["reason"].is_not_null()).all()
        assert not frame["estimate"].is_nan().any()
        assert frame["clustering_result_id"].unique().to_list() == [result]
    assert load(filled, name, pictures).equals(load(filled, name, pictures))


@pytest.mark.parametrize("name", ESTIMATES)
def test_groups_are_what_is_asked_for(filled, pictures, name):
    by = ("seed",) if "basin" in name else ("initial_prompt", "seed")
    frame = load(filled, name, pictures, by=by)
    assert set(by) <= set(frame.columns)
    assert "network" not in frame.columns
    assert frame.select(by).unique().height == 3
    assert load(filled, name, pictures, by=()).height > 0
    assert load(filled, name, 1, experiment_id=2).is_empty()
    with pytest.raises(NotFoundError, match="to group by"):
        load(filled, name, pictures, by=("model",))
    with pytest.raises(NotFoundError, match="no clustering result 99"):
        load(filled, name, 99)


def test_transitions_by_hand(filled, pictures):
    frame = load(filled, "load_transitions_df", pictures)
    pairs = frame.select("network", "from_cluster", "to_cluster", "count", "probability", "closed", "pi")
    assert pairs.rows() == [
        ("Paint→Describe", -1, None, 0, None, None, None),
        ("Paint→Describe", 0, None, 0, None, None, None),
        ("Paint→Describe", 1, 1, 2, 1.0, True, 1.0),
        ("Turn", 0, 0, 1, 1.0, True, 1.0),
    ]
    assert frame["from_label"].to_list() == ["OUTLIER", "text 2", "text 8", "text 2"]
    assert frame.filter(pl.col("count") == 0)["reason"].str.contains("nothing is known").all()
    assert frame["group_runs"].to_list() == [2, 2, 2, 1]


def test_texts_of_one_run_lead_from_cluster_to_outlier(filled):
    frame = load(filled, "load_transitions_df", 1, by=("initial_prompt",))
    found = frame.filter(pl.col("initial_prompt") == "a fox").select("from_cluster", "to_cluster", "count")
    assert found.rows() == [(-1, None, 0), (0, -1, 1), (0, 0, 1)]
    milestoned = load(filled, "load_transitions_df", 1, by=("initial_prompt",), milestoning=True)
    assert milestoned.filter(pl.col("initial_prompt") == "a fox").select(
        "from_cluster", "to_cluster", "count"
    ).rows() == [(0, 0, 2)]


def test_chains_say_why_not(filled, pictures):
    frame = load(filled, "load_markov_chains_df", pictures)
    assert frame["quantity"].unique().sort().to_list() == sorted(markov_chains.QUANTITIES)
    reasons = dict(
        frame.filter(pl.col("network") == "Turn").select("quantity", "reason").unique("quantity").iter_rows()
    )
    assert "one state" in reasons["gap"]
    assert "two runs" in reasons["order"]
    assert reasons["h_bits"] is None


def test_milestones_by_run(filled, pictures):
    with filled.session() as session:
        frame = loopscope.load_milestones_df(session, pictures)
        texts = loopscope.load_milestones_df(session, 1)
    assert frame.schema == schema_of(milestones.COLUMNS)
    columns = ["run_id", "n_steps", "in_core", "in_transit", "lead", "transit_share"]
    assert frame.select(columns).rows() == [(1, 2, 1, 0, 1, 0.0), (2, 3, 3, 0, 0, 0.0), (3, 2, 2, 0, 0, 0.0)]
    assert texts.select(columns).rows() == [(1, 3, 2, 1, 0, 1 / 3), (2, 2, 1, 1, 0, 0.5)]


def test_all_outliers_have_a_reason_in_every_frame(filled, clustering):
    with filled.transaction() as session:
        result = save_clustering(session, clustering({2: -1, 4: -1, 6: -1, 8: -1, 10: -1})).id
    with filled.session() as session:
        runs = loopscope.load_milestones_df(session, result)
    assert runs["transit_share"].is_null().all()
    assert runs["reason"].str.contains("outliers").all()
    chains = load(filled, "load_markov_chains_df", result)
    assert "one state" in chains.filter(pl.col("quantity") == "gap")["reason"][0]
    assert "outliers" in chains.filter(pl.col("quantity") == "transit_share")["reason"][0]
    assert load(filled, "load_motifs_df", result)["reason"].str.contains("outliers").all()
    transitions = load(filled, "load_transitions_df", result, milestoning=True)
    assert transitions.select("from_cluster", "to_cluster", "count", "group_runs").rows() == [(None, None, 0, 2)]
    for name in ("load_dwell_time_estimates_df", "load_return_time_estimates_df", "load_transitions_df"):
        frame = load(filled, name, result, milestoning=True)
        assert frame["reason"].str.contains("all known steps are outliers").all()
        assert frame["estimate"].null_count() == frame.height > 0


def test_models_that_take_turns_are_told(filled, pictures):
    """Were both models painters, each second picture would be of the same one; of every second, all are."""
    frame = load(filled, "load_basins_df", pictures)
    assert frame["steps_per_loop"].unique().to_list() == [1]
    with filled.transaction() as session:
        for run in session.query(Run).where(Run.id < 3):
            run.network = ["Paint", "Describe", "Typeset", "Read"]
    for name in ESTIMATES:
        by_network = load(filled, name, pictures, by=("seed",)).select("seed", "steps_per_loop").unique()
        assert dict(by_network.iter_rows()) == {1: 2, 2: 1, None: 2}
    with filled.transaction() as session:
        session.get_one(ClusteringResult, pictures).downsample = 2
    assert load(filled, "load_basins_df", pictures)["steps_per_loop"].unique().to_list() == [1]


def test_basins_and_occupancy_by_hand(filled, pictures):
    table = load(filled, "load_basins_df", pictures)
    assert table.select("network", "initial_prompt", "cluster", "count", "n_prompt_runs").rows() == [
        ("Paint→Describe", "a fox", -1, 1, 1),
        ("Paint→Describe", "a lake", 1, 1, 1),
        ("Turn", "a tree", 0, 1, 1),
    ]
    shares = load(filled, "load_occupancy_df", pictures).filter(pl.col("tenth").is_null())
    assert shares.select("network", "cluster", "count", "share").rows() == [
        ("Paint→Describe", -1, 1, 0.2),
        ("Paint→Describe", 0, 1, 0.2),
        ("Paint→Describe", 1, 3, 0.6),
        ("Turn", -1, 0, 0.0),
        ("Turn", 0, 2, 1.0),
        ("Turn", 1, 0, 0.0),
    ]
    with pytest.raises(NotFoundError, match="leave it out"):
        load(filled, "load_basins_df", pictures, by=("initial_prompt",))
