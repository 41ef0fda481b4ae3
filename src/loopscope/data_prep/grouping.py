"""Runs by group: which columns an analysis may be asked for by, and the runs of each group."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from loopscope.data_prep.columns import INITIAL_PROMPT, NETWORK, SEED, Column
from loopscope.errors import NotFoundError

GROUP_COLUMNS = {column.name: column for column in (NETWORK, INITIAL_PROMPT, SEED)}
"""By what runs can be grouped; embedding models and clustering results are always kept apart."""


def group_columns(by: Sequence[str]) -> tuple[Column, ...]:
    """Give the columns of a grouping.

    Raises
    ------
    NotFoundError
        When runs cannot be grouped by one of these names.
    """
    unknown = [name for name in by if name not in GROUP_COLUMNS]
    if unknown:
        raise NotFoundError(f'found no column "{unknown[0]}" to group by; expected some of {", ".join(GROUP_COLUMNS)}')
    return tuple(GROUP_COLUMNS[name] for name in by)


def iterate_groups(runs: pl.DataFrame, by: Sequence[str]) -> Iterator[tuple[dict[str, Any], list[int]]]:
    """Yield the values of each group and the row numbers of its runs, in the order of the values.

    Parameters
    ----------
    runs
        One row for each run, with the columns of ``by``.
    by
        Names of ``GROUP_COLUMNS``; none for one group of all runs.
    """
    names = [column.name for column in group_columns(by)]
    if runs.is_empty():
        return
    if not names:
        yield {}, list(range(runs.height))
        return
    numbered = runs.select(names).with_row_index("row")
    grouped = numbered.group_by(names, maintain_order=True).agg("row").sort(names, nulls_last=True)
    for row in grouped.iter_rows(named=True):
        rows = row.pop("row")
        yield row, rows


def number_groups(runs: pl.DataFrame) -> npt.NDArray[np.int64]:
    """Give networks and prompts numbers: shape (number of runs,), equal where both are equal.

    Examples
    --------
    >>> number_groups(pl.DataFrame({"network": ["A→B", "A→B"], "initial_prompt": ["a fox", "a lake"]})).tolist()
    [0, 1]
    """
    pairs: dict[tuple[str, str], int] = {}
    numbers = [pairs.setdefault(pair, len(pairs)) for pair in runs.select("network", "initial_prompt").iter_rows()]
    return np.array(numbers, dtype=np.int64)
