"""Every frame holds what the database holds, with the columns it declares: on SQLite and on PostgreSQL alike."""

import math
from inspect import signature
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sqlalchemy import delete
from sqlalchemy.orm import Session

from loopscope import data_prep
from loopscope.data_prep import (
    load_clustering_results_df,
    load_clusters_df,
    load_drift_df,
    load_embeddings_df,
    load_experiments_df,
    load_invocations_df,
    load_medoids_df,
    load_persistence_diagrams_df,
    load_runs_df,
)
from loopscope.data_prep.registry import FRAMES
from loopscope.errors import NotFoundError
from loopscope.schemas import Embedding
from loopscope.store.clusterings import save_clustering
from loopscope.store.connection import Store

CONTRACT = (
    "clustering_result_id, embedding_model, algorithm, parameters, epsilon, downsample, embedding_id, invocation_id, "
    "run_id, experiment_id, network, initial_prompt, seed, sequence_number, cluster_id, cluster_label, cluster_size, "
    "medoid_embedding_id, medoid_invocation_id, status"
)
ADDED = "probability, later_cluster_id, later_probability"


def _asks_for_the_session_alone(loader: str) -> bool:
    parameters = list(signature(getattr(data_prep, loader)).parameters.values())
    return parameters[0].name == "session" and all(each.default is not each.empty for each in parameters[1:])


# Those that compare or compute are tested with what they need, in files of their own.
LOADERS = [loader for loader in data_prep.__all__ if _asks_for_the_session_alone(loader)]


def load_all(session: Session) -> dict[str, pl.DataFrame]:
    frames = {name: getattr(data_prep, name)(session) for name in LOADERS}
    frames["with vectors"] = load_embeddings_df(session, include_vectors=True)
    frames["with pictures"] = load_medoids_df(session, include_pictures=True)
    frames["with unclustered"] = load_clusters_df(session, include_unclustered=True)
    return frames


def columns_of(loader: str) -> Any:
    return next(frame.columns for frame in FRAMES if frame.load.__name__ == loader)


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("rows", ["none", "some"])
def test_a_frame_has_the_columns_it_declares(store: Store, fill_store: Any, loader: str, rows: str) -> None:
    if rows == "some":
        fill_store(store)
    with store.session() as session:
        frame = getattr(data_prep, loader)(session)
    declared = columns_of(loader)
    assert (frame.height > 0) == (rows == "some")
    assert frame.columns == [column.name for column in declared]
    kinds = {column.name: column.dtype for column in declared if column.name != "parameters"}
    assert {name: frame.schema[name] for name in kinds} == kinds
    assert all(column.meaning for column in declared)


def test_frames_are_equal_on_both_databases(
    sqlite_store: Store, postgres_store: Store, fill_store: Any, clustering: Any
) -> None:
    found = []
    for store in (sqlite_store, postgres_store):
        fill_store(store)
        with store.transaction() as session:
            save_clustering(session, clustering({1: 0, 5: 0, 12: 1, 11: 1, 7: -1}, [1, 12], model_id=2))
        with store.session() as session:
            found.append(load_all(session))
    for name, frame in found[0].items():
        other = found[1][name]
        random = ["uuid"] if name == "load_clustering_results_df" else []
        random += {"clustering_result_uuid"} & set(frame.columns)
        assert_frame_equal(frame.drop(random), other.drop(random), check_exact=True)
        assert frame.height > 0, name


def test_the_frame_of_clusters_is_the_contract(filled: Store) -> None:
    with filled.session() as session:
        frame = load_clusters_df(session)
    assert ", ".join(frame.columns) == f"{CONTRACT}, {ADDED}"
    assert frame.row(0, named=True) == {
        "clustering_result_id": 1,
        "embedding_model": "TextModel",
        "algorithm": "hdbscan",
        "parameters": {"min_cluster_size": 2, "min_samples": 1, "epsilon": 0.4, "allow_single_cluster": None},
        "epsilon": 0.4,
        "downsample": 1,
        "embedding_id": 2,
        "invocation_id": 2,
        "run_id": 1,
        "experiment_id": 1,
        "network": "Paint→Describe",
        "initial_prompt": "a fox",
        "seed": 1,
        "sequence_number": 1,
        "cluster_id": 0,
        "cluster_label": "text 2",
        "cluster_size": 2,
        "medoid_embedding_id": 2,
        "medoid_invocation_id": 2,
        "status": "member",
        "probability": None,
        "later_cluster_id": None,
        "later_probability": None,
    }
    shown = frame.select("embedding_id", "seed", "cluster_id", "cluster_label", "medoid_embedding_id", "status").rows()
    assert shown == [
        (2, 1, 0, "text 2", 2, "member"),
        (4, 1, 0, "text 2", 2, "member"),
        (6, 1, -1, "OUTLIER", None, "outlier"),
        (8, None, 1, "text 8", 8, "member"),
        (10, None, -1, "OUTLIER", None, "outlier"),
    ]


