"""Ids as the files hold them: 32 hexadecimal digits, some of them turned into numbers by SQLite.

A column of numeric affinity turns a text that looks like a number into one: 32 decimal digits become a float that keeps
the first 15 or so, and digits with an ``e`` among them become a float or, mostly, infinity. Such a number is taken for
an id only where exactly one row of the table referred to has an id that becomes this number; never for infinity, which
stands for very many ids.
"""

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Integers: TypeAlias = npt.NDArray[np.int64]
Keys: TypeAlias = npt.NDArray[np.void]
Booleans: TypeAlias = npt.NDArray[np.bool_]

NULL, UUID, NUMBER, OTHER = 0, 1, 2, 3
"""What a value is that stands for an id."""

_DIGITS = re.compile(r"[0-9]{32}|(?=.{32}$)[0-9]+e[0-9]+")
_EXACT = 2.0**51
"""SQLite keeps an integral number below this as an integer."""


@dataclass(frozen=True)
class IdColumn:
    """A column of ids.

    Attributes
    ----------
    keys
        Shape (n,), 16 bytes each: the id where there is one, zeros elsewhere.
    kinds
        Shape (n,), int8: ``NULL``, ``UUID``, ``NUMBER`` or ``OTHER``.
    numbers
        By row, the number that stands there instead.
    """

    keys: Keys
    kinds: npt.NDArray[np.int8]
    numbers: dict[int, int | float]

    def __len__(self) -> int:
        return len(self.kinds)


class IdColumnReader:
    """Reads a column of ids, some rows at a time."""

    def __init__(self) -> None:
        self._keys: list[Keys] = []
        self._kinds: list[npt.NDArray[np.int8]] = []
        self._numbers: dict[int, int | float] = {}
        self._length = 0

    def add(self, values: Sequence[object]) -> None:
        """Read the values of the next rows."""
        keys = _all_ids(values)
        if keys is None:
            keys, kinds, numbers = _each_id(values)
            self._numbers |= {self._length + row: number for row, number in numbers.items()}
        else:
            kinds = np.full(len(values), UUID, dtype=np.int8)
        self._keys.append(keys)
        self._kinds.append(kinds)
        self._length += len(values)

    def column(self) -> IdColumn:
        """Return what was read."""
        if not self._keys:
            return IdColumn(np.empty(0, dtype="V16"), np.empty(0, dtype=np.int8), {})
        return IdColumn(np.concatenate(self._keys), np.concatenate(self._kinds), self._numbers)


def read_id(value: object) -> bytes | None:
    """Read an id of 32 hexadecimal digits, with or without hyphens; None where it is something else.

    >>> read_id("06888680-5055-0750-9783-087363769305").hex()
    '06888680505507509783087363769305'
    >>> read_id(6.88868050550751e30) is None
    True
    """
    if not isinstance(value, str):
        return None
    digits = value.replace("-", "")
    if len(digits) != 32 or re.fullmatch("[0-9A-Fa-f]{32}", digits) is None:
        return None
    return bytes.fromhex(digits)


def as_number(key: bytes) -> int | float | None:
    """Return the number that SQLite makes of an id in a column of numeric affinity; None where it makes none.

    >>> as_number(bytes.fromhex("06888680505507509783087363769305"))
    6.88868050550751e+30
    >>> as_number(bytes.fromhex("000000000000000000000000000012e3"))
    12000
    >>> as_number(bytes.fromhex("a6888680505507509783087363769305")) is None
    True
    """
    digits = key.hex()
    if _DIGITS.fullmatch(digits) is None:
        return None
    if "e" not in digits and int(digits) < 2**63:
        return int(digits)
    number = float(digits)
    return int(number) if number < _EXACT and number.is_integer() else number


