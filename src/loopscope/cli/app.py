"""The command ``loopscope``: its nouns, and what happens to an error that nobody handled."""

import logging
import sys
from typing import Annotated

import typer

from loopscope.cli import chart, cluster, db, demo, doctor, experiment, export, model, persistence, report, run
from loopscope.cli.ending import FAILED, USAGE
from loopscope.cli.help import unfold
from loopscope.cli.output import complain
from loopscope.cli.refusals import InPlainWords
from loopscope.errors import ConfigError, LoopscopeError

HELP = """Run generative models in loops and see where they settle.

Begin with [bold]loopscope demo[/]: pictures painted, described and painted again, embedded, clustered and drawn.
Then write an experiment file of your own and type [bold]loopscope experiment plan FILE[/].

A bare noun lists, as in [bold]loopscope cluster[/]. Wherever an id is asked for, its first characters do.
Exit codes: 0 complete, 1 failed, 2 usage, 3 finished with failed items, 130 interrupted.
"""

app = typer.Typer(
    cls=InPlainWords,
    help=HELP,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.perform_demo)
app.add_typer(experiment.app, name="experiment")
app.add_typer(run.app, name="run")
app.add_typer(model.app, name="model")
app.add_typer(cluster.app, name="cluster")
app.add_typer(persistence.app, name="persistence")
app.command("chart")(chart.draw_chart)
app.command("report")(report.write_experiment_report)
app.add_typer(export.app, name="export")
app.command("doctor")(doctor.examine_database)
app.add_typer(db.app, name="db")
unfold(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("loopscope"))
        raise typer.Exit


@app.callback()
def _loopscope(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s: %(message)s")


def main() -> None:
    """Run the command line and exit."""
    try:
        app()
    except LoopscopeError as error:
        complain(str(error) + _with_database(str(error)))
        sys.exit(USAGE if isinstance(error, ConfigError) else FAILED)
    except BrokenPipeError:  # the reader of a pipe, such as head, has seen enough
        sys.stderr.close()
        sys.exit(FAILED)
    except OSError as error:
        complain(_say_what_failed(error))
        sys.exit(FAILED)


def _say_what_failed(error: OSError) -> str:
    """Say of which file an error is; `write_whole` notes the one that it was writing."""
    named = [f"{error.filename}: "] if error.filename else [f"{note}: " for note in getattr(error, "__notes__", [])]
    return f"{''.join(named)}{error.strerror or error}; expected a place that can be read and written"


def _with_database(message: str) -> str:
    """Say which database the commands that a message names are meant for, where the message itself does not."""
    words = [word for each in sys.argv for word in each.split("=", 1)]
    if "--db" not in words[:-1] or "loopscope " not in message or "--db" in message:
        return ""
    from loopscope.store.location import parse_location  # which shows a URL without its password

    try:
        return f" (with {parse_location(words[words.index('--db') + 1]).option})"
    except LoopscopeError:
        return ""
