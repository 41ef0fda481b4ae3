"""Estimates as they stand in a sentence: the value, its interval, and what chance alone would give."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import polars as pl

Row = Mapping[str, Any]
"""One row of a frame with ``ESTIMATE_COLUMNS``."""


def share(value: float) -> str:
    """Write a share in per cent.

    >>> share(0.5), share(0.004), share(1.0)
    ('50 %', '0.4 %', '100 %')
    """
    per_cent = 100 * value
    return f"{per_cent:.0f} %" if per_cent >= 10 or per_cent in (0, 100) else f"{per_cent:.2g} %"


def number(value: float) -> str:
    """Write a number to three digits.

    >>> number(0.01234), number(23.0), number(1234.5), number(-0.0)
    ('0.0123', '23', '1,234', '0')
    """
    if value == 0:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"


def with_interval(row: Row, write: Callable[[float], str] = number) -> str:
    """Write an estimate with its 95 % interval in brackets.

    >>> with_interval({"estimate": 23.0, "lower": 15.0, "upper": 31.25})
    '23 [15, 31.2]'
    >>> with_interval({"estimate": 23.0, "lower": None, "upper": None})
    '23 (no interval)'

    An interval may reach beyond what was seen of the runs:

    >>> with_interval({"estimate": 23.0, "lower": 15.0, "upper": None})
    '23 [15, not reached]'

    One of no width is no certainty: every resample of runs is as the runs are, for want of runs that differ. A share
    of none or of all has another interval, and a count may be certain:

    >>> with_interval({"estimate": 1 / 3, "lower": 1 / 3, "upper": 1 / 3}, share)
    '33 % (no interval: the runs of each prompt agree)'
    >>> with_interval({"estimate": 1.0, "lower": 1.0, "upper": 1.0})
    '1 [1, 1]'
    """
    if row["lower"] is None:
        return f"{write(row['estimate'])} (no interval)"
    if row["lower"] == row["upper"] and 0 < row["estimate"] < 1:
        return f"{write(row['estimate'])} (no interval: the runs of each prompt agree)"
    if row["upper"] is None:
        return f"{write(row['estimate'])} [{write(row['lower'])}, not reached]"
    return f"{write(row['estimate'])} [{write(row['lower'])}, {write(row['upper'])}]"


def against_null(row: Row, null: str, write: Callable[[float], str] = number) -> str:
    """Say what a null gives.

    >>> row = {"null_mean": 0.1, "null_lower": 0.05, "null_upper": 0.15, "null_p": 0.01}
    >>> against_null(row, "shuffled order")
    'shuffled order gives 0.1 [0.05, 0.15], p = 0.01'
    """
    if row["null_mean"] is None:
        return f"not compared with {null}"
    band = f" [{write(row['null_lower'])}, {write(row['null_upper'])}]" if row["null_lower"] is not None else ""
    return f"{null} gives {write(row['null_mean'])}{band}, p = {row['null_p']:.2g}"


def listed(parts: Sequence[str]) -> str:
    """Join words as a sentence does.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def median(values: pl.Series) -> float:
    """Give the median of numbers, of which there is at least one."""
    return quantile(values, 0.5)


def quantile(values: pl.Series, at: float) -> float:
    """Give a quantile of numbers, of which there is at least one, linear between them."""
    return cast("float", values.quantile(at, "linear"))
