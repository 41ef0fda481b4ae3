"""``loopscope demo``: the built-in experiment from prompts to charts."""

import contextlib
import ctypes
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loopscope.cli.ending import FINISHED_WITH_FAILURES, interruptible
from loopscope.cli.output import say

if TYPE_CHECKING:
    from loopscope.engine.clustering import Clustered
    from loopscope.engine.demo import DemoClustering
    from loopscope.engine.performing import Performed
    from loopscope.engine.progress import Progress
    from loopscope.store.connection import Store


SHARED_BY = 3


def perform_demo(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where everything goes.")] = Path("demo"),
    db: Annotated[
        str | None,
        typer.Option(
            "--db", metavar="PATH|URL", help="The database; by default DIR/loopscope.db, whatever LOOPSCOPE_DB says."
        ),
    ] = None,
) -> None:
    """Perform the built-in experiment: paint, describe, embed, cluster, draw, and write a report. Needs no GPU.

    Pictures are painted from five prompts, described, and painted again, sixty steps long. It takes two minutes or
    three; say it again to go on after an interruption.
    """
    from loopscope.store.connection import open_store

    out.mkdir(parents=True, exist_ok=True)
    location = db or str(out / "loopscope.db")
    with open_store(location, create=True) as store:
        command = f"loopscope demo --out {shlex.quote(str(out))} {store.place.option}"
        with interruptible(f"what was finished is in {location}. Go on with: {command}"):
            performed, clustered = _perform(store)
            _give_memory_back()
            written, shared = _draw(store, performed.experiment_id, clustered, out)
            report = _write_report(store, performed.experiment_id, clustered["MiniLM"], out)
    _tell_what_is_there(store, performed, clustered["MiniLM"], report, written, shared, out)
    _tell_what_next(store, clustered["MiniLM"])
    if not performed.complete:
        raise typer.Exit(FINISHED_WITH_FAILURES)


def _perform(store: "Store") -> "tuple[Performed, dict[str, Clustered]]":
    from loopscope.cli.progress import shown_progress
    from loopscope.engine.demo import CLUSTERINGS, demo_experiment
    from loopscope.engine.performing import perform_experiment
    from loopscope.engine.persistence import compute_persistence_diagrams
    from loopscope.models.registry import Registry

    registry = Registry.installed()
    config = demo_experiment(registry)
    networks = " and ".join("→".join(network) for network in config.networks)
    lacking = registry.entry("Read").missing
    say(f"Performing {networks}" + (f"; the network that reads is left out, since {lacking}" if lacking else ""))
    with shown_progress() as progress:
        performed = perform_experiment(config, store, registry=registry, progress=progress)
        clustered = {
            each.embedding_model: _cluster(store, each, performed.experiment_id, progress) for each in CLUSTERINGS
        }
        for each in CLUSTERINGS:
            compute_persistence_diagrams(
                store, each.embedding_model, experiment_ids=[performed.experiment_id], progress=progress
            )
    return performed, clustered