def test_every_status_is_told_apart(filled: Store, clustering: Any) -> None:
    """Result 2 took every second text when the newest embedding was 8."""
    with filled.transaction() as session:
        save_clustering(session, clustering({2: 0, 6: -1}, [2], last=8, downsample=2))
    with filled.session() as session:
        frame = load_clusters_df(session, 2, include_unclustered=True)
        without = load_clusters_df(session, 2)
        both = load_clusters_df(session, include_unclustered=True)
    found = dict(frame.select("embedding_id", "status").iter_rows())
    assert found == {2: "member", 4: "not sampled", 6: "outlier", 8: "not sampled", 10: "added later"}
    left_out = frame.filter(pl.col("status").is_in(["not sampled", "added later"]))
    assert left_out["cluster_id"].is_null().all()
    assert left_out["cluster_label"].is_null().all()
    assert_frame_equal(frame.filter(pl.col("cluster_id").is_not_null()), without)
    assert both.height == 10
    assert both.filter(pl.col("clustering_result_id") == 1)["cluster_id"].null_count() == 0


def test_a_picture_is_called_by_its_nearest_caption(filled: Store, clustering: Any) -> None:
    """3 was described by text 4; 11 ends its run, so text 10 painted it; run 3 has no text at all."""
    with filled.transaction() as session:
        save_clustering(session, clustering({3: 0, 1: 0, 11: 1, 12: 2}, [3, 11, 12], model_id=2))
    with filled.session() as session:
        frame = load_medoids_df(session, 2, include_pictures=True)
        clusters = load_clusters_df(session, 2)
    shown = frame.select("cluster_id", "cluster_label", "medoid_text", "caption", "picture").rows()
    assert shown == [
        (0, "text 4", None, "text 4", b"picture 3"),
        (1, "text 10", None, "text 10", b"picture 11"),
        (2, "a tree", None, "a tree", b"picture 12"),
    ]
    labels = clusters.select("embedding_id", "cluster_label").sort("embedding_id").rows()
    assert labels == [(1, "text 4"), (3, "text 4"), (11, "text 10"), (12, "a tree")]


def test_medoids_have_all_that_leads_to_them(filled: Store) -> None:
    with filled.session() as session:
        frame = load_medoids_df(session, 1, include_pictures=True)
    assert frame.select("cluster_id", "cluster_size", "cluster_label", "n_runs", "n_prompts", "picture").rows() == [
        (-1, 2, "OUTLIER", 2, 2, None),
        (0, 2, "text 2", 1, 1, b"picture 1"),
        (1, 1, "text 8", 1, 1, b"picture 7"),
    ]
    assert frame.select("medoid_invocation_id", "run_id", "sequence_number", "output_type", "medoid_text").rows() == [
        (None, None, None, None, None),
        (2, 1, 1, "text", "text 2"),
        (8, 2, 1, "text", "text 8"),
    ]


def test_results_of_different_parameters_share_one_struct(filled: Store, clustering: Any) -> None:
    with filled.transaction() as session:
        odd = {"xi": 0.05, "min_samples": 3, "metric": "cosine", "grid": [1, 2], "epsilon": 1}
        save_clustering(session, clustering({2: 0, 4: 0}, [2], algorithm="optics", parameters=odd))
        save_clustering(session, clustering({2: -1}, algorithm="other", parameters={}))
    with filled.session() as session:
        frame = load_clustering_results_df(session)
        clusters = load_clusters_df(session)
    assert frame["parameters"].to_list()[1:] == [
        {
            "min_cluster_size": None,
            "min_samples": 3,
            "epsilon": 1.0,
            "allow_single_cluster": None,
            "metric": "cosine",
            "xi": 0.05,
            "grid": "[1, 2]",
        },
        dict.fromkeys(frame["parameters"].struct.fields),
    ]
    assert frame["epsilon"].to_list() == [0.4, 1.0, None]
    assert frame.select("n_candidates", "n_clusters", "n_members", "n_outliers").rows() == [
        (5, 2, 3, 2),
        (5, 1, 2, 0),
        (5, 0, 0, 1),
    ]
    assert clusters["parameters"].struct.field("xi").to_list() == [None] * 5 + [0.05] * 2 + [None]


