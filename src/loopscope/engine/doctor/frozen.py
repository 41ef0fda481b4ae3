"""When the record of a frozen clustering result has one right answer: when all else in the result agrees."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from loopscope.engine.doctor.fault import Fault
from loopscope.schemas import Cluster, ClusteringResult


def leave_what_is_ambiguous(faults: Sequence[Fault]) -> list[Fault]:
    """Take the mend from faults of results that have more than one.

    A size that alone disagrees was changed. An assignment that was moved or lost shows in two sizes, or in a size and
    the selection: to write the numbers anew would take away the trace of it.
    """
    told = Counter(_result_of(fault) for fault in faults)
    return [_without_mend(fault, result) if told[result := _result_of(fault)] > 1 else fault for fault in faults]


def _result_of(fault: Fault) -> UUID | None:
    """Return the result whose record it is; None where it is no part of one, as a later assignment."""
    if fault.table in ("cluster", "embedding_cluster"):
        result = fault.row.get("clustering_result")
    else:
        result = fault.row.get("uuid") if fault.table == "clustering_result" else None
    return result if isinstance(result, UUID) else None


def _without_mend(fault: Fault, result: UUID | None) -> Fault:
    if result is None or fault.mend is None or fault.mend.table not in (Cluster, ClusteringResult):
        return fault
    return replace(fault, mend=None, command=f"loopscope cluster delete {result.hex[:8]}")
