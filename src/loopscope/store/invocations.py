"""Invocations in the store: the inputs of a batch out, its outputs in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, tuple_
from sqlalchemy.orm import Session

from loopscope.imaging.codec import decode_picture, encode_picture, hash_picture
from loopscope.schemas import Invocation, Picture
from loopscope.store.experiments import RunState
from loopscope.types import Output, OutputType


@dataclass(frozen=True)
class FinishedInvocation:
    """An invocation whose output is at hand; ``output_hash`` is as of :func:`hash_output`."""

    run: RunState
    output: Output
    output_hash: str
    attempts: int
    seconds: float
    started_at: datetime
    finished_at: datetime


def hash_output(output: Output) -> str:
    """Return the BLAKE2b-128 of a text or of a picture's pixels, in hexadecimal: equal outputs have equal hashes."""
    if isinstance(output, str):
        from hashlib import blake2b

        return blake2b(output.encode(), digest_size=16).hexdigest()
    return hash_picture(output)


def load_outputs(session: Session, invocation_ids: Iterable[int]) -> dict[int, Output]:
    """Return the texts and pictures of invocations, by their ids."""
    rows = session.execute(
        select(Invocation.id, Invocation.output_text, Picture.data)
        .outerjoin(Picture, Picture.id == Invocation.picture_id)
        .where(Invocation.id.in_(list(invocation_ids)))
    )
    return {invocation_id: text if data is None else decode_picture(data) for invocation_id, text, data in rows}


def find_repeats(session: Session, finished: Iterable[FinishedInvocation]) -> Mapping[int, int]:
    """Find, for each run, how many invocations ago its network was in the very state it is in now.

    Returns
    -------
    Mapping
        From run id to the period; a run in a state that it was never in before is left out.
    """
    by_key = {(each.run.run_id, each.output_hash): each.run for each in finished}
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
    pictures = [each for each in finished if not isinstance(each.output, str)]
    picture_ids = dict(zip((each.run.run_id for each in pictures), _save_pictures(session, pictures), strict=True))
    rows = [
        {
            "run_id": each.run.run_id,
            "sequence_number": each.run.sequence_number,
            "model": each.run.model,
            "input_invocation_id": each.run.input_invocation_id,
            "output_type": OutputType.TEXT if isinstance(each.output, str) else OutputType.IMAGE,
            "output_text": each.output if isinstance(each.output, str) else None,
            "picture_id": picture_ids.get(each.run.run_id),
            "output_hash": each.output_hash,
            "attempts": each.attempts,
            "seconds": each.seconds,
            "started_at": each.started_at,
            "finished_at": each.finished_at,
        }
        for each in finished
    ]
    if not rows:
        return {}
    new = session.execute(insert(Invocation).returning(Invocation.run_id, Invocation.id), rows)
    return dict(new.all())


def _save_pictures(session: Session, finished: Sequence[FinishedInvocation]) -> list[int]:
    if not finished:
        return []
    rows = []
    for each in finished:
        assert not isinstance(each.output, str)
        encoded = encode_picture(each.output)
        rows.append(
            {
                "media_type": encoded.media_type,
                "width": encoded.width,
                "height": encoded.height,
                "data": encoded.data,
            }
        )
    return list(session.scalars(insert(Picture).returning(Picture.id, sort_by_parameter_order=True), rows))
