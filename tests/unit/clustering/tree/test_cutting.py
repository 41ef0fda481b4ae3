import numpy as np
import pytest

from loopscope.clustering import hdbscan
from loopscope.clustering.tree.condensed_tree import condense
from loopscope.clustering.tree.cutting import cut
from loopscope.clustering.tree.linkage import link


def _on_a_line(*places):
    return np.array(places, np.float32)[:, None]


def _line(min_samples=1):
    return link(_on_a_line(0, 1, 2, 10, 11, 12, 40), min_samples=min_samples, metric="euclidean")


def test_persistence_and_lambdas_are_as_by_hand():
    # Two clusters of three, born where they part at 8, ended where all three fall apart at 1.
    found = cut(_line(), min_cluster_size=3, allow_single_cluster=False)
    assert found.labels.tolist() == [0, 0, 0, 1, 1, 1, -1]
    assert found.probabilities.tolist() == [1, 1, 1, 1, 1, 1, 0]
    assert found.lambda_birth.tolist() == [1 / 8, 1 / 8]
    assert found.lambda_death.tolist() == [1, 1]
    assert found.persistence.tolist() == [7 / 8, 7 / 8]


def test_what_is_at_equal_distances_joins_at_once():
    # Two at a time, the order of equal distances would make clusters of two.
    linkage = link(_on_a_line(0, 1, 2, 3), min_samples=1, metric="euclidean")
    assert cut(linkage, min_cluster_size=2).labels.tolist() == [0, 0, 0, 0]
    assert cut(linkage, min_cluster_size=2, allow_single_cluster=False).labels.tolist() == [-1, -1, -1, -1]


@pytest.mark.parametrize("seed", range(5))
def test_stabilities_do_not_depend_on_the_order_of_rows_to_the_last_bit(walks, seed):
    vectors = walks(400, seed=seed)
    order = np.random.default_rng(seed).permutation(400)
    found, permuted = (
        condense(each.dendrogram, each.sizes, min_cluster_size=4, resolution=each.resolution)
        for each in (link(rows, min_samples=3, repeats="count") for rows in (vectors, vectors[order]))
    )
    assert len(found.stability) > 10
    assert sorted(found.stability.tolist()) == sorted(permuted.stability.tolist())


def test_everything_within_epsilon_is_the_single_cluster():
    found = cut(_line(), min_cluster_size=3, epsilon=9.0)
    assert found.labels.tolist() == [0, 0, 0, 0, 0, 0, -1]
    assert found.lambda_birth.tolist() == [1 / 9]
    assert found.lambda_death.tolist() == [1 / 8]


def test_nothing_is_within_an_epsilon_below_all_distances():
    linkage = link(_on_a_line(0, 1, 2, 1e9), min_samples=1, metric="euclidean")
    assert cut(linkage, min_cluster_size=3, epsilon=0.5).labels.tolist() == [-1] * 4
    assert cut(linkage, min_cluster_size=3, epsilon=1.0).labels.tolist() == [0, 0, 0, -1]


def test_where_no_single_cluster_is_allowed_epsilon_stops_below_the_root():
    found = cut(_line(), min_cluster_size=3, epsilon=9.0, allow_single_cluster=False)
    assert found.labels.tolist() == [0, 0, 0, 1, 1, 1, -1]


def test_clusters_that_part_below_epsilon_give_way_to_their_ancestor():
    places = [0, 1, 2, 4.5, 5.5, 6.5, 30, 31, 32, 34.5, 35.5, 36.5]
    linkage = link(_on_a_line(*places), min_samples=1, metric="euclidean")
    assert cut(linkage, min_cluster_size=3).labels.tolist() == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3
    assert cut(linkage, min_cluster_size=3, epsilon=3.0).labels.tolist() == [0] * 6 + [1] * 6


def test_clusters_that_part_at_epsilon_itself_stay_apart():
    epsilon = float(np.sqrt(10))
    assert 1 / (1 / epsilon) < epsilon
    places = [(-2, 0), (-1, 0), (0, 0), (1, 3), (2, 3), (3, 3), (30, 0), (31, 0), (32, 0)]
    linkage = link(np.array(places, np.float32), min_samples=1, metric="euclidean")
    found = cut(linkage, min_cluster_size=3, epsilon=epsilon, allow_single_cluster=False)
    assert found.labels.tolist() == [0] * 3 + [1] * 3 + [2] * 3


def test_a_share_of_lambda_is_the_probability():
    found = cut(link(_on_a_line(0, 1, 2, 4, 50, 51, 52), min_samples=1, metric="euclidean"), min_cluster_size=3)
    assert found.labels.tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert found.probabilities.tolist() == [1, 1, 1, 0.5, 1, 1, 1]


def test_one_linkage_is_cut_as_clustering_anew_does(walks):
    vectors = walks(400)
    linkage = link(vectors, min_samples=5)
    for size, epsilon, single in ((4, 0.0, True), (9, 0.3, False), (30, 0.1, True)):
        found = cut(linkage, min_cluster_size=size, epsilon=epsilon, allow_single_cluster=single)
        anew = hdbscan(vectors, min_cluster_size=size, min_samples=5, epsilon=epsilon, allow_single_cluster=single)
        assert ((found.labels == -1) == (anew.labels == -1)).all()
        assert (found.probabilities == anew.probabilities).all()
        assert sorted(found.persistence) == sorted(anew.persistence)


@pytest.mark.parametrize("repeats", ["collapse", "count"])
@pytest.mark.parametrize("value", [0.0, 3.0])
@pytest.mark.parametrize("epsilon", [0.0, 1e-30, 0.5])
def test_equal_vectors_are_one_cluster_to_the_end(repeats, value, epsilon):
    linkage = link(np.full((9, 2), value, np.float32), min_samples=4, repeats=repeats, metric="euclidean")
    found = cut(linkage, min_cluster_size=5, epsilon=epsilon)
    assert found.labels.tolist() == [0] * 9
    assert found.probabilities.tolist() == [1] * 9
    assert found.persistence.tolist() == [1]


def test_a_repeated_vector_is_a_cluster_where_repeats_count():
    vectors = np.repeat(_on_a_line(0, 1, 5, 40), [4, 1, 4, 1], axis=0)
    found = cut(link(vectors, min_samples=3, repeats="count", metric="euclidean"), min_cluster_size=3)
    assert found.labels.tolist() == [0] * 5 + [1] * 4 + [-1]
    assert found.probabilities[:4].tolist() == [1] * 4
    assert 0 < found.probabilities[4] < 1e-4


@pytest.mark.parametrize("power", [-40, 40])
def test_euclidean_clusters_have_no_scale(walks, power):
    vectors = np.repeat(walks(200), 3, axis=0)
    for repeats in ("collapse", "count"):
        settings = {"min_cluster_size": 5, "min_samples": 3, "repeats": repeats, "metric": "euclidean"}
        found, scaled = hdbscan(vectors, **settings), hdbscan(np.ldexp(vectors, power), **settings)
        assert (found.labels == scaled.labels).all()
        assert (found.probabilities == scaled.probabilities).all()
        assert (found.medoid_indices == scaled.medoid_indices).all()
