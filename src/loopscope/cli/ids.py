"""From the beginning of an id, as people type it, to the row it belongs to."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loopscope.store.connection import Store
    from loopscope.store.ids import Identified


def resolve(store: "Store", table: "Identified", prefix: str) -> int:
    """Return the key of the one row whose public id begins so.

    Raises
    ------
    NotFoundError
        When no row answers to it, or several do.
    """
    from loopscope.store.ids import resolve_uuid

    with store.session() as session:
        return resolve_uuid(session, table, prefix)