def test_runs_and_experiments_are_counted(filled: Store) -> None:
    with filled.session() as session:
        runs = load_runs_df(session)
        experiments = load_experiments_df(session)
        one = load_runs_df(session, 2)
    assert runs.select("run_id", "seed", "length", "n_unique_outputs", "stop_reason", "n_failed_attempts").rows() == [
        (1, 1, 6, 6, "length", 1),
        (2, None, 5, 5, None, 0),
        (3, 2, 2, 2, "cycle", 0),
    ]
    counts = experiments.select("n_runs", "n_ended", "n_failed", "n_invocations", "n_embeddings").rows()
    assert counts == [(2, 1, 0, 11, 11), (1, 1, 0, 2, 2)]
    assert experiments["networks"].to_list() == [["Paint→Describe"], ["Turn"]]
    assert experiments["uuid"].to_list()[0] == "01000000-0000-0000-0000-000000000000"
    assert one["run_id"].to_list() == [3]


def test_invocations_and_embeddings_of_one_experiment(filled: Store) -> None:
    with filled.session() as session:
        invocations = load_invocations_df(session, 2)
        embeddings = load_embeddings_df(session, "ImageModel", 2, include_vectors=True)
    assert invocations.select("invocation_id", "output_type", "output_text", "picture_id").rows() == [
        (12, "image", None, 12),
        (13, "image", None, 13),
    ]
    assert invocations["started_at"].dt.microsecond().to_list() == [123456] * 2
    assert embeddings.select("embedding_id", "output_type", "vector").rows() == [
        (12, "image", [1.0, 0.0]),
        (13, "image", [1.0, 0.0]),
    ]


def test_bars_of_persistence_diagrams(filled: Store) -> None:
    with filled.session() as session:
        frame = load_persistence_diagrams_df(session)
    assert frame.select("run_id", "embedding_model", "dimension", "birth", "death", "n_unique").rows() == [
        (1, "TextModel", 0, 0.0, 0.5, 2),
        (1, "TextModel", 0, 0.0, math.inf, 2),
    ]


def test_drift_is_one_minus_cosine(filled: Store) -> None:
    with filled.session() as session:
        frame = load_drift_df(session)
        texts = load_drift_df(session, "TextModel", 1)
    found = {key: values for key, *values in texts.select("embedding_id", "^drift.*$", "step").iter_rows()}
    expected = {2: [1, 0, None], 4: [1, 0, 0], 6: [0, 1, 1], 8: [0, 0, None], 10: [0.4, 0.4, 0.4]}
    assert found == {
        key: [value if value is None else pytest.approx(value) for value in values] for key, values in expected.items()
    }
    pictures = frame.filter(pl.col("embedding_model") == "ImageModel")
    assert pictures["drift_from_prompt"].null_count() == 8
    assert pictures["drift_from_start"].to_list() == pytest.approx([0, 0.4, 0, 0, 0, 1, 0, 0])


def test_drift_goes_over_a_missing_embedding(filled: Store) -> None:
    """Without 1 and 9, run 1 starts at 3, and the step to 11 is from 7."""
    with filled.transaction() as session:
        session.execute(delete(Embedding).where(Embedding.id.in_([1, 9])))
    with filled.session() as session:
        frame = load_drift_df(session, "ImageModel", 1)
    assert frame["embedding_id"].to_list() == [3, 5, 7, 11]
    assert frame["drift_from_start"].to_list() == pytest.approx([0, 0.4, 0, 1])
    assert frame["step"].to_list() == [None, pytest.approx(0.4), None, pytest.approx(1)]


def test_drift_in_pieces_is_drift_at_once(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with filled.session() as session:
        at_once = load_drift_df(session)
        monkeypatch.setattr("loopscope.data_prep.drift._ROWS_AT_A_TIME", 1)
        assert_frame_equal(load_drift_df(session), at_once, check_exact=True)


@pytest.mark.parametrize(
    ("load", "said"),
    [
        (lambda session: load_runs_df(session, 9), "no experiment 9; .* loopscope experiment list"),
        (lambda session: load_clusters_df(session, 9), "no clustering result 9; .* loopscope cluster list"),
        (lambda session: load_medoids_df(session, 9), "no clustering result 9"),
        (lambda session: load_embeddings_df(session, "TextModle"), "'TextModle'; .* such as TextModel"),
        (lambda session: load_drift_df(session, "TextModel", 9), "no experiment 9"),
    ],
)
def test_what_is_not_there_is_said(filled: Store, load: Any, said: str) -> None:
    with filled.session() as session, pytest.raises(NotFoundError, match=said):
        load(session)
