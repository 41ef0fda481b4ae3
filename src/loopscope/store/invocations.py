"""Finished invocations into the store, and whether a run has been in its state before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import insert, select, tuple_
from sqlalchemy.orm import Session

from loopscope.imaging.codec import EncodedPicture
from loopscope.schemas import Invocation, Picture
from loopscope.store.experiments import RunState
from loopscope.store.outputs import StorableOutput


@dataclass(frozen=True)
class FinishedInvocation:
    """An invocation whose output is at hand."""

    run: RunState
    output: StorableOutput
    attempts: int
    seconds: float
    started_at: datetime
    finished_at: datetime


def find_repeats(session: Session, finished: Iterable[FinishedInvocation]) -> Mapping[int, int]:
    """Find, for each run, how many invocations ago its network was in the very state it is in now.

    Returns
    -------
    Mapping
        From run id to the period; a run in a state that it was never in before is left out.
    """
    by_key = {(each.run.run_id, each.output.hash): each.run for each in finished}
    if not by_key:
        return {}
    earlier = session.execute(
        select(Invocation.run_id, Invocation.output_hash, Invocation.sequence_number)
        .where(tuple_(Invocation.run_id, Invocation.output_hash).in_(list(by_key)))
        .order_by(Invocation.sequence_number)
    )
    periods = {}
    for run_id, output_hash, sequence_number in earlier:
        run = by_key[run_id, output_hash]
        period = run.sequence_number - sequence_number
        if period % len(run.network) == 0:
            periods[run_id] = period
    return periods


def save_invocations(session: Session, finished: Sequence[FinishedInvocation]) -> dict[int, int]:
    """Write finished invocations with their outputs, and return the new invocation id of each run."""
    if not finished:
        return {}
    pictures = {each.run.run_id: each.output.picture for each in finished if each.output.picture is not None}
    picture_ids = _save_pictures(session, pictures)
    rows = [
        {
            "run_id": each.run.run_id,
            "sequence_number": each.run.sequence_number,
            "model": each.run.model,
            "input_invocation_id": each.run.input_invocation_id,
            "output_type": each.output.type,
            "output_text": each.output.text,
            "picture_id": picture_ids.get(each.run.run_id),
            "output_hash": each.output.hash,
            "attempts": each.attempts,
            "seconds": each.seconds,
            "started_at": each.started_at,
            "finished_at": each.finished_at,
        }
        for each in finished
    ]
    new = session.execute(insert(Invocation).returning(Invocation.run_id, Invocation.id), rows)
    return dict(new.all())


def _save_pictures(session: Session, pictures: Mapping[int, EncodedPicture]) -> dict[int, int]:
    """Write the picture of each run, and return its new id."""
    if not pictures:
        return {}
    new = session.scalars(
        insert(Picture).returning(Picture.id, sort_by_parameter_order=True),
        [asdict(picture) for picture in pictures.values()],
    )
    return dict(zip(pictures, new, strict=True))
