"""Clustering algorithms in a package of their own, as a third party's would be: put this folder on the path."""

import numpy as np

from loopscope.clustering.result import number_clusters
from loopscope.errors import ClusteringError


class Nested:
    """Two layers: one cluster for each largest coordinate, and one of everything."""

    name = "nested"
    libraries = ("numpy",)

    @staticmethod
    def missing():
        return None

    @staticmethod
    def resolve(settings, n_distinct):
        if unknown := set(settings) - {"sharpness"}:
            raise ClusteringError(f"nested has no parameter {unknown}; known: sharpness")
        return {"sharpness": 1.0, "seen": n_distinct} | dict(settings)

    @staticmethod
    def cluster(vectors, parameters):
        fine = np.argmax(vectors, axis=1)
        certain = np.ones(len(vectors))
        return [number_clusters(vectors, labels.astype(np.int64), certain) for labels in (fine, np.zeros_like(fine))]


class Lacking:
    name = "lacking"


class Misnamed(Nested):
    pass


class Impostor(Nested):
    name = "hdbscan"
