"""``loopscope db``: the database as a whole."""

import typer

from loopscope.cli.options import DEFAULT_DATABASE, Database
from loopscope.cli.output import say

app = typer.Typer(help="The database as a whole.", no_args_is_help=True)


@app.callback()
def database() -> None:
    """Look after the database as a whole."""


@app.command()
def upgrade(db: Database = DEFAULT_DATABASE) -> None:
    """Bring the tables of a database to this version of Loopscope; the data stays."""
    from loopscope.store.location import parse_location
    from loopscope.store.upgrade import upgrade_store

    done = upgrade_store(db)
    change = "nothing to do" if done.before == done.after else f"upgraded from {done.before or 'an empty database'}"
    say(f"{parse_location(db).name} is at revision {done.after}: {change}")
