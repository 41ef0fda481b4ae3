"""``loopscope persistence``: compute the persistence diagrams of runs, and list which there are."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loopscope.cli.ending import FINISHED_WITH_FAILURES, interruptible
from loopscope.cli.ids import resolve
from loopscope.cli.options import DEFAULT_DATABASE, AsJson, Database, ExperimentOption, refuse_options_before_command
from loopscope.cli.output import counted, figure, print_json, print_table, say

if TYPE_CHECKING:
    from loopscope.store.connection import Store

app = typer.Typer(invoke_without_command=True)


@app.callback(help="Persistence diagrams: which components and loops a run's embeddings have. Bare, it lists them.")
def persistence(
    context: typer.Context,
    db: Database = DEFAULT_DATABASE,
    experiment: ExperimentOption = None,
    as_json: AsJson = False,
) -> None:
    """List persistence diagrams when no command is named."""
    refuse_options_before_command(context)
    if context.invoked_subcommand is None:
        list_diagrams(db, experiment, as_json)


@app.command("perform")
def perform(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The embedding model, such as MiniLM.")],
    db: Database = DEFAULT_DATABASE,
    experiment: Annotated[
        list[str] | None,
        typer.Option("--experiment", metavar="ID", help="Only this experiment; may be given more than once."),
    ] = None,
    max_dimension: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="0 for components, 1 for loops as well, 2 for hollows, which takes far longer."
        ),
    ] = 1,
    again: Annotated[bool, typer.Option("--again", help="Compute those that are there again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compute the persistence diagram of every run that has none of all its embeddings yet.

    What is there stays, so that typing the same again goes on after an interruption; a run that has other embeddings
    by now is computed again.
    """
    from dataclasses import asdict

    from loopscope.cli.progress import shown_progress
    from loopscope.engine.persistence import compute_persistence_diagrams
    from loopscope.schemas import Experiment
    from loopscope.store.connection import open_store

    with open_store(db) as store:
        chosen = [resolve(store, Experiment, prefix) for prefix in experiment or ()]
        same = f"loopscope persistence perform {model} {store.place.option}"
        with interruptible(f"finished diagrams are saved; go on with: {same}"), shown_progress() as progress:
            done = compute_persistence_diagrams(
                store,
                model,
                experiment_ids=chosen or None,
                max_dimension=max_dimension,
                again=again,
                progress=progress,
            )
        failed = _name_runs(store, [each.run_id for each in done.failed])
        option = store.place.option
    if as_json:
        print_json(asdict(done))
    there = f", {done.already:,} were there" if done.already else ""
    say(f"computed {counted(done.computed, 'persistence diagram')} by {done.embedding_model}{there}")
    if done.without:
        say(f"{counted(len(done.without), 'run')} without: {done.without[0].reason}")
    for each in done.failed:
        say(f"run {failed[each.run_id]} failed: {each.reason}")
    if done.failed:
        say(f"to try those again, type the same; to see what is wrong: loopscope doctor {option}")
        raise typer.Exit(FINISHED_WITH_FAILURES)
    say(f"Next: loopscope persistence list {option}")


@app.command("list")
def list_diagrams(
    db: Database = DEFAULT_DATABASE, experiment: ExperimentOption = None, as_json: AsJson = False
) -> None:
    """List runs by embedding model: whether each has a persistence diagram of all its embeddings, and what it tells.

    Entropy is that of the lengths of the bars, from 0 to 1; the longest loop is in distance.
    """
    from loopscope.data_prep import load_persistence_entropy_df, load_runs_df
    from loopscope.schemas import Experiment
    from loopscope.store.connection import open_store
    from loopscope.store.ids import resolve_uuid

    with open_store(db) as store, store.session() as session:
        chosen = resolve_uuid(session, Experiment, experiment) if experiment else None
        rows = load_persistence_entropy_df(session, experiment_id=chosen).to_dicts()
        uuids = dict(load_runs_df(session, chosen).select("run_id", "uuid").iter_rows())
        option = store.place.option
    rows = [row | {"run_uuid": uuids[row["run_id"]]} for row in rows]
    if as_json:
        print_json(rows)
        return
    if not rows:
        say("no embeddings yet; make some: loopscope experiment perform FILE")
        return
    _print_runs(_by_run(rows))
    for model in sorted({row["embedding_model"] for row in rows if row["standing"] in _DUE}):
        due = {row["run_id"] for row in rows if row["embedding_model"] == model and row["standing"] in _DUE}
        say(f"{counted(len(due), 'run')} to compute by {model}: loopscope persistence perform {model} {option}")


_DUE = ("not computed", "outdated", "not recorded")


def _by_run(rows: Sequence[Mapping[str, Any]]) -> list[dict[int, Mapping[str, Any]]]:
    """Put the dimensions of each run and model together."""
    found: dict[tuple[str, int], dict[int, Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault((row["embedding_model"], row["run_id"]), {})[row["dimension"]] = row
    return list(found.values())


def _print_runs(runs: Sequence[Mapping[int, Mapping[str, Any]]]) -> None:
    print_table(
        ["run", "model", "diagram", "embeddings", "distinct", "loops", "longest", "entropy", "network", "prompt"],
        [
            [
                dimensions[0]["run_uuid"][:8],
                dimensions[0]["embedding_model"],
                dimensions[0]["standing"],
                dimensions[0]["n"],
                dimensions[0]["n_unique"],
                *_said(dimensions.get(1, {})),
                dimensions[0]["network"],
                dimensions[0]["initial_prompt"],
            ]
            for dimensions in runs
        ],
        wide=["network", "prompt"],
    )


def _said(loops: Mapping[str, Any]) -> tuple[int | None, str | None, str | None]:
    """Say what the bars of dimension 1 tell: how many, the longest, their entropy."""
    longest, entropy = loops.get("largest_persistence"), loops.get("entropy")
    return (
        loops.get("n_bars"),
        None if longest is None else figure(longest),
        None if entropy is None else figure(entropy),
    )


def _name_runs(store: "Store", run_ids: Sequence[int]) -> dict[int, str]:
    """Give the beginnings of the public ids of runs."""
    from sqlalchemy import select

    from loopscope.schemas import Run

    with store.session() as session:
        found = session.execute(select(Run.id, Run.uuid).where(Run.id.in_(run_ids)))
        return {run_id: uuid.hex[:8] for run_id, uuid in found}
