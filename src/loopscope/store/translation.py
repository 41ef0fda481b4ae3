"""Database errors in words: what happened, to which database, and what to type."""

import shlex
import sqlite3
from typing import Any

from sqlalchemy.exc import DBAPIError

from loopscope.errors import StoreConflictError, StoreError
from loopscope.store.location import Location
from loopscope.store.sqlite import BUSY_TIMEOUT_SECONDS

_FULL = "the disk that holds {name} is full; nothing of this step was saved; free some space, then type the same again"
_LOCKED = (
    "{name} was locked by another program for longer than {seconds:.0f} s; "
    "wait until that program is done or end it, then type the same again"
)
_READ_SESSION = "{name} was opened for reading here; nothing was written (use Store.transaction() to write)"
_CONFLICT = "{name} refused a row that contradicts what it holds: {cause}; another program may have written it first"

# The first of these that begins the error's name is meant.
_SQLITE = {
    "SQLITE_FULL": _FULL,
    "SQLITE_BUSY": _LOCKED,
    "SQLITE_LOCKED": _LOCKED,
    "SQLITE_NOTADB": "{name} is no database; expected a Loopscope database: name another file with --db",
    "SQLITE_CORRUPT": "{name} is damaged ({cause}); save what can be: sqlite3 {name} .recover | sqlite3 saved.db",
    "SQLITE_CANTOPEN": (
        "{name} cannot be opened ({cause}); expected a file that you may read, in a folder that you may write "
        "when its last writer was interrupted: ls -l {name}*"
    ),
    "SQLITE_PERM": "{name} cannot be opened: you may not read it; see who may: ls -l {name}",
    "SQLITE_IOERR": "{name} could not be read or written ({cause}); look at the disk, its space and its limits: df -h",
    "SQLITE_CONSTRAINT": _CONFLICT,
}

# The first of these that begins the error's SQLSTATE, or that its message contains, is meant.
_POSTGRESQL = {
    "23": _CONFLICT,
    "25006": _READ_SESSION,
    "53100": _FULL,
    "55P03": _LOCKED,
    "40P01": _LOCKED,
    "42501": "{name} does not let you do this ({cause}); ask its owner to GRANT it",
}
_POSTGRESQL_CONNECTION = {
    "password": "{name} refused the password ({cause}); write it in the URL, in ~/.pgpass or in PGPASSWORD",
    "no pg_hba.conf entry": "{name} does not let this user in from here ({cause}); see its pg_hba.conf",
    "does not exist": "{name} cannot be used ({cause}); make it, for a database: createdb NAME",
    "refused": "no PostgreSQL server answers at {name} ({cause}); is it running: pg_isready",
    "No such file": "no PostgreSQL server answers at {name} ({cause}); is it running: pg_isready",
    "resolve": "the host of {name} is unknown ({cause}); look at the URL",
    "timeout": "no PostgreSQL server answers at {name} ({cause}); is it running: pg_isready",
    "closed": "the PostgreSQL server of {name} ended the connection ({cause}); type the same again",
}


def translate_error(error: Exception, location: Location, *, writable: bool) -> StoreError:
    """Say a database error in words.

    Parameters
    ----------
    error
        What SQLAlchemy, or the driver itself, raised.
    location
        The database it happened to.
    writable
        Whether this user may write the database.

    Returns
    -------
    StoreError
        To be raised from the error; a ``StoreConflictError`` where a constraint was broken.
    """
    cause: Any = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    told = _sqlite_message(cause, writable) if isinstance(cause, sqlite3.Error) else _postgresql_message(cause)
    message = told.format(name=location.name, cause=_one_line(cause), seconds=BUSY_TIMEOUT_SECONDS)
    return StoreConflictError(message) if told is _CONFLICT else StoreError(message)


def read_only_message(location: Location) -> str:
    """Say that this user may not write the database."""
    return (
        f"{location.name} is read-only: you may not write it, or its folder, and nothing was written; "
        f"make both writable: chmod u+w {shlex.quote(str(location.folder))} {shlex.quote(location.name)}"
    )


def _sqlite_message(cause: sqlite3.Error, writable: bool) -> str:
    name = getattr(cause, "sqlite_errorname", "")
    if name.startswith("SQLITE_READONLY"):
        return (
            _READ_SESSION
            if writable
            else "{name} is read-only ({cause}); nothing was written; see who may: ls -l {name}"
        )
    return next((told for start, told in _SQLITE.items() if name.startswith(start)), "{name}: {cause}")


def _postgresql_message(cause: Any) -> str:
    state = getattr(cause, "sqlstate", None) or ""
    for start, told in _POSTGRESQL.items():
        if state.startswith(start):
            return told
    return next((told for part, told in _POSTGRESQL_CONNECTION.items() if part in str(cause)), "{name}: {cause}")


def _one_line(cause: Any) -> str:
    return " ".join(str(cause).split())
