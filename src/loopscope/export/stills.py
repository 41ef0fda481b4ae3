"""The stills of runs, read from the database as many at a time as are drawn at a time."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, literal, select
from sqlalchemy.orm import Session

from loopscope.data_prep.keys import require_clustering_result
from loopscope.datavis.theme import choose_cluster_colour
from loopscope.errors import ExportError
from loopscope.export.shown_runs import ShownRun
from loopscope.imaging.canvas import fit_picture
from loopscope.imaging.codec import decode_picture
from loopscope.imaging.still import Still
from loopscope.schemas import Cluster, ClusteringResult, Embedding, EmbeddingCluster, Invocation, Picture

AT_A_TIME = 400
"""Sequence numbers in one query; SQLite takes no more than 32,766 values."""


@dataclass(frozen=True)
class _Shown:
    text: str | None
    picture: bytes | None
    cluster_id: int | None
    embedded: bool


class StillReader:
    """Reads stills, with their clusters under one clustering result.

    Parameters
    ----------
    clustering_result_id
        Whose colours are shown; None shows none.
    largest_side
        Pictures are reduced to fit a square of so many pixels as soon as they are read; None keeps them.

    Raises
    ------
    NotFoundError
        When there is no such result.
    """

    def __init__(self, session: Session, clustering_result_id: int | None, largest_side: int | None = None) -> None:
        self._session = session
        self._result_id = clustering_result_id
        self._model_id: int | None = None
        if clustering_result_id is not None:
            require_clustering_result(session, clustering_result_id)
            self._model_id = session.get_one(ClusteringResult, clustering_result_id).embedding_model_id
        self._side = largest_side

    def read_run(self, run: ShownRun, spans: Iterable[tuple[int, int]]) -> list[Still]:
        """Read stills of one run, by their spans."""
        spans = list(spans)
        stills: list[Still] = []
        for start in range(0, len(spans), AT_A_TIME // 2):
            some = spans[start : start + AT_A_TIME // 2]
            outputs = self._read([run.run_id], {number for span in some for number in span})
            stills += [self._make(run, span, outputs) for span in some]
        return stills

    def read_step(self, wanted: Iterable[tuple[ShownRun, tuple[int, int]]]) -> dict[int, Still]:
        """Read one still of each of several runs, by ``run_id``."""
        wanted = list(wanted)
        numbers = {number for _, span in wanted for number in span}
        outputs = self._read([run.run_id for run, _ in wanted], numbers)
        return {run.run_id: self._make(run, span, outputs) for run, span in wanted}

    def _read(self, run_ids: Collection[int], numbers: Collection[int]) -> dict[tuple[int, int], _Shown]:
        statement = self._statement().where(Invocation.run_id.in_(run_ids), Invocation.sequence_number.in_(numbers))
        return {
            (run_id, number): _Shown(text, picture, cluster_id, embedding_id is not None)
            for run_id, number, text, picture, embedding_id, cluster_id in self._session.execute(statement)
        }

    def _statement(self) -> Select[*tuple[Any, ...]]:
        columns = (Invocation.run_id, Invocation.sequence_number, Invocation.output_text, Picture.data)
        if self._result_id is None:
            return (
                select(*columns, literal(None), literal(None))
                .select_from(Invocation)
                .outerjoin(Picture, Picture.id == Invocation.picture_id)
            )
        of_model = and_(Embedding.invocation_id == Invocation.id, Embedding.embedding_model_id == self._model_id)
        of_result = and_(
            EmbeddingCluster.embedding_id == Embedding.id, EmbeddingCluster.clustering_result_id == self._result_id
        )
        return (
            select(*columns, Embedding.id, Cluster.cluster_id)
            .select_from(Invocation)
            .outerjoin(Picture, Picture.id == Invocation.picture_id)
            .outerjoin(Embedding, of_model)
            .outerjoin(EmbeddingCluster, of_result)
            .outerjoin(Cluster, Cluster.id == EmbeddingCluster.cluster_id)
        )

    def _make(self, run: ShownRun, span: tuple[int, int], outputs: dict[tuple[int, int], _Shown]) -> Still:
        first, last = outputs[run.run_id, span[0]], outputs[run.run_id, span[1]]
        clustered = next((each for each in (first, last) if each.embedded), None)
        cluster_id = clustered.cluster_id if clustered else None
        return Still(
            *span,
            picture=None if first.picture is None else self._decode(first.picture, run, span[0]),
            caption=last.text,
            colour=None if self._result_id is None else choose_cluster_colour(cluster_id),
            cluster_id=cluster_id,
        )

    def _decode(self, data: bytes, run: ShownRun, number: int) -> Any:
        try:
            picture = decode_picture(data)
        except OSError as error:
            raise ExportError(
                f"the picture of step {number} of run {run.uuid[:8]} ({len(data):,} bytes) cannot be read: {error}; "
                "see what else is wrong: loopscope doctor"
            ) from error
        if self._side is None or max(picture.size) <= self._side:
            return picture
        return fit_picture(picture, self._side, self._side)
