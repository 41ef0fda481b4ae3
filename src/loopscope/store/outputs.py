"""Outputs as they are stored: checked, hashed, and a picture encoded, before any transaction begins."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.errors import ModelError
from loopscope.imaging.codec import EncodedPicture, decode_picture, encode_picture, hash_picture
from loopscope.schemas import Invocation, Picture
from loopscope.types import Output, OutputType, fault_of_text


@dataclass(frozen=True)
class StorableOutput:
    """A text, or an encoded picture; ``hash`` is BLAKE2b-128 of the text or the pixels, in hexadecimal."""

    hash: str
    text: str | None = None
    picture: EncodedPicture | None = None

    @property
    def type(self) -> OutputType:
        """Which of the two it is."""
        return OutputType.IMAGE if self.text is None else OutputType.TEXT


def prepare_output(output: object, expected: OutputType) -> StorableOutput:
    """Check an output, and make of it what is stored; equal outputs have equal hashes.

    Raises
    ------
    ModelError
        If it is not of the type that was expected, or a text that no database holds.
    Exception
        Whatever the library for pictures raises for one that is broken.
    """
    if expected is OutputType.TEXT and isinstance(output, str):
        if fault := fault_of_text(output):
            raise ModelError(fault)
        return StorableOutput(blake2b(output.encode(), digest_size=16).hexdigest(), text=output)
    if expected is OutputType.IMAGE and isinstance(output, Image.Image):
        if min(output.size) == 0:
            raise ModelError(f"found a picture of {output.width} × {output.height} pixels; expected at least one")
        return StorableOutput(hash_picture(output), picture=encode_picture(output))
    wanted = "a text" if expected is OutputType.TEXT else "a picture"
    raise ModelError(f"found {type(output).__name__} for an output; expected {wanted}")


def load_outputs(session: Session, invocation_ids: Iterable[int]) -> dict[int, Output]:
    """Return the texts and pictures of invocations, by their ids."""
    rows = session.execute(
        select(Invocation.id, Invocation.output_text, Picture.data)
        .outerjoin(Picture, Picture.id == Invocation.picture_id)
        .where(Invocation.id.in_(list(invocation_ids)))
    )
    return {invocation_id: text if data is None else decode_picture(data) for invocation_id, text, data in rows}
