"""``loopscope cluster list|show``: what clusterings there are, and the clusters of one, by any of their properties."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loopscope.cli.cluster.app import ResultId, app
from loopscope.cli.cluster.choosing import COLUMNS, choose_clusters, name_properties
from loopscope.cli.cluster.wording import (
    NOT_RECORDED,
    order_by_layer,
    say_differences,
    say_durations,
    say_embeddings,
    say_experiments,
    say_layer,
    say_origin,
    say_selection,
    say_settings,
)
from loopscope.cli.ids import resolve
from loopscope.cli.options import DEFAULT_DATABASE, AsJson, Database, ImagesFolder
from loopscope.cli.output import counted, print_facts, print_json, print_table, print_text, say
from loopscope.types import OUTLIER

if TYPE_CHECKING:
    import polars as pl

_HEADINGS = {"distinct_outputs": "distinct", "mean_distance": "mean"}
_COUNTS = ("cluster", "size", "distinct_outputs", "runs", "prompts")
_MEASURES = ("radius", "mean_distance", "persistence")


@app.command("list")
def list_results(db: Database = DEFAULT_DATABASE, as_json: AsJson = False) -> None:
    """List the clustering results of a database; layers of one clustering stand together, the finest first."""
    from loopscope.data_prep import load_clustering_results_df
    from loopscope.store.connection import open_store

    with open_store(db) as store, store.session() as session:
        rows = order_by_layer(load_clustering_results_df(session).to_dicts())
    if as_json:
        print_json([_with_json(row) for row in rows])
        return
    if not rows:
        say("no clustering results yet; make one: loopscope cluster perform MODEL")
        return
    print_table(
        ["id", "finished", "model", "layer", "clusters", "outliers", "experiments", "parameters"],
        [
            [
                row["uuid"][:8],
                f"{row['finished_at']:%Y-%m-%d %H:%M}",
                row["embedding_model"],
                say_layer(row, rows),
                row["n_clusters"],
                f"{row['n_outliers']} of {row['n_members'] + row['n_outliers']}",
                say_experiments(row),
                f"{'imported, ' if row['origin'] else ''}{row['algorithm']}: "
                f"{say_differences(row['parameters'] | {'downsample': _unless_all(row['downsample'])})}",
            ]
            for row in rows
        ],
        wide=["layer", "parameters", "experiments"],
    )


@app.command("show")
def show(
    result: ResultId,
    db: Database = DEFAULT_DATABASE,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="CONDITION",
            help='Only clusters of which this is true, such as "radius < 0.3"; may be given more than once.',
        ),
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option(metavar="PROPERTY", help=f"Smallest first; by default by number. One of: {', '.join(COLUMNS)}."),
    ] = None,
    descending: Annotated[bool, typer.Option("--descending", help="Largest first.")] = False,
    images: ImagesFolder = None,
    as_json: AsJson = False,
) -> None:
    """Show the clusters of a result, each led by the text or picture that is its medoid.

    Radius and mean are distances to the medoid; persistence is how long a cluster lasts as density grows.

    With --images those that were not asked for leave their room to the paths.
    """
    import polars as pl

    from loopscope.data_prep import load_cluster_properties_df, load_clustering_results_df, load_medoids_df
    from loopscope.export.pictures import export_medoid_pictures
    from loopscope.schemas import ClusteringResult
    from loopscope.store.connection import open_store

    with open_store(db) as store:
        result_id = resolve(store, ClusteringResult, result)
        with store.session() as session:
            results = load_clustering_results_df(session).to_dicts()
            properties = load_cluster_properties_df(session, result_id)
            medoids = load_medoids_df(session, result_id, include_pictures=images is not None)
    facts = next(each for each in results if each["clustering_result_id"] == result_id)
    named = name_properties(properties)
    chosen, asked = choose_clusters(named, where or (), sort, descending)
    medoids = medoids.filter(pl.col("cluster_id").is_in(chosen["cluster"].to_list()))
    paths = export_medoid_pictures(medoids, images) if images else {}
    _say_what_is_not_there(named, asked)
    if as_json:
        rows = _rows(chosen, medoids, properties, paths)
        print_json(_with_json(facts) | {"result_clusters": [_with_json(row) for row in rows]})
        return
    print_facts(_facts(facts, results))
    print_text("")
    _print_clusters(chosen, medoids, paths, asked)
    if where:
        say(f"{(chosen['cluster'] != OUTLIER).sum()} of {counted(facts['n_clusters'], 'cluster')}")


def _rows(
    chosen: "pl.DataFrame", medoids: "pl.DataFrame", properties: "pl.DataFrame", paths: dict[int, Any]
) -> list[dict[str, Any]]:
    """Give all that is known of the clusters, in the order chosen."""
    described = medoids.drop("picture", "next_picture", strict=False)
    measures = properties.select("cluster_id", *(name for name in properties.columns if name not in described.columns))
    known = {row["cluster_id"]: row for row in described.join(measures, on="cluster_id").to_dicts()}
    return [known[number] | {"path": paths.get(number)} for number in chosen["cluster"]]


def _facts(result: dict[str, Any], results: list[dict[str, Any]]) -> dict[str, Any]:
    layer, origin = say_layer(result, results), say_origin(result)
    group = [each for each in results if layer and each["layer_group"] == result["layer_group"]]
    layers = ", ".join(f"{each['layer']} is {each['uuid'][:8]}" for each in sorted(group, key=lambda row: row["layer"]))
    facts = {
        "id": result["uuid"],
        "model": f"{result['embedding_model']}, of {'texts' if result['output_type'] == 'text' else 'pictures'}",
        "algorithm": f"{result['algorithm']}: {say_settings(result['parameters'])}, downsample {result['downsample']}",
        "layer": layer and f"{layer}, 0 being the finest ({layers})",
        "selection": say_selection(result),
        "embeddings": say_embeddings(result),
        "finished": f"{result['finished_at']:%Y-%m-%d %H:%M:%S} UTC",
        "took": None if origin else say_durations(result),
        "made by": origin or f"loopscope {result['loopscope_version'] or NOT_RECORDED}",
    }
    return {name: value for name, value in facts.items() if value is not None}


def _print_clusters(chosen: "pl.DataFrame", medoids: "pl.DataFrame", paths: dict[int, Any], asked: list[str]) -> None:
    """Print the usual properties that are there, and those that were asked for."""
    labels = {row["cluster_id"]: row["cluster_label"] for row in medoids.to_dicts()}
    usual = _COUNTS if paths else (*_COUNTS, *_MEASURES)
    names = [name for name in usual if name == "cluster" or chosen[name].count()]
    names += [name for name in asked if name not in names]
    print_table(
        [*(_HEADINGS.get(name, name) for name in names), "medoid", "picture"],
        [
            [*(row[name] for name in names), labels[row["cluster"]], paths.get(row["cluster"])]
            for row in chosen.to_dicts()
        ],
        wide=["medoid", "picture"],
    )


def _say_what_is_not_there(named: "pl.DataFrame", asked: list[str]) -> None:
    clusters = named.filter(named["cluster"] != OUTLIER)
    for name in asked:
        missing = clusters[name].null_count()
        if missing:
            which = "no cluster has" if missing == clusters.height else f"{missing} of {clusters.height} clusters lack"
            say(f"{which} the property {name}: it was not recorded, or the algorithm has none")


def _unless_all(downsample: int) -> int | None:
    return None if downsample == 1 else downsample


def _with_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """Turn what a frame holds as JSON into what it means."""
    return {**row} | {name: json.loads(row[name]) for name in ("selection", "origin", "other") if row.get(name)}
