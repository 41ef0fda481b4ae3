"""Where the null holds, p-values of shapes and of distances between them are uniform, and intervals cover."""

import numpy as np
import pytest

from loopscope.statistics.estimate import make_estimate
from loopscope.topology.contrast import contrast_groups
from loopscope.topology.diagrams import compute_persistence_diagram
from loopscope.topology.gaussian_null import draw_gaussian_null
from loopscope.topology.persistence_entropy import summarise_bars
from loopscope.topology.sliding_window import score_sliding_windows

NULLS = 19
STEP = 1 / (NULLS + 1)


def assert_uniform(p_values):
    """Check the share of small p-values, and the largest distance to the discrete uniform law (KS, 0.1 %)."""
    found = np.sort(np.asarray(p_values))
    n = len(found)
    grid = STEP * np.arange(1, NULLS + 2)
    shares = np.searchsorted(found, grid + 1e-9, side="right") / n
    assert np.abs(shares - grid).max() < 1.95 / np.sqrt(n), shares
    assert shares[1] == pytest.approx(0.1, abs=3.3 * np.sqrt(0.09 / n))


@pytest.mark.parametrize(
    ("n", "dimension"), [(24, 3), (16, 60)], ids=["few dimensions", "fewer points than dimensions"]
)
@pytest.mark.parametrize(
    ("homology", "measure", "extreme"), [(0, "entropy", "far"), (1, "largest_persistence", "large")]
)
def test_gaussian_points_are_no_shape(n, dimension, homology, measure, extreme):
    """Exact for any covariance and any number of points: none is estimated and drawn from again."""
    random = np.random.default_rng(7)
    p_values = []
    for number in range(300):
        points = random.normal(size=(n, dimension)) * np.linspace(0.3, 2, dimension) + 1
        bars = compute_persistence_diagram(points, metric="euclidean").points[homology]
        value = getattr(summarise_bars(bars), measure)
        null = draw_gaussian_null(points, nulls=NULLS, seed=number, metric="euclidean").of(homology, measure)
        p_values.append(make_estimate(value, [], null, n_runs=1, method="", extreme=extreme).null_p)
    assert_uniform(p_values)


def test_a_covariance_that_is_estimated_and_drawn_from_again_would_not_do():
    """The guard of the test above: such clouds are too wide where there are fewer points than dimensions."""
    random = np.random.default_rng(7)
    p_values = []
    for _ in range(60):
        points = random.normal(size=(16, 60))
        spread = np.cov(points.T)
        null = [
            summarise_bars(
                compute_persistence_diagram(
                    random.multivariate_normal(points.mean(axis=0), spread, size=16, method="svd"), metric="euclidean"
                ).points[0]
            ).entropy
            for _ in range(NULLS)
        ]
        value = summarise_bars(compute_persistence_diagram(points, metric="euclidean").points[0]).entropy
        p_values.append(make_estimate(value, [], null, n_runs=1, method="", extreme="far").null_p)
    with pytest.raises(AssertionError):
        assert_uniform(p_values)


def test_steps_in_any_order_are_no_loop():
    random = np.random.default_rng(3)
    p_values = []
    for number in range(300):
        found = score_sliding_windows(random.normal(size=(26, 3)), window=5, nulls=NULLS, seed=number)
        p_values.append(make_estimate(found.score, [], found.null, n_runs=1, method="").null_p)
    assert_uniform(p_values)


def alike(random, runs=12):
    points = random.normal(size=(runs, 2))
    return np.linalg.norm(points[:, None] - points[None], axis=2)


@pytest.mark.parametrize("sizes", [(6, 6), (9, 3), (4, 4, 4)])
def test_groups_that_make_no_difference(sizes):
    random = np.random.default_rng(5)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    p_values = [
        contrast_groups(alike(random), labels, np.zeros(12), draws=2, nulls=NULLS, seed=number).null_p
        for number in range(400)
    ]
    assert_uniform(p_values)


def test_the_interval_of_a_difference_covers_it():
    """Two groups on a line, a known distance apart: mean distances are known from many more runs."""
    random = np.random.default_rng(11)

    def draw(runs):
        labels = np.repeat([0, 1], runs)
        points = random.normal(size=2 * runs) + 2 * labels
        return np.abs(points[:, None] - points[None]), labels

    truth = np.mean([contrast_groups(*draw(200), np.zeros(400), draws=2, nulls=0).estimate for _ in range(20)])
    covered = 0
    for number in range(150):
        distances, labels = draw(15)
        found = contrast_groups(distances, labels, labels, nulls=0, seed=number)
        covered += found.lower <= truth <= found.upper
    assert covered / 150 > 0.88
