import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from loopscope.data_prep import cache
from loopscope.data_prep.cache import FrameCache

ODD = pl.DataFrame(
    {
        "number": [1.5, float("nan"), float("inf"), None],
        "text": ["→", "", None, "a\nb"],
        "list": [[1], [], None, [2, 3]],
        "struct": [{"a": 1, "b": "x"}, {"a": None, "b": None}, None, {"a": 2, "b": ""}],
        "nothing": [None] * 4,
    }
).with_columns(instant=pl.datetime(2026, 1, 1, time_zone="UTC"))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def calls():
    return []


@pytest.fixture
def compute(calls, folder):
    def compute_something(values: np.ndarray, *, draws: int = 200, name: str = "module.compute_something"):
        def compute() -> pl.DataFrame:
            calls.append((values.tolist(), draws))
            return ODD.with_columns(draws=pl.lit(draws))

        return FrameCache(folder).frame(name, {"values": values, "draws": draws}, compute)

    return compute_something


def test_the_same_is_computed_once(calls, compute):
    first = compute(np.array([1, 2]))
    again = compute(values=np.array([1, 2]), draws=200)
    assert len(calls) == 1
    assert_frame_equal(first, again, check_exact=True)
    assert again.schema == first.schema


def test_anything_else_is_computed_anew(calls, compute, monkeypatch):
    compute(np.array([1, 2]))
    compute(np.array([1, 3]))
    compute(np.array([1.0, 2.0]))
    compute(np.array([1, 2]), draws=100)
    compute(np.array([1, 2]), name="module.compute_another")
    assert len(calls) == 5
    monkeypatch.setattr(cache, "digest_code", lambda: "other code")
    compute(np.array([1, 2]))
    assert len(calls) == 6


def test_the_code_s_digest_is_of_every_file_that_computes_and_of_every_version(tmp_path, monkeypatch):
    root = tmp_path / "loopscope"
    for part in cache.CODE:
        (root / part).parent.mkdir(parents=True, exist_ok=True)
        if part.endswith(".py"):
            (root / part).write_text("1")
        else:
            (root / part / "deep").mkdir(parents=True)
            (root / part / "deep/a.py").write_text("1")
    monkeypatch.setattr(cache, "files", lambda _: root)
    digest = cache.digest_code.__wrapped__
    seen = {digest()}
    assert digest() in seen
    (root / "topology/deep/a.py").write_text("2")
    seen.add(digest())
    (root / "topology/deep/a.py").rename(root / "topology/deep/b.py")
    seen.add(digest())
    (root / "types.py").write_text("2")
    seen.add(digest())
    monkeypatch.setattr(cache, "version", lambda _: "99")
    seen.add(digest())
    assert len(seen) == 5


@pytest.mark.parametrize("harm", [lambda data: data[:-40], lambda data: data[:200] + b"?" + data[201:], lambda _: b""])
def test_a_damaged_file_is_computed_again_and_said(folder, calls, compute, caplog, harm):
    compute(np.array([1]))
    [path] = folder.iterdir()
    whole = path.read_bytes()
    path.write_bytes(harm(whole))
    assert_frame_equal(compute(np.array([1])), ODD.with_columns(draws=pl.lit(200)))
    assert len(calls) == 2
    assert "is damaged" in caplog.text
    assert path.read_bytes() == whole
    compute(np.array([1]))
    assert len(calls) == 2


def test_a_file_under_another_frame_s_name_is_not_believed(folder, calls, compute):
    compute(np.array([1]), draws=1)
    [first] = folder.iterdir()
    compute(np.array([1]), draws=2)
    [second] = set(folder.iterdir()) - {first}
    second.write_bytes(first.read_bytes())
    compute(np.array([1]), draws=2)
    assert len(calls) == 3


def test_where_nothing_can_be_written_the_frame_is_there_all_the_same(folder, compute, caplog):
    folder.write_text("")
    assert compute(np.array([1])).height == 4
    assert "compute_something is not kept in the cache" in caplog.text


def test_a_result_that_fails_is_not_kept(tmp_path):
    def fail():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        FrameCache(tmp_path).frame("x", 1, fail)
    assert not list(tmp_path.iterdir())


def test_many_threads_share_a_folder(folder, caplog):
    caplog.set_level(logging.WARNING)
    together = Barrier(8)

    def square(n):
        return FrameCache(folder).frame("square", n, lambda: pl.DataFrame({"square": [n**2]})).item()

    def work(number):
        together.wait(timeout=30)
        return [square(n % 5) for n in range(number, number + 20)]

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(work, range(8)))
    assert found == [[(n % 5) ** 2 for n in range(number, number + 20)] for number in range(8)]
    assert len(list(folder.iterdir())) == 5
    assert not caplog.records
