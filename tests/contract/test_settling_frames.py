"""What settles, stays and returns, from databases: cycles that were proved, runs that were cut, and what is lacking."""

from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sqlalchemy import delete

from loopscope.config import ExperimentConfig
from loopscope.data_prep import (
    load_absorption_df,
    load_absorption_estimates_df,
    load_dwell_time_estimates_df,
    load_dwell_times_df,
    load_invocations_df,
    load_near_cycles_df,
    load_return_time_estimates_df,
    load_return_times_df,
    load_runs_df,
    load_survival_df,
)
from loopscope.engine.performing import perform_experiment
from loopscope.errors import NotFoundError
from loopscope.models import fakes
from loopscope.models.registry import Registry
from loopscope.schemas import ClusteringResult, Invocation, Run
from loopscope.store.clusterings import save_clustering
from loopscope.store.connection import Store

REGISTRY = Registry.of(
    fakes.FakeText, fakes.FakePainter, fakes.FakeDescriber, fakes.FakeTextEmbedder, fakes.FakeImageEmbedder
)


def config(**changes: Any) -> ExperimentConfig:
    settings: dict[str, Any] = {
        "networks": (("FakePainter", "FakeDescriber"), ("FakeText", "FakeText")),
        "prompts": ("a fox", "a lake"),
        "seeds": (1, 2, 3),
        "num_runs": 1,
        "embedding_models": ("FakeTextEmbedder",),
        "max_length": 90,
    }
    return ExperimentConfig(**{**settings, **changes})


@pytest.fixture
def performed(store: Store) -> Store:
    perform_experiment(config(), store, registry=REGISTRY)
    return store


def by_run(frame: pl.DataFrame) -> dict[int, dict[str, Any]]:
    return {row["run_id"]: row for row in frame.iter_rows(named=True)}


def test_a_run_that_stopped_in_a_cycle_is_absorbed_as_its_invocations_are(performed: Store) -> None:
    with performed.session() as session:
        absorption, runs = load_absorption_df(session), by_run(load_runs_df(session))
        invocations = load_invocations_df(session)
    stopped = {run_id: run for run_id, run in runs.items() if run["stop_reason"] == "cycle"}
    assert len(stopped) >= 8
    assert absorption.height == 8 * 2 + 8  # eight runs of each network, one of which gives two types
    for row in absorption.iter_rows(named=True):
        outputs = invocations.filter(run_id=row["run_id"], output_type=row["output_type"]).sort("sequence_number")
        hashes, numbers = outputs["output_hash"].to_list(), outputs["sequence_number"].to_list()
        assert (row["n"], row["n_unique_outputs"]) == (len(hashes), len(set(hashes)))
        assert row["proved"] == (row["run_id"] in stopped)
        assert row["censored"] == (row["kind"] == "none")
        assert row["steps_per_loop"] == (2 if row["network"] == "FakeText→FakeText" else 1)
        if not row["proved"]:
            continue
        run = runs[row["run_id"]]
        per_loop = {"FakePainter→FakeDescriber": 2, "FakeText→FakeText": 1}[run["network"]]
        assert run["period"] == row["period"] * per_loop or run["period"] % (row["period"] * per_loop) == 0
        assert row["sequence_number"] == numbers[row["onset"]]
        assert row["observed"] == len(hashes) - row["onset"]
        later = hashes[row["onset"] + row["period"] :]
        assert later == hashes[row["onset"] : row["onset"] + len(later)]
        if row["onset"] and row["onset"] - 1 + row["period"] < len(hashes):
            assert hashes[row["onset"] - 1] != hashes[row["onset"] - 1 + row["period"]]


def test_a_run_that_is_stopped_says_the_same_as_one_that_goes_on(performed: Store, monkeypatch: Any) -> None:
    """The same experiment by models that do not promise to be deterministic goes on for its full length."""
    monkeypatch.setattr(fakes.AlwaysReady, "deterministic", False)
    other = perform_experiment(config(max_length=200), performed, registry=REGISTRY)
    with performed.session() as session:
        found = load_absorption_df(session)
        assert other is not None
        last = session.query(Run.experiment_id).order_by(Run.id.desc()).limit(1).scalar()
    keys = ["network", "initial_prompt", "seed", "output_type"]
    stopped = found.filter(pl.col("proved")).sort(keys)
    went_on = found.filter(pl.col("experiment_id") == last, ~pl.col("proved"))
    both = stopped.join(went_on, on=keys, suffix="_on")
    assert both.height == stopped.height >= 8
    assert both["period"].to_list() == both["period_on"].to_list()
    assert both["onset"].to_list() == both["onset_on"].to_list()


