import numpy as np
import pytest
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import cdist

from loopscope.clustering.tree.linkage import link
from loopscope.errors import ClusteringError


def _mutual_reachability(vectors, min_samples):
    distances = cdist(vectors.astype(np.float64), vectors.astype(np.float64))
    core = np.sort(distances, axis=1)[:, min_samples - 1]
    return core, np.maximum(np.maximum(core[:, None], core), distances)


def _weights_of_tree(reach):
    # Kruskal in scipy takes 0 for no edge.
    return np.sort(minimum_spanning_tree(reach + 1).data) - 1


@pytest.mark.parametrize("min_samples", [1, 2, 5, 40])
def test_core_distances_and_the_spanning_tree_are_exact(walks, min_samples):
    vectors = np.unique(walks(500), axis=0)
    core, reach = _mutual_reachability(vectors, min_samples)
    linkage = link(vectors, min_samples=min_samples)
    np.testing.assert_allclose(linkage.core_distances, core, rtol=1e-12)
    np.testing.assert_allclose(linkage.tree.weight, _weights_of_tree(reach), rtol=1e-9)


def test_repeats_that_count_are_as_rows_one_by_one(walks):
    vectors = walks(400, seed=1)
    core, reach = _mutual_reachability(vectors, 6)
    linkage = link(vectors, min_samples=6, repeats="count")
    assert len(linkage.sizes) < 400
    np.testing.assert_allclose(linkage.core_distances[linkage.repeats.inverse], core, atol=1e-12)
    inside = np.repeat(linkage.core_distances, linkage.sizes - 1)
    np.testing.assert_allclose(
        np.sort(np.concatenate([linkage.tree.weight, inside])), _weights_of_tree(reach), atol=1e-9
    )


def test_near_duplicates_keep_their_digits():
    rng = np.random.default_rng(0)
    centre = rng.standard_normal(96)
    vectors = (centre + 1e-6 * rng.standard_normal((80, 96))).astype(np.float32) / np.float32(np.linalg.norm(centre))
    linkage = link(vectors, min_samples=3)
    core, reach = _mutual_reachability(vectors, 3)
    assert core.max() < 1e-5
    np.testing.assert_allclose(linkage.core_distances, core, rtol=1e-9)
    np.testing.assert_allclose(linkage.tree.weight, _weights_of_tree(reach * 1e6) / 1e6, rtol=1e-6)


@pytest.mark.parametrize("dimension", [1, 2, 17, 64, 70])
def test_any_dimension_is_summed_whole(dimension):
    vectors = np.random.default_rng(0).standard_normal((150, dimension)).astype(np.float32)
    core, reach = _mutual_reachability(vectors, 4)
    linkage = link(vectors, min_samples=4, metric="euclidean")
    np.testing.assert_allclose(linkage.core_distances, core, rtol=1e-12)
    np.testing.assert_allclose(linkage.tree.weight, _weights_of_tree(reach), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("threads", "block"), [(1, None), (2, None), (2, 1), (1, 7), (2, 64), (3, 100), (1, 10_000)])
def test_neither_threads_nor_blocks_change_a_bit(walks, threads, block):
    vectors = walks(300)
    linkage, other = link(vectors, min_samples=5), link(vectors, min_samples=5, threads=threads, block=block)
    assert (linkage.core_distances == other.core_distances).all()
    assert (linkage.tree.weight == other.tree.weight).all()


def test_the_order_of_rows_does_not_change_a_bit(walks):
    vectors = walks(400)
    order = np.random.default_rng(1).permutation(400)
    linkage, other = link(vectors, min_samples=5), link(vectors[order], min_samples=5)
    rows, other_rows = linkage.core_distances[linkage.repeats.inverse], other.core_distances[other.repeats.inverse]
    assert (rows[order] == other_rows).all()
    assert (linkage.tree.weight == other.tree.weight).all()


def test_motifs_far_apart_are_joined_by_their_nearest_members():
    rng = np.random.default_rng(0)
    vectors = (np.repeat(10 * np.eye(12), 60, axis=0) + rng.uniform(-1, 1, (720, 12))).astype(np.float32)
    _, reach = _mutual_reachability(vectors, 4)
    linkage = link(vectors, min_samples=4, metric="euclidean")
    np.testing.assert_allclose(linkage.tree.weight, _weights_of_tree(reach), rtol=1e-9)


@pytest.mark.parametrize("power", [-130, -60, 60, 120])
def test_huge_and_tiny_vectors_have_the_same_tree(power):
    vectors = np.random.default_rng(0).standard_normal((200, 5)).astype(np.float32)
    scaled = np.ldexp(vectors, power)
    linkage = link(vectors, min_samples=4, metric="euclidean")
    other = link(scaled, min_samples=4, metric="euclidean")
    if power > -100:  # below, float32 itself rounds
        assert (np.ldexp(linkage.tree.weight, power) == other.tree.weight).all()
    np.testing.assert_allclose(np.ldexp(linkage.tree.weight, power), other.tree.weight, rtol=0.01)


def test_vectors_far_from_the_origin_lose_no_digit():
    vectors = (np.random.default_rng(0).integers(-50, 50, (200, 6)) + 2**20).astype(np.float32)
    linkage = link(vectors, min_samples=4, metric="euclidean")
    near = link(vectors - np.float32(2**20), min_samples=4, metric="euclidean")
    assert (linkage.tree.weight == near.tree.weight).all()


def test_vectors_that_may_not_be_written_to_are_linked(walks):
    vectors = walks(100)
    vectors.flags.writeable = False
    link(vectors, min_samples=3)


def test_progress_goes_up_to_the_whole(walks):
    told = []
    link(walks(200), min_samples=3, block=40, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1


@pytest.mark.parametrize(
    ("vectors", "settings", "said"),
    [
        (np.eye(4, dtype=np.float32), {"min_samples": 5}, "found 4 vectors; expected at least as many as min_samples"),
        (np.eye(4, dtype=np.float32), {"repeats": "keep"}, 'repeats is "keep"; expected "collapse" or "count"'),
        (np.eye(4, dtype=np.float32), {"metric": "manhattan"}, 'metric is "manhattan"; expected "cosine"'),
        (np.eye(4), {}, "found vectors of float64; expected float32"),
        (np.full((3, 2), np.inf, np.float32), {"metric": "euclidean"}, "row 0 has length inf; expected vectors free"),
    ],
)
def test_what_cannot_be_linked_is_refused(vectors, settings, said):
    with pytest.raises(ClusteringError) as refusal:
        link(vectors, **({"min_samples": 2} | settings))
    assert said in str(refusal.value)
