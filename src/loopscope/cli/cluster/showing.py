"""``loopscope cluster list|show|medoids|delete``: what clusterings there are, and where each cluster leads."""

import json

import typer

from loopscope.cli.cluster.app import ResultId, app
from loopscope.cli.ids import resolve
from loopscope.cli.options import DEFAULT_DATABASE, AsJson, Database, ImagesFolder, Yes
from loopscope.cli.output import print_facts, print_json, print_table, print_text, say


@app.command("list")
def list_results(db: Database = DEFAULT_DATABASE, as_json: AsJson = False) -> None:
    """List the clustering results of a database."""
    from loopscope.data_prep import load_clustering_results_df
    from loopscope.store.connection import open_store

    with open_store(db) as store, store.session() as session:
        frame = load_clustering_results_df(session)
    rows = [row | {"selection": json.loads(row["selection"])} for row in frame.to_dicts()]
    if as_json:
        print_json(rows)
        return
    if frame.is_empty():
        say("no clustering results yet; make one: loopscope cluster perform MODEL")
        return
    print_table(
        ["id", "finished", "model", "clusters", "outliers", "experiments", "parameters"],
        [
            [
                row["uuid"][:8],
                f"{row['finished_at']:%m-%d %H:%M}",
                row["embedding_model"],
                row["n_clusters"],
                f"{row['n_outliers']} of {row['n_members'] + row['n_outliers']}",
                ", ".join(uuid[:8] for uuid in row["selection"]["experiments"] or ["all"]),
                f"{row['algorithm']}: {_said(_numbers(row['parameters']))}, downsample {row['downsample']}",
            ]
            for row in rows
        ],
        wide=["parameters", "experiments"],
    )


@app.command("show")
def show(
    result: ResultId, db: Database = DEFAULT_DATABASE, images: ImagesFolder = None, as_json: AsJson = False
) -> None:
    """Show the clusters of a result by size, each led by the text or picture that is its medoid."""
    import polars as pl

    from loopscope.data_prep import load_clustering_results_df, load_medoids_df
    from loopscope.export.pictures import export_medoid_pictures
    from loopscope.schemas import ClusteringResult
    from loopscope.store.connection import open_store
    from loopscope.types import OUTLIER

    with open_store(db) as store:
        result_id = resolve(store, ClusteringResult, result)
        with store.session() as session:
            facts = load_clustering_results_df(session).row(
                by_predicate=pl.col("clustering_result_id") == result_id, named=True
            )
            medoids = load_medoids_df(session, result_id, include_pictures=images is not None)
    paths = export_medoid_pictures(medoids, images) if images else {}
    rows = [
        {key: value for key, value in row.items() if key != "picture"} | {"path": paths.get(row["cluster_id"])}
        for row in medoids.sort(pl.col("cluster_id") == OUTLIER, "cluster_id").to_dicts()
    ]
    if as_json:
        print_json(facts | {"selection": json.loads(facts["selection"]), "result_clusters": rows})
        return
    print_facts(
        {
            "id": facts["uuid"],
            "model": facts["embedding_model"],
            "algorithm": f"{facts['algorithm']}: {_said(facts['parameters'])}, downsample {facts['downsample']}",
            "embeddings": f"{facts['n_members'] + facts['n_outliers']}, of which {facts['n_outliers']} are outliers",
            "finished": f"{facts['finished_at']:%Y-%m-%d %H:%M:%S} UTC",
        }
    )
    print_text("")
    print_table(
        ["cluster", "size", "runs", "prompts", "medoid", "picture"],
        [
            [row[name] for name in ("cluster_id", "cluster_size", "n_runs", "n_prompts", "cluster_label", "path")]
            for row in rows
        ],
        wide=["medoid", "picture"],
    )


@app.command("medoids")
def medoids(db: Database = DEFAULT_DATABASE, as_json: AsJson = False) -> None:
    """List every embedding that is a medoid in any result, and of which clusters."""
    import polars as pl

    from loopscope.data_prep import load_medoids_df
    from loopscope.store.connection import open_store

    with open_store(db) as store, store.session() as session:
        frame = load_medoids_df(session).filter(pl.col("medoid_embedding_id").is_not_null())
    rows = frame.sort("medoid_embedding_id", "clustering_result_id", "cluster_id").to_dicts()
    if as_json:
        print_json(rows)
        return
    print_table(
        ["embedding", "model", "result", "cluster", "size", "medoid"],
        [
            [
                row["medoid_embedding_id"],
                row["embedding_model"],
                row["clustering_result_uuid"][:8],
                row["cluster_id"],
                row["cluster_size"],
                row["cluster_label"],
            ]
            for row in rows
        ],
        wide=["medoid"],
    )


@app.command("delete")
def delete(result: ResultId, db: Database = DEFAULT_DATABASE, yes: Yes = False) -> None:
    """Delete one clustering result with its clusters and assignments; outputs and embeddings stay."""
    from loopscope.schemas import ClusteringResult
    from loopscope.store.clusterings import delete_clustering
    from loopscope.store.connection import open_store

    with open_store(db) as store:
        result_id = resolve(store, ClusteringResult, result)
        if not yes:
            typer.confirm(f"Delete clustering {result}? Outputs and embeddings stay.", abort=True, err=True)
        with store.transaction() as session:
            delete_clustering(session, result_id)
    say(f"deleted clustering {result}")


def _said(settings: dict[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items() if value is not None)


def _numbers(settings: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in settings.items() if type(value) in (int, float)}
