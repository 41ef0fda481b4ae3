"""``loopscope chart``: draw a frame to a file."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from loopscope.cli.ending import interruptible
from loopscope.cli.ids import resolve
from loopscope.cli.options import DEFAULT_DATABASE, Database, ExperimentOption
from loopscope.cli.output import counted, print_table, say
from loopscope.errors import NotFoundError

if TYPE_CHECKING:
    import polars as pl

    from loopscope.store.connection import Store


class Chart(StrEnum):
    """The charts there are."""

    RASTER = "raster"
    SIZES = "sizes"
    GALLERY = "gallery"
    DRIFT = "drift"


SHOWN = {
    Chart.RASTER: "runs × steps, coloured by cluster",
    Chart.SIZES: "clusters by size, with their medoids",
    Chart.GALLERY: "medoid pictures with their captions (PNG)",
    Chart.DRIFT: "how far texts or pictures are from where their run began",
}


class Since(StrEnum):
    """Where drift is measured from."""

    PROMPT = "prompt"
    START = "start"


def draw_chart(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="One of: raster, sizes, gallery, drift. Bare, they are listed."),
    ] = None,
    db: Database = DEFAULT_DATABASE,
    clustering: Annotated[
        str | None,
        typer.Option("--clustering", metavar="ID", help="The clustering result; by default the newest."),
    ] = None,
    experiment: ExperimentOption = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", metavar="MODEL", help="The embedding model whose drift, or newest clustering, is drawn."
        ),
    ] = None,
    since: Annotated[Since | None, typer.Option(help="Where drift is measured from; by default the prompt.")] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="To .html (works offline), .png, .svg or .pdf; by default NAME.html, the gallery NAME.png.",
        ),
    ] = None,
) -> None:
    """Draw a chart to a file: HTML that works offline, PNG, SVG or PDF. Bare, it lists the charts."""
    if name is None:
        print_table(["chart", "shows"], [[each.value, shows] for each, shows in SHOWN.items()])
        return
    chart = _chart_named(name)
    from loopscope.datavis.saving import save_chart
    from loopscope.store.connection import open_store

    path = output or Path(f"{chart}.{'png' if chart is Chart.GALLERY else 'html'}")
    with open_store(db) as store, interruptible(f"{path} was not written"):
        if chart is Chart.DRIFT:
            _refuse(chart, {"--clustering": clustering})
            drawn = _draw_drift(store, experiment, model, (since or Since.PROMPT).value)
        else:
            _refuse(chart, {"--since": since, "--experiment": None if chart is Chart.RASTER else experiment})
            drawn = _draw_clusters(store, chart, clustering, experiment, model)
        say(f"wrote {save_chart(drawn, path)}")


def _chart_named(name: str) -> Chart:
    if name in set(Chart):
        return Chart(name)
    from loopscope.config import nearest

    raise typer.BadParameter(f'found no chart "{name}"{nearest(name, Chart)}')


def _refuse(name: Chart, options: dict[str, str | None]) -> None:
    for option, value in options.items():
        if value is not None:
            raise typer.BadParameter(f"{option} {value} says nothing to the chart {name}; leave it out")


def _draw_drift(store: "Store", experiment: str | None, model: str | None, since: Literal["prompt", "start"]) -> Any:
    import polars as pl

    from loopscope.data_prep import load_drift_df
    from loopscope.datavis.drift import plot_drift
    from loopscope.schemas import Experiment

    experiment_id = resolve(store, Experiment, experiment) if experiment else None
    with store.session() as session:
        drift = load_drift_df(session, model, experiment_id)
    if model is None and since == "prompt":
        drift = drift.filter(pl.col("drift_from_prompt").is_not_null())
    return plot_drift(drift, since=since)


def _draw_clusters(
    store: "Store", name: Chart, clustering: str | None, experiment: str | None, model: str | None
) -> Any:
    from loopscope.data_prep import load_clusters_df, load_medoids_df
    from loopscope.datavis.cluster_sizes import plot_cluster_sizes
    from loopscope.datavis.gallery import draw_medoid_gallery
    from loopscope.datavis.raster import plot_raster

    result_id = _choose_result(store, clustering, model)
    with store.session() as session:
        if name is Chart.GALLERY:
            return draw_medoid_gallery(load_medoids_df(session, result_id, include_pictures=True))
        if name is Chart.SIZES:
            return plot_cluster_sizes(load_medoids_df(session, result_id))
        clusters = load_clusters_df(session, result_id, include_unclustered=True)
    return plot_raster(_of_experiments(store, clusters, result_id, experiment))


def _of_experiments(store: "Store", clusters: "pl.DataFrame", result_id: int, experiment: str | None) -> "pl.DataFrame":
    """Keep the experiment that is asked for, by default those that the result was made of; add the result's id."""
    import polars as pl

    from loopscope.data_prep import load_clustering_results_df
    from loopscope.schemas import Experiment

    with store.session() as session:
        result = load_clustering_results_df(session, result_id).row(0, named=True)
    clusters = clusters.with_columns(clustering_result_uuid=pl.lit(result["uuid"]))
    uuids = [experiment] if experiment else json.loads(result["selection"])["experiments"]
    if uuids is None:
        return clusters
    chosen = clusters.filter(pl.col("experiment_id").is_in([resolve(store, Experiment, uuid) for uuid in uuids]))
    if chosen["cluster_id"].is_null().all():
        raise NotFoundError(
            f"clustering {result['uuid'][:8]} holds no output of experiment {experiment}; name one that does with "
            "--clustering ID: loopscope cluster list"
        )
    return chosen


def _choose_result(store: "Store", prefix: str | None, model: str | None) -> int:
    import polars as pl

    from loopscope.data_prep import load_clustering_results_df
    from loopscope.schemas import ClusteringResult

    if prefix is not None:
        _refuse(Chart.RASTER, {"--model": model})
        return resolve(store, ClusteringResult, prefix)
    with store.session() as session:
        results = load_clustering_results_df(session)
    results = results if model is None else results.filter(pl.col("embedding_model") == model)
    if results.is_empty():
        raise NotFoundError(
            f"found no clustering result to draw; make one: loopscope cluster perform {model or 'MODEL'}"
        )
    newest = results.row(-1, named=True)
    say(
        f"drawing the newest of {counted(len(results), 'clustering result')}: {newest['uuid'][:8]} "
        f"({newest['embedding_model']}); choose another with --clustering ID"
    )
    return int(newest["clustering_result_id"])
