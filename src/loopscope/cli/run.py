"""``loopscope run``: list runs, and show one from its prompt to its last output."""

from typing import Annotated, Any

import typer

from loopscope.cli.membership import load_membership, say_later
from loopscope.cli.options import (
    DEFAULT_DATABASE,
    AsJson,
    Database,
    ExperimentOption,
    ImagesFolder,
    refuse_options_before_command,
)
from loopscope.cli.output import print_facts, print_json, print_table, print_text

app = typer.Typer(invoke_without_command=True)


@app.callback(help="Runs: one network, one prompt, one seed. Bare, it lists them.")
def runs(
    context: typer.Context,
    db: Database = DEFAULT_DATABASE,
    experiment: ExperimentOption = None,
    as_json: AsJson = False,
) -> None:
    """List runs when no command is named."""
    refuse_options_before_command(context)
    if context.invoked_subcommand is None:
        list_runs(db, experiment, as_json)


@app.command("list")
def list_runs(db: Database = DEFAULT_DATABASE, experiment: ExperimentOption = None, as_json: AsJson = False) -> None:
    """List runs: why each stopped, after how many invocations, and what failed."""
    from loopscope.data_prep import load_runs_df
    from loopscope.schemas import Experiment
    from loopscope.store.connection import open_store
    from loopscope.store.ids import resolve_uuid

    with open_store(db) as store, store.session() as session:
        chosen = resolve_uuid(session, Experiment, experiment) if experiment else None
        frame = load_runs_df(session, chosen)
    if as_json:
        print_json(frame.to_dicts())
        return
    print_table(
        ["id", "network", "seed", "length", "stopped", "initial prompt", "failure"],
        [
            [
                row["uuid"][:8],
                row["network"],
                "fresh" if row["seed"] is None else row["seed"],
                row["length"],
                _stopped(row["stop_reason"], row["period"]),
                row["initial_prompt"],
                row["failure"],
            ]
            for row in frame.to_dicts()
        ],
        wide=["network", "initial prompt", "failure"],
    )


@app.command("show")
def show(
    run: Annotated[str, typer.Argument(metavar="ID", help="The run: the beginning of its id.")],
    db: Database = DEFAULT_DATABASE,
    clustering: Annotated[
        str | None,
        typer.Option(
            "--clustering",
            metavar="ID",
            help="Tell of each output whether this result has it as a member, an outlier, or not at all.",
        ),
    ] = None,
    images: ImagesFolder = None,
    as_json: AsJson = False,
) -> None:
    """Show a run, output by output; with --clustering ID where each stands, with --images DIR pictures as files."""
    import polars as pl

    from loopscope.data_prep import load_invocations_df, load_runs_df
    from loopscope.export.pictures import export_run_pictures
    from loopscope.schemas import ClusteringResult, Run
    from loopscope.store.connection import open_store
    from loopscope.store.ids import resolve_uuid

    with open_store(db) as store, store.session() as session:
        run_id = resolve_uuid(session, Run, run)
        result_id = resolve_uuid(session, ClusteringResult, clustering) if clustering else None
        experiment_id = session.get_one(Run, run_id).experiment_id
        facts = load_runs_df(session, experiment_id).row(by_predicate=pl.col("run_id") == run_id, named=True)
        outputs = load_invocations_df(session, run_id=run_id)
        membership = None if result_id is None else load_membership(session, result_id, run_id, outputs)
        paths = export_run_pictures(session, outputs, images) if images else {}
    rows = [row | {"path": paths.get(row["invocation_id"])} for row in outputs.to_dicts()]
    if membership:
        rows = [row | membership.of[row["invocation_id"]] for row in rows]
    if as_json:
        print_json(facts | (membership.facts if membership else {}) | {"invocations": rows})
        return
    print_facts(
        {
            "id": facts["uuid"],
            "network": facts["network"],
            "prompt": facts["initial_prompt"],
            "seed": "fresh randomness" if facts["seed"] is None else facts["seed"],
            "stopped": _stopped(facts["stop_reason"], facts["period"]),
            "failure": facts["failure"],
        }
        | ({"clustering": membership.said} if membership else {})
    )
    print_text("")
    _print_outputs(rows, clustered=membership is not None)


def _print_outputs(rows: list[dict[str, Any]], *, clustered: bool) -> None:
    places = [
        [row["status"], row["cluster_id"], row["probability"], say_later(row)] if clustered else [None] * 4
        for row in rows
    ]
    print_table(
        ["step", "model", "status", "cluster", "probability", "assigned later", "output"],
        [
            [row["sequence_number"], row["model"], *place, row["output_text"] or row["path"] or "a picture"]
            for row, place in zip(rows, places, strict=True)
        ],
        wide=["status", "cluster", "probability", "assigned later", "output"],
    )


def _stopped(reason: str | None, period: int | None) -> str:
    return f"cycle of {period}" if reason == "cycle" else reason or "unfinished"
