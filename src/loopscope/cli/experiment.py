"""``loopscope experiment``: perform, plan, list, show, resume and delete experiments."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loopscope.cli.ending import FINISHED_WITH_FAILURES, interruptible
from loopscope.cli.ids import resolve
from loopscope.cli.options import DEFAULT_DATABASE, AsJson, Database, Yes, refuse_options_before_command
from loopscope.cli.output import complain, counted, duration, print_facts, print_json, print_table, print_text, say

if TYPE_CHECKING:
    from loopscope.engine.performing import Performed
    from loopscope.engine.planning import Plan
    from loopscope.engine.progress import Progress
    from loopscope.store.connection import Store

FILE_HELP = """\
An experiment file says it all, in TOML (or YAML, or JSON):

    networks = [["Pictograms", "Describe"]]
    prompts = ["a red fox beside a frozen lake"]
    num_runs = 4              # runs with fresh randomness
    seeds = [1]               # runs that stop when they find a cycle
    embedding_models = ["MiniLM"]
    max_length = 60           # invocations in a run
"""

app = typer.Typer(invoke_without_command=True)

ExperimentFile = Annotated[Path, typer.Argument(metavar="FILE", help="The experiment file: .toml, .yaml or .json.")]
ExperimentId = Annotated[str, typer.Argument(metavar="ID", help="The experiment: the beginning of its id.")]


@app.callback(help=f"Experiments: networks × prompts × seeds. Bare, it lists them.\n\n\b\n{FILE_HELP}")
def experiments(context: typer.Context, db: Database = DEFAULT_DATABASE, as_json: AsJson = False) -> None:
    """List experiments when no command is named."""
    refuse_options_before_command(context)
    if context.invoked_subcommand is None:
        list_experiments(db, as_json)


@app.command("perform")
def perform(
    file: ExperimentFile,
    db: Database = DEFAULT_DATABASE,
    again: Annotated[
        bool, typer.Option("--again", help="Begin anew although an experiment of the same content is there.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Perform an experiment. If the database holds one of the same content, go on with it."""
    from loopscope.config import load_experiment_config
    from loopscope.engine.performing import perform_experiment
    from loopscope.store.connection import open_store

    config = load_experiment_config(file)
    with open_store(db, create=True) as store:
        _perform(
            store,
            as_json,
            lambda progress: perform_experiment(config, store, progress=progress, again=again),
            f"loopscope experiment perform {shlex.quote(str(file))} {store.place.option}",
        )


@app.command("resume")
def resume(experiment: ExperimentId, db: Database = DEFAULT_DATABASE, as_json: AsJson = False) -> None:
    """Go on with an experiment where it stood; runs that failed are tried again."""
    from loopscope.engine.performing import resume_experiment
    from loopscope.schemas import Experiment
    from loopscope.store.connection import open_store

    with open_store(db) as store:
        experiment_id = resolve(store, Experiment, experiment)
        _perform(
            store,
            as_json,
            lambda progress: resume_experiment(experiment_id, store, progress=progress),
            f"loopscope experiment resume {experiment} {store.place.option}",
        )


@app.command("plan")
def plan(file: ExperimentFile, db: Database = DEFAULT_DATABASE, as_json: AsJson = False) -> None:
    """Say what an experiment would make and how long it would take, before anything runs."""
    from dataclasses import asdict

    from loopscope.config import load_experiment_config
    from loopscope.engine.planning import plan_experiment
    from loopscope.errors import NoDatabaseError
    from loopscope.models.registry import Registry
    from loopscope.store.connection import open_store

    config = load_experiment_config(file)
    registry = Registry.installed()
    try:
        with open_store(db) as store:
            planned = plan_experiment(config, registry, store)
    except NoDatabaseError:
        planned = plan_experiment(config, registry)
    if as_json:
        totals = {name: getattr(planned, name) for name in ("runs", "invocations", "embeddings", "seconds")}
        print_json(totals | asdict(planned))
    else:
        _print_plan(planned)


def _print_plan(planned: "Plan") -> None:
    print_table(
        ["model", "kind", "at most", "each", "in all", "ready"],
        [
            [
                model.name,
                model.kind,
                model.calls,
                _time(model.seconds),
                _time(model.expected),
                model.missing or "yes",
            ]
            for model in planned.models
        ],
        wide=["ready"],
    )
    print_text("")
    print_facts(
        {
            "runs": planned.runs,
            "invocations": f"{planned.invocations} at most",
            "embeddings": f"{planned.embeddings} at most",
            "time": _expected_time(planned),
            "already there": _already_there(planned),
        }
    )


def _expected_time(planned: "Plan") -> str:
    if planned.seconds is not None:
        return duration(planned.seconds)
    known = sum(model.expected for model in planned.models if model.expected is not None)
    unknown = ", ".join(model.name for model in planned.models if model.expected is None)
    return (f"{duration(known)} and " if known else "") + f"unknown for {unknown}: not performed here before"


def _time(seconds: float | None) -> str:
    return "unknown" if seconds is None else duration(seconds)


def _already_there(planned: "Plan") -> str:
    counts = planned.there
    if counts is None:
        return "nothing"
    if counts.complete:
        return "all of it: performing does nothing, unless with --again"
    return f"{counted(counts.invocations, 'invocation')} and {counted(counts.embeddings, 'embedding')}"


