"""How stable the clusters of a stored result are: its own algorithm and parameters on some of its runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from loopscope.clustering.checking import check_vectors
from loopscope.clustering.registry import find_clusterer
from loopscope.clustering.repeats import collapse_repeats, distinct_rows
from loopscope.clustering.tree.cutting import cut
from loopscope.clustering.tree.linkage import link
from loopscope.clustering.trust.noise import gaussian_cloud
from loopscope.clustering.trust.stability import (
    ClusterStability,
    Floats,
    count_left_in,
    resample_jaccard,
    summarise_stability,
)
from loopscope.engine.kernels import prepare_kernels
from loopscope.engine.progress import Progress, Silence
from loopscope.engine.trajectories import StoredClustering, load_stored_clustering
from loopscope.errors import ClusteringError
from loopscope.store.connection import Store
from loopscope.types import OUTLIER, Vectors


@dataclass(frozen=True)
class Stability:
    """The stability of every cluster of a result."""

    clustering: StoredClustering
    clusters: tuple[ClusterStability, ...]


def measure_stability(
    store: Store,
    clustering_result_id: int,
    *,
    resamples: int = 50,
    share: float = 0.8,
    clouds: int = 20,
    seed: int = 0,
    progress: Progress | None = None,
) -> Stability:
    """Cluster subsamples of the runs of a result again, and see which of its clusters come again.

    The parameters stay as they are recorded, ``min_cluster_size`` too (Hennig 2007 keeps the method fixed): a cluster
    that is only just large enough dissolves when runs are left out, which is a way of not being stable.

    Parameters
    ----------
    store, clustering_result_id
        The result.
    resamples
        How often runs are left out, at least 2.
    share
        Of the runs that stay in.
    clouds
        How many Gaussian clouds of the same covariance are treated likewise, with ``resamples / clouds`` resamples
        each; 0 for no null.
    seed
        The same seed gives the same numbers.
    progress
        Told of each resample.

    Raises
    ------
    NotFoundError
        When there is no such result.
    ClusteringError
        When its algorithm is not there any more, it has no clusters, no run can be left out, or its vectors cannot be
        clustered.

    References
    ----------
    Hennig 2007, doi:10.1016/j.csda.2006.11.025.
    """
    if resamples < 2 or clouds < 0:
        raise ClusteringError(f"found {resamples} resamples and {clouds} clouds; expected at least 2, and at least 0")
    progress = progress or Silence()
    clustering = load_stored_clustering(store, clustering_result_id)
    if clustering.labels.max(initial=OUTLIER) == OUTLIER:
        raise ClusteringError(
            f"clustering {clustering.uuid.hex[:8]} has no clusters whose stability could be measured; expected some"
        )
    vectors, runs = clustering.trajectories.vectors, clustering.trajectories.runs
    metric = clustering.parameters.get("metric", "cosine")
    check_vectors(vectors, metric)
    again = reclusterer(clustering)
    count_left_in(runs.n_runs, share)
    for_null = max(resamples // max(clouds, 1), 2)
    prepare_kernels(progress)
    progress.begin("subsamples clustered", resamples + clouds * (for_null + 1))

    def told() -> None:
        progress.advance(1)

    def resample(of: Vectors, labels: npt.NDArray[np.int64], times: int, chosen: int) -> Floats:
        return resample_jaccard(
            labels, runs, lambda rows: again(of[rows]), resamples=times, share=share, seed=chosen, told=told
        )

    jaccard = resample(vectors, clustering.labels, resamples, seed)
    null = []
    for number in range(clouds):
        cloud = gaussian_cloud(vectors, seed=seed + number, unit=metric == "cosine")
        labels = again(cloud)
        told()
        null.append(resample(cloud, labels, for_null, seed))
    found = summarise_stability(clustering.labels, jaccard, null, n_runs=runs.n_runs, share=share)
    return Stability(clustering, found)


def reclusterer(clustering: StoredClustering) -> Callable[[Vectors], npt.NDArray[np.int64]]:
    """Make the function from vectors to labels that a result was made by; medoids are not looked for.

    Vectors that are fewer than the parameters ask for, as a small subsample may be, have no cluster: all are outliers.
    Whatever else cannot be clustered is refused as ever.

    Raises
    ------
    ClusteringError
        When the algorithm is not installed, or the parameters are not its own.
    """
    clusterer = find_clusterer(clustering.algorithm)
    distinct = len(collapse_repeats(clustering.trajectories.vectors).first)
    parameters = clusterer.resolve(clustering.parameters, distinct)
    by_hdbscan = clustering.algorithm == "hdbscan"

    def labels(vectors: Vectors) -> npt.NDArray[np.int64]:
        if _too_few(vectors, parameters):
            return np.full(len(vectors), OUTLIER, dtype=np.int64)
        if by_hdbscan:
            return _labels_of_hdbscan(vectors, parameters)
        layers = clusterer.cluster(vectors, parameters)
        return layers[min(clustering.layer or 0, len(layers) - 1)].labels

    return labels


def _labels_of_hdbscan(vectors: Vectors, parameters: Mapping[str, Any]) -> npt.NDArray[np.int64]:
    linkage = link(vectors, **{name: parameters[name] for name in ("min_samples", "repeats", "metric")})
    settings = {name: parameters[name] for name in ("min_cluster_size", "epsilon", "allow_single_cluster")}
    return cut(linkage, **settings).labels


def _too_few(vectors: Vectors, parameters: Mapping[str, Any]) -> bool:
    """Tell whether there are fewer vectors, of those that count, than a cluster or a neighbourhood needs."""
    distinct = len(collapse_repeats(vectors).first)
    if distinct == 1 and "allow_single_cluster" in parameters:  # hdbscan takes equal vectors for one cluster
        return not parameters["allow_single_cluster"] or len(vectors) < parameters["min_cluster_size"]
    counted = len(distinct_rows(vectors, parameters.get("repeats", "collapse")).first)
    sizes = (parameters.get(name) for name in ("min_cluster_size", "min_samples", "n_neighbors"))
    needed = max((size for size in sizes if isinstance(size, int)), default=1)
    return counted < needed + ("n_neighbors" in parameters)  # a vector is no neighbour of its own
