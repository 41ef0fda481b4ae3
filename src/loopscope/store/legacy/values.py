"""Values as the files hold them: instants, JSON, names and texts, read strictly or not at all."""

import json
from datetime import UTC, datetime
from typing import Any

from loopscope.types import fault_of_text

UNKNOWN_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)
"""What stands where an instant is not known and one must be given."""

LONGEST_NAME = 200


def read_instant(value: object) -> datetime | None:
    """Read an ISO 8601 instant, UTC where it names no zone; None where it is none.

    >>> read_instant("2025-04-05 06:07:08.5")
    datetime.datetime(2025, 4, 5, 6, 7, 8, 500000, tzinfo=datetime.timezone.utc)
    >>> read_instant(None) is None, read_instant("soon") is None
    (True, True)
    """
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_period(started: object, finished: object) -> tuple[datetime, datetime, bool]:
    """Read two instants, and tell whether both are known and in their order.

    One that is not known is set to the other, and both to ``UNKNOWN_INSTANT`` where neither is.
    """
    start, end = read_instant(started), read_instant(finished)
    sound = start is not None and end is not None and start <= end
    start = start or end or UNKNOWN_INSTANT
    return start, end if end is not None and end >= start else start, sound


def read_json(value: object) -> Any:
    """Read JSON; None where it is none, or holds NaN or infinity.

    >>> read_json('["a", 1]'), read_json("[") is None
    (['a', 1], True)
    """
    if not isinstance(value, str):
        return None
    try:
        return json.loads(value, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def is_name(value: object) -> bool:
    """Tell whether a value can be the name of a model."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and fault_of_text(value) is None


def is_integer(value: object) -> bool:
    """Tell whether a value is an integer of 64 bits."""
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def _refuse(constant: str) -> None:
    raise ValueError(f"found {constant}; expected a finite number")
