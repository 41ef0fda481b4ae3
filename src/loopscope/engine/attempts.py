"""Calling a model on a batch a bounded number of times, keeping the cause of every attempt that failed.

The first attempt is the whole batch in one call. Items that have no sound result after it are tried again one by one,
so that one bad item does not spoil the others.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from traceback import extract_tb
from typing import Any, Generic, Protocol, TypeVar

from loopscope.errors import LoopscopeError, ModelError

T = TypeVar("T")
MAX_ATTEMPTS = 3


@dataclass(frozen=True)
class Failure:
    """One attempt that failed, and why."""

    attempt: int
    cause: str
    started_at: datetime
    finished_at: datetime


@dataclass
class Attempted(Generic[T]):
    """What came of one item: its result, or none after all attempts; and the attempts that failed before.

    Attributes
    ----------
    seconds
        The item's share of the time its last attempt took.
    """

    result: T | None = None
    attempts: int = 0
    failures: list[Failure] = field(default_factory=list)
    seconds: float = 0.0
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    finished_at: datetime = field(default_factory=lambda: datetime.now(UTC))


def attempt(
    call: Callable[[Sequence[int]], Any],
    check: Callable[[Any], T],
    count: int,
    max_attempts: int = MAX_ATTEMPTS,
) -> list[Attempted[T]]:
    """Call a model until every item has a sound result, at most ``max_attempts`` times for each.

    Parameters
    ----------
    call
        Takes the indices of items, gives their results in order: a list or an array.
    check
        Makes of a result what is to be stored, never None; raises if it cannot be stored.
    count
        The number of items.
    """
    items = [Attempted[T]() for _ in range(count)]
    _call_once(call, check, items, range(count))
    for index, item in enumerate(items):
        while item.result is None and item.attempts < max_attempts:
            _call_once(call, check, items, [index])
    return items


def _call_once(
    call: Callable[[Sequence[int]], Any],
    check: Callable[[Any], T],
    items: Sequence[Attempted[T]],
    indices: Sequence[int],
) -> None:
    started_at, start = datetime.now(UTC), time.perf_counter()
    checked: list[T | Exception]
    try:
        results = call(indices)
        if isinstance(results, str) or len(results) != len(indices):
            raise ModelError(f"found {_described(results)} for {len(indices)} inputs; expected as many outputs")
        checked = [_checked(check, result) for result in results]
    except Exception as error:  # noqa: BLE001 - whatever a model raises is recorded as the cause of a failed attempt
        checked = [error] * len(indices)
    finished_at, seconds = datetime.now(UTC), (time.perf_counter() - start) / max(1, len(indices))
    for index, result in zip(indices, checked, strict=True):
        item = items[index]
        item.attempts += 1
        item.seconds, item.started_at, item.finished_at = seconds, started_at, finished_at
        if isinstance(result, Exception):
            item.failures.append(Failure(item.attempts, _cause(result), started_at, finished_at))
        else:
            item.result = result


def _checked(check: Callable[[Any], T], result: Any) -> T | Exception:
    try:
        return check(result)
    except Exception as error:  # noqa: BLE001 - likewise, of one output
        return error


def _described(results: Any) -> str:
    return "one text" if isinstance(results, str) else f"{len(results)} outputs"


def _cause(error: Exception) -> str:
    """Say what went wrong, in characters that any database holds."""
    said = str(error) if isinstance(error, LoopscopeError) else f"{type(error).__name__}: {error}{_place(error)}"
    return said.encode(errors="backslashreplace").decode().replace("\0", "\\0")


def _place(error: Exception) -> str:
    """Say in which file and line an error was raised."""
    frames = extract_tb(error.__traceback__)
    return f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""


class Place(Protocol):
    """Where an item stands: a run and a sequence number in it."""

    @property
    def run_id(self) -> int:
        """The run."""

    @property
    def sequence_number(self) -> int:
        """Of the invocation in the run, −1 for the initial prompt."""


def failed_attempt_rows(
    places: Sequence[Place], attempted: Sequence[Attempted[Any]], model: str
) -> Iterator[dict[str, Any]]:
    """Give a row of ``failed_attempt`` for each attempt that failed."""
    for place, item in zip(places, attempted, strict=True):
        for failure in item.failures:
            key = {"run_id": place.run_id, "sequence_number": place.sequence_number, "model": model}
            yield key | asdict(failure)