def test_the_sample_says_what_is_too_short(filled: Store) -> None:
    with filled.session() as session:
        absorption = load_absorption_df(session).sort("run_id", "output_type")
        estimates = load_absorption_estimates_df(session, nulls=5, by=["network"])
    shown = absorption.select("run_id", "output_type", "kind", "period", "onset", "n", "proved", "reason").rows()
    assert shown[:3] == [
        (1, "image", "none", None, None, 3, False, None),
        (1, "text", "none", None, None, 3, False, None),
        (2, "image", "none", None, None, 3, False, None),
    ]
    assert shown[-1] == (3, "image", "fixed point", 1, 1, 2, True, None)  # it is marked as stopped in a cycle of one
    assert set(estimates["network"]) == {"Turn", "Paint→Describe"}
    unknown = estimates.filter(pl.col("estimate").is_null())
    assert unknown["reason"].null_count() == 0
    assert (
        estimates.filter(pl.col("estimate").is_not_null())["reason"].null_count() == estimates.height - unknown.height
    )


def test_a_run_without_an_output_and_one_with_one_say_so(filled: Store) -> None:
    with filled.transaction() as session:
        session.execute(delete(ClusteringResult))
        for key in (13, 12, 11, 10, 9, 8):
            session.delete(session.get_one(Invocation, key))
            session.flush()
    with filled.session() as session:
        found = load_absorption_df(session)
    shown = {(row["run_id"], row["output_type"]): (row["kind"], row["n"], row["reason"]) for row in found.to_dicts()}
    assert shown[2, "image"] == (None, 1, "one step: two are needed to see that it repeats")
    assert shown[2, "text"] == (None, 0, "the run has no output of this type")
    assert shown[3, None] == (None, 0, "the run has no output of this type")


def test_clusters_are_absorbed_where_outputs_are_not(filled: Store, clustering: Any) -> None:
    with filled.transaction() as session:
        result = save_clustering(session, clustering({1: 0, 3: 1, 5: 1, 7: 1, 9: -1, 11: -1}, [1, 3], model_id=2))
    with filled.session() as session:
        found = load_absorption_df(session, clustering_result_id=result.id)
        cores = load_absorption_df(session, clustering_result_id=result.id, milestoning=True)
        estimates = load_absorption_estimates_df(session, clustering_result_id=result.id, by=(), nulls=5)
    shown = found.select("run_id", "kind", "onset", "cluster_id", "sequence_number", "n", "n_unique_outputs").rows()
    assert shown == [(1, "fixed point", 1, 1, 2, 3, 2), (2, "none", None, None, None, 3, 3)]  # outliers differ
    assert cores["cluster_id"].to_list() == [1, 1]
    assert cores["onset"].to_list() == [1, 0]
    assert estimates.filter(quantity="share absorbed")["estimate"].to_list() == [0.5, 0.5]
    assert estimates["null"].unique().sort().to_list() == ["M1", "S"]


def test_an_outlier_repeats_another_only_where_the_output_is_the_same(filled: Store, clustering: Any) -> None:
    with filled.transaction() as session:
        same = session.get_one(Invocation, 11)
        same.output_hash = session.get_one(Invocation, 9).output_hash
        result = save_clustering(session, clustering({1: 0, 3: -1, 5: -1, 7: 0, 9: -1, 11: -1}, [1], model_id=2))
    with filled.session() as session:
        found = load_absorption_df(session, clustering_result_id=result.id)
        tau = load_near_cycles_df(
            session, clustering_result_id=result.id, by=("initial_prompt",), max_period=1, draws=5, nulls=5
        )
    assert found.select("kind", "onset", "cluster_id").rows() == [("none", None, None), ("fixed point", 1, -1)]
    assert tau.select("initial_prompt", "tau").rows() == [("a fox", 0), ("a lake", 0.5)]


def test_where_no_core_is_reached_nothing_is_judged(filled: Store, clustering: Any) -> None:
    with filled.transaction() as session:
        result = save_clustering(session, clustering({1: -1, 3: -1, 5: -1, 7: -1, 9: -1, 11: 0}, [11], model_id=2))
    settings: dict[str, Any] = {"clustering_result_id": result.id, "milestoning": True}
    with filled.session() as session:
        found = load_absorption_df(session, **settings)
        estimates = load_absorption_estimates_df(session, **settings, draws=5, nulls=5)
    assert found["kind"].to_list() == [None, None]
    assert found["n_unique_outputs"].to_list() == [0, 1]
    assert "all known steps are outliers" in found["reason"][0]
    assert "one step" in found["reason"][1]
    assert estimates["reason"].str.contains("two known steps").all()


def test_a_proved_cycle_of_which_one_output_was_seen_has_no_reason_against_it(filled: Store) -> None:
    with filled.transaction() as session:
        run = session.get_one(Run, 1)
        run.stop_reason, run.period = "cycle", 2
        for key in (6, 5, 4):
            session.execute(delete(ClusteringResult))
            session.delete(session.get_one(Invocation, key))
            session.flush()
    with filled.session() as session:
        found = load_absorption_df(session, 1).filter(run_id=1, output_type="text")
    assert found.select("kind", "period", "onset", "n", "proved", "reason").row(0) == (
        "fixed point",
        1,
        0,
        1,
        True,
        None,
    )


