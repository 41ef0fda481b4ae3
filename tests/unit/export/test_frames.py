import json

import pytest

from loopscope.errors import ExportError
from loopscope.export.frames import _refuse_other_export


@pytest.fixture
def exported(tmp_path):
    """A folder with an earlier export of two frames, of which one could not be written."""
    files = ["runs.parquet", None]
    (tmp_path / "manifest.json").write_text(json.dumps({"frames": [{"file": file} for file in files]}))
    (tmp_path / "runs.parquet").write_bytes(b"")
    return tmp_path


@pytest.mark.parametrize("written", [{"drift.parquet"}, {"runs.csv"}])
def test_files_that_would_no_longer_be_described_are_not_left_lying(exported, written):
    with pytest.raises(ExportError, match=r"runs\.parquet of an earlier export"):
        _refuse_other_export(exported, written)


def test_the_same_files_are_written_again(exported):
    _refuse_other_export(exported, {"runs.parquet", "drift.parquet"})


def test_files_that_were_taken_away_are_not_missed(exported):
    (exported / "runs.parquet").unlink()
    _refuse_other_export(exported, {"drift.parquet"})


@pytest.mark.parametrize("text", ["{}", "[]", "not JSON"])
def test_a_manifest_of_something_else_is_not_replaced(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ExportError, match="is not of an export"):
        _refuse_other_export(tmp_path, {"runs.parquet"})


def test_a_folder_without_an_export_is_taken(tmp_path):
    _refuse_other_export(tmp_path / "new", {"runs.parquet"})
