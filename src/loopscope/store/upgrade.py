"""Bringing the tables of a database to the revision of this version of Loopscope."""

from dataclasses import dataclass
from pathlib import Path

from loopscope.errors import StoreError
from loopscope.store.connection import Store
from loopscope.store.location import parse_location
from loopscope.store.revision import HEAD, REVISIONS, check_revision, read_revision


@dataclass(frozen=True)
class Upgrade:
    """The revisions before (None for a database without tables) and after."""

    before: str | None
    after: str


def upgrade_store(location: str | Path) -> Upgrade:
    """Bring a database to the newest revision of its tables, in one transaction: wholly or not at all.

    Parameters
    ----------
    location
        A path or a URL, as ``open_store`` takes it.

    Returns
    -------
    Upgrade
        The revisions before and after; equal where there was nothing to do.

    Raises
    ------
    StoreError
        When there is no database, or it is of something else, newer, unknown or not writable.
    """
    place = parse_location(location)
    if place.path is not None and not place.path.exists():
        raise StoreError(f"there is no database at {place.name}; see what there is: ls *.db")
    with Store(place) as store:
        return upgrade_to_head(store)


def upgrade_to_head(store: Store) -> Upgrade:
    """Bring an open database to the newest revision; see ``upgrade_store``."""
    from alembic.command import upgrade
    from alembic.config import Config

    place = store.place
    with store.transaction() as session:
        connection = session.connection()
        before = read_revision(connection, place)
        if before is not None and before not in REVISIONS:
            check_revision(before, place)
        if before != HEAD:
            config = Config()
            config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
            config.set_main_option("path_separator", "os")
            config.attributes["connection"] = connection
            upgrade(config, "head")
    return Upgrade(before, HEAD)
