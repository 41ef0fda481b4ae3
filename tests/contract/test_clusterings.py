"""Clustering results go in whole and come out as they went in, side by side, on SQLite and on PostgreSQL alike."""

from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import func, select, text

from loopscope.data_prep import load_clusters_df
from loopscope.errors import NotFoundError, StoreConflictError, StoreError
from loopscope.schemas import Cluster, ClusteringResult, EmbeddingCluster
from loopscope.store.clusterings import delete_clustering, save_clustering
from loopscope.store.connection import Store
from loopscope.store.vectors import load_embedding_index, load_vectors

# Both were once turned into floats by a column of numeric affinity.
AWKWARD = (UUID("06888680505507509783087363769305"), UUID("068886805055e7509783087363769318"))


def rows(store: Store) -> tuple[int, int, int]:
    with store.session() as session:
        tables = (ClusteringResult, Cluster, EmbeddingCluster)
        one, two, three = (session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)
        return one, two, three


def test_a_result_comes_out_as_it_went_in(filled: Store) -> None:
    with filled.session() as session:
        result = session.scalars(select(ClusteringResult)).one()
        assert result.parameters == {"min_cluster_size": 2, "min_samples": 1, "epsilon": 0.4}
        assert (result.algorithm, result.downsample, result.last_embedding_id) == ("hdbscan", 1, 13)
        assert (result.selection, result.counts) == ({"experiment_ids": None}, {"candidates": 5})
        assert result.started_at.tzinfo is not None
        clusters = session.scalars(select(Cluster).order_by(Cluster.cluster_id)).all()
        assert [(c.cluster_id, c.medoid_embedding_id, c.size, c.properties) for c in clusters] == [
            (-1, None, 2, {}),
            (0, 2, 2, {"rank": 0}),
            (1, 8, 1, {"rank": 1}),
        ]
        found = session.execute(
            select(EmbeddingCluster.embedding_id, Cluster.cluster_id)
            .join(Cluster, Cluster.id == EmbeddingCluster.cluster_id)
            .order_by(EmbeddingCluster.embedding_id)
        )
        assert [tuple(row) for row in found] == [(2, 0), (4, 0), (6, -1), (8, 1), (10, -1)]


def test_four_results_stand_side_by_side(filled: Store, clustering: Any) -> None:
    with filled.session() as session:
        before = load_clusters_df(session, 1)
    with filled.transaction() as session:
        save_clustering(session, clustering(dict.fromkeys((2, 4, 6, 8, 10), 0), [4]))
        save_clustering(session, clustering(dict.fromkeys((1, 3, 5), -1), model_id=2))
        save_clustering(session, clustering({10: 0, 4: 0}, [10], downsample=2))
    with filled.session() as session:
        assert load_clusters_df(session, 1).equals(before)
        assert load_clusters_df(session)["clustering_result_id"].value_counts().sort("clustering_result_id").rows() == [
            (1, 5),
            (2, 5),
            (3, 3),
            (4, 2),
        ]


def test_deleting_a_result_takes_its_clusters_and_assignments_and_nothing_else(filled: Store, clustering: Any) -> None:
    with filled.transaction() as session:
        second = save_clustering(session, clustering({4: 0, 10: 0}, [4]))
    with filled.transaction() as session:
        delete_clustering(session, 1)
    assert rows(filled) == (1, 1, 2)
    with filled.session() as session:
        assert load_clusters_df(session)["clustering_result_id"].unique().to_list() == [second.id]
        assert len(load_embedding_index(session, 1)) == 5
    if filled.dialect == "sqlite":
        with filled.session() as session:
            assert session.execute(text("PRAGMA foreign_key_check")).all() == []


def test_deleting_what_is_not_there_says_so(filled: Store) -> None:
    expected = r"no clustering result 9; see all: loopscope cluster list"
    with pytest.raises(NotFoundError, match=expected), filled.transaction() as session:
        delete_clustering(session, 9)


def test_an_embedding_twice_is_named_and_nothing_is_written(filled: Store, clustering: Any) -> None:
    new = clustering({2: 0, 4: 0, 6: 0}, [4])
    twice = type(new)(**{**vars(new), "embedding_ids": np.array([4, 2, 4])})
    expected = r"1 embeddings come more than once in the clustering \(4\)"
    with pytest.raises(StoreError, match=expected), filled.transaction() as session:
        save_clustering(session, twice)
    assert rows(filled) == (1, 3, 5)


@pytest.mark.parametrize(
    ("labels", "medoids"),
    [({2: 0, 4: 2}, [2, 4]), ({2: 0}, []), ({2: -1}, [2]), ({2: -2}, [2])],
    ids=["a gap", "no medoid", "a medoid of outliers", "an unknown label"],
)
def test_arrays_that_do_not_fit_are_refused(filled: Store, clustering: Any, labels: Any, medoids: Any) -> None:
    with pytest.raises(StoreError, match="nothing was saved"), filled.transaction() as session:
        save_clustering(session, clustering(labels, medoids))
    assert rows(filled) == (1, 3, 5)


