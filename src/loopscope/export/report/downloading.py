"""The frame behind an answer as a link that holds it: a CSV file inside the page."""

import gzip
from base64 import b64encode
from dataclasses import dataclass
from html import escape
from typing import Final

import polars as pl

from loopscope.export.flattening import write_csv

PLAIN: Final = 30_000
"""Bytes of CSV: a larger one is compressed."""
LARGEST: Final = 300_000
"""Bytes of compressed CSV: of a larger one every second, third, … row is left."""


@dataclass(frozen=True)
class Packed:
    """A frame as it stands in a link.

    Attributes
    ----------
    file, kind, data
        The file's name, its media type, its bytes.
    every
        Every which row is in it.
    """

    file: str
    kind: str
    data: bytes
    every: int


def pack_frame(name: str, frame: pl.DataFrame) -> Packed:
    """Write a frame as CSV, compressed where it is large, thinned where it would be too large even so."""
    every = 1
    csv = write_csv(frame)
    if len(csv) <= PLAIN:
        return Packed(f"{name}.csv", "text/csv", csv, every)
    data = gzip.compress(csv, mtime=0)
    while len(data) > LARGEST:
        every += max(1, every * (len(data) - LARGEST) // LARGEST)
        data = gzip.compress(write_csv(frame.gather_every(every)), mtime=0)
    return Packed(f"{name}.csv.gz", "application/gzip", data, every)


def write_link(name: str, frame: pl.DataFrame) -> str:
    """Write the link under which a frame can be saved."""
    packed = pack_frame(name, frame)
    rows = f"{frame.height:,} row{'' if frame.height == 1 else 's'}"
    if packed.every > 1:
        rows = f"one of every {packed.every} of {rows}; all of them: loopscope export frames DIR"
    data = b64encode(packed.data).decode()
    file = escape(packed.file)
    return f'<a download="{file}" href="data:{packed.kind};base64,{data}">{file}</a> ({rows})'
