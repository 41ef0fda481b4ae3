"""What holds for the clustering of any vectors, and for motifs that lie far apart."""

from random import Random

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from loopscope.clustering import Clustering, hdbscan
from loopscope.clustering.parameters import Repeats
from loopscope.clustering.tree.cutting import cut
from loopscope.clustering.tree.linkage import link
from loopscope.errors import ClusteringError
from loopscope.types import Vectors

OUTLIER = -1
# A motif has from SMALLEST to 2 × SMALLEST − 1 distinct vectors, so that it cannot be parted into two clusters.
SMALLEST = 6


@st.composite
def any_vectors(draw: st.DrawFn) -> Vectors:
    """Give unit vectors of three dimensions, many of them equal, many distances tied, and at least six distinct."""
    count = draw(st.integers(6, 60))
    steps = draw(st.sampled_from((1, 2, 5, 1000)))
    randomness = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    points = np.round(randomness.normal(size=(count, 3)) * steps) / steps
    points[~points.any(axis=1)] = (0, 0, 1)
    return np.concatenate([_unit(points), np.eye(3, dtype=np.float32), -np.eye(3, dtype=np.float32)])


@st.composite
def motifs(draw: st.DrawFn) -> tuple[Vectors, npt.NDArray[np.int64]]:
    """Give vectors near two to five directions at right angles, some of them repeated, and the motif of each."""
    sizes = draw(st.lists(st.integers(SMALLEST, 2 * SMALLEST - 1), min_size=2, max_size=5))
    randomness = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    motif = np.repeat(np.arange(len(sizes)), sizes)
    vectors = _unit(np.eye(16)[motif] + 0.02 * randomness.normal(size=(len(motif), 16)))
    repeated = randomness.integers(len(motif), size=draw(st.integers(0, 20)))
    order = randomness.permutation(len(motif) + len(repeated))
    return np.concatenate([vectors, vectors[repeated]])[order], np.concatenate([motif, motif[repeated]])[order]


@st.composite
def clumps(draw: st.DrawFn) -> Vectors:
    """Give clumps of near-duplicates and exact repeats in one to forty dimensions, sometimes all of them equal."""
    count = draw(st.integers(2, 50))
    dimension = draw(st.sampled_from((1, 2, 3, 40)))
    randomness = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    clumps = randomness.integers(-3, 4, size=(draw(st.integers(1, 6)), dimension)).astype(np.float64)
    width = draw(st.sampled_from((0.0, 1e-7, 1e-3, 0.5)))
    points = clumps[randomness.integers(len(clumps), size=count)] + width * randomness.normal(size=(count, dimension))
    points = points[randomness.integers(count, size=count)] if draw(st.booleans()) else points
    return (points * draw(st.sampled_from((1.0, 2.0**-70, 2.0**70)))).astype(np.float32)


def _unit(points: npt.NDArray[np.float64]) -> Vectors:
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def _partition(labels: npt.NDArray[np.int64]) -> list[int]:
    """Number labels by their first appearance: equal for labels that part the rows alike."""
    first = {label: number for number, label in enumerate(dict.fromkeys(labels.tolist()))}
    return [first[label] for label in labels.tolist()]


def _check(found: Clustering, vectors: Vectors) -> None:
    labels, medoids = found.labels, found.medoid_indices
    assert labels.shape == found.probabilities.shape == (len(vectors),)
    assert set(labels.tolist()) - {OUTLIER} == set(range(len(medoids)))
    assert labels[medoids].tolist() == list(range(len(medoids)))
    sizes = np.bincount(labels[labels != OUTLIER], minlength=len(medoids)).tolist()
    order = list(zip([-size for size in sizes], medoids.tolist(), strict=True))
    assert order == sorted(order)
    assert ((found.probabilities >= 0) & (found.probabilities <= 1)).all()
    assert ((found.persistence >= 0) & (found.persistence <= 1)).all()
    assert ((found.lambda_birth >= 0) & (found.lambda_death > 0)).all()
    assert np.isfinite(found.lambda_birth).all()
    assert np.isfinite(found.lambda_death).all()
    assert (found.probabilities[labels == OUTLIER] == 0).all()
    by_content: dict[bytes, set[int]] = {}
    for vector, label in zip(vectors, labels.tolist(), strict=True):
        by_content.setdefault(vector.tobytes(), set()).add(label)
    assert all(len(shared) == 1 for shared in by_content.values())
    for number, medoid in enumerate(medoids.tolist()):
        members = np.flatnonzero(labels == number)
        points = vectors[members].astype(np.float64)
        sums = np.linalg.norm(points[:, None] - points, axis=2).sum(axis=1)
        assert sums[members == medoid] <= sums.min() * (1 + 1e-9)
        assert medoid == members[(vectors[members] == vectors[medoid]).all(axis=1)][0], "the first of its repeats"


