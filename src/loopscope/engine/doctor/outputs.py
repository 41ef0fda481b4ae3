"""Whether outputs are what their hashes say: texts, and pictures, which must also decode."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from PIL import Image, UnidentifiedImageError
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from loopscope.engine.doctor.blocks import fetch_blocks
from loopscope.engine.doctor.fault import Fault, Mend
from loopscope.engine.progress import Progress
from loopscope.imaging.codec import hash_picture
from loopscope.schemas import Invocation, Picture, Run
from loopscope.types import OutputType

TEXTS_AT_A_TIME = 2_000
PICTURES_AT_A_TIME = 64
THREADS = 4
"""How many pictures are decoded side by side; Pillow and the hash let other threads run."""


@dataclass(frozen=True)
class _Decoded:
    """What a picture's bytes hold; ``fault`` says why they cannot be decoded."""

    media_type: str | None = None
    size: tuple[int, int] = (0, 0)
    hash: str = ""
    fault: str | None = None


def check_texts(session: Session, progress: Progress) -> Iterator[Fault]:
    """Check that the output hash of each text is the hash of that text."""
    is_text = Invocation.output_type == OutputType.TEXT
    total = session.scalar(select(func.count(Invocation.id)).where(is_text))
    if not total:
        return
    progress.begin("doctor: texts", total)
    columns = (Invocation.id, Run.uuid, Invocation.sequence_number, Invocation.output_text, Invocation.output_hash)
    statement = select(*columns).join(Run, Run.id == Invocation.run_id).where(is_text)
    for rows in fetch_blocks(session, statement, Invocation.id, TEXTS_AT_A_TIME):
        for key, uuid, number, output, found in rows:
            expected = blake2b((output or "").encode(), digest_size=16).hexdigest()
            if found != expected:
                yield _wrong_hash({"id": key, "run": uuid, "sequence_number": number}, found, expected, "text")
        progress.advance(len(rows))


def check_pictures(session: Session, progress: Progress) -> Iterator[Fault]:
    """Check that each picture decodes to the size, the type and the hash that are recorded."""
    total = session.scalar(select(func.count(Picture.id)))
    if not total:
        return
    progress.begin("doctor: pictures", total)
    statement = (
        select(Picture.id, Picture, Invocation.id, Run.uuid, Invocation.sequence_number, Invocation.output_hash)
        .outerjoin(Invocation, Invocation.picture_id == Picture.id)
        .outerjoin(Run, Run.id == Invocation.run_id)
    )
    with ThreadPoolExecutor(THREADS) as threads:
        for rows in fetch_blocks(session, statement, Picture.id, PICTURES_AT_A_TIME):
            decoded = threads.map(_decode, [picture.data for _, picture, *_ in rows])
            for (_, picture, invocation_id, uuid, number, output_hash), seen in zip(rows, decoded, strict=True):
                if invocation_id is not None:
                    where = {"id": invocation_id, "run": uuid, "sequence_number": number}
                    yield from _check_picture(picture, where, output_hash, seen)
                session.expunge(picture)
            progress.advance(len(rows))


def check_orphans(session: Session) -> Iterator[Fault]:
    """Check that each picture is the output of an invocation; one that is nobody's can be deleted."""
    used = exists().where(Invocation.picture_id == Picture.id)
    for key in session.scalars(select(Picture.id).where(~used).order_by(Picture.id)):
        mend = Mend(Picture, {"id": key})
        yield Fault(
            "picture", {"id": key}, "no invocation whose output it is", "an invocation that refers to it", mend=mend
        )


def _check_picture(picture: Picture, invocation: dict[str, Any], output_hash: str, seen: _Decoded) -> Iterator[Fault]:
    row = {"id": picture.id, "run": invocation["run"], "sequence_number": invocation["sequence_number"]}
    if seen.fault is not None:
        show = f"loopscope run show {invocation['run'].hex[:8]}"
        yield Fault("picture", row, f"data that do not decode: {seen.fault}", "a picture", show)
        return
    if seen.hash != output_hash:
        yield _wrong_hash(invocation, output_hash, seen.hash, "picture")
    there = {"width": picture.width, "height": picture.height, "media_type": picture.media_type}
    true = {"width": seen.size[0], "height": seen.size[1], "media_type": seen.media_type}
    wrong = [name for name in there if there[name] != true[name]]
    if wrong:
        mend = Mend(
            Picture,
            {"id": picture.id},
            {name: there[name] for name in wrong},
            {name: true[name] for name in wrong},
        )
        found, expected = (", ".join(f"{name} {values[name]}" for name in wrong) for values in (there, true))
        # Where the picture is not the one that was hashed, it may be the data that are wrong.
        right = seen.hash == output_hash and seen.media_type is not None
        yield Fault("picture", row, found, f"{expected}, as its data say", mend=mend if right else None)


def _decode(data: bytes) -> _Decoded:
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            return _Decoded(image.get_format_mimetype(), image.size, hash_picture(image))
    except UnidentifiedImageError:
        return _Decoded(fault=f"{len(data)} bytes of no known format")
    except Exception as error:  # noqa: BLE001 - whatever Pillow raises for broken bytes is what was found
        return _Decoded(fault=f"{type(error).__name__}: {' '.join(str(error).split())}")


def _wrong_hash(row: dict[str, Any], found: str, expected: str, kind: str) -> Fault:
    show = f"loopscope run show {row['run'].hex[:8]}"
    return Fault("invocation", row, f"output_hash {found}", f"{expected}, the hash of its {kind}", show)
