"""``loopscope cluster outputs``: what a cluster holds, and what a result left out."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from loopscope.cli.cluster.app import ResultId, app
from loopscope.cli.ids import resolve
from loopscope.cli.membership import say_later
from loopscope.cli.options import DEFAULT_DATABASE, AsJson, Database
from loopscope.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    import polars as pl


class Status(StrEnum):
    """Where an embedding stands in a result."""

    MEMBER = "member"
    OUTLIER = "outlier"
    NOT_SAMPLED = "not-sampled"
    ADDED_LATER = "added-later"


@app.command("outputs")
def outputs(
    result: ResultId,
    db: Database = DEFAULT_DATABASE,
    cluster: Annotated[
        int | None, typer.Option(metavar="NUMBER", min=-1, help="Only those of this cluster; -1 for the outliers.")
    ] = None,
    status: Annotated[Status | None, typer.Option(help="Only those that stand so in the result.")] = None,
    run: Annotated[
        str | None, typer.Option("--run", metavar="ID", help="Only those of this run: the beginning of its id.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the outputs of a cluster, or those that a result left out; bare, count them by where they stand."""
    from loopscope.data_prep import load_cluster_outputs_df, load_clusters_df
    from loopscope.schemas import ClusteringResult, Run
    from loopscope.store.connection import open_store

    with open_store(db) as store:
        result_id = resolve(store, ClusteringResult, result)
        run_id = resolve(store, Run, run) if run else None
        bare = cluster is None and status is None and run is None and not as_json
        with store.session() as session:
            if bare:
                at = f"{result[:8]} {store.place.option}"
                _print_counts(load_clusters_df(session, result_id, include_unclustered=True), at)
                return
            stands = status and status.replace("-", " ")
            frame = load_cluster_outputs_df(session, result_id, cluster_id=cluster, status=stands, run_id=run_id)
    if as_json:
        print_json(frame.to_dicts())
        return
    if frame.is_empty():
        say(f"found no such output; see the clusters: loopscope cluster show {result} {store.place.option}")
        return
    _print_outputs(frame)


def _print_outputs(frame: "pl.DataFrame") -> None:
    print_table(
        ["run", "step", "status", "cluster", "probability", "assigned later", "prompt", "output"],
        [
            [
                row["run_uuid"][:8],
                row["sequence_number"],
                row["status"],
                row["cluster_id"],
                row["probability"],
                say_later(row),
                row["initial_prompt"],
                row["output_text"] or "a picture",
            ]
            for row in frame.to_dicts()
        ],
        wide=["cluster", "probability", "assigned later", "prompt", "output"],
    )


def _print_counts(frame: "pl.DataFrame", result: str) -> None:
    """Print how many embeddings stand where, of how many runs."""
    import polars as pl

    assigned = pl.col("later_cluster_id").is_not_null().sum()
    counts = frame.group_by("status").agg(n=pl.len(), runs=pl.col("run_id").n_unique(), assigned=assigned)
    rows = {row["status"]: row for row in counts.to_dicts()}
    shown = [rows[name] for name in (each.replace("-", " ") for each in Status) if name in rows]
    print_table(
        ["status", "embeddings", "runs", "assigned later"],
        [[row["status"], row["n"], row["runs"], row["assigned"] or None] for row in shown],
        wide=["assigned later"],
    )
    say(f"list them: loopscope cluster outputs {result} --cluster NUMBER, --status STATUS or --run ID")
