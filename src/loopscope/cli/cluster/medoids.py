"""``loopscope cluster medoids|medoid``: the outputs that stand for clusters, and where each one leads."""

from typing import Annotated, Any

import typer

from loopscope.cli.cluster.app import ResultId, app
from loopscope.cli.ids import resolve
from loopscope.cli.options import DEFAULT_DATABASE, AsJson, Database, ImagesFolder
from loopscope.cli.output import counted, print_facts, print_json, print_table


@app.command("medoids")
def medoids(db: Database = DEFAULT_DATABASE, as_json: AsJson = False) -> None:
    """List every embedding that is a medoid in any result, and of which clusters.

    Its text and its picture are told by their invocations: of the two, one describes the other.
    """
    import polars as pl

    from loopscope.data_prep import load_medoids_df
    from loopscope.store.connection import open_store

    with open_store(db) as store, store.session() as session:
        frame = load_medoids_df(session).filter(pl.col("medoid_embedding_id").is_not_null())
    rows = frame.sort("medoid_embedding_id", "clustering_result_id", "cluster_id").to_dicts()
    rows = [row | _text_and_picture(row) for row in rows]
    if as_json:
        print_json(rows)
        return
    print_table(
        ["embedding", "text", "picture", "model", "result", "cluster", "size", "medoid"],
        [
            [
                row["medoid_embedding_id"],
                row["text_invocation_id"],
                row["picture_invocation_id"],
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


@app.command("medoid")
def medoid(
    result: ResultId,
    number: Annotated[int, typer.Argument(metavar="NUMBER", min=0, help="The cluster, as cluster show numbers them.")],
    db: Database = DEFAULT_DATABASE,
    images: ImagesFolder = None,
    as_json: AsJson = False,
) -> None:
    """Show the medoid of one cluster: its text or picture, the picture or text that goes with it, and its run."""
    from loopscope.data_prep import load_medoids_df
    from loopscope.export.medoid import export_medoid
    from loopscope.schemas import ClusteringResult
    from loopscope.store.connection import open_store

    with open_store(db) as store:
        result_id = resolve(store, ClusteringResult, result)
        with store.session() as session:
            frame = load_medoids_df(session, result_id, include_pictures=images is not None, cluster_id=number)
    row = frame.row(0, named=True)
    pictures = {name: row.pop(name, None) for name in ("picture", "next_picture")}
    paths = export_medoid(number, pictures, images) if images else {}
    row |= _text_and_picture(row) | {"path": paths.get("picture"), "next_path": paths.get("next_picture")}
    if as_json:
        print_json(row)
        return
    print_facts(_facts(row, "a picture; to see it: --images DIR"))


def _text_and_picture(row: dict[str, Any]) -> dict[str, int | None]:
    own, companion = row["medoid_invocation_id"], row["companion_invocation_id"]
    text, picture = (own, companion) if row["output_type"] == "text" else (companion, own)
    return {"text_invocation_id": text, "picture_invocation_id": picture}


def _facts(row: dict[str, Any], unwritten: str) -> dict[str, Any]:
    """Say what a medoid is, what it was made from and what was made from it, and where it stands."""
    facts = {
        "cluster": f"{row['cluster_id']} of {row['clustering_result_uuid'][:8]} ({row['embedding_model']})",
        "size": f"{counted(row['cluster_size'], 'embedding')} of {counted(row['n_runs'], 'run')} and "
        f"{counted(row['n_prompts'], 'prompt')}",
        **_outputs(row, unwritten),
        "model": f"{row['model']}, step {row['sequence_number']}",
        "run": row["run_uuid"],
        "network": row["network"],
        "prompt": row["initial_prompt"],
        "seed": "fresh randomness" if row["seed"] is None else row["seed"],
    }
    return {name: value for name, value in facts.items() if value is not None}


def _outputs(row: dict[str, Any], unwritten: str) -> dict[str, Any]:
    source = row["source_text"]
    if row["source_invocation_id"] is None:
        source = f"the initial prompt: {source}"
    following = row["next_text"] or row["next_path"] or unwritten
    if row["next_invocation_id"] is None:
        following = "nothing: its run ends here"
    if row["output_type"] == "image":
        caption = "caption" if row["next_text"] else "next"
        return {"picture": row["path"] or unwritten, "made from": source, caption: following}
    describes = (row["path"] or unwritten) if row["companion_invocation_id"] else None
    return {"text": row["medoid_text"], "describes": describes, "made from": source, "next": following}
