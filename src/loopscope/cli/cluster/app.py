"""The noun ``cluster``: its commands are in the files beside this one."""

from typing import Annotated

import typer

from loopscope.cli.help import InOrder
from loopscope.cli.options import DEFAULT_DATABASE, AsJson, Database, refuse_options_before_command


class _Commands(InOrder):
    order = (
        "perform",
        "list",
        "show",
        "medoid",
        "medoids",
        "outputs",
        "compare",
        "stability",
        "sweep",
        "outliers",
        "assign",
        "algorithms",
        "delete",
    )


app = typer.Typer(cls=_Commands, invoke_without_command=True)

ResultId = Annotated[str, typer.Argument(metavar="ID", help="The clustering result: the beginning of its id.")]


@app.callback(help="Clusterings: many results of one model stand side by side. Bare, it lists them.")
def clusterings(context: typer.Context, db: Database = DEFAULT_DATABASE, as_json: AsJson = False) -> None:
    """List clustering results when no command is named."""
    from loopscope.cli.cluster.showing import list_results

    refuse_options_before_command(context)
    if context.invoked_subcommand is None:
        list_results(db, as_json)
