"""What the doctor finds: one fault of one row, and the change that would mend it where only one is right."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from loopscope.schemas import Base

Row: TypeAlias = Mapping[str, object]
"""Which row: its key first, then what helps a person to find it, such as the UUID of its run."""


@dataclass(frozen=True)
class Mend:
    """The one right change of a row.

    Attributes
    ----------
    table
        Whose row it is.
    key
        The primary key of the row.
    was
        What the columns held when the fault was found; a row that differs by now is left alone.
    becomes
        What the columns are to hold; None if the row is to be deleted. In a JSON column the entries that are given
        replace those of their name, and the others stay.
    """

    table: type[Base]
    key: Mapping[str, int]
    was: Mapping[str, Any] = field(default_factory=dict)
    becomes: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with one row.

    Attributes
    ----------
    table
        The name of its table.
    row
        Which row it is; empty where the whole table or database is meant.
    found, expected
        What is there, and what should be.
    command
        What to type about it, without the database, or several of these to type one after the other; None where
        nothing helps.
    mend
        The change that mends it; None where more than one could be right, or outputs, vectors, labels or medoids
        would have to be touched.
    """

    table: str
    row: Row
    found: str
    expected: str
    command: str | tuple[str, ...] | None = None
    mend: Mend | None = None

    @property
    def fixable(self) -> bool:
        """Whether it can be mended without asking."""
        return self.mend is not None
