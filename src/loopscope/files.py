"""Files that appear whole or not at all, whatever ends the program while they are written."""

import os
import secrets
from pathlib import Path


def write_whole(path: Path, data: bytes) -> Path:
    """Write a file under another name, then rename it: who reads it sees what was there before, or all of this.

    Parameters
    ----------
    path
        Where it goes; folders are made as needed.
    data
        All of it.

    Returns
    -------
    pathlib.Path
        Where it is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}")
    try:
        with part.open("xb") as file:
            file.write(data)
        os.replace(part, path)
    except BaseException as error:
        if isinstance(error, OSError):
            error.add_note(f"writing {path}")  # a full disk or a limit names no file, or a name no one knows
        part.unlink(missing_ok=True)
        raise
    return path
