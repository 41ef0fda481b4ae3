"""Gaussian clouds with exactly the mean and the covariance of given points: null G for shapes."""

import numpy as np
import numpy.typing as npt

RANK = 1e-10
"""Directions in which points spread by less than this share of the widest are none."""


def draw_same_covariance(points: npt.ArrayLike, random: np.random.Generator) -> npt.NDArray[np.float64]:
    """Draw a Gaussian cloud whose sample mean and sample covariance are those of the points.

    The points are turned at random in the space of their numbers, which is how independent draws from any Gaussian are
    distributed once their mean and covariance are known (Langsrud 2005, doi:10.1007/s11222-005-4789-5). So a test
    against these clouds is exact for any number of points in any dimension, even where there are fewer points than
    dimensions and a covariance that is estimated and drawn from again would be too wide.

    Parameters
    ----------
    points
        Shape (n, dimension).
    random
        Where the draw comes from.

    Returns
    -------
    numpy.ndarray
        Shape (n, dimension), float64.

    Examples
    --------
    >>> points = np.random.default_rng(0).normal(size=(9, 3))
    >>> cloud = draw_same_covariance(points, np.random.default_rng(1))
    >>> bool(np.allclose(np.cov(cloud.T), np.cov(points.T))), bool(np.allclose(cloud, points))
    (True, False)
    """
    given = np.asarray(points, dtype=np.float64)
    mean = given.mean(axis=0)
    _, widths, axes = np.linalg.svd(given - mean, full_matrices=False)
    kept = widths > RANK * max(widths.max(initial=0.0), np.finfo(float).tiny)
    if not kept.any():
        return given.copy()
    drawn = random.standard_normal((len(given), int(kept.sum())))
    turned, triangle = np.linalg.qr(drawn - drawn.mean(axis=0))
    # The signs make the columns uniform among all orthonormal ones: QR by itself prefers some.
    turned *= np.where(np.diagonal(triangle) < 0, -1.0, 1.0)
    return np.asarray(mean + turned @ (widths[kept, None] * axes[kept]))
