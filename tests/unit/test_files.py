import os

import pytest

from loopscope.files import write_whole


def test_a_file_is_written_with_its_folders_and_nothing_beside_it(tmp_path):
    path = write_whole(tmp_path / "a/b/c.txt", b"one")
    assert path.read_bytes() == b"one"
    assert write_whole(path, b"two").read_bytes() == b"two"
    assert [each.name for each in path.parent.iterdir()] == ["c.txt"]


def test_what_was_there_stays_when_writing_fails(tmp_path, monkeypatch):
    path = write_whole(tmp_path / "c.txt", b"one")

    def refuse(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        write_whole(path, b"two")
    assert path.read_bytes() == b"one"
    assert [each.name for each in tmp_path.iterdir()] == ["c.txt"]


def test_a_file_is_readable_as_the_user_s_mask_says(tmp_path):
    before = os.umask(0o027)
    try:
        assert write_whole(tmp_path / "c.txt", b"").stat().st_mode & 0o777 == 0o640
    finally:
        os.umask(before)
