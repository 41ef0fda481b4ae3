"""Whether the properties that a cluster records are those of its members, and lie in their ranges."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeGuard

from loopscope.engine.doctor.fault import Fault, Mend, Row
from loopscope.schemas import Cluster, ClusteringResult
from loopscope.types import OUTLIER

TOLERANCE = 1e-6
"""How far a recorded number may be from the one that is measured, absolutely and relative to it."""
SHOWN = 10
"""How many clusters or embeddings are named in one line."""


def cluster_row(result: ClusteringResult, cluster: Cluster) -> Row:
    """Say which cluster it is."""
    return {"id": cluster.id, "clustering_result": result.uuid, "cluster_id": cluster.cluster_id}


def check_counted_properties(result: ClusteringResult, cluster: Cluster, counted: Mapping[str, int]) -> Iterator[Fault]:
    """Hold what a cluster records of its rows against the rows; a property that it does not record is not missed."""
    for name, value in counted.items():
        found = cluster.properties.get(name)
        if found is None or found == value:
            continue
        mend = Mend(Cluster, {"id": cluster.id}, {"properties": {name: found}}, {"properties": {name: value}})
        row = cluster_row(result, cluster)
        yield Fault("cluster", row, f"{name} {_said(found)}", f"{value}, as counted", mend=mend)


def check_measured_properties(
    result: ClusteringResult, cluster: Cluster, measured: Mapping[str, float]
) -> Iterator[Fault]:
    """Hold what a cluster records of its vectors or outputs against those that are there, and against its range.

    None of it has one right answer: the property may have been changed, or a vector, which measures well all the same.
    """
    row = cluster_row(result, cluster)
    delete = f"loopscope cluster delete {result.uuid.hex[:8]}"
    for name, value in measured.items():
        found = cluster.properties.get(name)
        if found is not None and not _is_near(found, value):
            yield Fault("cluster", row, f"{name} {_said(found)}", f"{_said(value)}, as measured", delete)
    persistence, birth, death, epsilon = (
        cluster.properties.get(name) for name in ("persistence", "lambda_birth", "lambda_death", "epsilon")
    )
    if persistence is not None and not (_is_number(persistence) and -TOLERANCE <= persistence <= 1 + TOLERANCE):
        yield Fault("cluster", row, f"persistence {_said(persistence)}", "from 0 to 1", delete)
    if not _is_number(birth):
        return
    if birth > 0 and epsilon is not None and not _is_near(epsilon, 1 / birth):
        yield Fault("cluster", row, f"epsilon {_said(epsilon)}", f"{_said(1 / birth)}, 1 / lambda_birth", delete)
    if _is_number(death) and death < birth * (1 - TOLERANCE):
        yield Fault(
            "cluster", row, f"lambda_death {_said(death)}", f"at least lambda_birth, which is {_said(birth)}", delete
        )


def tell_unjudged(result: ClusteringResult, numbers: Sequence[int], embedding_ids: Sequence[int]) -> Iterator[Fault]:
    """Tell that clusters were not judged by their vectors, of which some cannot be used.

    Outputs of an imported result differ by their hashes, so that only medoids and distances are not judged there.
    """
    clusters = [number for number in numbers if number != OUTLIER]
    ours = result.origin is None
    parts = []
    if clusters:
        measures = "medoid, radius, mean_distance and distinct_outputs" if ours else "medoid, radius and mean_distance"
        parts.append(f"{measures} of cluster{'s' * (len(clusters) > 1)} {_listed(clusters)}")
    if ours and OUTLIER in numbers:
        parts.append("distinct_outputs of the outliers")
    if ours and "distinct" in result.counts:
        parts.append("distinct in counts")
    if not parts:
        return
    plural = "s" * (len(embedding_ids) > 1)
    why = f"because the vector{plural} of embedding{plural} {_listed(embedding_ids)} cannot be used"
    row = {"id": result.id, "uuid": result.uuid}
    yield Fault("clustering_result", row, f"not judged: {'; '.join(parts)}, {why}", "every cluster judged")


def _listed(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, sorted(numbers)[:SHOWN]))
    return f"{shown} and {len(numbers) - SHOWN} more" if len(numbers) > SHOWN else shown


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, float | int) and math.isfinite(value)


def _is_near(found: Any, true: float) -> bool:
    if isinstance(true, int):
        return bool(found == true)
    return isinstance(found, float | int) and math.isclose(found, true, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _said(value: Any) -> str:
    return f"{value:.9g}" if isinstance(value, float) else str(value)
