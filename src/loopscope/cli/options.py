"""The options that many commands share."""

from pathlib import Path
from typing import Annotated

import typer

Database = Annotated[
    str,
    typer.Option(
        "--db",
        envvar="LOOPSCOPE_DB",
        metavar="PATH|URL",
        help="The database: an SQLite file, or postgresql+psycopg://…",
        show_default=True,
    ),
]
DEFAULT_DATABASE = "loopscope.db"

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs to read.")]


def refuse_options_before_command(context: typer.Context) -> None:
    """Refuse ``loopscope cluster --db X list``: what stands before the command would be lost on it."""
    if context.invoked_subcommand is None:
        return
    for name in context.params:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = next(each.opts[0] for each in context.command.params if each.name == name)
            raise typer.BadParameter(
                f"{option} stands before the command {context.invoked_subcommand}; expected it after: "
                f"{context.command_path} {context.invoked_subcommand} … {option}"
            )


ExperimentOption = Annotated[
    str | None, typer.Option("--experiment", metavar="ID", help="Only this experiment: the beginning of its id.")
]

ImagesFolder = Annotated[
    Path | None,
    typer.Option("--images", metavar="DIR", help="Write the pictures into this folder, and print their paths."),
]

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]

CacheOption = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        metavar="DIR",
        envvar="LOOPSCOPE_CACHE",
        file_okay=False,
        help="Keep what takes long to compute in this folder, and take it from there the next time.",
    ),
]
