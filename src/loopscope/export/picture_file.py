"""A drawn picture as a file, in the format that its suffix names."""

import io
from pathlib import Path
from typing import Final

from PIL import Image

from loopscope.errors import ExportError
from loopscope.files import write_whole
from loopscope.imaging.codec import WEBP_LARGEST_SIDE
from loopscope.imaging.metadata import JPEG_LARGEST_SIDE

FORMATS: Final = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
QUALITY: Final = 92


def check_suffix(path: Path) -> str:
    """Name the format of a file.

    Raises
    ------
    ExportError
        If its suffix is none of ``FORMATS``.
    """
    name = FORMATS.get(path.suffix.lower())
    if name is None:
        raise ExportError(
            f"cannot write {path.name}: its suffix is {path.suffix or 'missing'}, expected {', '.join(FORMATS)}; "
            f"try {path.with_suffix('.png').name}"
        )
    return name


def save_picture(picture: Image.Image, path: Path) -> Path:
    """Write a picture: whole or not at all.

    Parameters
    ----------
    path
        To ``.png`` without loss, to ``.jpg`` or ``.webp`` at a high quality; folders are made as needed.

    Raises
    ------
    ExportError
        If the suffix is another, or the picture is larger than its format allows.
    """
    name = check_suffix(path)
    largest = {"WEBP": WEBP_LARGEST_SIDE, "JPEG": JPEG_LARGEST_SIDE}.get(name)
    if largest is not None and max(picture.size) > largest:
        raise ExportError(
            f"{name} ends at {largest:,} pixels a side, and this picture has {picture.width:,} × {picture.height:,}; "
            f"try {path.with_suffix('.png').name}, or fewer stills"
        )
    file = io.BytesIO()
    options = {"compress_level": 6} if name == "PNG" else {"quality": QUALITY}
    picture.save(file, name, **options)
    return write_whole(path, file.getvalue())
