"""What a chart is of: exactly one clustering result or embedding model, said in words for its subtitle."""

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from loopscope.datavis.wording import count_of, measure_width, percentage, wrap_text
from loopscope.errors import ChartError

SUBTITLE_SIZE: Final = 12
SUBTITLE_NARROWEST: Final = 480


def require_rows(frame: pl.DataFrame, columns: tuple[str, ...], *, chart: str, advice: str) -> None:
    """Refuse a frame that is empty or lacks columns.

    Raises
    ------
    ChartError
        Saying what was found and, by `advice`, what to type.
    """
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise ChartError(
            f"The {chart} chart needs the columns {', '.join(missing)}, "
            f"but the frame has {', '.join(frame.columns) or 'none'}. {advice}"
        )
    if frame.is_empty():
        raise ChartError(f"The {chart} chart has nothing to draw: the frame has no rows. {advice}")


def require_one(frame: pl.DataFrame, column: str, *, chart: str, noun: str, option: str) -> None:
    """Refuse a frame that mixes several of what a chart can show only one of.

    Parameters
    ----------
    frame, column
        All values of this column have to be the same.
    chart, noun, option
        For the message: name of the chart, plural of what is in the column, option of the command line that chooses.

    Raises
    ------
    ChartError
        Naming the values to choose from and the option.
    """
    found = frame[column].unique().sort().to_list()
    if len(found) > 1:
        shown = ", ".join(map(str, found[:12])) + (", …" if len(found) > 12 else "")
        raise ChartError(
            f"The {chart} chart shows one at a time, but the frame holds {len(found)} {noun}: "
            f"{shown}. Choose one of them, for example with `{option} {found[0]}`."
        )


def require_one_result(frame: pl.DataFrame, *, chart: str) -> None:
    """Refuse a frame that mixes clustering results.

    Raises
    ------
    ChartError
        Naming the results to choose from.
    """
    public = "clustering_result_uuid"
    column = public if public in frame.columns else "clustering_result_id"
    require_one(frame, column, chart=chart, noun="clustering results", option="--clustering")


def describe_result(frame: pl.DataFrame) -> list[str]:
    """Say which clustering result a frame is of, from whatever its first row tells.

    Returns
    -------
    list of str
        Such as ``["MiniLM", "hdbscan with min_cluster_size 20, min_samples 5, epsilon 0.1", "clustering 3aa6bd65"]``; a
        setting that is missing, zero, or not a number is left out.
    """
    row = frame.row(0, named=True)
    settings = {name: value for name, value in (row.get("parameters") or {}).items() if name != "downsample"}
    settings |= {"epsilon": row.get("epsilon") or settings.get("epsilon")}
    said = [
        f"{name} {value:g}"
        for name, value in settings.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and value
    ]
    if (row.get("downsample") or 1) > 1:
        said.append(f"downsample {row['downsample']}")
    algorithm = row.get("algorithm") or ("clustered" if said else None)
    parts = [row.get("embedding_model"), f"{algorithm} with {', '.join(said)}" if said else algorithm]
    if row.get("clustering_result_uuid"):
        parts.append(name_result(row))
    return [*(part for part in parts if part), *describe_turns(frame)]


def name_result(row: Mapping[str, Any]) -> str:
    """Name a clustering result by what can be typed, its public id, where a row has that.

    Examples
    --------
    >>> name_result({"clustering_result_id": 2, "clustering_result_uuid": "06a90841-aaaa"})
    'clustering 06a90841'
    >>> name_result({"clustering_result_id": 2})
    'clustering result 2'
    """
    uuid = row.get("clustering_result_uuid")
    return f"clustering {uuid[:8]}" if uuid else f"clustering result {row['clustering_result_id']}"


def name_run(row: Mapping[str, Any]) -> str:
    """Name a run by what can be typed, its public id, where a row has that.

    Examples
    --------
    >>> name_run({"run_id": 7, "run_uuid": "06a90841-aaaa"})
    'run 06a90841'
    >>> name_run({"run_id": 7})
    'run 7'
    """
    uuid = row.get("run_uuid")
    return f"run {uuid[:8]}" if uuid else f"run {row['run_id']}"


def describe_turns(frame: pl.DataFrame) -> list[str]:
    """Say whether the steps of a run are of several models in turn, so that clusters may alternate because of that.

    Examples
    --------
    >>> describe_turns(pl.DataFrame({"steps_per_loop": [2, 2]}))
    ['steps are of 2 models in turn']
    """
    turns = frame["steps_per_loop"].drop_nulls().to_list() if "steps_per_loop" in frame.columns else []
    if max(turns, default=1) < 2:
        return []
    where = "" if min(turns) > 1 else "in some networks "
    return [f"{where}steps are of {max(turns)} models in turn"]


def write_subtitle(parts: list[str], width: float) -> list[str]:
    """Join what there is to say with dots, in lines no wider than a chart, broken at a dot where possible."""
    lines: list[str] = []
    for part in parts:
        longer = f"{lines[-1]} · {part}" if lines else part
        if measure_width(longer, SUBTITLE_SIZE) <= max(width, SUBTITLE_NARROWEST):
            lines[-1:] = [longer]
        else:
            lines += wrap_text(part, max(width, SUBTITLE_NARROWEST), SUBTITLE_SIZE)
    return lines


def describe_medoids(medoids: pl.DataFrame) -> list[str]:
    """Say which clustering result a frame of medoids is of, how many clusters it has and the share of outliers."""
    sizes = medoids["cluster_size"]
    outliers = int(sizes.filter(medoids["cluster_id"] < 0).sum())
    parts = describe_result(medoids)
    if "n_runs_total" in medoids.columns:
        parts.append(count_of(medoids["n_runs_total"][0], "run"))
    parts.append(count_of(int((medoids["cluster_id"] >= 0).sum()), "cluster"))
    return [*parts, f"{count_of(int(sizes.sum()), 'embedding')}, {percentage(outliers, int(sizes.sum()))} outliers"]
