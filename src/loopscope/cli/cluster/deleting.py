"""``loopscope cluster delete``: one clustering result taken out of the database."""

import typer

from loopscope.cli.cluster.app import ResultId, app
from loopscope.cli.ids import resolve
from loopscope.cli.options import DEFAULT_DATABASE, Database, Yes
from loopscope.cli.output import say


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
