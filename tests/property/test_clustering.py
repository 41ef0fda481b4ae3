"""What holds for the clustering of any vectors, and for motifs that lie far apart."""

from random import Random

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from loopscope.clustering import Clustering, hdbscan
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
    assert (found.probabilities[labels == OUTLIER] == 0).all()
    by_content: dict[bytes, set[int]] = {}
    for vector, label in zip(vectors, labels.tolist(), strict=True):
        by_content.setdefault(vector.tobytes(), set()).add(label)
    assert all(len(shared) == 1 for shared in by_content.values())
    for number, medoid in enumerate(medoids.tolist()):
        members = np.flatnonzero(labels == number)
        points = vectors[members].astype(np.float64)
        sums = np.linalg.norm(points[:, None] - points, axis=2).sum(axis=1)
        assert sums[members == medoid] <= sums.min() + 1e-9
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
