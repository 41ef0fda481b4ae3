"""``loopscope cluster perform``: cluster the embeddings of a model."""

from typing import TYPE_CHECKING, Annotated

import typer

from loopscope.cli.cluster.app import app
from loopscope.cli.ending import interruptible
from loopscope.cli.ids import resolve
from loopscope.cli.options import DEFAULT_DATABASE, AsJson, Database
from loopscope.cli.output import counted, print_json, say

if TYPE_CHECKING:
    from loopscope.engine.clustering import Clustered


@app.command("perform")
def perform(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The embedding model, such as MiniLM.")],
    db: Database = DEFAULT_DATABASE,
    experiment: Annotated[
        list[str] | None,
        typer.Option("--experiment", metavar="ID", help="Only this experiment; may be given more than once."),
    ] = None,
    downsample: Annotated[
        int, typer.Option(min=1, metavar="N", help="Keep every N-th output of its type within each run.")
    ] = 1,
    min_cluster_size: Annotated[
        int | None,
        typer.Option(
            min=2, metavar="K", help="The fewest distinct outputs that are a cluster; by default 0.1 %, at least 2."
        ),
    ] = None,
    min_samples: Annotated[
        int | None,
        typer.Option(min=1, metavar="K", help="How many neighbours make a place dense; by default 0.1 %, at least 2."),
    ] = None,
    epsilon: Annotated[
        float, typer.Option(min=0, max=2, metavar="E", help="Clusters that part below this chord distance stay one.")
    ] = 0.4,
    allow_single_cluster: Annotated[bool, typer.Option(help="Whether everything may be one cluster.")] = True,
    as_json: AsJson = False,
) -> None:
    """Cluster the embeddings of one model by HDBSCAN; what is there already stays as it is."""
    from dataclasses import asdict

    from loopscope.cli.progress import shown_progress
    from loopscope.engine.clustering import cluster_embeddings
    from loopscope.schemas import Experiment
    from loopscope.store.connection import open_store

    with open_store(db) as store:
        chosen = [resolve(store, Experiment, prefix) for prefix in experiment or ()]
        nothing = f"nothing was saved; to cluster again: loopscope cluster perform {model} {store.place.option}"
        with interruptible(nothing), shown_progress() as progress:
            done = cluster_embeddings(
                store,
                model,
                experiment_ids=chosen or None,
                downsample=downsample,
                min_cluster_size=min_cluster_size,
                min_samples=min_samples,
                epsilon=epsilon,
                allow_single_cluster=allow_single_cluster,
                progress=progress,
            )
    if as_json:
        print_json(asdict(done))
    short, at = done.uuid.hex[:8], store.place.option
    say(
        f"clustering {short}: {counted(done.clusters, 'cluster')} and {counted(done.outliers, 'outlier')} of "
        f"{counted(done.embeddings, 'embedding')}; "
        f"log in {done.log_file}. Next: loopscope cluster show {short} {at}"
    )
    if advice := _advice(done):
        say(advice)


def _advice(done: "Clustered") -> str | None:
    """Say what to try where a clustering tells little."""
    if done.clusters > 1 and done.outliers <= done.embeddings / 2:
        return None
    return (
        f"{counted(done.clusters, 'cluster')} and {done.outliers / done.embeddings:.0%} outliers tell little; try "
        "--min-cluster-size 10 --min-samples 5 --no-allow-single-cluster, or another --epsilon"
    )
