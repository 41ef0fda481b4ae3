"""Which clusters are shown, and in which order: by any of their properties, under the names that people type."""

import json
import operator
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import typer

from loopscope.types import OUTLIER

if TYPE_CHECKING:
    import polars as pl

COLUMNS = {
    "cluster": "cluster_id",
    "size": "cluster_size",
    "distinct_outputs": "distinct_outputs",
    "runs": "n_runs",
    "prompts": "n_prompts",
    "radius": "radius",
    "mean_distance": "mean_distance",
    "persistence": "persistence",
    "lambda_birth": "lambda_birth",
    "lambda_death": "lambda_death",
    "epsilon": "cluster_epsilon",
    "imported_number": "imported_number",
}
"""What a property is called on the command line, and its column in ``load_cluster_properties_df``."""

_ALSO = {column: name for name, column in COLUMNS.items()} | {"distinct": "distinct_outputs", "mean": "mean_distance"}
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}
_CONDITION = re.compile(r"\s*([^<>=!]*[^<>=!\s])\s*(<=|>=|==|!=|=|<|>)\s*([^<>=!]+?)\s*")


def name_properties(clusters: "pl.DataFrame") -> "pl.DataFrame":
    """Give every property that is a number a column of the name that people type; those in ``other`` as well.

    Parameters
    ----------
    clusters
        As of ``load_cluster_properties_df``, of one result.

    Returns
    -------
    polars.DataFrame
        With the columns of ``COLUMNS`` and one more for each property of another name, null where it is no number.
    """
    import polars as pl

    named = clusters.select(pl.col(column).alias(name) for name, column in COLUMNS.items())
    others = [json.loads(text) if text else {} for text in clusters["other"]]
    names = {name for each in others for name, value in each.items() if name not in COLUMNS and _is_number(value)}
    return named.with_columns(
        pl.Series(name, [float(each[name]) if _is_number(each.get(name)) else None for each in others], pl.Float64)
        for name in sorted(names)
    )


def choose_clusters(
    named: "pl.DataFrame", where: Sequence[str], sort: str | None, descending: bool
) -> tuple["pl.DataFrame", list[str]]:
    """Keep the clusters that meet every condition, in the order asked for.

    Parameters
    ----------
    named
        As of ``name_properties``.
    where
        Conditions such as ``radius < 0.3``; a cluster without the property meets none.
    sort
        A property; by default the number. What has it not comes last, and the outlier cluster after all.

    Returns
    -------
    clusters
        Of the same columns.
    properties
        Those that the conditions and the order are about.

    Raises
    ------
    typer.BadParameter
        When a condition cannot be read or no cluster can have such a property; the nearest one is named.
    """
    import polars as pl

    conditions = [_read(text, named.columns) for text in where]
    by = "cluster" if sort is None else _find(sort, named.columns, "--sort")
    for name, compare, value in conditions:
        named = named.filter(compare(pl.col(name), value))
    chosen = named.sort(
        pl.col("cluster") == OUTLIER, by, "cluster", descending=[False, descending, False], nulls_last=True
    )
    return chosen, list(dict.fromkeys([*(name for name, _, _ in conditions), by]))


def _read(text: str, known: Sequence[str]) -> tuple[str, Callable[[Any, Any], Any], float]:
    found = _CONDITION.fullmatch(text)
    try:
        name, sign, value = found.groups() if found else ("", "", "")
        number = float(value)
    except ValueError:
        raise typer.BadParameter(
            f"found --where {text!r}; expected a property, one of < <= = != >= > and a number, such as "
            '--where "radius < 0.3"'
        ) from None
    return _find(name, known, "--where"), _OPERATORS[sign], number


def _find(name: str, known: Sequence[str], option: str) -> str:
    typed = name.strip().lower().replace(" ", "_").replace("-", "_")
    for each in (name, typed, _ALSO.get(typed, "")):
        if each in known:
            return each
    from loopscope.config import nearest

    raise typer.BadParameter(f'found no property "{name}" for {option}{nearest(typed, known)}')


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
