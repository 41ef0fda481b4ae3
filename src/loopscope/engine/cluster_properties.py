"""What is known of each cluster beside its members: how wide it is, what made it, how many runs are in it."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from loopscope.clustering import Clustering
from loopscope.clustering.extents import measure_extents
from loopscope.engine.sampling import Sample
from loopscope.types import OUTLIER


@dataclass(frozen=True)
class Properties:
    """The properties of the clusters of one result, as they are stored.

    Attributes
    ----------
    clusters
        Those of clusters 0, 1, …
    outliers
        Those of the outlier cluster.
    """

    clusters: list[dict[str, Any]]
    outliers: dict[str, Any]


def describe_clusters(sample: Sample, clustering: Clustering, distinct: npt.NDArray[np.int64]) -> Properties:
    """Describe the clusters of a clustering of a sample.

    ``radius`` is the largest, ``mean_distance`` the mean distance of a member to the medoid; ``epsilon`` is the
    distance 1 / ``lambda_birth`` at which the cluster forms.

    Parameters
    ----------
    distinct
        Shape (n,), int64: which of the distinct vectors each vector of the sample is.
    """
    counts = _count(sample, clustering.labels, distinct)
    extents = measure_extents(sample.vectors, clustering.labels, clustering.medoid_indices)
    clusters = [
        {
            "radius": float(extents.radius[number]),
            "mean_distance": float(extents.mean_distance[number]),
            "persistence": _known(clustering.persistence[number]),
            "lambda_birth": _known(clustering.lambda_birth[number]),
            "lambda_death": _known(clustering.lambda_death[number]),
            "epsilon": _known(1 / clustering.lambda_birth[number]),
            **counts[number],
        }
        for number in range(len(clustering.medoid_indices))
    ]
    return Properties(clusters, counts.get(OUTLIER, {}))


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _count(sample: Sample, labels: npt.NDArray[np.int64], distinct: npt.NDArray[np.int64]) -> dict[int, dict[str, int]]:
    """Count, for each label, the distinct outputs, the runs and the prompts among its embeddings."""
    import polars as pl

    run_ids = sample.index.run_id
    members = pl.DataFrame({"label": labels, "distinct_outputs": distinct, "runs": run_ids})
    prompts = pl.DataFrame({"runs": list(sample.prompts), "prompts": list(sample.prompts.values())})
    counted = (
        members.join(prompts, on="runs", how="left")
        .group_by("label")
        .agg(pl.col("distinct_outputs", "runs", "prompts").n_unique())
    )
    return {row.pop("label"): row for row in counted.to_dicts()}
