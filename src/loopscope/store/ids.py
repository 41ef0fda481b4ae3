"""From the first letters of a public id to the row it belongs to."""

from typing import TypeAlias
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from loopscope.errors import NotFoundError
from loopscope.schemas import ClusteringResult, Experiment, Run

Identified: TypeAlias = type[Experiment] | type[Run] | type[ClusteringResult]

_SHOWN = 8
_NOUNS: dict[str, tuple[str, str]] = {
    "experiment": ("experiment", "loopscope experiment list"),
    "run": ("run", "loopscope run list"),
    "clustering_result": ("clustering result", "loopscope cluster list"),
}


def resolve_uuid(session: Session, table: Identified, prefix: str) -> int:
    """Find the one row whose UUID begins so.

    Parameters
    ----------
    table
        ``Experiment``, ``Run`` or ``ClusteringResult``.
    prefix
        At least one hexadecimal digit of the UUID, in either case, with or without its dashes.

    Returns
    -------
    int
        The ``id`` of the row.

    Raises
    ------
    NotFoundError
        When no row answers to it, or several do; the message lists them.
    """
    noun, command = _NOUNS[table.__tablename__]
    digits = prefix.strip().replace("-", "").lower()
    if not 1 <= len(digits) <= 32 or not set(digits) <= set("0123456789abcdef"):
        raise NotFoundError(
            f"{prefix!r} is no {noun} id; expected the first of its digits (0-9, a-f), as shown by: {command}"
        )
    first, last = UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
    query = select(table.id, table.uuid).where(table.uuid.between(first, last)).order_by(table.uuid).limit(_SHOWN + 1)
    found = session.execute(query).all()
    if len(found) == 1:
        return int(found[0][0])
    if found:
        shown = ", ".join(str(uuid) for _, uuid in found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
        raise NotFoundError(
            f"the ids of more than one {noun} begin with {prefix!r}: {shown}; expected more digits of one of them"
        )
    raise NotFoundError(f"no {noun} has an id that begins with {prefix!r}; {_existing(session, table, noun, command)}")


def _existing(session: Session, table: Identified, noun: str, command: str) -> str:
    total = session.scalar(select(func.count()).select_from(table)) or 0
    if not total:
        return f"there is no {noun} yet"
    newest = session.scalars(select(table.uuid).order_by(table.id.desc()).limit(3)).all()
    which = "there is" if total == 1 else f"the newest of {total} are"
    return f"{which} {', '.join(map(str, newest))}; see all: {command}"
