"""Clustering results of the file, without their clusters and assignments."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np

from loopscope.store.legacy.embeddings import OldEmbeddings
from loopscope.store.legacy.identifiers import IdColumnReader, IdIndex
from loopscope.store.legacy.judgement import Judgement, shown
from loopscope.store.legacy.layout import Form, Layout
from loopscope.store.legacy.references import judge_ids, public_id
from loopscope.store.legacy.source import Source
from loopscope.store.legacy.values import read_instant, read_json, read_period
from loopscope.types import fault_of_text

_COLUMNS = "rowid, id, created_at, started_at, completed_at, embedding_model, algorithm, parameters"
_LONGEST_ALGORITHM = 100


@dataclass(frozen=True)
class OldResult:
    """A clustering result as the file has it.

    Attributes
    ----------
    uuid
        Its public id.
    stored_id
        Its id in the file, as text.
    model
        The name of its embedding model in the file.
    made_at
        When its computation was begun, as far as the file tells.
    clusters
        The JSON of its clusters, unread, in the layout that has it.
    """

    uuid: UUID
    stored_id: str
    model: str
    algorithm: str
    parameters: Mapping[str, Any]
    made_at: datetime | None
    started_at: datetime
    finished_at: datetime
    clusters: Any = None


@dataclass(frozen=True)
class OldResults:
    """The clustering results of a file, by position.

    Attributes
    ----------
    judged
        What becomes of each.
    index
        Finds them by their ids.
    results
        None stands for one that is left out by itself.
    blemishes
        By position, what keeps a result from being whole.
    """

    judged: Judgement
    index: IdIndex
    results: list[OldResult | None]
    blemishes: dict[int, list[str]]


def read_results(source: Source, layout: Layout, embeddings: OldEmbeddings) -> OldResults:
    """Read and judge the clustering results of a file."""
    clusters = ", clusters" if layout.form is Form.CLUSTERS_AS_JSON else ", NULL"
    rows = source.all(f"SELECT {_COLUMNS}{clusters} FROM clusteringresult ORDER BY rowid")  # noqa: S608 - constants
    judged = Judgement("clusteringresult", np.array([row[0] for row in rows], dtype=np.int64))
    reader = IdColumnReader()
    reader.add([row[1] for row in rows])
    ids = judge_ids(source, layout, judged, reader.column(), public=True)
    there = {model.stored_name for model in embeddings.models}
    results: list[OldResult | None] = []
    blemishes: dict[int, list[str]] = {}
    for position, row in enumerate(rows):
        uuid = public_id(ids, position, row)
        result = _read_result(row, position, uuid, judged, there)
        if result is not None and "as_stored" in result.parameters:
            blemishes.setdefault(position, []).append("its parameters are no JSON object")
        results.append(result)
    return OldResults(judged, IdIndex(ids), results, blemishes)


def _read_result(row: Any, position: int, uuid: UUID, judged: Judgement, models: set[str]) -> OldResult | None:
    _, stored_id, created, started, finished, model, algorithm, parameters, clusters = row
    at = np.array([position])
    if not isinstance(algorithm, str) or not 0 < len(algorithm) <= _LONGEST_ALGORITHM or fault_of_text(algorithm):
        judged.leave_out(at, "its algorithm is no name", {position: algorithm})
    if model not in models:
        judged.leave_out(at, "no embedding of its embedding_model was brought over", {position: model})
    if judged.left_out[position]:
        return None
    settings = read_json(parameters)
    if not isinstance(settings, dict):
        settings = {"as_stored": shown(parameters)}
        judged.remark(
            at, "its parameters are no JSON object", "brought over with their text as it stands", {position: parameters}
        )
    start, end, sound = read_period(started or created, finished or created)
    if not sound:
        judged.remark(
            at,
            "its times are missing or run backwards",
            "brought over with the time that is known",
            {position: started},
        )
    made_at = read_instant(started) or read_instant(created) or read_instant(finished)
    return OldResult(uuid, str(stored_id), model, algorithm, settings, made_at, start, end, clusters)
