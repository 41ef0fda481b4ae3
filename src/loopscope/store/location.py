"""Where a database is: a path or a URL, read once into what the rest of the store needs."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from loopscope.errors import StoreError

POSTGRESQL_DRIVER = "postgresql+psycopg"


@dataclass(frozen=True)
class Location:
    """A place to keep a database.

    Attributes
    ----------
    name
        How it is shown to people: the path, or the URL without its password.
    path
        The SQLite file; None for PostgreSQL.
    url
        The PostgreSQL URL; None for SQLite.
    """

    name: str
    path: Path | None = None
    url: URL | None = None

    @property
    def option(self) -> str:
        """The command-line option that names this place."""
        return f"--db {shlex.quote(self.name)}"

    @property
    def folder(self) -> Path:
        """The folder of the SQLite file; the current one for PostgreSQL."""
        return Path.cwd() if self.path is None else self.path.absolute().parent


def parse_location(location: str | Path) -> Location:
    """Read a path or a URL.

    Parameters
    ----------
    location
        A path, ``sqlite:///PATH``, ``postgresql://…`` or ``postgresql+psycopg://…``.

    Raises
    ------
    StoreError
        When it is a URL of another kind, or names no file.
    """
    if isinstance(location, Path) or "://" not in location:
        return _parse_path(str(location), Path(location))
    try:
        url = make_url(location)
    except ArgumentError:
        raise StoreError(f"found the database URL {location!r}; {_EXPECTED}") from None
    if url.drivername in ("sqlite", "sqlite+pysqlite"):
        return _parse_path(url.database or "", Path(url.database or ""))
    if url.drivername in ("postgres", "postgresql", POSTGRESQL_DRIVER):
        url = url.set(drivername=POSTGRESQL_DRIVER)
        return Location(name=url.render_as_string(hide_password=True), url=url)
    raise StoreError(f"found a database URL of {url.drivername!r}; {_EXPECTED}")


_EXPECTED = "expected a path such as loopscope.db, or a URL such as postgresql+psycopg://user@host/name"


def _parse_path(name: str, path: Path) -> Location:
    if name in ("", ":memory:"):
        raise StoreError(f"found {name!r} for a database; a Loopscope database is a file; {_EXPECTED}")
    if path.is_dir():
        raise StoreError(f"{name} is a folder; expected a database file, such as {path / 'loopscope.db'}")
    return Location(name=name, path=path)
