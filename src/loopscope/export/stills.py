"""The stills of runs, read from the database as many at a time as are drawn at a time."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeAlias

from PIL import Image
from sqlalchemy import Select, and_, literal, select
from sqlalchemy.orm import Session

from loopscope.data_prep.keys import require_clustering_result
from loopscope.datavis.theme import choose_cluster_colour
from loopscope.errors import ExportError
from loopscope.export.shown_runs import ShownRun
from loopscope.imaging.codec import decode_picture
from loopscope.imaging.still import Still
from loopscope.schemas import Cluster, ClusteringResult, Embedding, EmbeddingCluster, Invocation, Picture

THREADS = 4
"""Decoding and scaling pictures leave Python's lock to others."""

Wanted: TypeAlias = tuple[ShownRun, tuple[int, int]]
"""A run, and the first and last sequence number of one of its stills."""


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
    prepare
        What is done to each picture as soon as it is read, such as making it smaller; several threads do it.

    Raises
    ------
    NotFoundError
        When there is no such result.
    """

    def __init__(
        self, session: Session, clustering_result_id: int | None, prepare: Callable[[Image.Image], Image.Image]
    ) -> None:
        self._session = session
        self._result_id = clustering_result_id
        self._model_id: int | None = None
        if clustering_result_id is not None:
            require_clustering_result(session, clustering_result_id)
            self._model_id = session.get_one(ClusteringResult, clustering_result_id).embedding_model_id
        self._prepare = prepare

    def read_run(self, run: ShownRun, spans: Iterable[tuple[int, int]]) -> list[Still]:
        """Read stills of one run, by their spans."""
        return [step[run.run_id] for step in self.read_steps([(run, span)] for span in spans)]

    def read_steps(self, steps: Iterable[Sequence[Wanted]]) -> Iterator[dict[int, Still]]:
        """Read stills of several runs, step by step.

        While one step is used the pictures of the next are decoded, and no more than these two are held.

        Parameters
        ----------
        steps
            What is wanted at each: of a run, at most one still.

        Yields
        ------
        dict
            For each step its stills, by ``run_id``.
        """
        with ThreadPoolExecutor(THREADS) as pool:
            ahead: dict[int, Future[Still]] | None = None
            for wanted in steps:
                outputs = self._read(
                    [run.run_id for run, _ in wanted], {number for _, span in wanted for number in span}
                )
                following = {run.run_id: pool.submit(self._make, run, span, outputs) for run, span in wanted}
                if ahead is not None:
                    yield {run_id: future.result() for run_id, future in ahead.items()}
                ahead = following
            if ahead is not None:
                yield {run_id: future.result() for run_id, future in ahead.items()}

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

    def _decode(self, data: bytes, run: ShownRun, number: int) -> Image.Image:
        try:
            picture = decode_picture(data)
        except OSError as error:
            raise ExportError(
                f"the picture of step {number} of run {run.uuid[:8]} ({len(data):,} bytes) cannot be read: {error}; "
                "see what else is wrong: loopscope doctor"
            ) from error
        return self._prepare(picture)
