import gzip
import re
from base64 import b64decode
from io import BytesIO

import numpy as np
import polars as pl

from loopscope.export.report.downloading import LARGEST, pack_frame, write_link


def test_a_small_frame_is_plain():
    packed = pack_frame("runs", pl.DataFrame({"a": [1, 2]}))
    assert (packed.file, packed.kind, packed.data, packed.every) == ("runs.csv", "text/csv", b"a\n1\n2\n", 1)


def test_a_larger_one_is_compressed_the_same_each_time():
    frame = pl.DataFrame({"a": range(20_000)})
    packed = pack_frame("runs", frame)
    assert (packed.file, packed.kind, packed.every) == ("runs.csv.gz", "application/gzip", 1)
    assert pl.read_csv(BytesIO(gzip.decompress(packed.data))).equals(frame)
    assert packed == pack_frame("runs", frame)


def test_one_that_would_be_too_large_is_thinned_and_says_so():
    frame = pl.DataFrame({"a": np.random.default_rng(0).random(150_000)})
    packed = pack_frame("runs", frame)
    assert packed.every > 1
    assert len(packed.data) <= LARGEST
    kept = pl.read_csv(BytesIO(gzip.decompress(packed.data)))
    assert kept.equals(frame.gather_every(packed.every))
    link = write_link("runs", frame)
    assert f"one of every {packed.every} of 150,000 rows; all of them: loopscope export frames DIR" in link


def test_a_link_holds_the_file():
    link = write_link("a&b", pl.DataFrame({"a": [1]}))
    assert link.endswith("a&amp;b.csv</a> (1 row)")
    assert b64decode(re.search(r"base64,([^\"]+)", link)[1]) == b"a\n1\n"
