"""Values are read strictly, or said not to be known."""

from datetime import UTC, datetime

import pytest

from loopscope.store.legacy.values import UNKNOWN_INSTANT, is_integer, is_name, read_instant, read_json, read_period

EARLY, LATE = "2025-01-01 10:00:00", "2025-01-01 10:00:09.5"
AT_TEN = datetime(2025, 1, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("started", "finished", "expected"),
    [
        (EARLY, LATE, (AT_TEN, AT_TEN.replace(second=9, microsecond=500_000), True)),
        (EARLY, EARLY, (AT_TEN, AT_TEN, True)),
        (LATE, EARLY, (AT_TEN.replace(second=9, microsecond=500_000),) * 2 + (False,)),
        (EARLY, None, (AT_TEN, AT_TEN, False)),
        ("soon", EARLY, (AT_TEN, AT_TEN, False)),
        (None, 5, (UNKNOWN_INSTANT, UNKNOWN_INSTANT, False)),
    ],
)
def test_a_period_ends_when_it_is_known_to(
    started: object, finished: object, expected: tuple[datetime, datetime, bool]
) -> None:
    assert read_period(started, finished) == expected


def test_an_instant_of_another_zone_is_read_as_utc() -> None:
    assert read_instant("2025-01-01T12:00:00+02:00") == AT_TEN
    assert read_instant("2025-01-01T10:00:00Z") == AT_TEN
    assert read_instant("0001-01-01T00:00:00+14:00") is None  # before the first year


@pytest.mark.parametrize("value", ["", "{", "[NaN]", "[Infinity]", b"[]", None, 5, "[" * 100_000])
def test_what_is_no_json_is_none(value: object) -> None:
    assert read_json(value) is None


def test_names_and_integers() -> None:
    assert [is_name(value) for value in ("a", "", "a" * 200, "a" * 201, "a\0", None)] == [True, False, True] + [
        False
    ] * 3
    assert [is_integer(value) for value in (1, -1, True, 1.0, "1", 2**63)] == [True, True] + [False] * 4
