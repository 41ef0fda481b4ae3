"""What becomes of every row of the file: brought over, merged with an equal one, or left out and why.

A row is left out for one fault only, the first that is found, so that the numbers add up: the rows found are those
brought over, those merged and those left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from loopscope.store.legacy.identifiers import Booleans, Integers

LEFT_OUT = "left out"
_SHOWN = 200


@dataclass(frozen=True)
class Finding:
    """One fault, and the rows of a table that have it.

    Attributes
    ----------
    happened
        What became of the rows: ``left out``, or how they were brought over.
    consequence
        Whether the fault lies elsewhere: in what the row belongs to.
    rows
        Their SQLite row numbers.
    names
        What stands for their ids, where they are no rows of their own.
    found
        What stands there, in the order of the rows; empty where nothing is told.
    """

    table: str
    fault: str
    happened: str
    consequence: bool
    rows: Integers
    names: tuple[str, ...] | None = None
    found: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Accounting:
    """How many rows of a table were found, brought over, merged with equal ones, and left out."""

    table: str
    found: int
    brought_over: int
    merged: int
    left_out: int


@dataclass
class _Group:
    happened: str
    consequence: bool
    rows: list[Integers] = field(default_factory=list)


class Judgement:
    """What becomes of the rows of one table.

    Parameters
    ----------
    table
        Its name.
    rowids
        Shape (n,), int64: SQLite's numbers of its rows; for what is no row of its own, 0, 1, ….
    names
        For what is no row of its own, what stands for the id of each.

    Attributes
    ----------
    left_out, merged
        Shape (n,), bool.
    """

    def __init__(self, table: str, rowids: Integers, names: Sequence[str] | None = None) -> None:
        self.table, self.rowids, self.names = table, rowids, names
        self.left_out = np.zeros(len(rowids), dtype=bool)
        self.merged = np.zeros(len(rowids), dtype=bool)
        self._groups: dict[str, _Group] = {}
        self._found: dict[tuple[str, int], str] = {}

    @property
    def kept(self) -> Booleans:
        """The rows that are brought over as rows of their own."""
        kept: Booleans = ~(self.left_out | self.merged)
        return kept

    def leave_out(
        self,
        rows: Integers | Booleans,
        fault: str,
        found: Mapping[int, Any] | None = None,
        *,
        consequence: bool = False,
    ) -> None:
        """Leave rows out that were not left out or merged before.

        Parameters
        ----------
        rows
            Their positions, or a mask.
        found
            By position, the value that stands there.
        consequence
            Whether the fault lies in what they belong to.
        """
        positions = _positions(rows)
        fresh = positions[~(self.left_out[positions] | self.merged[positions])]
        self.left_out[fresh] = True
        self._tell(fresh, fault, LEFT_OUT, found, consequence)

    def remark(
        self, rows: Integers | Booleans, fault: str, happened: str, found: Mapping[int, Any] | None = None
    ) -> None:
        """Tell of rows that are brought over although something is wrong with them."""
        self._tell(_positions(rows), fault, happened, found, consequence=False)

    def merge(self, rows: Integers | Booleans) -> None:
        """Merge rows with others that say the same."""
        self.merged[_positions(rows)] = True

    def accounting(self) -> Accounting:
        """Count the rows."""
        left_out, merged = int(self.left_out.sum()), int(self.merged.sum())
        return Accounting(self.table, len(self.rowids), len(self.rowids) - left_out - merged, merged, left_out)

    def findings(self) -> Iterator[Finding]:
        """Tell the faults, a remark only of rows that were brought over after all."""
        for fault, group in self._groups.items():
            positions = np.unique(np.concatenate(group.rows))
            if group.happened != LEFT_OUT:
                positions = positions[self.kept[positions]]
            if len(positions):
                told = tuple(self._found.get((fault, int(position)), "") for position in positions)
                yield Finding(
                    self.table,
                    fault,
                    group.happened,
                    group.consequence,
                    rows=self.rowids[positions],
                    names=None if self.names is None else tuple(self.names[position] for position in positions),
                    found=told if any(told) else (),
                )

    def _tell(
        self, rows: Integers, fault: str, happened: str, found: Mapping[int, Any] | None, consequence: bool
    ) -> None:
        if len(rows):
            self._groups.setdefault(fault, _Group(happened, consequence)).rows.append(rows)
            for position in rows.tolist() if found else ():
                self._found[fault, position] = shown(found[position] if found and position in found else None)


def shown(value: Any) -> str:
    """Write a value that was found, the beginning of it where it is long."""
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    text = (value if isinstance(value, str) else repr(value)).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _positions(rows: Integers | Booleans) -> npt.NDArray[np.int64]:
    positions: npt.NDArray[np.int64] = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.int64)
    return positions
