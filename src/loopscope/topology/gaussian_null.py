"""Null G of a persistence diagram: what a cloud without shape, as wide in every direction, gives."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loopscope.statistics.gaussian import SameCovariance
from loopscope.topology.diagrams import METRIC, Metric, Numbers, compute_persistence_diagram, keep_distinct
from loopscope.topology.persistence_entropy import BarSummary, summarise_bars

MEASURES = ("entropy", "n_bars", "total_persistence", "largest_persistence")
"""The fields of :class:`BarSummary` that are compared with the null."""


@dataclass(frozen=True)
class GaussianNull:
    """The measures of Gaussian clouds in place of a set of points.

    Attributes
    ----------
    values
        Shape (number of clouds, number of dimensions, number of ``MEASURES``), float64; NaN where a cloud has none.
    """

    values: Numbers

    def of(self, dimension: int, measure: str) -> Numbers:
        """Give one measure of every cloud: shape (number of clouds,)."""
        return self.values[:, dimension, MEASURES.index(measure)]


def draw_gaussian_null(
    vectors: npt.ArrayLike, *, nulls: int, seed: int | Sequence[int], max_dimension: int = 1, metric: Metric = METRIC
) -> GaussianNull:
    """Measure the diagrams of Gaussian clouds that have the mean and the covariance of the distinct vectors.

    Parameters
    ----------
    vectors
        Shape (n, dimension): exact repeats count once, as in the diagram.
    nulls
        How many clouds.
    seed
        The same seed gives the same clouds.
    max_dimension, metric
        As in :func:`loopscope.topology.diagrams.compute_persistence_diagram`; for ``"chord"`` the points of a cloud
        are brought to unit length, which changes its covariance a little.

    Examples
    --------
    >>> null = draw_gaussian_null(np.eye(5), nulls=3, seed=0)
    >>> null.of(0, "n_bars").tolist()
    [4.0, 4.0, 4.0]
    """
    distinct = keep_distinct(vectors)
    clouds = SameCovariance.of(distinct)
    random = np.random.default_rng(seed)
    values = np.empty((nulls, max_dimension + 1, len(MEASURES)))
    for row in values:
        cloud = clouds.draw(random)
        drawn = compute_persistence_diagram(cloud, max_dimension=max_dimension, metric=metric)
        row[:] = [measure_bars(summarise_bars(bars)) for bars in drawn.points]
    return GaussianNull(values)


def measure_bars(summary: BarSummary) -> list[float]:
    """Give the ``MEASURES`` of a summary, in their order."""
    return [float(getattr(summary, measure)) for measure in MEASURES]
