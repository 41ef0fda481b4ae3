"""How a picture becomes bytes for the store, and bytes become the same picture again.

Every picture is stored as 8-bit RGB without loss. Lossless WebP at its quickest setting (libwebp's method 0) took
1.3 ms and 94 kB for a slightly noisy picture of 256 × 256, where PNG took 5.1 ms and 102 kB at level 1, and 28 ms and
87 kB at level 6. WebP ends at 16,383 pixels a side; a larger picture is stored as PNG.
"""

import hashlib
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

WEBP_LARGEST_SIDE = 16_383


@dataclass(frozen=True)
class EncodedPicture:
    """A picture as it stands in the store.

    Attributes
    ----------
    media_type
        ``image/webp``, or ``image/png`` for a picture too large for WebP.
    width, height
        In pixels.
    data
        The whole file.
    """

    media_type: str
    width: int
    height: int
    data: bytes


def encode_picture(image: Image.Image) -> EncodedPicture:
    """Encode a picture without loss.

    Parameters
    ----------
    image
        Of any mode; what is not RGB is converted to 8-bit RGB first, transparency being laid on white.

    Returns
    -------
    EncodedPicture
        `decode_picture` of its data gives the RGB picture back, pixel for pixel.

    Examples
    --------
    >>> encoded = encode_picture(Image.new("RGB", (64, 32), "navy"))
    >>> encoded.media_type, encoded.width, encoded.height
    ('image/webp', 64, 32)
    """
    picture = convert_to_rgb(image)
    file = io.BytesIO()
    if max(picture.size) <= WEBP_LARGEST_SIDE:
        picture.save(file, "WEBP", lossless=True, quality=0, method=0)
        media_type = "image/webp"
    else:
        picture.save(file, "PNG", compress_level=1)
        media_type = "image/png"
    return EncodedPicture(media_type, picture.width, picture.height, file.getvalue())


def decode_picture(data: bytes) -> Image.Image:
    """Decode the bytes of a picture file.

    Parameters
    ----------
    data
        A whole file of any format that Pillow reads.

    Returns
    -------
    PIL.Image.Image
        RGB, its pixels already in memory.

    Raises
    ------
    PIL.UnidentifiedImageError
        If the bytes are no picture.
    OSError
        If the file is cut short.

    Examples
    --------
    >>> decode_picture(encode_picture(Image.new("RGB", (2, 1), (1, 2, 3))).data).getpixel((1, 0))
    (1, 2, 3)
    """
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return convert_to_rgb(image).copy()


def hash_picture(image: Image.Image) -> str:
    """Hash what a picture shows, whatever file it came from.

    Parameters
    ----------
    image
        Of any mode; hashed as the RGB picture that would be stored, so that the hash outlives the store.

    Returns
    -------
    str
        BLAKE2b of mode, width, height and pixels: 128 bits as 32 hexadecimal digits.

    Examples
    --------
    >>> hash_picture(Image.new("L", (2, 2), 7)) == hash_picture(Image.new("RGB", (2, 2), (7, 7, 7)))
    True
    >>> hash_picture(Image.new("RGB", (4, 1))) == hash_picture(Image.new("RGB", (1, 4)))
    False
    """
    picture = convert_to_rgb(image)
    digest = hashlib.blake2b(f"{picture.mode} {picture.width} {picture.height} ".encode(), digest_size=16)
    digest.update(picture.tobytes())
    return digest.hexdigest()


def convert_to_rgb(image: Image.Image) -> Image.Image:
    """Convert a picture to 8-bit RGB, transparency being laid on white; an RGB picture is given back as it is."""
    if image.mode.startswith("I;16"):  # Pillow would clip at 255, and so give a white picture
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        canvas = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(canvas, layer).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")
