"""Null G: a cloud without clusters that is as wide in every direction as the data."""

import numpy as np

from loopscope.clustering.repeats import collapse_repeats
from loopscope.types import Vectors

BLOCK = 4096


def gaussian_cloud(vectors: Vectors, seed: int, *, unit: bool = True) -> Vectors:
    """Draw a Gaussian cloud with the mean and the covariance of the distinct vectors.

    What repeats exactly in the data repeats in the cloud: repeats are facts of the loop, the shape is what is doubted.

    Parameters
    ----------
    vectors
        Shape (n, dimension), float32.
    seed
        The same seed gives the same cloud.
    unit
        Whether to bring the points to unit length, for clustering by cosine; that changes the covariance a little.

    Returns
    -------
    numpy.ndarray
        Shape (n, dimension), float32.

    Examples
    --------
    >>> cloud = gaussian_cloud(np.eye(3, dtype=np.float32)[[0, 1, 2, 0]], seed=0)
    >>> cloud.shape, bool((cloud[0] == cloud[3]).all()), bool((cloud[0] == cloud[1]).all())
    ((4, 3), True, False)
    """
    distinct = collapse_repeats(vectors)
    points = vectors[distinct.first]
    mean = points.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((points.shape[1], points.shape[1]))
    for start in range(0, len(points), BLOCK):
        centred = points[start : start + BLOCK] - mean
        covariance += centred.T @ centred
    variances, axes = np.linalg.eigh(covariance / len(points))
    spread = (axes * np.sqrt(np.clip(variances, 0, None))).T
    random = np.random.default_rng(seed)
    cloud = np.empty(points.shape, dtype=np.float32)
    for start in range(0, len(points), BLOCK):
        drawn = random.standard_normal((min(BLOCK, len(points) - start), len(mean))) @ spread + mean
        if unit:
            drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
        cloud[start : start + BLOCK] = drawn
    return cloud[distinct.inverse]
