"""How many clouds of points can be drawn in place of persistence diagrams without anyone having to wait."""

import polars as pl

MOST_POINTS = 10_000
"""Of more points than these in all diagrams together no cloud is drawn: 99 take a hundred times as long as they did."""


def choose_nulls(bars: pl.DataFrame, wanted: int) -> int:
    """Choose how many clouds of null G are drawn: as many as wanted, or none where there are too many points.

    Parameters
    ----------
    bars
        As ``load_persistence_diagrams_df`` gives it.

    Examples
    --------
    >>> bars = pl.DataFrame({"run_id": [1, 1, 2], "n_unique": [6_000, 6_000, 5_000]})
    >>> choose_nulls(bars, 99), choose_nulls(bars.head(2), 99)
    (0, 99)
    """
    return wanted if int(bars.unique("run_id")["n_unique"].sum()) <= MOST_POINTS else 0
