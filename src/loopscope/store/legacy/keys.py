"""Keys for many rows at once, so that rows can refer to each other before any of them is written."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from loopscope.schemas import Base


def reserve_keys(session: Session, table: type[Base], number: int) -> int:
    """Reserve as many primary keys, one after the other, and return the first.

    Parameters
    ----------
    session
        In a write transaction: nobody else writes until it ends.
    table
        One whose primary key is ``id``.
    """
    name = table.__tablename__
    if session.connection().dialect.name == "postgresql":
        sequence = session.scalar(text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": name})
        before = session.scalar(text("SELECT nextval(:sequence)"), {"sequence": sequence})
        assert before is not None
        if number > 1:
            session.execute(
                text("SELECT setval(:sequence, :last)"), {"sequence": sequence, "last": before + number - 1}
            )
        return int(before)
    largest = session.scalar(text(f"SELECT max(id) FROM {name}")) or 0  # noqa: S608 - the name of a table of ours
    used = session.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": name}) or 0
    return int(max(largest, used)) + 1
