"""The rows of a raster: in which order, how high, and each run as a few stretches instead of many cells.

A column is a position in the network's sorted list of sequence numbers that were embedded, since a text embedding model
sees only every other step of a picture-and-text loop. A stretch is an unbroken series of columns with one code: a
cluster number, −1 for outliers, or one of the codes below.
"""

from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any, Final, Literal

import polars as pl

NOT_SAMPLED: Final = -2
ADDED_LATER: Final = -3

LARGEST_GROUP_GAP: Final = 5
HEADING_GAP: Final = 30
"""In pixels, between two groups of runs and above those with a heading."""


Sort = Literal["seed", "absorption"]
Grouping = Literal["network", "prompt"]


@dataclass(frozen=True)
class RasterGroup:
    """Runs that stand together: rows of equal height from `top` to `bottom`, in pixels.

    What several groups have in common is their `heading`; there is none where all have it in common.
    """

    label: str
    heading: str | None
    top: float
    bottom: float


@dataclass(frozen=True)
class RasterRow:
    """One run: stretch i has code `codes[i]` from column `starts[i]` to before `starts[i + 1]`; None is a gap."""

    run_id: int
    network: str
    initial_prompt: str
    seed: int | None
    group: int
    top: float
    starts: list[int]
    codes: list[int | None]


@dataclass(frozen=True)
class RasterRows:
    """A whole raster.

    Attributes
    ----------
    rows, groups
        From top to bottom.
    columns
        For each network, the sequence number at which each column begins, and at which the last one ends.
    row_height, height
        In pixels.
    runs_found
        How many runs the frame has; more than there are rows if not all could be drawn.
    """

    rows: list[RasterRow]
    groups: list[RasterGroup]
    columns: dict[str, list[int]]
    row_height: float
    height: float
    runs_found: int


def arrange_rows(
    clusters: pl.DataFrame,
    *,
    max_runs: int,
    onsets: pl.DataFrame | None = None,
    sort: Sort = "seed",
    group: Grouping = "network",
) -> RasterRows:
    """Order the runs and shorten each to its stretches.

    Parameters
    ----------
    clusters
        As `load_clusters_df` gives it, of one clustering result.
    max_runs
        Of more runs than these, evenly spaced ones are kept.
    onsets
        With `run_id` and `sequence_number`: where each run that was absorbed was.
    sort
        By seed, fresh randomness last, within each network and prompt; or by onset, those that were not absorbed last,
        within each network or prompt.
    group
        Runs of one network stand together, or those of one prompt.
    """
    runs = clusters.select("run_id", "network", "initial_prompt", "seed").unique()
    alphabetic: dict[Grouping, list[Any]] = {
        "network": ["network", pl.col("initial_prompt").str.to_lowercase(), "initial_prompt"],
        "prompt": [pl.col("initial_prompt").str.to_lowercase(), "initial_prompt", "network"],
    }
    if sort == "absorption" and onsets is not None:
        names = ["network"] if group == "network" else ["initial_prompt"]
        known = onsets.select("run_id", onset="sequence_number")
        runs = runs.join(known, on="run_id", how="left").sort(
            *alphabetic[group][: 1 if group == "network" else 2], "onset", "seed", "run_id", nulls_last=True
        )
    else:
        names = ["network", "initial_prompt"] if group == "network" else ["initial_prompt", "network"]
        runs = runs.sort(*alphabetic[group], "seed", "run_id", nulls_last=True)
    runs_found = runs.height
    if runs_found > max_runs:
        runs = runs[[number * runs_found // max_runs for number in range(max_runs)]]
    row_height = float(min(18 if runs.height <= 10 else 14, max(1, 1_600 // runs.height)))
    groups, tops = _stack_groups(runs, _name_groups(runs, names), row_height)
    stretches = _find_stretches(clusters)
    rows = [
        RasterRow(run_id, network, prompt, seed, number, top, *_close_gaps(stretches[run_id]))
        for (run_id, network, prompt, seed), (number, top) in zip(
            runs.select("run_id", "network", "initial_prompt", "seed").iter_rows(), tops, strict=True
        )
    ]
    return RasterRows(rows, groups, _find_columns(clusters), row_height, groups[-1].bottom, runs_found)


def _name_groups(runs: pl.DataFrame, names: list[str]) -> list[tuple[str | None, str]]:
    """Give each run the heading and the label of its group: what is the same for all runs is said nowhere."""
    telling = [name for name in names if runs[name].n_unique() > 1] or names[-1:]
    if len(telling) == 1:
        return [(None, label) for label in runs[names[-1] if len(names) == 1 else telling[0]].to_list()]
    return list(runs.select(telling).iter_rows())


def _stack_groups(
    runs: pl.DataFrame, named: list[tuple[str | None, str]], row_height: float
) -> tuple[list[RasterGroup], list[tuple[int, float]]]:
    gap = float(min(LARGEST_GROUP_GAP, max(1, row_height * runs.height / len(set(named)) // 6)))
    groups: list[RasterGroup] = []
    tops: list[tuple[int, float]] = []
    for (heading, label), members in groupby(named):
        top = groups[-1].bottom + gap if groups else 0.0
        if heading is not None and (not groups or groups[-1].heading != heading):
            top += HEADING_GAP
        height = len(list(members))
        tops += [(len(groups), top + row_height * number) for number in range(height)]
        groups.append(RasterGroup(label, heading, top, top + row_height * height))
    return groups, tops


def _find_columns(clusters: pl.DataFrame) -> dict[str, list[int]]:
    columns = {}
    for (network,), found in clusters.group_by("network", maintain_order=True):
        numbers = found["sequence_number"].unique().sort().to_list()
        gaps = [after - before for before, after in pairwise(numbers)]
        columns[str(network)] = [*numbers, numbers[-1] + min(gaps, default=1)]
    return columns


def _find_stretches(clusters: pl.DataFrame) -> dict[int, list[tuple[int, int, int]]]:
    code = (
        pl.when(pl.col("cluster_id").is_not_null())
        .then("cluster_id")
        .otherwise(pl.when(pl.col("status") == "added later").then(ADDED_LATER).otherwise(NOT_SAMPLED))
    )
    cells = clusters.select(
        "run_id", code=code, column=pl.col("sequence_number").rank("dense").over("network").cast(pl.Int64) - 1
    ).sort("run_id", "column")
    same: Any = (
        (pl.col("run_id") == pl.col("run_id").shift())
        & (pl.col("code") == pl.col("code").shift())
        & (pl.col("column") == pl.col("column").shift() + 1)
    )
    table = (
        cells.with_columns(stretch=(~same).fill_null(value=True).cum_sum())
        .group_by("stretch", maintain_order=True)
        .agg(pl.first("run_id", "code"), start=pl.first("column"), end=pl.last("column") + 1)
    )
    stretches: dict[int, list[tuple[int, int, int]]] = {}
    for run_id, start, end, found in table.select("run_id", "start", "end", "code").iter_rows():
        stretches.setdefault(run_id, []).append((start, end, found))
    return stretches


def _close_gaps(stretches: list[tuple[int, int, int]]) -> tuple[list[int], list[int | None]]:
    starts: list[int] = [stretches[0][0]]
    codes: list[int | None] = []
    for start, end, code in stretches:
        if start != starts[-1]:
            codes.append(None)
            starts.append(start)
        codes.append(code)
        starts.append(end)
    return starts, codes
