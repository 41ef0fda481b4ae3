"""Clusters that are not what their members say."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, update

from loopscope.schemas import (
    Cluster,
    ClusteringResult,
    EmbeddingCluster,
)


def test_a_cluster_of_another_size(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.first_cluster().size = 9999
    spoilt.tells("cluster", "size 9999", "the number of its assignments", fixable=True)


def test_an_outlier_cluster_without_outliers(spoilt: Any) -> None:
    with spoilt.made() as rows:
        for result in rows.session.scalars(select(ClusteringResult)):
            clusters = select(Cluster).where(Cluster.clustering_result_id == result.id, Cluster.cluster_id == -1)
            if rows.session.scalars(clusters).first() is None:
                rows.session.add(Cluster(clustering_result_id=result.id, cluster_id=-1, size=1, properties={}))
                return
        pytest.fail("every result has outliers")
    spoilt.tells("cluster", "an outlier cluster without outliers", "none", fixable=True)


def test_another_medoid(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.spoil_medoid(rows.first_result())
    spoilt.tells("cluster", "medoid_embedding_id", "the unweighted medoid of its members")


def test_another_weighted_medoid(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.spoil_medoid(rows.results_of()[1])
    spoilt.tells("cluster", "medoid_embedding_id", "the weighted medoid of its members")


def test_another_medoid_by_the_mean(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.spoil_medoid(rows.results_of()[2])
    spoilt.tells("cluster", "medoid_embedding_id", "the nearest_to_mean medoid of its members")


def test_a_later_repeat_of_the_medoid(spoilt: Any) -> None:
    with spoilt.made() as rows:
        vectors = rows.vectors()
        for result in (rows.first_result(), rows.results_of("FakeImageEmbedder")[0]):
            for cluster in rows.session.scalars(select(Cluster).where(Cluster.clustering_result_id == result.id)):
                repeats = [
                    each
                    for each in rows.members_of(cluster)
                    if vectors[each] == vectors.get(cluster.medoid_embedding_id)
                ]
                if repeats:
                    cluster.medoid_embedding_id = repeats[0]
                    return
        pytest.fail("no medoid is repeated")
    spoilt.tells("cluster", "medoid_embedding_id", "the unweighted medoid of its members")


def test_another_number_of_runs_of_the_outliers(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.set_property("runs", 1003, number=-1)
    spoilt.tells("cluster", "runs 1003", "as counted", fixable=True)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("radius", 1.75, "as measured"),
        ("mean_distance", 0.001, "as measured"),
        ("distinct_outputs", 1000, "as measured"),
        ("epsilon", 0.875, "1 / lambda_birth"),
        ("persistence", 1.5, "from 0 to 1"),
        ("persistence", "long", "from 0 to 1"),
        ("lambda_death", 1e-9, "at least lambda_birth, which is"),
    ],
)
def test_another_property_of_its_vectors_is_told_and_left(spoilt: Any, name: str, value: Any, expected: str) -> None:
    with spoilt.made() as rows:
        rows.set_property(name, value)
    spoilt.tells("cluster", f"{name} {value}", expected)


@pytest.mark.parametrize(("name", "value"), [("runs", 1001), ("prompts", 1002)])
def test_another_property_of_its_rows(spoilt: Any, name: str, value: int) -> None:
    with spoilt.made() as rows:
        rows.set_property(name, value)
    spoilt.tells("cluster", f"{name} {value}", "as counted", fixable=True)


def test_nothing_is_mended_where_more_than_one_thing_disagrees(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.set_property("runs", 1001)
        rows.set_property("prompts", 1002)
        rows.first_cluster(rows.results_of()[1]).size = 9999
    spoilt.tells_all(
        spoilt.fault("cluster", "size 9999", "the number of its assignments", fixable=True),
        spoilt.fault("cluster", "runs 1001", "as counted"),
        spoilt.fault("cluster", "prompts 1002", "as counted"),
    )
    assert all(fault.command.startswith("loopscope cluster delete ") for fault in spoilt.examine())


def test_a_vector_that_was_replaced_leaves_its_trace(spoilt: Any) -> None:
    with spoilt.made() as rows:
        cluster = rows.first_cluster()
        rows.set_vector(rows.members_of(cluster)[-1], lambda vector: np.eye(len(vector))[-1])
    faults = spoilt.examine()
    assert "mean_distance" in {fault.found.split()[0] for fault in faults}
    assert not any(fault.fixable for fault in faults), faults


def test_an_assignment_that_was_moved_leaves_its_trace(spoilt: Any) -> None:
    with spoilt.made() as rows:
        one, two = rows.first_cluster(), rows.first_cluster(number=1)
        rows.session.execute(
            update(EmbeddingCluster)
            .where(EmbeddingCluster.cluster_id == one.id, EmbeddingCluster.embedding_id == rows.members_of(one)[-1])
            .values(cluster_id=two.id)
        )
    faults = spoilt.examine()
    assert sum(fault.found.startswith("size") for fault in faults) == 2
    assert not any(fault.fixable for fault in faults), faults


@pytest.mark.parametrize("change", [lambda vector: vector[:-1], lambda vector: vector * np.nan])
def test_clusters_that_are_not_judged_are_told(spoilt: Any, change: Any) -> None:
    with spoilt.made() as rows:
        key = rows.members_of(rows.first_cluster())[-1]
        rows.set_vector(key, change)
        rows.set_property("radius", 1.75)
        rows.set_property("runs", 1001)
        held = rows.session.scalars(select(EmbeddingCluster).where(EmbeddingCluster.embedding_id == key)).all()
        numbers = {
            each.clustering_result_id: rows.session.get_one(Cluster, each.cluster_id).cluster_id for each in held
        }
    embedding, *others = spoilt.examine()
    assert embedding.row["id"] == key
    assert [fault.found for fault in others if fault.table == "cluster"] == ["runs 1001"]
    told = {fault.row["id"]: fault.found for fault in others if fault.table == "clustering_result"}
    assert told == {
        result_id: "not judged: "
        + (
            f"medoid, radius, mean_distance and distinct_outputs of cluster {number}"
            if number >= 0
            else "distinct_outputs of the outliers"
        )
        + f"; distinct in counts, because the vector of embedding {key} cannot be used"
        for result_id, number in numbers.items()
    }


def test_the_medoid_of_an_imported_cluster_is_judged_where_it_was_recomputed(spoilt: Any) -> None:
    with spoilt.made() as rows:
        imported = rows.results_of()[3]
        imported.origin = {**imported.origin, "medoids": "partly recomputed", "recomputed_medoids": [1]}
    spoilt.tells("cluster", "medoid_embedding_id", "the unweighted medoid of its members")


def test_outputs_of_an_imported_result_differ_by_their_hashes(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.first_cluster(rows.results_of()[3]).properties = {"distinct_outputs": 1000}
    spoilt.tells("cluster", "distinct_outputs 1000", "as measured")


def test_clusters_of_one_size_are_numbered_by_their_medoids(spoilt: Any) -> None:
    with spoilt.made() as rows:
        result = rows.results_of("FakeImageEmbedder")[0]
        query = select(Cluster).where(Cluster.clustering_result_id == result.id, Cluster.cluster_id >= 0)
        clusters = rows.session.scalars(query.order_by(Cluster.cluster_id)).all()
        one, two = next(pair for pair in pairwise(clusters) if pair[0].size == pair[1].size)
        first, second = one.cluster_id, two.cluster_id
        one.cluster_id = 1000
        rows.session.flush()
        two.cluster_id = first
        rows.session.flush()
        one.cluster_id = second
    spoilt.tells("clustering_result", f"cluster {first} with", "then by the medoid that comes first")