@pytest.mark.parametrize(
    ("labels", "medoids"),
    [({2: 0, 4: 0}, [6]), ({1: 0, 3: 0}, [1]), ({2: 0, 99: 0}, [2])],
    ids=["a medoid from outside", "another model", "not there"],
)
def test_a_result_the_database_refuses_leaves_nothing(
    filled: Store, clustering: Any, labels: Any, medoids: Any
) -> None:
    with pytest.raises(StoreConflictError), filled.transaction() as session:
        save_clustering(session, clustering(labels, medoids))
    assert rows(filled) == (1, 3, 5)


def test_a_clustering_of_nothing_is_a_result(filled: Store, clustering: Any) -> None:
    with filled.transaction() as session:
        save_clustering(session, clustering({}))
    assert rows(filled) == (2, 3, 5)


def test_awkward_uuids_come_back_as_they_are_and_apart(filled: Store) -> None:
    with filled.transaction() as session:
        first = session.scalars(select(ClusteringResult)).one()
        columns = {
            column.key: getattr(first, column.key)
            for column in ClusteringResult.__mapper__.columns
            if column.key not in ("id", "uuid")
        }
        for key, uuid in enumerate(AWKWARD, start=100):
            session.add(ClusteringResult(id=key, uuid=uuid, **columns))
    with filled.session() as session:
        found = session.scalars(select(ClusteringResult.uuid).where(ClusteringResult.id >= 100)).all()
        assert set(found) == set(AWKWARD)
        assert len(set(found)) == 2
        for key, uuid in enumerate(AWKWARD, start=100):
            query = select(ClusteringResult.id).where(ClusteringResult.uuid == uuid)
            assert session.scalars(query).one() == key
        if filled.dialect == "sqlite":
            kinds = session.execute(text("SELECT DISTINCT typeof(uuid) FROM clustering_result")).scalars().all()
            assert kinds == ["text"]


def test_the_index_is_in_trajectory_order(filled: Store) -> None:
    with filled.session() as session:
        index = load_embedding_index(session, 2)
        one = load_embedding_index(session, 2, [2])
        none = load_embedding_index(session, 2, [])
    assert index.embedding_id.tolist() == [1, 3, 5, 7, 9, 11, 12, 13]
    assert index.invocation_id.tolist() == [1, 3, 5, 7, 9, 11, 12, 13]
    assert index.run_id.tolist() == [1, 1, 1, 2, 2, 2, 3, 3]
    assert index.experiment_id.tolist() == [1, 1, 1, 1, 1, 1, 2, 2]
    assert index.sequence_number.tolist() == [0, 2, 4, 0, 2, 4, 0, 1]
    assert index.rank.tolist() == [0, 1, 2, 0, 1, 2, 0, 1]
    assert index.take(index.rank % 2 == 0).embedding_id.tolist() == [1, 5, 7, 11, 12]
    assert (one.embedding_id.tolist(), one.last_embedding_id) == ([12, 13], 13)
    assert (len(none), none.last_embedding_id) == (0, 13)


def test_vectors_come_in_the_order_asked_for(filled: Store) -> None:
    with filled.session() as session:
        found = load_vectors(session, 1, np.array([10, 2, 8, 2]))
        nothing = load_vectors(session, 1, np.array([], dtype=np.int64))
        out = np.zeros((1, 4), dtype=np.float32)
        assert load_vectors(session, 1, np.array([6]), out) is out
    expected = np.array([[0, 0, 0.6, 0.8], [1, 0, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0]], dtype=np.float32)
    assert found.dtype == np.float32
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(out, [[0, 1, 0, 0]])
    assert nothing.shape == (0, 4)


def test_many_vectors_come_in_the_order_asked_for(filled: Store) -> None:
    """More than are fetched at a time, and from the second piece on with repeats."""
    asked = np.array([2, 6, 8, 10] * 400)
    with filled.session() as session:
        found = load_vectors(session, 1, asked)
        one_by_one = {key: load_vectors(session, 1, np.array([key]))[0] for key in (2, 6, 8, 10)}
    np.testing.assert_array_equal(found, np.stack([one_by_one[key] for key in asked.tolist()]))


@pytest.mark.parametrize("embedding_id", [99, 1])
def test_a_missing_vector_is_named(filled: Store, embedding_id: int) -> None:
    with filled.session() as session, pytest.raises(StoreError, match=f"the first is embedding {embedding_id};"):
        load_vectors(session, 1, np.array([2, embedding_id]))


def test_a_vector_of_a_wrong_length_is_named(filled: Store) -> None:
    with filled.transaction() as session:
        session.execute(text("UPDATE embedding_vector SET vector = :short WHERE embedding_id = 8"), {"short": b"1234"})
    with filled.session() as session, pytest.raises(StoreError, match="embedding 8 has 4 bytes; expected 16"):
        load_vectors(session, 1, np.array([2, 8]))


def test_an_unknown_model_is_refused(filled: Store) -> None:
    with filled.session() as session, pytest.raises(StoreError, match=r"no embedding model 9; .*loopscope model list"):
        load_vectors(session, 9, np.array([2]))
