"""What was judged fit, written into the database: in bulk, texts, pictures and vectors streamed from the file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from loopscope.errors import StoreError
from loopscope.schemas import (
    Base,
    ClusteringResult,
    Embedding,
    EmbeddingVector,
    Experiment,
    Invocation,
    Picture,
    Run,
)
from loopscope.store.clusterings import NewClustering, save_clustering
from loopscope.store.embeddings import ensure_embedding_model
from loopscope.store.legacy.clusterings import PlannedClustering, downsample_of
from loopscope.store.legacy.content import Content
from loopscope.store.legacy.embeddings import AT_A_TIME, OldEmbeddings
from loopscope.store.legacy.experiments import NOT_RECORDED_STREAM, ExperimentsAndRuns
from loopscope.store.legacy.identifiers import Integers
from loopscope.store.legacy.invocations import WITH_OUTPUTS_AT_A_TIME
from loopscope.store.legacy.keys import reserve_keys
from loopscope.store.legacy.results import OldResult
from loopscope.store.legacy.source import Source
from loopscope.store.legacy.values import read_period
from loopscope.types import OutputType

_OUTPUTS = "SELECT model, started_at, completed_at, output_text, output_image_data FROM invocation ORDER BY rowid"
_VECTORS = "SELECT started_at, completed_at, vector FROM embedding ORDER BY rowid"
UNKNOWN_VERSIONS = {"libraries": "unknown"}


@dataclass(frozen=True)
class Keys:
    """The primary keys here, by position in the file; −1 for what is not brought over."""

    run: Integers
    invocation: Integers
    embedding: Integers
    models: list[int]


def refuse_known(
    session: Session,
    experiments: ExperimentsAndRuns,
    results: Sequence[OldResult | None],
    source: Source,
    location: str,
) -> None:
    """Refuse a file of which something is in the database already.

    Raises
    ------
    StoreError
        When an experiment, a run or a clustering result of it is there.
    """
    of_tables: list[tuple[type[Experiment] | type[Run] | type[ClusteringResult], str, Sequence[Any]]] = [
        (Experiment, "experiment", experiments.experiments),
        (Run, "run", experiments.runs),
        (ClusteringResult, "clustering result", results),
    ]
    for table, noun, rows in of_tables:
        wanted: list[UUID] = [each.uuid for each in rows if each is not None]
        known: list[UUID] = []
        for start in range(0, len(wanted), 500):
            known += session.scalars(select(table.uuid).where(table.uuid.in_(wanted[start : start + 500])))
        if known:
            raise StoreError(
                f"{len(known)} of the {len(wanted)} {noun}s of {source.path} are in {location} already, such as {noun} "
                f"{min(known, key=str)}: the file was imported before, and nothing was imported now; import it into "
                "another database with --db, or delete first what is there: loopscope experiment delete ID"
            )


def write_content(session: Session, source: Source, content: Content, advance: Callable[[int], None]) -> Keys:
    """Write experiments, runs, invocations and embeddings; return their keys."""
    run = _write_experiments(session, content)
    invocation = _write_invocations(session, source, content, run, advance)
    models = [
        ensure_embedding_model(session, model.name, model.takes, model.dimension) for model in content.embeddings.models
    ]
    embedding = _write_embeddings(session, source, content.embeddings, invocation, models, advance)
    return Keys(run, invocation, embedding, models)


def write_clusterings(
    session: Session, content: Content, planned: Sequence[PlannedClustering], keys: Keys, advance: Callable[[int], None]
) -> None:
    """Write the clusterings, under the public ids that they have."""
    for plan in planned:
        saved = save_clustering(session, _new_clustering(content, plan, keys))
        session.execute(update(ClusteringResult).where(ClusteringResult.id == saved.id).values(uuid=plan.result.uuid))
        advance(len(plan.embeddings))


def _write_experiments(session: Session, content: Content) -> Integers:
    experiments, runs = content.experiments.experiments, content.experiments.runs
    first = reserve_keys(session, Experiment, len(experiments))
    rows = [
        {
            "id": first + position,
            "uuid": each.uuid,
            "config": each.config,
            "config_hash": each.config_hash,
            "created_at": each.created_at,
        }
        for position, each in enumerate(experiments)
        if each is not None
    ]
    _insert(session, Experiment, rows)
    keys = _keys(session, Run, content.experiments.runs_judged.kept)
    numbers: dict[int, int] = {}
    ends = _run_ends(content)
    run_rows = []
    for position, run in enumerate(runs):
        if run is None:
            continue
        number = numbers.get(run.experiment, 0)
        numbers[run.experiment] = number + 1
        run_rows.append(
            {
                "id": int(keys[position]),
                "uuid": run.uuid,
                "experiment_id": first + run.experiment,
                "number": number,
                "network": list(run.network),
                "initial_prompt": run.initial_prompt,
                "seed": run.seed,
                "stream": NOT_RECORDED_STREAM if run.seed is None else None,
                "max_length": run.max_length,
                **ends[position],
            }
        )
    _insert(session, Run, run_rows)
    return keys


def _run_ends(content: Content) -> list[Mapping[str, Any]]:
    """Say how each run ended: at its full length, cut by what could not be brought over, or not at all."""
    judged, runs = content.invocations.judged, content.experiments.runs
    kept = np.bincount(content.invocations.run[judged.kept], minlength=len(runs))
    lost = np.bincount(content.invocations.run[judged.left_out & (content.invocations.run >= 0)], minlength=len(runs))
    ends: list[Mapping[str, Any]] = []
    for position, run in enumerate(runs):
        failure = f"{lost[position]} of its invocations could not be imported" if lost[position] else None
        if run is not None and kept[position] >= run.max_length:
            ends.append({"stop_reason": "length", "failure": failure})
        else:
            ends.append({"stop_reason": None if failure is None else "failed", "failure": failure})
    return ends


def _write_invocations(
    session: Session, source: Source, content: Content, run: Integers, advance: Callable[[int], None]
) -> Integers:
    old = content.invocations
    kept = old.judged.kept
    keys = _keys(session, Invocation, kept)
    picture = _keys(session, Picture, kept & old.is_image)
    position = 0
    for rows in source.rows(_OUTPUTS, at_a_time=WITH_OUTPUTS_AT_A_TIME):
        pictures, invocations = [], []
        for model, started_at, completed_at, text, data in rows:
            if kept[position]:
                start, end, sound = read_period(started_at, completed_at)
                is_image = bool(old.is_image[position])
                if is_image:
                    media_type, width, height = old.pictures[position]
                    pictures.append(
                        {
                            "id": int(picture[position]),
                            "media_type": media_type,
                            "width": width,
                            "height": height,
                            "data": data,
                        }
                    )
                before = old.input[position]
                invocations.append(
                    {
                        "id": int(keys[position]),
                        "run_id": int(run[old.run[position]]),
                        "sequence_number": int(old.sequence_number[position]),
                        "model": model,
                        "input_invocation_id": int(keys[before]) if before >= 0 else None,
                        "output_type": OutputType.IMAGE if is_image else OutputType.TEXT,
                        "output_text": None if is_image else text,
                        "picture_id": int(picture[position]) if is_image else None,
                        "output_hash": old.hashes[position].tobytes().hex(),
                        "attempts": 1,
                        "seconds": (end - start).total_seconds() if sound else 0.0,
                        "started_at": start,
                        "finished_at": end,
                    }
                )
            position += 1
        _insert(session, Picture, pictures)
        _insert(session, Invocation, invocations)
        advance(len(rows))
    return keys


def _write_embeddings(
    session: Session,
    source: Source,
    old: OldEmbeddings,
    invocation: Integers,
    models: Sequence[int],
    advance: Callable[[int], None],
) -> Integers:
    kept = old.judged.kept
    keys = np.full(len(kept), -1, dtype=np.int64)
    ordered = old.order[kept[old.order]]
    keys[ordered] = reserve_keys(session, Embedding, len(ordered)) + np.arange(len(ordered))
    position = 0
    for rows in source.rows(_VECTORS, at_a_time=AT_A_TIME):
        embeddings, vectors = [], []
        for started_at, completed_at, vector in rows:
            if kept[position]:
                start, end, sound = read_period(started_at, completed_at)
                key = int(keys[position])
                embeddings.append(
                    {
                        "id": key,
                        "invocation_id": int(invocation[old.invocation[position]]),
                        "embedding_model_id": models[old.model[position]],
                        "seconds": (end - start).total_seconds() if sound else 0.0,
                    }
                )
                vectors.append({"embedding_id": key, "vector": vector})
            position += 1
        _insert(session, Embedding, embeddings)
        _insert(session, EmbeddingVector, vectors)
        advance(len(rows))
    return keys


def _new_clustering(content: Content, plan: PlannedClustering, keys: Keys) -> NewClustering:
    experiments = [content.experiments.experiments[position] for position in plan.experiments]
    return NewClustering(
        embedding_model_id=keys.models[plan.model],
        algorithm=plan.result.algorithm,
        parameters=plan.result.parameters,
        downsample=downsample_of(plan.result.parameters) or 1,
        selection={"experiments": [str(each.uuid) for each in experiments if each is not None]},
        counts={"sampled": len(plan.embeddings), "distinct": plan.distinct},
        versions=UNKNOWN_VERSIONS,
        last_embedding_id=_last_embedding(content.embeddings, plan, keys),
        started_at=plan.result.started_at,
        finished_at=plan.result.finished_at,
        embedding_ids=keys.embedding[plan.embeddings],
        labels=plan.clusters.labels,
        medoid_embedding_ids=keys.embedding[plan.clusters.medoids],
        properties=plan.clusters.properties,
        outlier_properties=plan.clusters.outlier_properties,
        origin=plan.origin,
    )


def _last_embedding(old: OldEmbeddings, plan: PlannedClustering, keys: Keys) -> int:
    """Find the newest embedding of the model that there was when the result was made, as far as times tell."""
    of_model = old.judged.kept & (old.model == plan.model)
    if plan.result.made_at is not None:
        earlier = of_model & (old.made_at <= int(plan.result.made_at.timestamp() * 1e6))
        of_model = earlier if earlier.any() else np.zeros_like(of_model)
    newest = int(keys.embedding[of_model].max(initial=0))
    return max(newest, int(keys.embedding[plan.embeddings].max()))


def _keys(session: Session, table: type[Base], kept: Any) -> Integers:
    """Reserve keys for the rows that are kept, in their order."""
    keys = np.full(len(kept), -1, dtype=np.int64)
    number = int(kept.sum())
    keys[kept] = reserve_keys(session, table, number) + np.arange(number)
    return keys


def _insert(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    assert isinstance(table.__table__, Table)
    if rows:
        session.connection().execute(table.__table__.insert(), list(rows))
