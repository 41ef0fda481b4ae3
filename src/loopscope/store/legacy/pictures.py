"""Pictures of the file: decoded once, to know that they can be, and what they show."""

import io
from dataclasses import dataclass

from PIL import Image

from loopscope.imaging.codec import decode_picture, hash_picture


@dataclass(frozen=True)
class PictureFacts:
    """What is known of a picture beside its bytes, which stay as they are.

    Attributes
    ----------
    media_type
        Such as ``image/webp``.
    width, height
        In pixels.
    hash
        Of its pixels: 128 bits.
    """

    media_type: str
    width: int
    height: int
    hash: bytes


def inspect_picture(data: bytes) -> PictureFacts | str:
    """Decode a picture; return why it cannot be where it cannot."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            media_type = image.get_format_mimetype()
        picture = decode_picture(data)
    except Exception as error:  # noqa: BLE001 - Pillow raises anything on a broken file
        return f"{len(data)} bytes: {type(error).__name__}"
    if not media_type:
        return f"{len(data)} bytes of no known type"
    return PictureFacts(media_type, picture.width, picture.height, bytes.fromhex(hash_picture(picture)))
