"""Gaussian clouds with exactly the mean and the covariance of given points: null G for shapes."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

RANK = 1e-10
"""Directions in which points spread by less than this share of the widest are none."""


@dataclass(frozen=True)
class SameCovariance:
    """What is kept of points to draw Gaussian clouds whose sample mean and sample covariance are theirs.

    The points are turned at random in the space of their numbers, which is how independent draws from any Gaussian are
    distributed once their mean and covariance are known (Langsrud 2005, doi:10.1007/s11222-005-4789-5). So a test
    against these clouds is exact for any number of points in any dimension, even where there are fewer points than
    dimensions and a covariance that is estimated and drawn from again would be too wide.

    Attributes
    ----------
    n
        How many points there are.
    mean
        Shape (dimension,).
    spread
        Shape (rank, dimension): the directions in which the points spread, as long as they do.

    Examples
    --------
    >>> points = np.random.default_rng(0).normal(size=(9, 3))
    >>> cloud = SameCovariance.of(points).draw(np.random.default_rng(1))
    >>> bool(np.allclose(np.cov(cloud.T), np.cov(points.T))), bool(np.allclose(cloud, points))
    (True, False)
    """

    n: int
    mean: Numbers
    spread: Numbers

    @classmethod
    def of(cls, points: npt.ArrayLike) -> Self:
        """Keep the mean and the covariance of points, shape (n, dimension)."""
        given = np.asarray(points, dtype=np.float64)
        mean = given.mean(axis=0)
        _, widths, axes = np.linalg.svd(given - mean, full_matrices=False)
        kept = widths > RANK * widths.max(initial=0.0)
        return cls(len(given), mean, widths[kept, None] * axes[kept])

    def draw(self, random: np.random.Generator) -> Numbers:
        """Draw a cloud: shape (n, dimension), float64; equal points where the given ones were equal."""
        drawn = random.standard_normal((self.n, len(self.spread)))
        turned, triangle = np.linalg.qr(drawn - drawn.mean(axis=0))
        # The signs make the columns uniform among all orthonormal ones: QR by itself prefers some.
        turned *= np.where(np.diagonal(triangle) < 0, -1.0, 1.0)
        return np.asarray(self.mean + turned @ self.spread)
