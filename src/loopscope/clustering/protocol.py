"""What a clustering algorithm is: the seam at which other packages add theirs."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from loopscope.clustering.result import Clustering
from loopscope.types import Vectors


class Clusterer(Protocol):
    """An algorithm that clusters the embeddings of one model.

    A class with these members, named in the entry point group ``loopscope.clusterers``, is known by its name. It is
    never made an object of: it has settings but no state.

    Attributes
    ----------
    name
        Its name, such as ``hdbscan``; equal to the name of its entry point.
    libraries
        The distributions whose versions are recorded with a result, such as ``("numpy", "numba")``.
    """

    name: ClassVar[str]
    libraries: ClassVar[tuple[str, ...]]

    @staticmethod
    def missing() -> str | None:
        """Say what must be installed before it can be used, and how; None when it is ready."""
        ...

    @staticmethod
    def resolve(settings: Mapping[str, Any], n_distinct: int) -> dict[str, Any]:
        """Complete settings to all parameters of one clustering, as they are recorded.

        Parameters
        ----------
        settings
            Those that the user gave, by name.
        n_distinct
            How many distinct embeddings there are, for defaults that depend on it.

        Raises
        ------
        ClusteringError
            When a setting is unknown or its value is not possible; with what was expected.
        """
        ...

    @staticmethod
    def cluster(vectors: Vectors, parameters: Mapping[str, Any]) -> Sequence[Clustering]:
        """Cluster vectors: one clustering, or several layers of it, the finest first.

        Parameters
        ----------
        vectors
            Shape (n, dimension), float32, unit length, in trajectory order.
        parameters
            As ``resolve`` gave them. The same vectors and parameters give the same clustering.

        Raises
        ------
        ClusteringError
            When these vectors cannot be clustered so; with what was expected.
        """
        ...
