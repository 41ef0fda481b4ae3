"""What the frames of clusters tell beside labels: on SQLite and on PostgreSQL alike."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sqlalchemy import insert, select, update

from loopscope.data_prep import (
    load_cluster_properties_df,
    load_clustering_results_df,
    load_clusters_df,
    load_medoids_df,
)
from loopscope.errors import NotFoundError
from loopscope.schemas import Cluster, ClusteringResult, Embedding, EmbeddingModel, Invocation, LaterAssignment
from loopscope.store.clusterings import NewClustering, save_clustering
from loopscope.store.connection import Store

NOW = datetime(2026, 5, 4, tzinfo=UTC)
LATER = ["embedding_id", "status", "cluster_id", "probability", "later_cluster_id", "later_probability"]
FULL = {
    "radius": 0.5,
    "mean_distance": 0.25,
    "persistence": None,
    "lambda_birth": 4,
    "lambda_death": 8.5,
    "epsilon": 0.25,
    "distinct_outputs": 2,
    "runs": 7,
    "prompts": 3,
    "imported_number": 12,
    "sense": [1, "ä"],
    "colour": None,
}


def save(store: Store, clustering: NewClustering) -> int:
    with store.transaction() as session:
        return save_clustering(session, clustering).id


def assign_later(
    store: Store, result_id: int, assigned: dict[int, tuple[int | None, float]], model_id: int = 1
) -> None:
    """Assign embeddings to clusters by their numbers, as the engine does."""
    with store.transaction() as session:
        statement = select(Cluster.cluster_id, Cluster.id).where(Cluster.clustering_result_id == result_id)
        keys = {row.cluster_id: row.id for row in session.execute(statement)}
        rows = [
            {
                "clustering_result_id": result_id,
                "embedding_id": embedding_id,
                "cluster_id": None if number is None else keys[number],
                "embedding_model_id": model_id,
                "probability": probability,
                "assigned_at": NOW,
            }
            for embedding_id, (number, probability) in assigned.items()
        ]
        session.execute(insert(LaterAssignment), rows)


def test_later_assignments_are_never_mixed_with_fitted_ones(filled: Store, clustering: Any) -> None:
    """Of result 2, 8 and 10 came later: 8 is near cluster 0, 10 near none; 2 is fitted, whatever was assigned later."""
    fitted = clustering({2: 0, 4: 0, 6: -1}, [2], last=7)
    result_id = save(filled, replace(fitted, probabilities=np.array([1.0, 0.5, 0.0])))
    with filled.session() as session:
        before = [load_clusters_df(session, result_id), load_medoids_df(session), load_cluster_properties_df(session)]
    assign_later(filled, result_id, {2: (None, 0.125), 8: (0, 0.75), 10: (None, 0.0)})
    with filled.session() as session:
        everything = load_clusters_df(session, result_id, include_unclustered=True)
        after = [load_clusters_df(session, result_id), load_medoids_df(session), load_cluster_properties_df(session)]
        other = load_clusters_df(session, 1, include_unclustered=True)
    assert everything.select(LATER).rows() == [
        (2, "member", 0, 1.0, None, None),
        (4, "member", 0, 0.5, None, None),
        (6, "outlier", -1, 0.0, None, None),
        (8, "added later", None, None, 0, 0.75),
        (10, "added later", None, None, -1, 0.0),
    ]
    for one, two in zip(before, after, strict=True):
        assert_frame_equal(one, two, check_exact=True)
    assert other["later_cluster_id"].null_count() == other["probability"].null_count() == other.height == 5


def test_an_outlier_afterwards_may_name_the_outlier_cluster(filled: Store, clustering: Any) -> None:
    result_id = save(filled, clustering({2: 0, 4: 0, 6: -1}, [2], last=7))
    assign_later(filled, result_id, {8: (-1, 0.0)})
    with filled.session() as session:
        frame = load_clusters_df(session, result_id, include_unclustered=True)
    assert frame["later_cluster_id"].to_list() == [None, None, None, -1, None]


@pytest.mark.parametrize("include_unclustered", [False, True])
@pytest.mark.parametrize("result_id", [None, 1, 2, 3])
def test_one_run_is_a_part_of_all(
    filled: Store, clustering: Any, result_id: int | None, include_unclustered: bool
) -> None:
    save(filled, clustering({2: 0, 6: -1}, [2], last=7))
    save(filled, clustering({1: 0, 5: 0, 12: 1, 11: 1, 7: -1}, [1, 12], model_id=2))
    assign_later(filled, 2, {8: (0, 0.75)})
    with filled.session() as session:
        whole = load_clusters_df(session, result_id, include_unclustered)
        for run_id in (1, 2, 3):
            frame = load_clusters_df(session, result_id, include_unclustered, run_id)
            assert_frame_equal(frame, whole.filter(pl.col("run_id") == run_id), check_exact=True)


def test_a_text_and_a_picture_lead_to_each_other(filled: Store, clustering: Any) -> None:
    """Text 4 describes picture 3; picture 5 is described by text 6; picture 11 ends its run; run 3 has no text.

    Picture 13 was made from picture 12, which describes nothing.
    """
    save(filled, clustering({4: 0}, [4]))
    save(filled, clustering({5: 0, 11: 1, 12: 2, 1: 3, 13: 4}, [5, 11, 12, 1, 13], model_id=2))
    names = ("medoid_invocation_id", "companion_invocation_id", "source_invocation_id", "next_invocation_id")
    with filled.session() as session:
        frame = load_medoids_df(session, include_pictures=True)
        only = load_medoids_df(session, 3, cluster_id=1)
    frame = frame.filter(pl.col("clustering_result_id") > 1)
    assert frame.select(*names, "source_text", "next_text").rows() == [
        (4, 3, 3, 5, None, None),
        (5, 6, 4, 6, "text 4", "text 6"),
        (11, None, 10, None, "text 10", None),
        (12, None, None, 13, "a tree", None),
        (1, 2, None, 2, "a fox", "text 2"),
        (13, None, 12, None, None, None),
    ]
    assert frame.select("picture", "next_picture").rows() == [
        (b"picture 3", b"picture 5"),
        (b"picture 5", None),
        (b"picture 11", None),
        (b"picture 12", b"picture 13"),
        (b"picture 1", None),
        (b"picture 13", None),
    ]
    assert frame.select("model", "output_type", "run_uuid").row(0) == ("Describe", "text", str(UUID(int=1 << 124)))
    assert only.select(*names).rows() == [(11, None, 10, None)]


def test_a_text_made_from_a_text_has_no_companion(filled: Store, clustering: Any) -> None:
    """Here run 1 begins with five texts, of which only 6 describes a picture."""
    with filled.transaction() as session:
        text = {"output_type": "text", "picture_id": None, "output_text": "made a text"}
        session.execute(update(Invocation).where(Invocation.id.in_([1, 3])).values(**text))
    save(filled, clustering({2: 0, 4: 1, 6: 2}, [2, 4, 6]))
    with filled.session() as session:
        frame = load_medoids_df(session, 2)
    names = ("companion_invocation_id", "source_invocation_id", "source_text", "next_text", "caption")
    assert frame.select(names).rows() == [
        (None, 1, "made a text", "made a text", "text 2"),
        (None, 3, "made a text", None, "text 4"),
        (5, 5, None, None, "text 6"),
    ]


def test_a_medoid_of_two_models_is_one_of_each(filled: Store, clustering: Any) -> None:
    with filled.transaction() as session:
        session.add(EmbeddingModel(id=3, name="Other", takes="image", dimension=2))
        session.flush()
        for embedding_id, invocation_id in ((21, 11), (22, 9)):
            session.add(Embedding(id=embedding_id, invocation_id=invocation_id, embedding_model_id=3, seconds=1))
    save(filled, clustering({11: 0}, [11], model_id=2))
    save(filled, clustering({21: 0, 22: 0}, [21], model_id=3, last=30))
    with filled.session() as session:
        frame = load_medoids_df(session).filter(pl.col("clustering_result_id") > 1)
    assert frame.select("medoid_embedding_id", "medoid_invocation_id", "caption").rows() == [
        (11, 11, "text 10"),
        (21, 11, "text 10"),
    ]


def test_properties_are_typed_columns(filled: Store, clustering: Any) -> None:
    odd = {"radius": "wide", "runs": True, "distinct_outputs": 1.5, "prompts": 1}
    save(filled, replace(clustering({2: 0, 4: 0, 6: -1, 8: 1}, [2, 8]), properties=[FULL, odd]))
    with filled.session() as session:
        frame = load_cluster_properties_df(session, 2)
        everything = load_cluster_properties_df(session)
    assert_frame_equal(everything.filter(pl.col("clustering_result_id") == 2), frame)
    outliers, full, strange = frame.to_dicts()
    measures = ("radius", "mean_distance", "persistence", "lambda_birth", "lambda_death", "cluster_epsilon")
    assert [full[name] for name in measures] == [0.5, 0.25, None, 4.0, 8.5, 0.25]
    assert (full["distinct_outputs"], full["imported_number"]) == (2, 12)
    assert (full["n_runs"], full["n_prompts"]) == (7, 3)
    assert json.loads(full["other"]) == {"sense": [1, "ä"], "colour": None}
    assert (full["cluster_label"], full["cluster_size"], full["medoid_invocation_id"]) == ("text 2", 2, 2)
    assert (strange["radius"], strange["n_runs"], strange["n_prompts"], strange["distinct_outputs"]) == (
        None,
        1,
        1,
        None,
    )
    assert json.loads(strange["other"]) == {"radius": "wide", "runs": True, "distinct_outputs": 1.5}
    assert (outliers["cluster_label"], outliers["n_runs"], outliers["n_prompts"]) == ("OUTLIER", 1, 1)
    assert (outliers["radius"], outliers["other"], outliers["medoid_embedding_id"]) == (None, None, None)
    assert json.loads(everything.row(1, named=True)["other"]) == {"rank": 0}


def test_runs_and_prompts_are_counted_where_they_were_not_recorded(filled: Store, clustering: Any) -> None:
    """Recorded counts are taken as they are; the others are counted, of one cluster as of all."""
    save(filled, replace(clustering({2: 0, 4: 0, 10: 0, 8: 1}, [2, 8]), properties=[{"runs": 9, "prompts": 8}, {}]))
    with filled.session() as session:
        both = load_medoids_df(session)
        one = load_medoids_df(session, 1, cluster_id=-1)
    assert both.select("clustering_result_id", "cluster_id", "n_runs", "n_prompts").rows() == [
        (1, -1, 2, 2),
        (1, 0, 1, 1),
        (1, 1, 1, 1),
        (2, 0, 9, 8),
        (2, 1, 1, 1),
    ]
    assert one.select("cluster_id", "n_runs", "n_prompts").rows() == [(-1, 2, 2)]


def test_a_result_tells_where_it_came_from(filled: Store, clustering: Any) -> None:
    group = UUID(int=5)
    save(
        filled,
        replace(
            clustering({2: 0, 4: 0}, [2]),
            selection={"experiments": ["e1", "e2"], "without_prompts": ["a fox"]},
            counts={"candidates": 5, "sampled": 3, "distinct": 2},
            versions={"python": "3", "loopscope": "1.2"},
            durations={"load": 0.5, "compute": 1},
            layer=1,
            layer_group=group,
            origin={"file": "old.db"},
        ),
    )
    with filled.session() as session:
        old, new = load_clustering_results_df(session).to_dicts()
    told = (
        *("n_candidates", "n_sampled", "n_distinct", "output_type", "experiments", "without_prompts", "seconds_load"),
        *(
            "seconds_compute",
            "seconds_describe",
            "layer",
            "layer_group",
            "imported_from",
            "origin",
            "loopscope_version",
        ),
    )
    assert [new[name] for name in told] == [
        *(
            5,
            3,
            2,
            "text",
            ["e1", "e2"],
            ["a fox"],
            0.5,
            1.0,
            None,
            1,
            str(group),
            "old.db",
            '{"file": "old.db"}',
            "1.2",
        )
    ]
    assert new["seconds_save"] > 0
    assert [old[name] for name in told] == [5, None, None, "text", *[None] * 10]


def test_a_result_of_nothing_is_there(filled: Store, clustering: Any) -> None:
    save(filled, clustering({}))
    with filled.session() as session:
        assert load_clustering_results_df(session, 2).select("n_clusters", "n_outliers").rows() == [(0, 0)]
        assert load_clusters_df(session, 2).is_empty()
        assert load_clusters_df(session, 2, include_unclustered=True)["status"].unique().to_list() == ["not sampled"]
        assert load_medoids_df(session, 2, include_pictures=True).is_empty()
        assert load_cluster_properties_df(session, 2).is_empty()


@pytest.mark.parametrize(
    ("labels", "medoids", "number", "said"),
    [
        ({2: 0, 4: 1}, [2, 4], 7, "no cluster 7; expected a number from 0 to 1: loopscope cluster show"),
        ({2: -1}, [], 0, "no cluster 0; it has only outliers"),
        ({2: 0}, [2], -1, "no cluster -1; expected a number from 0 to 0"),
    ],
)
def test_a_cluster_that_is_not_there_is_said(
    filled: Store, clustering: Any, labels: Any, medoids: Any, number: int, said: str
) -> None:
    save(filled, clustering(labels, medoids))
    with filled.session() as session:
        uuid = session.get_one(ClusteringResult, 2).uuid
        with pytest.raises(NotFoundError, match=f"clustering {uuid.hex[:8]} has {said}"):
            load_medoids_df(session, 2, cluster_id=number)
        with pytest.raises(NotFoundError, match=r"no clustering result has a cluster 99; .* cluster list"):
            load_medoids_df(session, cluster_id=99)
        with pytest.raises(NotFoundError, match="no run 77; see what there is: loopscope run list"):
            load_clusters_df(session, run_id=77)


def test_the_number_of_queries_does_not_depend_on_the_number_of_rows(filled: Store, clustering: Any) -> None:
    from sqlalchemy import event

    def count(load: Any) -> int:
        statements: list[str] = []

        def heard(*arguments: Any) -> None:
            statements.append(arguments[2])

        event.listen(filled._engine, "before_cursor_execute", heard)
        with filled.session() as session:
            load(session)
        event.remove(filled._engine, "before_cursor_execute", heard)
        return len(statements)

    loads = (
        load_clusters_df,
        lambda session: load_clusters_df(session, include_unclustered=True),
        lambda session: load_medoids_df(session, include_pictures=True),
        load_cluster_properties_df,
    )
    save(filled, clustering({12: 0}, [12], model_id=2))
    few = [count(load) for load in loads]
    for _ in range(5):
        save(filled, clustering({1: 0, 3: 1, 11: 2, 12: 3, 7: 4}, [1, 3, 11, 12, 7], model_id=2))
    assert [count(load) for load in loads] == few
    assert all(few)