def _give_memory_back() -> None:
    """Give what the models used back to the system before drawing begins: the C library of Linux would keep it."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def _cluster(store: "Store", each: "DemoClustering", experiment_id: int, progress: "Progress") -> "Clustered":
    from loopscope.engine.clustering import cluster_embeddings, load_clustered
    from loopscope.errors import AlreadyClusteredError

    try:
        return cluster_embeddings(
            store,
            each.embedding_model,
            experiment_ids=[experiment_id],
            min_cluster_size=each.min_cluster_size,
            min_samples=each.min_samples,
            epsilon=each.epsilon,
            allow_single_cluster=False,
            progress=progress,
        )
    except AlreadyClusteredError as same:
        return load_clustered(store, same.clustering_result_id)


def _draw(store: "Store", experiment_id: int, clustered: "dict[str, Clustered]", out: Path) -> tuple[list[Path], int]:
    """Draw the charts; return their paths, and how many clusters of texts three or more prompts visited."""
    import polars as pl

    from loopscope.data_prep import load_clusters_df, load_drift_df, load_medoids_df
    from loopscope.datavis.cluster_sizes import plot_cluster_sizes
    from loopscope.datavis.drift import plot_drift
    from loopscope.datavis.gallery import draw_medoid_gallery
    from loopscope.datavis.raster import plot_raster
    from loopscope.datavis.saving import save_chart
    from loopscope.export.pictures import export_medoid_pictures

    texts, pictures = clustered["MiniLM"].clustering_result_id, clustered["ColourLayout"].clustering_result_id
    with store.session() as session:
        clusters = load_clusters_df(session, texts).with_columns(
            clustering_result_uuid=pl.lit(str(clustered["MiniLM"].uuid))
        )
        medoids = load_medoids_df(session, texts, include_pictures=True)
        picture_medoids = load_medoids_df(session, pictures, include_pictures=True)
        drift = load_drift_df(session, "MiniLM", experiment_id)
    charts: dict[str, Any] = {
        "raster": plot_raster(clusters),
        "sizes": plot_cluster_sizes(medoids),
        "drift": plot_drift(drift),
    }
    written = [
        save_chart(chart, out / "charts" / f"{name}.{kind}")
        for name, chart in charts.items()
        for kind in ("html", "png")
    ]
    written.append(save_chart(draw_medoid_gallery(medoids), out / "charts" / "gallery_texts.png"))
    written.append(save_chart(draw_medoid_gallery(picture_medoids), out / "charts" / "gallery_pictures.png"))
    export_medoid_pictures(medoids, out / "pictures" / "texts")
    export_medoid_pictures(picture_medoids, out / "pictures" / "pictures")
    shared = medoids.filter((pl.col("cluster_id") >= 0) & (pl.col("n_prompts") >= SHARED_BY)).height
    return written, shared


def _write_report(store: "Store", experiment_id: int, result: "Clustered", out: Path) -> Path:
    from loopscope.cli.progress import shown_progress
    from loopscope.export.report import write_report

    with shown_progress() as progress:
        written = write_report(
            store,
            experiment_id,
            out / "report.html",
            clustering_result_id=result.clustering_result_id,
            progress=progress,
        )
    return written.path


def _tell_what_is_there(
    store: "Store",
    performed: "Performed",
    result: "Clustered",
    report: Path,
    written: list[Path],
    shared: int,
    out: Path,
) -> None:
    counts = performed.counts
    say("")
    made = f"{counts.runs:,} runs, {counts.invocations:,} invocations and {counts.embeddings:,} embeddings"
    say(f"{made} are in {store.location}.")
    say(
        f"The {result.embeddings:,} texts fall into {result.clusters} clusters, with {result.outliers:,} outliers; "
        f"{shared} of the clusters are visited from {SHARED_BY} or more of the prompts."
    )
    say(f"Read this first: {report}, which answers what one asks of such loops, with pictures and numbers.")
    say("Charts: " + ", ".join(str(path) for path in written))
    say(f"Pictures of the medoids: {out / 'pictures'}")


def _tell_what_next(store: "Store", result: "Clustered") -> None:
    at = store.place.option
    client = "psql" if store.place.path is None else f"sqlite3 {shlex.quote(store.location)} .schema"
    say("")
    say("What to type next:")
    if shutil.which("loopscope") is None:
        say(f"  source {_shortest(Path(sys.prefix))}/bin/activate    so that the command loopscope is found")
    for command, meaning in (
        (f"loopscope cluster show {result.uuid.hex[:8]} {at}", "the clusters, each led by its medoid"),
        (f"loopscope run list {at}", "the runs, and why each stopped"),
        (f"loopscope chart raster -o raster.svg {at}", "the raster, for a paper; bare, the command lists every chart"),
        (f"loopscope export frames frames --format csv {at}", "every number, with what each means"),
        (
            f"loopscope cluster perform MiniLM --min-cluster-size 5 --no-allow-single-cluster {at}",
            "another one, beside this",
        ),
        (client, "the tables, to ask in plain SQL"),
        ("loopscope experiment --help", "how to write an experiment of your own"),
    ):
        say(f"  {command}\n       {meaning}")


def _shortest(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
