"""Clustering results whose embeddings are not those they say."""

from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from loopscope.schemas import (
    Cluster,
    ClusteringResult,
    Embedding,
    EmbeddingCluster,
    LaterAssignment,
)


def test_a_gap_in_the_numbers_of_clusters(spoilt: Any) -> None:
    with spoilt.made() as rows:
        numbers = rows.session.scalars(
            select(Cluster).where(Cluster.clustering_result_id == rows.first_result().id, Cluster.cluster_id > 0)
        ).all()
        for cluster in sorted(numbers, key=lambda cluster: -cluster.cluster_id):
            cluster.cluster_id += 1
            rows.session.flush()
    spoilt.tells("clustering_result", "no cluster of the number 1", "without a gap")


def test_clusters_in_another_order(spoilt: Any) -> None:
    with spoilt.made() as rows:
        one, two = rows.first_cluster(), rows.first_cluster(number=1)
        one.cluster_id = 1000
        rows.session.flush()
        two.cluster_id = 0
        rows.session.flush()
        one.cluster_id = 1
    spoilt.tells("clustering_result", "cluster 0 with", "numbers by decreasing size")


def test_an_embedding_of_the_selection_that_was_lost(spoilt: Any) -> None:
    with spoilt.made() as rows:
        result, cluster = rows.first_result(), rows.first_cluster(number=-1)
        lost = select(func.max(EmbeddingCluster.embedding_id)).where(EmbeddingCluster.cluster_id == cluster.id)
        rows.session.execute(
            delete(EmbeddingCluster).where(
                EmbeddingCluster.clustering_result_id == result.id,
                EmbeddingCluster.embedding_id == rows.session.scalar(lost),
            )
        )
        rows.forget_what_follows(result, cluster, -1)
    spoilt.tells("clustering_result", "1 embeddings of its selection without an assignment", "an assignment for each")


def test_an_embedding_that_the_selection_leaves_out(spoilt: Any) -> None:
    with spoilt.made() as rows:
        result = rows.results_of()[1]
        cluster = rows.first_cluster(result, number=-1)
        fitted = select(EmbeddingCluster.embedding_id).where(EmbeddingCluster.clustering_result_id == result.id)
        left_out = (
            select(Embedding.id)
            .where(Embedding.embedding_model_id == result.embedding_model_id, Embedding.id.not_in(fitted))
            .where(Embedding.id <= result.last_embedding_id)
        )
        rows.add_assignment(result, cluster, rows.session.scalars(left_out).first() or 0)
        rows.forget_what_follows(result, cluster, 1)
    spoilt.tells("clustering_result", "1 assigned embeddings that its selection leaves out", "of its selection only")


def test_a_fitted_embedding_that_came_later(spoilt: Any) -> None:
    with spoilt.made() as rows:
        result, cluster = rows.first_result(), rows.first_cluster(number=-1)
        rows.session.execute(delete(LaterAssignment))
        rows.add_assignment(result, cluster, rows.unclustered_embedding())
        rows.forget_what_follows(result, cluster, 1)
    spoilt.tells("clustering_result", "among the fitted ones", "up to last_embedding_id")


def test_an_assignment_without_a_probability(spoilt: Any) -> None:
    with spoilt.made() as rows:
        cluster = rows.first_cluster()
        rows.session.execute(
            update(EmbeddingCluster)
            .where(EmbeddingCluster.cluster_id == cluster.id)
            .where(EmbeddingCluster.embedding_id == rows.members_of(cluster)[0])
            .values(probability=None)
        )
    spoilt.tells("clustering_result", "1 of ", "a probability of each, or of none")


def test_a_gap_in_layers(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.session.execute(update(ClusteringResult).where(ClusteringResult.layer == 1).values(layer=2))
    spoilt.tells("clustering_result", "the layers 0, 2", "without a gap")


def test_layers_of_two_algorithms(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.session.execute(update(ClusteringResult).where(ClusteringResult.layer == 1).values(algorithm="optics"))
    spoilt.tells("clustering_result", "layers of different models", "layers of one clustering")


def test_an_outlier_with_a_probability(spoilt: Any) -> None:
    with spoilt.made() as rows:
        outliers = rows.first_cluster(number=-1)
        one = select(func.min(EmbeddingCluster.embedding_id)).where(EmbeddingCluster.cluster_id == outliers.id)
        rows.session.execute(
            update(EmbeddingCluster)
            .where(
                EmbeddingCluster.cluster_id == outliers.id, EmbeddingCluster.embedding_id == rows.session.scalar(one)
            )
            .values(probability=0.5)
        )
    spoilt.tells("embedding_cluster", "probability 0.5 of an outlier", "0")


def test_a_later_assignment_of_a_fitted_embedding(spoilt: Any) -> None:
    with spoilt.made() as rows:
        cluster = rows.first_cluster()
        rows.session.add(rows.later_assignment(rows.first_result(), rows.members_of(cluster)[0], cluster.id))
    spoilt.tells("later_assignment", "of an embedding that is fitted", "the fitted one only", fixable=True)


def test_a_later_assignment_of_an_earlier_embedding(spoilt: Any) -> None:
    with spoilt.made() as rows:
        result = rows.results_of()[1]
        fitted = select(EmbeddingCluster.embedding_id).where(EmbeddingCluster.clustering_result_id == result.id)
        earlier = select(func.min(Embedding.id)).where(
            Embedding.embedding_model_id == result.embedding_model_id, Embedding.id.not_in(fitted)
        )
        rows.session.add(rows.later_assignment(result, rows.session.scalar(earlier) or 0, None))
    spoilt.tells("later_assignment", "that was there when the result was made", "newer than its last_embedding_id")


def test_a_later_assignment_to_the_outlier_cluster(spoilt: Any) -> None:
    with spoilt.made() as rows:
        later = rows.session.scalars(select(LaterAssignment).where(LaterAssignment.cluster_id.is_(None)))
        (later.first() or pytest.fail("nothing was assigned later")).cluster_id = rows.first_cluster(number=-1).id
    spoilt.tells("later_assignment", "the outlier cluster", "no cluster for an outlier", fixable=True)


@pytest.mark.parametrize(
    ("place", "name", "fixable"),
    [
        (0, "candidates", True),
        (0, "sampled", True),
        (0, "distinct", False),
        (1, "candidates", False),
        (1, "sampled", True),
    ],
)
def test_another_count(spoilt: Any, place: int, name: str, fixable: bool) -> None:
    with spoilt.made() as rows:
        result = rows.results_of()[place]
        result.counts = {**result.counts, name: 9999}
    spoilt.tells("clustering_result", f"{name} 9999 in counts", "as counted", fixable=fixable)


@pytest.mark.parametrize(
    ("column", "value", "found", "expected"),
    [
        ("fingerprint", "nonsense", "fingerprint 'nonsense'", "64 hexadecimal digits"),
        ("durations", {"load": -1.0}, "load -1.0 in durations", "at least 0"),
        ("durations", {"load": "long"}, "load 'long' in durations", "at least 0"),
    ],
)
def test_another_record(spoilt: Any, column: str, value: Any, found: str, expected: str) -> None:
    with spoilt.made() as rows:
        setattr(rows.first_result(), column, value)
    spoilt.tells("clustering_result", found, expected)
