"""Frames of diagrams: a row for what there is, and a reason for what there is not."""

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sqlalchemy import delete
from tests.contract.conftest import add_embedding, add_invocation

from loopscope.data_prep import (
    diagram_distances,
    persistence_entropy,
    sliding_windows,
)
from loopscope.data_prep.columns import schema_of
from loopscope.data_prep.diagram_distances import load_diagram_distances_df, load_diagram_distances_estimates_df
from loopscope.data_prep.persistence_diagrams import load_persistence_diagrams_df
from loopscope.data_prep.persistence_entropy import load_persistence_entropy_df, load_persistence_entropy_estimates_df
from loopscope.data_prep.sliding_windows import load_sliding_window_df, load_sliding_window_estimates_df
from loopscope.engine.persistence import compute_persistence_diagrams
from loopscope.errors import NotFoundError
from loopscope.schemas import Embedding, PersistenceDiagram
from loopscope.store.connection import Store

COMMAND = "no persistence diagram yet: loopscope persistence perform TextModel"


@pytest.fixture
def computed(filled: Store) -> Store:
    for model in ("TextModel", "ImageModel"):
        compute_persistence_diagrams(filled, model)
    return filled


@pytest.fixture
def without(filled: Store) -> Store:
    with filled.transaction() as session:
        session.execute(delete(PersistenceDiagram))
    return filled


def no_value_without_a_reason(frame: pl.DataFrame, value: str) -> bool:
    return bool((frame[value].is_null() == frame["reason"].is_not_null()).all())


def test_bars_are_chosen_by_model_experiment_and_run(computed: Store) -> None:
    with computed.session() as session:
        every = load_persistence_diagrams_df(session)
        texts = load_persistence_diagrams_df(session, "TextModel", run_id=2)
        second = load_persistence_diagrams_df(session, experiment_id=2)
        with pytest.raises(NotFoundError, match="no run 9"):
            load_persistence_diagrams_df(session, run_id=9)
    assert set(every["embedding_model"]) == {"TextModel", "ImageModel"}
    assert texts.select("run_id", "dimension", "death", "n", "standing").rows() == [
        (2, 0, pytest.approx(np.sqrt(0.8)), 2, "current"),
        (2, 0, np.inf, 2, "current"),
    ]
    assert set(second["run_id"]) == {3}


def test_entropy_has_a_row_for_every_run_and_dimension_and_a_reason_where_there_is_none(filled: Store) -> None:
    with filled.session() as session:
        frame = load_persistence_entropy_df(session, "TextModel")
    assert frame.schema == schema_of(persistence_entropy.COLUMNS)
    assert frame.select("run_id", "dimension", "standing", "n_bars", "reason").rows() == [
        (1, 0, "not recorded", 1, "one bar that ends: its entropy is 0 and cannot be normalised by ln 1"),
        (1, 1, "not recorded", None, COMMAND),
        (2, 0, "not computed", None, COMMAND),
        (2, 1, "not computed", None, COMMAND),
        (3, 0, "no embeddings", None, "no embeddings by TextModel"),
        (3, 1, "no embeddings", None, "no embeddings by TextModel"),
    ]
    assert no_value_without_a_reason(frame, "entropy")


def test_the_null_is_there_where_it_is_asked_for(computed: Store) -> None:
    with computed.session() as session:
        frame = load_persistence_entropy_df(session, "ImageModel", nulls=9)
        again = load_persistence_entropy_df(session, "ImageModel", nulls=9)
        none = load_persistence_entropy_df(session, "ImageModel")
    assert_frame_equal(frame, again)
    assert none["largest_persistence_null_p"].null_count() == none.height
    known = frame.filter(pl.col("dimension") == 0, pl.col("n_bars") > 0)
    assert known["largest_persistence_null_p"].is_between(0.1, 1).all()
    assert known["method"].str.starts_with("null G: 9 Gaussian clouds").all()


def test_estimates_of_entropy_are_means_over_runs(computed: Store) -> None:
    with computed.session() as session:
        frame = load_persistence_entropy_estimates_df(session, "ImageModel", by=())
        facts = load_persistence_entropy_df(session, "ImageModel")
        by_network = load_persistence_entropy_estimates_df(session, "ImageModel", by=("network", "initial_prompt"))
    row = frame.row(by_predicate=(pl.col("dimension") == 0) & (pl.col("measure") == "n_bars"), named=True)
    assert row["estimate"] == facts.filter(pl.col("dimension") == 0)["n_bars"].mean()
    assert row["n_runs"] == 3
    assert "no null: ask for it with nulls=99" in row["method"]
    assert no_value_without_a_reason(frame, "estimate")
    assert set(by_network.select("network", "initial_prompt").rows()) == {
        ("Paint→Describe", "a fox"),
        ("Paint→Describe", "a lake"),
        ("Turn", "a tree"),
    }
    with pytest.raises(NotFoundError, match='found no column "length" to group by'), computed.session() as session:
        load_persistence_entropy_estimates_df(session, "ImageModel", by=("length",))


