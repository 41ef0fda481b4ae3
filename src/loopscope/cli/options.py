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

ExperimentOption = Annotated[
    str | None, typer.Option("--experiment", metavar="ID", help="Only this experiment: the beginning of its id.")
]

ImagesFolder = Annotated[
    Path | None,
    typer.Option("--images", metavar="DIR", help="Write the pictures into this folder, and print their paths."),
]
