"""The built-in algorithms as clusterers: their parameters, completed and recorded, and how they are called."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from loopscope.clustering.evoc import evoc, evoc_is_installed
from loopscope.clustering.hdbscan import hdbscan
from loopscope.clustering.optics import optics
from loopscope.clustering.parameters import Medoid, Metric, Parameters, Repeats, complete
from loopscope.clustering.result import Clustering
from loopscope.types import Vectors

SMALLEST_SHARE = 0.001
"""By default a cluster has at least this share of the distinct embeddings, and never fewer than two."""


class HdbscanParameters(Parameters):
    """What :func:`loopscope.clustering.hdbscan` takes."""

    min_cluster_size: int | None = Field(default=None, ge=2)
    min_samples: int | None = Field(default=None, ge=1)
    epsilon: float = Field(default=0.4, ge=0)
    allow_single_cluster: bool = True
    repeats: Repeats = "collapse"
    metric: Metric = "cosine"
    medoid: Medoid = "unweighted"


class Hdbscan:
    """HDBSCAN, exact; see :func:`loopscope.clustering.hdbscan`."""

    name: ClassVar[str] = "hdbscan"
    libraries: ClassVar[tuple[str, ...]] = ("numpy", "numba", "scipy")

    @staticmethod
    def missing() -> str | None:
        """Nothing is missing."""
        return None

    @staticmethod
    def resolve(settings: Mapping[str, Any], n_distinct: int) -> dict[str, Any]:
        """Complete the settings; sizes that were not given are 0.1 % of the distinct embeddings, at least 2."""
        return _with_sizes(complete(HdbscanParameters, "hdbscan", settings), n_distinct)

    @staticmethod
    def cluster(vectors: Vectors, parameters: Mapping[str, Any]) -> tuple[Clustering, ...]:
        """Cluster vectors; there is one layer."""
        return (hdbscan(vectors, **parameters),)


class OpticsParameters(Parameters):
    """What :func:`loopscope.clustering.optics` takes."""

    min_cluster_size: int | None = Field(default=None, ge=2)
    min_samples: int | None = Field(default=None, ge=2)
    max_distance: float | None = Field(default=None, gt=0)
    xi: float = Field(default=0.05, gt=0, lt=1)
    repeats: Repeats = "collapse"
    metric: Metric = "cosine"
    medoid: Medoid = "unweighted"


class Optics:
    """OPTICS with steepness; see :func:`loopscope.clustering.optics`."""

    name: ClassVar[str] = "optics"
    libraries: ClassVar[tuple[str, ...]] = ("numpy", "scikit-learn", "scipy")

    @staticmethod
    def missing() -> str | None:
        """Nothing is missing."""
        return None

    @staticmethod
    def resolve(settings: Mapping[str, Any], n_distinct: int) -> dict[str, Any]:
        """Complete the settings; sizes that were not given are 0.1 % of the distinct embeddings, at least 2."""
        return _with_sizes(complete(OpticsParameters, "optics", settings), n_distinct)

    @staticmethod
    def cluster(vectors: Vectors, parameters: Mapping[str, Any]) -> tuple[Clustering, ...]:
        """Cluster vectors; there is one layer."""
        return (optics(vectors, **parameters),)


class EvocParameters(Parameters):
    """What :func:`loopscope.clustering.evoc` takes."""

    noise_level: float = Field(default=0.5, ge=0, le=1)
    min_cluster_size: int = Field(default=5, ge=2)
    min_samples: int = Field(default=5, ge=1)
    n_neighbors: int = Field(default=15, ge=2)
    n_epochs: int = Field(default=50, ge=1)
    max_layers: int = Field(default=10, ge=1)
    min_similarity: float = Field(default=0.2, ge=0, le=1)
    seed: int = Field(default=0, ge=0, lt=2**32)
    repeats: Repeats = "collapse"
    medoid: Medoid = "unweighted"


class Evoc:
    """EVoC, in layers; see :func:`loopscope.clustering.evoc`."""

    name: ClassVar[str] = "evoc"
    libraries: ClassVar[tuple[str, ...]] = ("numpy", "numba", "scikit-learn", "evoc")

    @staticmethod
    def missing() -> str | None:
        """Say that the package ``evoc`` is missing where it is."""
        return None if evoc_is_installed() else "it needs the package evoc: pip install 'loopscope[evoc]'"

    @staticmethod
    def resolve(settings: Mapping[str, Any], n_distinct: int) -> dict[str, Any]:
        """Complete the settings."""
        return complete(EvocParameters, "evoc", settings)

    @staticmethod
    def cluster(vectors: Vectors, parameters: Mapping[str, Any]) -> tuple[Clustering, ...]:
        """Cluster vectors in layers, the finest first."""
        return evoc(vectors, **parameters)


def _with_sizes(parameters: dict[str, Any], n_distinct: int) -> dict[str, Any]:
    smallest = max(2, round(SMALLEST_SHARE * n_distinct))
    sizes = {name: smallest for name in ("min_cluster_size", "min_samples") if parameters[name] is None}
    return parameters | sizes
