"""``loopscope doctor``: what is wrong in a database, and mending what has one right answer."""

import shlex
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from loopscope.cli.ending import FINISHED_WITH_FAILURES, interruptible
from loopscope.cli.options import DEFAULT_DATABASE, AsJson, Database
from loopscope.cli.output import counted, print_json, print_text, printable, say

if TYPE_CHECKING:
    from loopscope.engine.doctor.fault import Fault
    from loopscope.store.connection import Store


def examine_database(
    db: Database = DEFAULT_DATABASE,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend what has one right answer; outputs, vectors, labels, medoids never.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find what is wrong in a database, one line a fault; nothing is changed without --fix.

    Looks at every row: whether runs follow their experiment, outputs their hashes, vectors their model, clusters their
    members. Exit codes: 0 sound, or all mended; 3 faults were found, or some remain; 1 the examination failed.
    """
    from loopscope.cli.progress import shown_progress
    from loopscope.engine.doctor.examining import examine
    from loopscope.engine.doctor.mending import mend
    from loopscope.store.connection import open_store

    with open_store(db) as store:
        if fix:
            store.require_writable()
        with interruptible("nothing was changed"):
            with shown_progress() as progress:
                faults = examine(store, progress=progress)
            mended = {id(fault) for fault in mend(store, faults)} if fix else set()
        if as_json:
            print_json([_as_json(fault, id(fault) in mended, store) for fault in faults])
        else:
            for fault in faults:
                print_text(printable(_line(fault, mended=id(fault) in mended, fix=fix, store=store)))
        _sum_up(faults, len(mended), fix=fix, store=store)
    if len(mended) < len(faults):
        raise typer.Exit(FINISHED_WITH_FAILURES)


def _line(fault: "Fault", *, mended: bool, fix: bool, store: "Store") -> str:
    """Say a fault in one line: the row, what was found, what was expected, and what to type."""
    row = ", ".join(f"{name} {_short(value)}" for name, value in fault.row.items())
    where = " ".join(filter(None, (fault.table, row)))
    said = f"{where}: found {fault.found}; expected {fault.expected}"
    if mended:
        return f"mended: {said}"
    command = _command(fault, store)
    if fault.fixable and not fix:
        command = f"loopscope doctor --fix {store.place.option}"
    elif fault.fixable:
        said += "; the row has changed meanwhile and was left alone"
    return f"{said}. Type: {command}" if command else said


def _sum_up(faults: "list[Fault]", mended: int, *, fix: bool, store: "Store") -> None:
    if not faults:
        say(f"{store.location} is sound")
        return
    fixable = sum(fault.fixable for fault in faults)
    said = f"{store.location}: {counted(len(faults), 'fault')}"
    if fix:
        say(f"{said}, {mended} mended, {len(faults) - mended} left")
    elif fixable:
        say(f"{said}; {fixable} can be mended: loopscope doctor --fix {store.place.option}")
    else:
        say(f"{said}; none can be mended without asking")


def _as_json(fault: "Fault", mended: bool, store: "Store") -> dict[str, Any]:
    return {
        "table": fault.table,
        "row": fault.row,
        "found": fault.found,
        "expected": fault.expected,
        "command": _command(fault, store),
        "fixable": fault.fixable,
        "mended": mended,
    }


def _command(fault: "Fault", store: "Store") -> str | None:
    """Return what to type, with the database that it is meant for."""
    if fault.command is None:
        return None
    steps = (fault.command,) if isinstance(fault.command, str) else fault.command
    return "; ".join(_with_database(step, store) for step in steps)


def _with_database(step: str, store: "Store") -> str:
    if step.startswith("loopscope "):
        return f"{step} {store.place.option}"
    return step.replace("FILE", shlex.quote(store.location))


def _short(value: Any) -> str:
    return value.hex[:8] if isinstance(value, UUID) else str(value)
