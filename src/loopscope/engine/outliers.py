"""Why embeddings of a stored result are outliers: distances, settings, and what the outliers have in common."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from loopscope.clustering.clusterers import Hdbscan
from loopscope.clustering.tree.cutting import cut
from loopscope.clustering.tree.linkage import Linkage, link
from loopscope.clustering.trust.diagnostics import (
    Factor,
    OutlierDiagnosis,
    OutlierShare,
    diagnose_outliers,
    separate_by_distance,
)
from loopscope.clustering.trust.noise import gaussian_cloud
from loopscope.clustering.trust.sweep import share_of_outliers
from loopscope.engine.kernels import prepare_kernels
from loopscope.engine.progress import Progress, Silence
from loopscope.engine.trajectories import StoredClustering, load_stored_clustering
from loopscope.schemas import Embedding, Invocation, Run
from loopscope.statistics.estimate import Estimate
from loopscope.statistics.resampling import resample_runs
from loopscope.store.connection import Store
from loopscope.store.rows import fetch_rows
from loopscope.types import OUTLIER

NEIGHBOUR = 5
"""Whose distance is taken where the algorithm has no ``min_samples``."""
SIZES = 8
DISTANCE = "neighbour distance"
"""The factor that comes first in a diagnosis."""


@dataclass(frozen=True)
class OutlierReport:
    """What there is to say of the outliers of a result.

    Attributes
    ----------
    clustering
        The result.
    neighbour
        The rank of the neighbour whose distance is meant, the embedding itself included.
    distances
        Shape (n,), float64: the distance of each embedding's neighbour.
    overall
        The share of outliers among all.
    separation
        How well that distance tells outliers from members.
    by_size
        The share of outliers at sizes of clusters from small to large, all else as recorded; none for algorithms other
        than HDBSCAN.
    diagnosis
        Shares and effects of what else is known of each embedding.
    """

    clustering: StoredClustering
    neighbour: int
    distances: npt.NDArray[np.float64]
    overall: Estimate
    separation: Estimate
    by_size: tuple[OutlierShare, ...]
    diagnosis: OutlierDiagnosis


def explain_outliers(
    store: Store,
    clustering_result_id: int,
    *,
    min_cluster_sizes: Sequence[int] | None = None,
    clouds: int = 1,
    seed: int = 0,
    progress: Progress | None = None,
) -> OutlierReport:
    """Say what makes embeddings of a stored result outliers.

    Parameters
    ----------
    store, clustering_result_id
        The result.
    min_cluster_sizes
        The sizes at which it is cut again; by default eight from a quarter of its own to four times that.
    clouds
        How many Gaussian clouds of the same covariance are cut alike, as the null of the share at each size.
    seed
        The same seed gives the same numbers.
    progress
        Told of each part.

    Raises
    ------
    NotFoundError
        When there is no such result.
    ClusteringError
        When its vectors cannot be linked.
    """
    progress = progress or Silence()
    prepare_kernels(progress)
    progress.begin("parts of the diagnosis", 4 + clouds)
    clustering = load_stored_clustering(store, clustering_result_id)
    outlier = clustering.labels == OUTLIER
    runs = clustering.trajectories.runs
    with store.session() as session:
        factors = list(_load_factors(session, clustering))
    progress.advance(1)
    settings = _settings(clustering)
    linkage = link(clustering.trajectories.vectors, **settings)
    distances = linkage.core_distances[linkage.repeats.inverse]
    progress.advance(1)
    linkages = [linkage]
    by_size: tuple[OutlierShare, ...] = ()
    if clustering.algorithm == "hdbscan":
        for number in range(clouds):
            unit = settings["metric"] == "cosine"
            linkages.append(link(gaussian_cloud(clustering.trajectories.vectors, seed + number, unit=unit), **settings))
            progress.advance(1)
        by_size = tuple(_cut_by_size(clustering, linkages, min_cluster_sizes, seed))
    else:
        progress.shorten(clouds)
    progress.advance(1)
    separation = separate_by_distance(outlier, distances, runs, seed=seed)
    diagnosis = diagnose_outliers(outlier, [Factor(DISTANCE, distances)], runs, seed=seed)
    others = diagnose_outliers(outlier, factors, runs, seed=seed)
    progress.advance(1)
    together = OutlierDiagnosis(diagnosis.shares + others.shares, others.effects)
    overall = share_of_outliers(outlier, runs, resample_runs(runs, 500, seed), [])
    return OutlierReport(clustering, settings["min_samples"], distances, overall, separation, by_size, together)


def _settings(clustering: StoredClustering) -> dict[str, Any]:
    """Give what links the vectors as they were linked, or nearly so where the algorithm links in another way."""
    known = clustering.parameters
    return {
        "min_samples": known.get("min_samples", NEIGHBOUR) if clustering.algorithm != "evoc" else NEIGHBOUR,
        "repeats": known.get("repeats", "collapse"),
        "metric": known.get("metric", "cosine"),
    }


def _cut_by_size(
    clustering: StoredClustering, linkages: Sequence[Linkage], sizes: Sequence[int] | None, seed: int
) -> Iterator[OutlierShare]:
    runs = clustering.trajectories.runs
    parameters = Hdbscan.resolve(clustering.parameters, int(linkages[0].sizes.sum()))
    settings = {name: parameters[name] for name in ("epsilon", "allow_single_cluster")}
    weights = resample_runs(runs, 500, seed)
    own = parameters["min_cluster_size"]
    most = int(linkages[0].sizes.sum())
    for size in sorted(set(sizes if sizes is not None else _sizes_around(own))):
        if size > most:
            continue
        outlier, *null = (cut(each, min_cluster_size=size, **settings).labels == OUTLIER for each in linkages)
        share = share_of_outliers(outlier, runs, weights, null)
        yield OutlierShare("min_cluster_size", str(size), len(outlier), share)


def _sizes_around(size: int) -> list[int]:
    spread = np.geomspace(max(2, size / 4), max(8, size * 4), SIZES)
    return sorted({size, *(round(float(each)) for each in spread)})


def _load_factors(session: Session, clustering: StoredClustering) -> Iterator[Factor]:
    """Read what is known of each embedding's output, in the order of the result's embeddings."""
    index = clustering.trajectories.index
    statement = (
        select(Embedding.id, Invocation.model, Invocation.output_hash, func.length(Invocation.output_text))
        .join(Invocation, Invocation.id == Embedding.invocation_id)
        .where(Embedding.id >= int(index.embedding_id.min()), Embedding.id <= int(index.embedding_id.max()))
    )
    known = {key: rest for rows in fetch_rows(session, statement) for key, *rest in rows}
    models, hashes, lengths = zip(*(known[key] for key in index.embedding_id.tolist()), strict=True)
    if lengths[0] is not None:
        yield Factor("caption length", np.array(lengths, dtype=np.float64))
    yield Factor("sequence number", index.sequence_number.astype(np.float64), along_run=True)
    _, number, counts = np.unique(np.array(hashes), return_inverse=True, return_counts=True)
    yield Factor("repeats", counts[number].astype(np.float64), doublings=True)
    networks = {key: "→".join(network) for key, network in session.execute(select(Run.id, Run.network))}
    yield _categories("network", [networks[run_id] for run_id in index.run_id.tolist()])
    yield _categories("model", models)


def _categories(name: str, values: Sequence[str]) -> Factor:
    names, number = np.unique(np.array(values), return_inverse=True)
    return Factor(name, number.astype(np.float64), tuple(names.tolist()))
