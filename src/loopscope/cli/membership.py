"""Where the outputs of a run stand in a clustering result, as commands print it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loopscope.cli.output import counted, figure

if TYPE_CHECKING:
    import polars as pl
    from sqlalchemy.orm import Session

TOLD = ("status", "cluster_id", "cluster_label", "probability", "later_cluster_id", "later_probability")
NOT_EMBEDDED = "not embedded"
STATUSES = ("member", "outlier", "not sampled", "added later", NOT_EMBEDDED)


@dataclass(frozen=True)
class Membership:
    """Where each output of a run stands in one result.

    Attributes
    ----------
    of
        By the id of the invocation: ``TOLD``, all null for an output of a type that the result is not of.
    facts
        The result's id, its model, and how many outputs there are of each status.
    said
        The same in words.
    """

    of: dict[int, dict[str, Any]]
    facts: dict[str, Any]
    said: str


def load_membership(session: "Session", result_id: int, run_id: int, outputs: "pl.DataFrame") -> Membership:
    """Find where the outputs of a run stand in a result.

    Parameters
    ----------
    outputs
        As of ``load_invocations_df``, of the run.
    """
    from loopscope.data_prep import load_clustering_results_df, load_clusters_df

    result = load_clustering_results_df(session, result_id).row(0, named=True)
    clusters = load_clusters_df(session, result_id, include_unclustered=True, run_id=run_id)
    found = {row["invocation_id"]: row for row in clusters.to_dicts()}
    nowhere = dict.fromkeys(TOLD)
    of = {}
    for invocation_id, output_type in outputs.select("invocation_id", "output_type").iter_rows():
        missing = nowhere | ({"status": NOT_EMBEDDED} if output_type == result["output_type"] else {})
        of[invocation_id] = {name: found.get(invocation_id, missing)[name] for name in TOLD}
    statuses = [place["status"] for place in of.values()]
    counts = {status: statuses.count(status) for status in STATUSES if status in statuses}
    told = ", ".join(say_count(status, number) for status, number in counts.items()) or "none of its outputs is one"
    facts = {"clustering": result["uuid"], "embedding_model": result["embedding_model"], "statuses": counts}
    kind = "texts" if result["output_type"] == "text" else "pictures"
    return Membership(of, facts, f"{result['uuid'][:8]}, of {kind} by {result['embedding_model']}: {told}")


def say_count(status: str, number: int) -> str:
    """Say how many there are of a status, such as ``2 members`` or ``3 not sampled``."""
    return counted(number, status) if status in ("member", "outlier") else f"{number:,} {status}"


def say_later(row: Mapping[str, Any]) -> str | None:
    """Say to which cluster an output was assigned after the result was made, such as ``3 (0.82)``; None if it was not.

    Parameters
    ----------
    row
        With ``later_cluster_id`` and ``later_probability``.
    """
    if row["later_cluster_id"] is None:
        return None
    return f"{row['later_cluster_id']} ({figure(row['later_probability'])})"
