"""``loopscope chart``: draw a frame to a file."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loopscope.cli.options import DEFAULT_DATABASE, Database, ExperimentOption
from loopscope.cli.output import say
from loopscope.errors import NotFoundError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class Chart(StrEnum):
    """The charts there are."""

    RASTER = "raster"
    SIZES = "sizes"
    GALLERY = "gallery"
    DRIFT = "drift"


def draw_chart(
    name: Annotated[
        Chart,
        typer.Argument(
            help="raster: runs × steps, coloured by cluster. sizes: clusters with their medoids. "
            "gallery: medoid pictures with captions. drift: distance of the texts from their prompt."
        ),
    ],
    db: Database = DEFAULT_DATABASE,
    clustering: Annotated[
        str | None,
        typer.Option("--clustering", metavar="ID", help="The clustering result; by default the newest."),
    ] = None,
    experiment: ExperimentOption = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="MODEL", help="The embedding model whose drift is drawn.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="To .html (works offline), .png, .svg or .pdf. [default: NAME.html]"
        ),
    ] = None,
) -> None:
    """Draw a chart to a file: HTML that works offline, PNG, SVG or PDF; the gallery as PNG."""
    from loopscope.datavis.saving import save_chart
    from loopscope.store.connection import open_store

    path = output or Path(f"{name}.{'png' if name is Chart.GALLERY else 'html'}")
    with open_store(db) as store, store.session() as session:
        chart = _draw(session, name, clustering, experiment, model)
    say(f"wrote {save_chart(chart, path)}")


def _draw(session: "Session", name: Chart, clustering: str | None, experiment: str | None, model: str | None) -> Any:
    import polars as pl

    from loopscope.data_prep import load_clusters_df, load_drift_df, load_medoids_df
    from loopscope.datavis.cluster_sizes import plot_cluster_sizes
    from loopscope.datavis.drift import plot_drift
    from loopscope.datavis.gallery import draw_medoid_gallery
    from loopscope.datavis.raster import plot_raster
    from loopscope.schemas import Experiment
    from loopscope.store.ids import resolve_uuid

    experiment_id = resolve_uuid(session, Experiment, experiment) if experiment else None
    if name is Chart.DRIFT:
        drift = load_drift_df(session, model, experiment_id)
        return plot_drift(drift.filter(pl.col("drift_from_prompt").is_not_null()))
    result_id = _choose_result(session, clustering)
    if name is Chart.RASTER:
        clusters = load_clusters_df(session, result_id, include_unclustered=True)
        return plot_raster(
            clusters if experiment_id is None else clusters.filter(pl.col("experiment_id") == experiment_id)
        )
    if name is Chart.SIZES:
        return plot_cluster_sizes(load_medoids_df(session, result_id))
    return draw_medoid_gallery(load_medoids_df(session, result_id, include_pictures=True))


def _choose_result(session: "Session", prefix: str | None) -> int:
    from loopscope.data_prep import load_clustering_results_df
    from loopscope.schemas import ClusteringResult
    from loopscope.store.ids import resolve_uuid

    if prefix is not None:
        return resolve_uuid(session, ClusteringResult, prefix)
    results = load_clustering_results_df(session).sort("clustering_result_id")
    if results.is_empty():
        raise NotFoundError("found no clustering result; expected one to draw: loopscope cluster perform MODEL")
    newest = results.row(-1, named=True)
    say(
        f"drawing the newest of {len(results)} clustering results: {newest['uuid'][:8]} "
        f"({newest['embedding_model']}); choose another with --clustering ID"
    )
    return int(newest["clustering_result_id"])