@app.command("list")
def list_experiments(db: Database = DEFAULT_DATABASE, as_json: AsJson = False) -> None:
    """List the experiments of a database, and how far each is."""
    from loopscope.data_prep import load_experiments_df
    from loopscope.store.connection import open_store

    with open_store(db) as store, store.session() as session:
        frame = load_experiments_df(session)
    if as_json:
        print_json(frame.to_dicts())
        return
    if frame.is_empty():
        say("no experiments yet; perform one: loopscope experiment perform FILE")
        return
    print_table(
        ["id", "created", "networks", "prompts", "length", "runs", "ended", "failed", "invocations"],
        [
            [
                row["uuid"][:8],
                f"{row['created_at']:%Y-%m-%d %H:%M}",
                "\n".join(row["networks"]),
                len(row["initial_prompts"]),
                row["max_length"],
                row["n_runs"],
                row["n_ended"],
                row["n_failed"],
                row["n_invocations"],
            ]
            for row in frame.to_dicts()
        ],
        wide=["networks"],
    )


@app.command("show")
def show(experiment: ExperimentId, db: Database = DEFAULT_DATABASE, as_json: AsJson = False) -> None:
    """Show one experiment: what was asked for, and how its runs ended."""
    import polars as pl

    from loopscope.data_prep import load_experiments_df, load_runs_df
    from loopscope.schemas import Experiment
    from loopscope.store.connection import open_store
    from loopscope.store.experiments import count_experiment, load_config

    with open_store(db) as store:
        experiment_id = resolve(store, Experiment, experiment)
        with store.session() as session:
            row = load_experiments_df(session).row(by_predicate=pl.col("experiment_id") == experiment_id, named=True)
            runs = load_runs_df(session, experiment_id)
            config = load_config(session, experiment_id)
            counts = count_experiment(session, experiment_id)
    if as_json:
        print_json(
            row
            | {"n_missing_embeddings": counts.missing_embeddings, "config": config.model_dump(mode="json")}
            | {"runs": runs.to_dicts()}
        )
        return
    print_facts(
        {
            "id": row["uuid"],
            "created": f"{row['created_at']:%Y-%m-%d %H:%M:%S} UTC",
            "networks": "\n".join(row["networks"]),
            "prompts": "\n".join(row["initial_prompts"]),
            "embedding models": ", ".join(config.embedding_models),
            "max length": row["max_length"],
            "runs": f"{row['n_runs']}, of which {row['n_ended']} ended and {row['n_failed']} failed",
            "invocations": row["n_invocations"],
            "embeddings": f"{counts.embeddings}, and {counts.missing_embeddings} missing",
        }
    )
    reasons = runs.group_by("network", "stop_reason").agg(pl.len().alias("runs"), pl.col("length").mean())
    print_text("")
    print_table(
        ["network", "stop reason", "runs", "mean length"],
        [[network, reason or "unfinished", n, length] for network, reason, n, length in reasons.sort("network").rows()],
    )
    for failure in runs["failure"].drop_nulls().unique().sort():
        say(failure)


@app.command("delete")
def delete(
    experiment: ExperimentId,
    db: Database = DEFAULT_DATABASE,
    with_clusterings: Annotated[
        bool, typer.Option("--with-clusterings", help="Delete the clusterings that hold its embeddings as well.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Delete an experiment with its runs, outputs and embeddings; refused while a clustering holds some of them."""
    from loopscope.schemas import Experiment
    from loopscope.store.connection import open_store
    from loopscope.store.deletion import delete_experiment, find_clusterings_of_experiment, refuse_clustered
    from loopscope.store.experiments import count_experiment

    with open_store(db) as store:
        experiment_id = resolve(store, Experiment, experiment)
        with store.session() as session:
            counts = count_experiment(session, experiment_id)
            results = find_clusterings_of_experiment(session, experiment_id)
        if not with_clusterings:
            refuse_clustered(results)
        among = f", and {counted(len(results), 'clustering')} with it" if results else ""
        if not yes:
            typer.confirm(
                f"Delete experiment {experiment} with {counted(counts.runs, 'run')} and "
                f"{counted(counts.invocations, 'invocation')}{among}?",
                abort=True,
                err=True,
            )
        with store.transaction() as session:
            delete_experiment(session, experiment_id, with_clusterings=with_clusterings)
    named = "".join(f", clustering {result.uuid.hex[:8]}" for result in results)
    say(f"deleted experiment {experiment}{named}")


def _perform(store: "Store", as_json: bool, perform_with: "Callable[[Progress], Performed]", command: str) -> None:
    """Perform with progress on stderr; say what there is and what to type next."""
    from dataclasses import asdict

    from loopscope.cli.progress import shown_progress

    kept = f"what was finished is in {store.location}. Go on with: {command}"
    with interruptible(kept), shown_progress() as progress:
        done = perform_with(progress)
    counts = done.counts
    if as_json:
        print_json({"experiment_uuid": str(done.uuid)} | asdict(counts))
    short = done.uuid.hex[:8]
    say(
        f"experiment {short}: {counts.runs - counts.failed_runs} of {counted(counts.runs, 'run')} complete, "
        f"{counted(counts.invocations, 'invocation')} and {counted(counts.embeddings, 'embedding')} in {store.location}"
    )
    if counts.embeddings:
        say(
            f"Next: loopscope cluster perform MODEL {store.place.option}, with one of the experiment's embedding models"
        )
    elif done.complete:
        say("the experiment names no embedding_models: nothing of it can be clustered; add some to its file")
    if counts.failed_runs:
        complain(
            f"in {counted(counts.failed_runs, 'run')} something failed for good: "
            f"loopscope run list --experiment {short} {store.place.option} says what; to try those again: {command}"
        )
    elif not done.complete:
        complain(f"something is left to be done, since another process worked on it as well; go on with: {command}")
    if not done.complete:
        raise typer.Exit(FINISHED_WITH_FAILURES)
