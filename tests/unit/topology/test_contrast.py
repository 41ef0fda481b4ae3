import numpy as np
import pytest

from loopscope.topology.contrast import contrast_groups


def far_apart(sizes, seed=0, gap=5.0):
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    points = gap * labels + random.normal(size=len(labels))
    return np.abs(points[:, None] - points[None]), labels


def test_the_estimate_is_the_difference_of_the_means():
    distances, labels = far_apart([3, 4])
    pairs = [(a, b) for a in range(7) for b in range(a)]
    within = np.mean([distances[a, b] for a, b in pairs if labels[a] == labels[b]])
    between = np.mean([distances[a, b] for a, b in pairs if labels[a] != labels[b]])
    found = contrast_groups(distances, labels, labels)
    assert found.estimate == pytest.approx(between - within)
    assert found.reason is None
    assert found.n_runs == 7
    assert "null P: labels permuted across runs 99 times" in found.method


def test_groups_that_are_far_apart_are_told_from_chance():
    found = contrast_groups(*far_apart([10, 10]), np.repeat([0, 1], 10), seed=1)  # seed 0 swaps both groups once
    assert found.null_p == 0.01
    assert found.lower > 0
    assert abs(found.null_mean) < 0.5


def test_names_of_groups_do_not_matter():
    distances, labels = far_apart([4, 5])
    found = contrast_groups(distances, labels, labels)
    renamed = contrast_groups(distances, np.array(["b", "a"])[labels], labels)
    assert (renamed.estimate, renamed.lower) == (found.estimate, found.lower)


def test_a_run_drawn_twice_is_not_compared_with_itself():
    """All pairs equally far: no draw may find runs of one group nearer."""
    distances = np.ones((8, 8)) - np.eye(8)
    found = contrast_groups(distances, np.repeat([0, 1], 4), np.repeat([0, 1], 4))
    assert (found.estimate, found.lower, found.upper) == (0, 0, 0)


@pytest.mark.parametrize(
    ("labels", "said"),
    [([0, 0, 0], "one group: there is nothing between"), ([0, 1, 2], "one run in each group: there is nothing within")],
)
def test_groups_without_a_pair_have_a_reason(labels, said):
    found = contrast_groups(np.ones((3, 3)), labels, labels)
    assert np.isnan(found.estimate)
    assert said in found.reason


def test_infinite_distances_have_a_reason():
    distances, labels = far_apart([2, 2])
    distances[0, 1] = distances[1, 0] = np.inf
    assert "infinite" in contrast_groups(distances, labels, labels).reason
