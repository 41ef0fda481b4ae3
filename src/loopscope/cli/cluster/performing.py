"""``loopscope cluster perform|assign|algorithms``: cluster embeddings, and place those that came later."""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loopscope.cli.cluster.app import ResultId, app
from loopscope.cli.ending import interruptible
from loopscope.cli.ids import resolve
from loopscope.cli.options import DEFAULT_DATABASE, AsJson, Database
from loopscope.cli.output import counted, print_json, print_table, say

if TYPE_CHECKING:
    from loopscope.engine.clustering import Clustered


@app.command("perform")
def perform(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The embedding model, such as MiniLM.")],
    db: Database = DEFAULT_DATABASE,
    algorithm: Annotated[
        str, typer.Option(metavar="NAME", help="hdbscan, optics, evoc …: see loopscope cluster algorithms.")
    ] = "hdbscan",
    experiment: Annotated[
        list[str] | None,
        typer.Option("--experiment", metavar="ID", help="Only this experiment; may be given more than once."),
    ] = None,
    without_prompt: Annotated[
        list[str] | None,
        typer.Option("--without-prompt", metavar="TEXT", help="Leave out runs of this prompt; may be given again."),
    ] = None,
    downsample: Annotated[
        int, typer.Option(min=1, metavar="N", help="Keep every N-th output of its type within each run.")
    ] = 1,
    min_cluster_size: Annotated[
        int | None,
        typer.Option(
            min=2, metavar="K", help="The fewest outputs that are a cluster; by default 0.1 % of the distinct, ≥ 2."
        ),
    ] = None,
    min_samples: Annotated[
        int | None,
        typer.Option(min=1, metavar="K", help="How many neighbours make a place dense; by default 0.1 %, ≥ 2."),
    ] = None,
    epsilon: Annotated[
        float | None,
        typer.Option(min=0, metavar="E", help="Clusters nearer than this stay one; hdbscan: by default 0.4."),
    ] = None,
    allow_single_cluster: Annotated[
        bool | None, typer.Option(help="Whether everything may be one cluster; hdbscan: by default yes.")
    ] = None,
    repeats: Annotated[
        str | None,
        typer.Option(metavar="HOW", help="Exact repeats: collapse (the default) clusters each once, count each time."),
    ] = None,
    medoid: Annotated[
        str | None, typer.Option(metavar="HOW", help="unweighted (the default), weighted or nearest_to_mean.")
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any other parameter of the algorithm, such as xi=0.1."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Store it even if the same result is there already.")] = False,
    as_json: AsJson = False,
) -> None:
    """Cluster the embeddings of one model; what is there already stays as it is."""
    from dataclasses import asdict

    from loopscope.cli.progress import shown_progress
    from loopscope.engine.clustering import cluster_embeddings
    from loopscope.schemas import Experiment
    from loopscope.store.connection import open_store

    named = {
        "min_cluster_size": min_cluster_size,
        "min_samples": min_samples,
        "epsilon": epsilon,
        "allow_single_cluster": allow_single_cluster,
        "repeats": repeats,
        "medoid": medoid,
    }
    settings = {name: value for name, value in named.items() if value is not None}
    others = _parse(setting or ())
    if twice := sorted(set(settings) & set(others)):
        raise typer.BadParameter(f"{twice[0]} is set by an option of its own as well; expected one", param_hint="--set")
    with open_store(db) as store:
        chosen = [resolve(store, Experiment, prefix) for prefix in experiment or ()]
        nothing = f"nothing was saved; to cluster again: loopscope cluster perform {model} {store.place.option}"
        with interruptible(nothing), shown_progress() as progress:
            done = cluster_embeddings(
                store,
                model,
                algorithm=algorithm,
                experiment_ids=chosen or None,
                without_prompts=without_prompt or (),
                downsample=downsample,
                again=again,
                progress=progress,
                **settings,
                **others,
            )
    if as_json:
        print_json(asdict(done))
    for layer in (done, *done.coarser):
        short = layer.uuid.hex[:8]
        say(
            f"clustering {short}: {counted(layer.clusters, 'cluster')} and {counted(layer.outliers, 'outlier')} of "
            f"{counted(layer.embeddings, 'embedding')}"
        )
    say(f"log in {done.log_file}. Next: loopscope cluster show {done.uuid.hex[:8]} {store.place.option}")
    if algorithm == "hdbscan" and (advice := _advice(done, f"{model} {store.place.option}")):
        say(advice)


@app.command("assign")
def assign(result: ResultId, db: Database = DEFAULT_DATABASE, as_json: AsJson = False) -> None:
    """Place embeddings that came later into the clusters of a result, which stays as it is.

    Each goes to the cluster of its nearest core, or is an outlier; these assignments are marked and never mixed with
    those of the clustering itself.
    """
    from dataclasses import asdict

    from loopscope.cli.progress import shown_progress
    from loopscope.engine.assigning import assign_later_embeddings
    from loopscope.schemas import ClusteringResult
    from loopscope.store.connection import open_store

    with open_store(db) as store:
        result_id = resolve(store, ClusteringResult, result)
        with interruptible("nothing was saved"), shown_progress() as progress:
            done = assign_later_embeddings(store, result_id, progress=progress)
    if as_json:
        print_json(asdict(done))
    if done.members + done.outliers == 0:
        say("no embeddings came later that are not assigned yet; nothing to do")
        return
    say(
        f"{counted(done.members + done.outliers, 'embedding')} that came later: {done.members:,} joined a cluster, "
        f"{done.outliers:,} are outliers"
    )


@app.command("algorithms")
def algorithms(as_json: AsJson = False) -> None:
    """List the clustering algorithms, their parameters and what they are by default."""
    from loopscope.clustering.registry import installed_clusterers

    entries = installed_clusterers().values()
    if as_json:
        print_json(
            [
                {"name": entry.name, "package": entry.package, "missing": entry.missing, "parameters": entry.defaults}
                for entry in entries
            ]
        )
        return
    print_table(
        ["name", "package", "parameters", "missing"],
        [[entry.name, entry.package, _said(entry.defaults), entry.missing] for entry in entries],
        wide=["parameters", "missing"],
    )
    say("min_cluster_size and min_samples of hdbscan and optics: 0.1 % of the distinct embeddings, but at least 2")


def _said(parameters: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={json.dumps(value)}" for name, value in parameters.items())


def _parse(settings: Iterable[str]) -> dict[str, Any]:
    """Read ``NAME=VALUE``: a value that is no JSON is a text."""
    parsed: dict[str, Any] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise typer.BadParameter(f"{setting!r} has no =; expected NAME=VALUE, such as xi=0.1", param_hint="--set")
        try:
            parsed[name.replace("-", "_")] = json.loads(value)
        except ValueError:
            parsed[name.replace("-", "_")] = value
    return parsed


def _advice(done: "Clustered", where: str) -> str | None:
    """Say what to try where a clustering tells little."""
    if done.clusters > 1 and done.outliers <= done.embeddings / 2:
        return None
    return (
        f"{counted(done.clusters, 'cluster')} and {done.outliers / done.embeddings:.0%} outliers tell little; try "
        "--min-cluster-size 10 --min-samples 5 --no-allow-single-cluster, or see what other settings give: "
        f"loopscope cluster sweep {where}"
    )
