import numpy as np
import pytest

from loopscope.statistics.gaussian import SameCovariance


@pytest.mark.parametrize(("n", "dimension"), [(50, 3), (10, 10), (8, 40), (2, 5)])
def test_mean_and_covariance_are_exactly_those_of_the_points(n, dimension):
    points = np.random.default_rng(0).normal(size=(n, dimension)) @ np.diag(np.linspace(0.1, 3, dimension)) + 2
    cloud = SameCovariance.of(points).draw(np.random.default_rng(1))
    np.testing.assert_allclose(cloud.mean(axis=0), points.mean(axis=0))
    np.testing.assert_allclose(np.cov(cloud.T), np.cov(points.T), atol=1e-10)
    assert n == 2 or not np.allclose(cloud, points)  # two points can only change places


def test_no_point_is_preferred():
    """Over many draws every point is as far from the mean: the turn has no favourite, nor a sign."""
    kept = SameCovariance.of(np.random.default_rng(0).normal(size=(6, 2)))
    random = np.random.default_rng(2)
    clouds = np.array([kept.draw(random) for _ in range(4000)]) - kept.mean
    spread = (clouds**2).sum(axis=2).mean(axis=0)
    np.testing.assert_allclose(spread, spread.mean(), rtol=0.08)
    np.testing.assert_allclose(clouds.mean(axis=0), 0, atol=0.06)


def test_equal_points_stay_where_they_are():
    cloud = SameCovariance.of(np.full((4, 3), 0.5)).draw(np.random.default_rng(0))
    np.testing.assert_array_equal(cloud, np.full((4, 3), 0.5))


def test_a_flat_cloud_stays_flat():
    points = np.random.default_rng(0).normal(size=(20, 2)) @ np.array([[1.0, 0, 1], [0, 1, 1]])
    cloud = SameCovariance.of(points).draw(np.random.default_rng(1))
    assert np.linalg.matrix_rank(cloud - cloud.mean(axis=0), tol=1e-8) == 2
