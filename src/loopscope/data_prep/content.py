"""The digest of what something is computed from: equal content, equal digest, whatever object holds it."""

from collections.abc import Callable, Mapping, Set
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from hashlib import blake2b
from io import BytesIO
from typing import Any

import numpy as np
import polars as pl

SIZE = 20
"""Bytes of a digest."""


def digest_content(*values: object) -> str:
    """Digest values by their type and content.

    Parameters
    ----------
    values
        None, booleans, numbers, texts, bytes, instants, members of an enumeration, arrays, frames, series, and tuples,
        lists, sets, mappings and dataclasses of those. Order counts except in sets.

    Returns
    -------
    str
        40 hexadecimal digits, by BLAKE2b (Aumasson, Neves, Wilcox-O'Hearn and Winnerlein 2013, RFC 7693).

    Raises
    ------
    TypeError
        For a value of any other type: what it holds is not known.

    Examples
    --------
    >>> digest_content(np.arange(3), "S") == digest_content(np.array([0, 1, 2]), "S")
    True
    >>> digest_content("ab", "c") == digest_content("a", "bc"), digest_content(1) == digest_content(True)
    (False, False)
    """
    digest = blake2b(digest_size=SIZE)
    for value in values:
        _feed(digest.update, value)
    return digest.hexdigest()


def _feed(update: Callable[[bytes | memoryview], None], value: object) -> None:
    """Give a digest the type of a value, how long it is, and what it holds, so that no two values read the same."""
    kind = type(value).__qualname__
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise TypeError("cannot digest an array of objects; give numbers")
        _frame(update, "array", f"{value.dtype.str} {value.shape}".encode())
        update(np.ascontiguousarray(value).view(np.uint8).data if value.size else b"")
    elif isinstance(value, pl.DataFrame | pl.Series):
        buffer = BytesIO()
        frame = value if isinstance(value, pl.DataFrame) else value.to_frame()
        # Unlike IPC, Parquet writes what a frame holds, not how its memory is laid out.
        frame.rechunk().write_parquet(
            buffer, compression="uncompressed", statistics=False, row_group_size=max(frame.height, 1)
        )
        _frame(update, kind, buffer.getbuffer())
    elif isinstance(value, Mapping):
        _feed_parts(update, kind, [part for item in value.items() for part in item])
    elif isinstance(value, Set):
        _feed_parts(update, "set", sorted(digest_content(part) for part in value))
    elif isinstance(value, tuple | list):
        _feed_parts(update, "sequence", list(value))
    elif is_dataclass(value) and not isinstance(value, type):
        named = [part for field in fields(value) for part in (field.name, getattr(value, field.name))]
        _feed_parts(update, kind, named)
    else:
        _frame(update, kind, _bytes_of(value))


def _feed_parts(update: Callable[[bytes | memoryview], None], kind: str, parts: list[Any]) -> None:
    _frame(update, kind, str(len(parts)).encode())
    for part in parts:
        _feed(update, part)


def _frame(update: Callable[[bytes | memoryview], None], kind: str, content: bytes | memoryview) -> None:
    update(f"{kind}:{len(content)}:".encode())
    update(content)


def _bytes_of(value: object) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, Enum):
        return f"{value.name}".encode()
    if isinstance(value, np.generic):
        return value.dtype.str.encode() + value.tobytes()
    if isinstance(value, datetime):
        return value.isoformat().encode()
    if value is None or isinstance(value, bool | int | float | complex | str):
        return (value if isinstance(value, str) else repr(value)).encode("utf-8", "surrogatepass")
    raise TypeError(f"cannot digest a {type(value).__qualname__}; give numbers, texts, arrays, frames or their like")
