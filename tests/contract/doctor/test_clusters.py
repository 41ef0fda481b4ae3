"""Clusters that are not what their members say."""

from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select

from loopscope.schemas import (
    Cluster,
    ClusteringResult,
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
    spoilt.tells("cluster", "runs 1003", "as measured", fixable=True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("radius", 1.75),
        ("mean_distance", 0.001),
        ("epsilon", 0.875),
        ("distinct_outputs", 1000),
        ("runs", 1001),
        ("prompts", 1002),
    ],
)
def test_another_property(spoilt: Any, name: str, value: float) -> None:
    with spoilt.made() as rows:
        rows.set_property(name, value)
    spoilt.tells("cluster", f"{name} {value}", "as measured", fixable=True)


def test_two_properties_of_one_cluster_are_both_mended(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.set_property("runs", 1001)
        rows.set_property("prompts", 1002)
    spoilt.tells_all(
        spoilt.fault("cluster", "runs 1001", "as measured", fixable=True),
        spoilt.fault("cluster", "prompts 1002", "as measured", fixable=True),
    )


def test_the_medoid_of_an_imported_cluster_is_judged_where_it_was_recomputed(spoilt: Any) -> None:
    with spoilt.made() as rows:
        imported = rows.results_of()[3]
        imported.origin = {**imported.origin, "medoids": "partly recomputed", "recomputed_medoids": [1]}
    spoilt.tells("cluster", "medoid_embedding_id", "the unweighted medoid of its members")


def test_outputs_of_an_imported_result_differ_by_their_hashes(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.first_cluster(rows.results_of()[3]).properties = {"distinct_outputs": 1000}
    spoilt.tells("cluster", "distinct_outputs 1000", "as measured", fixable=True)


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