class IdIndex:
    """Finds the rows of a table by their ids.

    Parameters
    ----------
    ids
        The ids of the rows themselves.
    """

    def __init__(self, ids: IdColumn) -> None:
        rows = np.flatnonzero(ids.kinds == UUID)
        rows = rows[np.argsort(ids.keys[rows], kind="stable")]
        self._rows, self._keys = rows, ids.keys[rows]
        self._ids = ids
        self._numbers: tuple[list[float], list[int | float], list[int]] | None = None

    def repeated(self) -> Integers:
        """Return the rows whose id another row has as well."""
        same = self._keys[1:] == self._keys[:-1]
        return np.sort(self._rows[in_company(same, len(self._rows))])

    def find(self, references: IdColumn) -> tuple[Integers, Booleans]:
        """Find the row that each reference means.

        Returns
        -------
        rows
            Shape (n,), int64; −1 where it means none, or cannot be told from another.
        restored
            Shape (n,): where the reference was a number and could be told.
        """
        found = np.full(len(references), -1, dtype=np.int64)
        if len(self._rows):
            places = np.minimum(np.searchsorted(self._keys, references.keys), len(self._rows) - 1)
            same = (self._keys[places] == references.keys) & (references.kinds == UUID)
            found[same] = self._rows[places[same]]
        restored = np.zeros(len(references), dtype=bool)
        for reference, number in references.numbers.items():
            row = self.find_number(number)
            if row is not None:
                found[reference], restored[reference] = row, True
        return found, restored

    def find_number(self, number: float) -> int | None:
        """Find the one row whose id is this number, or becomes it in a column of numeric affinity."""
        if not math.isfinite(number):
            return None
        floats, numbers, rows = self._numeric()
        near = math.ulp(float(number))
        start = bisect_left(floats, float(number) - near)
        end = bisect_right(floats, float(number) + near)
        same = [rows[place] for place in range(start, end) if _same(numbers[place], number)]
        return same[0] if len(same) == 1 else None

    def _numeric(self) -> tuple[list[float], list[int | float], list[int]]:
        """Return the numbers that ids are or become, in increasing order, and their rows."""
        if self._numbers is None:
            among = self._rows[_may_be_numbers(self._keys)]
            found = [(as_number(self._ids.keys[row].tobytes()), int(row)) for row in among]
            pairs = [(number, row) for number, row in found if number is not None and math.isfinite(number)]
            pairs += [(number, row) for row, number in self._ids.numbers.items() if math.isfinite(number)]
            pairs.sort()
            self._numbers = ([float(n) for n, _ in pairs], [n for n, _ in pairs], [row for _, row in pairs])
        return self._numbers


def in_company(follows: Booleans, length: int) -> Booleans:
    """Tell which of sorted rows are equal to one beside them.

    Parameters
    ----------
    follows
        Shape (length − 1,), bool: whether each row but the first is equal to the one before.

    >>> in_company(np.array([False, True, False]), 4).tolist()
    [False, True, True, False]
    """
    among = np.zeros(length, dtype=bool)
    among[1:] |= follows
    among[:-1] |= follows
    return among


def restore_ids(ids: IdColumn, mentioned: Iterable[bytes]) -> tuple[IdColumn, Integers]:
    """Give back the ids of rows whose own id was turned into a number, from the places that mention them.

    Parameters
    ----------
    mentioned
        Ids that other tables mention.

    Returns
    -------
    ids
        With the ids that could be told: exactly one id that is mentioned becomes the number, and that of no other row.
    restored
        The rows they belong to.
    """
    candidates = sorted({key for key in mentioned if as_number(key) is not None})
    own = {key.tobytes() for key in ids.keys[ids.kinds == UUID]} if ids.numbers else set()
    keys, kinds, numbers = ids.keys.copy(), ids.kinds.copy(), dict(ids.numbers)
    for row, number in ids.numbers.items():
        if not math.isfinite(number):
            continue
        same = [key for key in candidates if key not in own and _same(as_number(key) or 0, number)]
        alike = sum(_same(other, number) for other in ids.numbers.values())
        if len(same) == 1 and alike == 1:
            keys[row] = np.frombuffer(same[0], dtype="V16")[0]
            kinds[row] = UUID
            del numbers[row]
    restored = np.array(sorted(set(ids.numbers) - set(numbers)), dtype=np.int64)
    return IdColumn(keys, kinds, numbers), restored


def _same(one: float, other: float) -> bool:
    """Tell whether two numbers are one: integers to the last digit, floats but for SQLite's own rounding."""
    if isinstance(one, int) and isinstance(other, int):
        return one == other
    return abs(float(one) - float(other)) <= math.ulp(float(one))


def _may_be_numbers(keys: Keys) -> Booleans:
    """Tell which ids have decimal digits only, but for one ``e`` at most."""
    if not len(keys):
        return np.zeros(0, dtype=bool)
    octets = np.ascontiguousarray(keys).view(np.uint8).reshape(-1, 16)
    letters = np.zeros(len(keys), dtype=np.int64)
    others = np.zeros(len(keys), dtype=bool)
    for digit in (octets >> 4, octets & 15):
        letters += (digit == 14).sum(axis=1)
        others |= ((digit > 9) & (digit != 14)).any(axis=1)
    return ~others & (letters <= 1)


def _all_ids(values: Sequence[object]) -> Keys | None:
    """Read values at once where all are 32 hexadecimal digits; None where some are not."""
    try:
        if set(map(len, values)) != {32}:  # type: ignore[arg-type]
            return None
        data = bytes.fromhex("".join(values))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return np.frombuffer(data, dtype="V16") if len(data) == 16 * len(values) else None


def _each_id(values: Sequence[object]) -> tuple[Keys, npt.NDArray[np.int8], dict[int, int | float]]:
    data, numbers = bytearray(), {}
    kinds = np.full(len(values), OTHER, dtype=np.int8)
    for row, value in enumerate(values):
        key = read_id(value)
        data += key or bytes(16)
        if key is not None:
            kinds[row] = UUID
        elif value is None:
            kinds[row] = NULL
        elif isinstance(value, int | float):
            kinds[row] = NUMBER
            numbers[row] = value
    return np.frombuffer(bytes(data), dtype="V16"), kinds, numbers
