"""Charts of the clusters themselves, and of the time that models take."""

import json
from typing import TYPE_CHECKING, Any

from loopscope.cli.chart.choice import Choice
from loopscope.cli.ids import resolve
from loopscope.errors import NotFoundError

if TYPE_CHECKING:
    import polars as pl


def draw_raster(choice: Choice) -> Any:
    """Draw which cluster every run is in at every step."""
    from loopscope.data_prep import load_absorption_df, load_clusters_df
    from loopscope.datavis.raster import plot_raster

    with choice.store.session() as session:
        clusters = load_clusters_df(session, choice.result_id, include_unclustered=True)
        absorption = load_absorption_df(session, clustering_result_id=choice.result_id)
    return plot_raster(
        _of_experiments(choice, clusters),
        absorption,
        sort="absorption" if choice.sort == "absorption" else "seed",
        group="prompt" if choice.by == "prompt" else "network",
    )


def draw_sizes(choice: Choice) -> Any:
    """Draw the clusters by size."""
    from loopscope.data_prep import load_medoids_df
    from loopscope.datavis.cluster_sizes import plot_cluster_sizes

    with choice.store.session() as session:
        return plot_cluster_sizes(load_medoids_df(session, choice.result_id))


def draw_gallery(choice: Choice) -> Any:
    """Draw the medoids as a contact sheet."""
    from loopscope.data_prep import load_medoids_df
    from loopscope.datavis.gallery import draw_medoid_gallery

    with choice.store.session() as session:
        return draw_medoid_gallery(load_medoids_df(session, choice.result_id, include_pictures=True))


def _of_experiments(choice: Choice, clusters: "pl.DataFrame") -> "pl.DataFrame":
    """Keep the experiment that is asked for, by default those that the result was made of; add the result's id."""
    import polars as pl

    from loopscope.data_prep import load_clustering_results_df
    from loopscope.schemas import Experiment

    with choice.store.session() as session:
        result = load_clustering_results_df(session, choice.result_id).row(0, named=True)
    clusters = clusters.with_columns(clustering_result_uuid=pl.lit(result["uuid"]))
    uuids = [choice.experiment] if choice.experiment else json.loads(result["selection"])["experiments"]
    if uuids is None:
        return clusters
    chosen = clusters.filter(pl.col("experiment_id").is_in([resolve(choice.store, Experiment, uuid) for uuid in uuids]))
    if chosen["cluster_id"].is_null().all():
        raise NotFoundError(
            f"clustering {result['uuid'][:8]} holds no output of experiment {choice.experiment}; name one that does "
            "with --clustering ID: loopscope cluster list"
        )
    return chosen


def draw_outliers(choice: Choice) -> Any:
    """Draw what the share of outliers depends on."""
    from loopscope.data_prep import load_outlier_diagnostics_df
    from loopscope.datavis.outlier_diagnostics import plot_outlier_diagnostics

    return plot_outlier_diagnostics(load_outlier_diagnostics_df(choice.store, choice.result_id))


def draw_durations(choice: Choice) -> Any:
    """Draw how long the invocations of each model took."""
    from loopscope.data_prep import load_invocations_df
    from loopscope.datavis.invocation_durations import plot_invocation_durations

    with choice.store.session() as session:
        return plot_invocation_durations(load_invocations_df(session, choice.experiment_id))