@settings(max_examples=60)
@given(any_vectors(), st.integers(2, 6), st.integers(1, 6), st.sampled_from((0.0, 0.1, 0.8)), st.booleans())
def test_any_vectors_are_parted_led_and_numbered(
    vectors: Vectors, min_cluster_size: int, min_samples: int, epsilon: float, single: bool
) -> None:
    found = hdbscan(
        vectors,
        min_cluster_size=min_cluster_size,
        min_samples=min_samples,
        epsilon=epsilon,
        allow_single_cluster=single,
    )
    _check(found, vectors)


@settings(max_examples=50)
@given(motifs(), st.integers(1, SMALLEST - 1))
def test_motifs_are_found_again(case: tuple[Vectors, npt.NDArray[np.int64]], min_samples: int) -> None:
    vectors, motif = case
    found = hdbscan(vectors, min_cluster_size=SMALLEST, min_samples=min_samples)
    assert _partition(found.labels) == _partition(motif)
    _check(found, vectors)


@settings(max_examples=50)
@given(motifs(), st.integers(1, SMALLEST - 1), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_change_the_partition(
    case: tuple[Vectors, npt.NDArray[np.int64]], min_samples: int, random: Random
) -> None:
    vectors, _ = case
    order = list(range(len(vectors)))
    random.shuffle(order)
    found = hdbscan(vectors, min_cluster_size=SMALLEST, min_samples=min_samples)
    permuted = hdbscan(vectors[order], min_cluster_size=SMALLEST, min_samples=min_samples)
    assert _partition(permuted.labels) == _partition(found.labels[order])
    sizes, permuted_sizes = (np.bincount(each.labels).tolist() for each in (found, permuted))
    assert permuted_sizes == sizes
    led = {vectors[medoid].tobytes() for medoid in found.medoid_indices}
    assert {vectors[order][medoid].tobytes() for medoid in permuted.medoid_indices} == led


@settings(max_examples=150)
@given(
    clumps(),
    st.integers(2, 8),
    st.integers(1, 8),
    st.sampled_from((0.0, 0.1, 2.0)),
    st.booleans(),
    st.sampled_from(("collapse", "count")),
    st.randoms(use_true_random=False),
)
def test_clumps_of_any_scale_are_clustered_alike_in_any_order_or_refused(
    vectors: Vectors,
    min_cluster_size: int,
    min_samples: int,
    epsilon: float,
    single: bool,
    repeats: Repeats,
    random: Random,
) -> None:
    order = list(range(len(vectors)))
    random.shuffle(order)
    chosen = {"min_cluster_size": min_cluster_size, "min_samples": min_samples, "epsilon": epsilon}
    try:
        found = hdbscan(vectors, **chosen, allow_single_cluster=single, repeats=repeats, metric="euclidean")
    except ClusteringError:
        distinct = len(np.unique(vectors, axis=0))
        counted = distinct if repeats == "collapse" else len(vectors)
        assert counted < max(min_cluster_size, min_samples) or (distinct == 1 and not single)
        return
    _check(found, vectors)
    linkage = link(vectors[order], min_samples=min_samples, repeats=repeats, metric="euclidean", threads=2, block=5)
    permuted = cut(linkage, min_cluster_size=min_cluster_size, epsilon=epsilon, allow_single_cluster=single)
    assert _partition(permuted.labels) == _partition(found.labels[order])
    assert (permuted.probabilities == found.probabilities[order]).all()
    assert sorted(permuted.persistence) == sorted(found.persistence)


@settings(max_examples=60)
@given(clumps(), st.integers(1, 6))
def test_a_spanning_tree_is_as_light_as_can_be(vectors: Vectors, min_samples: int) -> None:
    rows = np.unique(vectors + np.float32(0), axis=0)
    if len(rows) < max(min_samples, 2):
        return
    unit = 2.0 ** -float(np.frexp(np.abs(rows).max())[1])
    points = rows.astype(np.float64) * unit
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    core = np.sort(distances, axis=1)[:, min_samples - 1]
    reach = np.maximum(np.maximum(core[:, None], core), distances)
    linkage = link(rows, min_samples=min_samples, metric="euclidean")
    np.testing.assert_allclose(linkage.tree.weight * unit, _prim(reach), rtol=1e-9)


def _prim(reach: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Weigh the edges of a minimum spanning tree, the lightest first."""
    nearest, waiting, weights = reach[0].copy(), np.arange(len(reach)) > 0, []
    while waiting.any():
        following = np.flatnonzero(waiting)[np.argmin(nearest[waiting])]
        weights.append(nearest[following])
        waiting[following] = False
        nearest = np.minimum(nearest, reach[following])
    return np.sort(weights)