def test_the_null_is_of_as_many_points_as_the_diagram(computed: Store) -> None:
    """Also where a run has more embeddings by now: clouds of three points would have two pieces that merge."""
    with computed.transaction() as session:
        add_invocation(session, 14, 2, 5, "text")
        add_embedding(session, 14, 14, 1, (0, 1, 0, 0))
    with computed.session() as session:
        frame = load_persistence_entropy_estimates_df(session, "TextModel", 1, by=("initial_prompt",), nulls=5)
    merged = frame.filter(pl.col("dimension") == 0, pl.col("measure") == "n_bars")
    assert merged["estimate"].to_list() == merged["null_mean"].to_list() == [1, 1]


def test_a_step_without_an_embedding_leaves_no_windows(computed: Store) -> None:
    with computed.transaction() as session:
        session.execute(delete(Embedding).where(Embedding.id == 3))
    with computed.session() as session:
        reasons = load_sliding_window_df(session, "ImageModel", window=2)["reason"].to_list()
    assert reasons[0] == "1 step between without an embedding by ImageModel: windows need step after step"


def test_estimates_without_diagrams_say_what_to_type(without: Store) -> None:
    with without.session() as session:
        entropy = load_persistence_entropy_estimates_df(session, "TextModel", 1)
        distances = load_diagram_distances_estimates_df(session, "TextModel", 1)
    for frame in (entropy, distances):
        assert frame["reason"].to_list() == [COMMAND] * frame.height
        assert frame["estimate"].null_count() == frame.height > 0


def test_pairs_of_runs_have_a_distance_or_a_reason(computed: Store) -> None:
    with computed.session() as session:
        pictures = load_diagram_distances_df(session, "ImageModel", dimension=0)
        texts = load_diagram_distances_df(session, "TextModel", dimension=0)
    assert pictures.schema == schema_of(diagram_distances.COLUMNS)
    found = {row[:2]: row[2] for row in pictures.select("run_a", "run_b", "distance").iter_rows()}
    # The pictures of run 1 are √.8 apart, of run 2 two at √2, of run 3 all equal: bars go to the diagonal.
    assert found[1, 3] == pytest.approx(np.sqrt(0.8) / 2, rel=1e-6)
    assert found[2, 3] == pytest.approx(np.sqrt(2) / 2, rel=1e-6)
    assert found[1, 2] == pytest.approx(np.sqrt(2) - np.sqrt(0.8), rel=1e-6)
    assert pictures.select("same_network", "same_prompt").rows() == [(True, False), (False, False), (False, False)]
    assert set(pictures["ground_metric"]) == {"L∞ on (birth, death)"}
    assert set(pictures["distance_name"]) == {"Wasserstein W1"}
    assert texts["reason"].to_list() == [None, "no embeddings by TextModel", "no embeddings by TextModel"]
    for frame in (pictures, texts):
        assert no_value_without_a_reason(frame, "distance")


@pytest.mark.parametrize(("order", "name"), [(2, "Wasserstein W2"), (float("inf"), "bottleneck")])
def test_other_orders_are_named(computed: Store, order: float, name: str) -> None:
    with computed.session() as session:
        frame = load_diagram_distances_df(session, "ImageModel", dimension=0, order=order)
    assert set(frame["distance_name"]) == {name}
    assert set(frame["order"]) == {order}


def test_a_dimension_that_was_not_computed_says_how(computed: Store) -> None:
    with computed.session() as session:
        frame = load_diagram_distances_df(session, "TextModel", 1, dimension=2)
    assert frame["reason"].to_list() == [f"{COMMAND} --max-dimension 2"]


def test_contrasts_have_an_estimate_or_a_reason(computed: Store) -> None:
    with computed.session() as session:
        frame = load_diagram_distances_estimates_df(
            session, "ImageModel", dimension=0, by=("network", "initial_prompt", "seed"), nulls=9
        )
    rows = {row["contrast"]: row for row in frame.to_dicts()}
    assert rows["network"]["estimate"] == pytest.approx(rows["network"]["between"] - rows["network"]["within"])
    assert rows["initial_prompt"]["reason"] == "one run in each group: there is nothing within groups"
    assert rows["seed"]["reason"] == rows["initial_prompt"]["reason"]
    assert rows["initial_prompt"]["within"] is None
    assert frame.schema == schema_of(diagram_distances.ESTIMATES_COLUMNS)


def test_a_run_too_short_for_a_window_has_a_reason(filled: Store) -> None:
    with filled.session() as session:
        frame = load_sliding_window_df(session, "TextModel")
        estimates = load_sliding_window_estimates_df(session, "TextModel")
    assert frame.schema == schema_of(sliding_windows.COLUMNS)
    assert frame.select("run_id", "n_steps", "window", "reason").rows() == [
        (1, 3, 8, "3 steps are too few for windows of 8: at least 11"),
        (2, 2, 8, "2 steps are too few for windows of 8: at least 11"),
        (3, 0, 8, "no embeddings by TextModel"),
    ]
    assert no_value_without_a_reason(frame, "score")
    assert estimates.select("network", "estimate", "reason").rows() == [
        ("Paint→Describe", None, "3 steps are too few for windows of 8: at least 11"),
        ("Turn", None, "no embeddings by TextModel"),
    ]


def test_frames_of_models_and_experiments_that_are_not_there(computed: Store) -> None:
    with computed.session() as session:
        for load in (load_persistence_entropy_df, load_diagram_distances_df, load_sliding_window_df):
            with pytest.raises(NotFoundError, match="TextModel"):
                load(session, "TextModle")
            with pytest.raises(NotFoundError, match="no experiment 9"):
                load(session, "TextModel", 9)
