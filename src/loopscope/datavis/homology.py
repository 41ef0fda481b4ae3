"""What charts of persistence diagrams share: names of dimensions, the reach of the null, and words for subtitles."""

from typing import Final, cast

import polars as pl

from loopscope.datavis.theme import SERIES_COLOURS
from loopscope.datavis.wording import count_of
from loopscope.errors import ChartError

ADVICE: Final = "`loopscope persistence perform MODEL` computes persistence diagrams."
NULL_NAME: Final = "null: Gaussian cloud (95 %)"
NULL_COLOUR: Final = "#d4d4d4"
_NAMES: Final = ("component", "loop", "hollow")


def name_bars(dimension: int, number: int = 2) -> str:
    """Name bars of a dimension.

    Examples
    --------
    >>> name_bars(1), name_bars(0, 1), name_bars(3)
    ('loops', 'component', 'features of dimension 3')
    """
    if dimension < len(_NAMES):
        return _NAMES[dimension] + ("" if number == 1 else "s")
    return f"feature{'' if number == 1 else 's'} of dimension {dimension}"


def choose_dimension_colour(dimension: int) -> str:
    """Choose the colour of a dimension, the same in every chart."""
    return SERIES_COLOURS[dimension % len(SERIES_COLOURS)]


def require_dimension(frame: pl.DataFrame, dimension: int, *, chart: str) -> pl.DataFrame:
    """Keep the rows of one dimension.

    Raises
    ------
    ChartError
        If there are none, with what to type.
    """
    kept = frame.filter(pl.col("dimension") == dimension)
    if kept.is_empty():
        found = ", ".join(str(each) for each in frame["dimension"].unique().sort())
        model = frame["embedding_model"][0]
        higher = f" --max-dimension {dimension}" if dimension > 1 else ""
        raise ChartError(
            f"The {chart} chart has nothing to draw in dimension {dimension}; the frame has dimension {found}. "
            f"`loopscope persistence perform {model}{higher}` computes it."
        )
    return kept


def measure_reach(null: pl.DataFrame | None, run_ids: list[int], dimension: int) -> float | None:
    """Measure how long the longest bar of Gaussian clouds is in 95 % of them, on average over runs.

    Parameters
    ----------
    null
        As `load_persistence_entropy_df(session, nulls=…)` gives it; None, or one without nulls, has no reach.
    """
    if null is None or "largest_persistence_null_upper" not in null.columns:
        return None
    chosen = null.filter(pl.col("run_id").is_in(run_ids), pl.col("dimension") == dimension)
    reach = chosen["largest_persistence_null_upper"].mean()
    return cast("float | None", reach)


def describe_diagrams(frame: pl.DataFrame) -> list[str]:
    """Say for a subtitle of which model and how many runs diagrams are, and how many are out of date."""
    runs = frame.unique("run_id")
    parts = [str(frame["embedding_model"][0]), count_of(runs.height, "run")]
    outdated = int((runs["standing"] == "outdated").sum()) if "standing" in runs.columns else 0
    if outdated:
        parts.append(f"{outdated} of them out of date: loopscope persistence perform {frame['embedding_model'][0]}")
    return parts