def test_survival_begins_with_all_runs_and_ends_with_what_is_left(performed: Store) -> None:
    with performed.session() as session:
        curve = load_survival_df(session, by=["network"], draws=20, nulls=9)
        absorption = load_absorption_df(session)
    for (output_type, network), part in curve.group_by("output_type", "network"):
        settled = absorption.filter(~pl.col("censored"), output_type=output_type, network=network).height
        assert part.sort("step")["n_at_risk"][0] == 8
        assert part["n_absorbed"].sum() == settled
        values = part.sort("step")["estimate"].drop_nulls().to_list()
        assert values == sorted(values, reverse=True)
    with performed.session() as session, pytest.raises(ValueError, match='found the null "P"; expected S or M1'):
        load_survival_df(session, null="P")


def test_stays_and_returns_join_to_the_steps_they_begin_at(filled: Store) -> None:
    with filled.session() as session:
        stays, returns = load_dwell_times_df(session, 1), load_return_times_df(session, 1)
        estimates = load_dwell_time_estimates_df(session, 1, by=["network", "seed"], nulls=5)
        gaps = load_return_time_estimates_df(session, 1, by=(), nulls=5)
        none = load_dwell_times_df(session, 1, experiment_id=2)
        milestones = load_dwell_times_df(session, 1, milestoning=True)
    columns = ("run_id", "cluster_id", "sequence_number", "embedding_id", "length", "left_censored", "right_censored")
    assert stays.select(columns).rows() == [
        (1, 0, 1, 2, 2, True, False),
        (1, -1, 5, 6, 1, False, True),
        (2, 1, 1, 8, 1, True, False),
        (2, -1, 3, 10, 1, False, True),
    ]
    assert returns.select("run_id", "cluster_id", "embedding_id", "gap", "censored").rows() == [
        (1, 0, 2, 1, False),
        (1, 0, 4, 1, True),
        (1, -1, 6, 0, True),
        (2, 1, 8, 1, True),
        (2, -1, 10, 0, True),
    ]
    assert none.height == 0
    assert milestones["length"].to_list() == [3, 2]
    assert set(estimates["seed"]) == {1, None}
    assert set(gaps["cluster_id"]) == {-1, 0, 1}
    for frame in (estimates, gaps):
        assert frame.filter(pl.col("estimate").is_null() == pl.col("reason").is_null()).is_empty()


def test_near_cycles_of_outputs_clusters_and_vectors(filled: Store) -> None:
    with filled.session() as session:
        outputs = load_near_cycles_df(session, max_period=2, nulls=5)
        clusters = load_near_cycles_df(session, clustering_result_id=1, max_period=2, nulls=5, by=())
        vectors = load_near_cycles_df(session, vectors_of="ImageModel", max_period=2, nulls=5, by=["initial_prompt"])
        with pytest.raises(ValueError, match="expected one of them at most"):
            load_near_cycles_df(session, clustering_result_id=1, vectors_of="TextModel")
        with pytest.raises(ValueError, match="found max_period 0"):
            load_near_cycles_df(session, max_period=0)
    assert set(outputs["compared"]) == {"outputs"}
    assert clusters["tau"].to_list() == [0.25, 0]  # (1/2 + 0)/2, then A against the outlier
    fox = vectors.filter(initial_prompt="a fox")
    assert fox["tau"].to_list() == pytest.approx([0.8, 1])  # cosines 0.6 and 0.6, then the same again
    tree = vectors.filter(initial_prompt="a tree")
    assert tree["reason"].to_list() == [None, "no run has two steps that are 2 apart"]


def test_what_is_not_there_is_refused(filled: Store) -> None:
    with filled.session() as session:
        for load in (load_dwell_times_df, load_return_times_df, load_dwell_time_estimates_df):
            with pytest.raises(NotFoundError):
                load(session, 9)
        for load in (load_absorption_df, load_absorption_estimates_df, load_survival_df, load_near_cycles_df):
            with pytest.raises(NotFoundError):
                load(session, 9)
            with pytest.raises(NotFoundError):
                load(session, clustering_result_id=9)
        with pytest.raises(NotFoundError, match="group by"):
            load_survival_df(session, by=["colour"])


def test_a_seed_gives_the_same_estimates_and_another_gives_others(performed: Store) -> None:
    with performed.session() as session:
        first = load_absorption_estimates_df(session, nulls=9)
        assert_frame_equal(first, load_absorption_estimates_df(session, nulls=9))
        assert not first.equals(load_absorption_estimates_df(session, nulls=9, seed=1))
