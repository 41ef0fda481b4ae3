"""``loopscope db``: the database as a whole."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loopscope.cli.ending import FINISHED_WITH_FAILURES, interruptible
from loopscope.cli.options import DEFAULT_DATABASE, AsJson, Database
from loopscope.cli.output import complain, counted, print_json, say

if TYPE_CHECKING:
    from loopscope.store.legacy.importing import Imported

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


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The SQLite file; it is only read.", show_default=False)],
    db: Database = DEFAULT_DATABASE,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Leave out every clustering and run that is not whole, rather than its faulty rows alone."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring over the SQLite file of an earlier tool: experiments, runs, outputs, embeddings and clusterings.

    Nothing is guessed: what cannot be brought over is listed, row by row, in a report beside the database.

    Either all of it is done or nothing is. The exit code is 0 when every row came over, 3 when some did not.
    """
    from loopscope.cli.progress import shown_progress
    from loopscope.store.legacy.importing import import_legacy

    with interruptible("nothing was imported, and the database is as it was"), shown_progress() as progress:
        done = import_legacy(file, db, strict=strict, listener=progress)
    if as_json:
        print_json(_facts(done))
    _tell(done)
    if not done.complete:
        raise typer.Exit(FINISHED_WITH_FAILURES)


def _facts(done: "Imported") -> dict[str, object]:
    report = done.report
    return {
        "source": report.source,
        "database": report.target,
        "layout": report.layout,
        "strict": report.strict,
        "complete": done.complete,
        "report": str(done.page),
        "rows": done.rows,
        "tables": [vars(each) for each in report.tables],
        "findings": [
            {
                "table": each.table,
                "fault": each.fault,
                "rows": len(each),
                "happened": each.happened,
                "consequence": each.consequence,
            }
            for each in report.findings
        ],
        "notes": list(report.notes),
        "seconds": done.seconds,
    }


def _tell(done: "Imported") -> None:
    report = done.report
    told = [
        f"{each.table}: {each.brought_over:,} of {each.found:,}"
        + (f", {each.merged:,} merged with equal ones" if each.merged else "")
        + (f", {each.left_out:,} left out" if each.left_out else "")
        for each in report.tables
        if each.found
    ]
    say(f"imported {report.source} (layout {report.layout}) into {report.target}:\n  " + "\n  ".join(told))
    remarks = sum(len(each) for each in report.findings) - report.left_out
    if remarks:
        say(f"{counted(remarks, 'row')} came with something to know about them")
    say(f"report: {done.page}" + (f", row by row: {done.rows}" if done.rows else ""))
    if not done.complete:
        complain(f"{counted(report.left_out, 'row')} could not be brought over; the report says which and why")
