"""``loopscope cluster delete``: one clustering result taken out of the database."""

import typer

from loopscope.cli.cluster.app import ResultId, app
from loopscope.cli.ids import resolve
from loopscope.cli.options import DEFAULT_DATABASE, Database, Yes
from loopscope.cli.output import say


@app.command("delete")
def delete(result: ResultId, db: Database = DEFAULT_DATABASE, yes: Yes = False) -> None:
    """Delete one clustering with its clusters and assignments, and all of its layers; outputs and embeddings stay."""
    from loopscope.schemas import ClusteringResult
    from loopscope.store.clusterings import delete_clustering, find_layers
    from loopscope.store.connection import open_store

    with open_store(db) as store:
        result_id = resolve(store, ClusteringResult, result)
        with store.session() as session:
            layers = [layer.uuid.hex[:8] for layer in find_layers(session, result_id)]
        all_of_it = f"clustering {result}" if len(layers) == 1 else f"the layers {', '.join(layers)} of one clustering"
        if not yes:
            typer.confirm(f"Delete {all_of_it}? Outputs and embeddings stay.", abort=True, err=True)
        with store.transaction() as session:
            delete_clustering(session, result_id)
    say(f"deleted {all_of_it}")
