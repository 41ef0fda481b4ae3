"""The noun ``export``: its commands are in the files beside this one."""

import typer

from loopscope.cli.help import InOrder


class _Commands(InOrder):
    order = ("filmstrip", "sheet", "video", "images", "frames")


app = typer.Typer(
    cls=_Commands, no_args_is_help=True, help="Files out of a database: pictures of runs, videos, stills and frames."
)
