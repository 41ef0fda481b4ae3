"""All frames as files, each with what its columns mean, and a manifest of what is there and what is not."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import polars as pl
from sqlalchemy import select

from loopscope.data_prep.cache import LIBRARIES, cached_in
from loopscope.data_prep.columns import Column
from loopscope.data_prep.registry import FRAMES, Frame, Subject
from loopscope.engine.progress import Progress, Silence
from loopscope.errors import ExportError, LoopscopeError
from loopscope.export.flattening import FLATTENING, write_csv
from loopscope.files import write_whole
from loopscope.schemas import ClusteringResult, Experiment
from loopscope.store.connection import Store

Format = Literal["parquet", "csv"]

DICTIONARY = "data_dictionary"
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class ExportedFrame:
    """What became of one frame.

    Attributes
    ----------
    name, grain
        As in the registry.
    file
        Its file's name; None where it could not be loaded.
    rows
        How many it has.
    seconds
        How long loading and writing took.
    reason
        Why it could not be loaded, or why it has no rows; None where it has some.
    not_estimated
        By reason, how many of its rows have no estimate.
    """

    name: str
    grain: str
    file: str | None
    rows: int
    seconds: float
    reason: str | None
    not_estimated: dict[str, int]


def export_frames(
    store: Store,
    folder: Path,
    subject: Subject,
    *,
    file_format: Format = "parquet",
    only: Sequence[str] = (),
    cache: Path | None = None,
    progress: Progress | None = None,
) -> list[ExportedFrame]:
    """Write every frame into a folder, with ``data_dictionary.md``, ``data_dictionary.json`` and ``manifest.json``.

    Parameters
    ----------
    folder
        Made where there is none; files of the same names are replaced.
    subject
        What the frames are of.
    file_format
        Parquet keeps every type; CSV flattens, as ``FLATTENING`` says.
    only
        Names of the frames that are meant; by default all.
    cache
        Where frames that take long are kept between calls; by default nowhere.
    progress
        Told of each frame.

    Returns
    -------
    list of ExportedFrame
        One for each frame, in the order of the registry.

    Raises
    ------
    ExportError
        When the folder holds files of an earlier export that would stay, and that the new manifest would not describe.
    """
    progress = progress or Silence()
    chosen = [frame for frame in FRAMES if not only or frame.name in only]
    _refuse_other_export(folder, {f"{frame.name}.{file_format}" for frame in chosen})
    progress.begin("frames", len(chosen))
    exported, columns = [], {}
    with cached_in(cache):
        for frame in chosen:
            written, columns[frame.name] = _export_frame(store, frame, subject, folder, file_format)
            exported.append(written)
            progress.advance(1)
    dictionary = describe_frames(chosen, columns)
    write_whole(folder / f"{DICTIONARY}.json", _as_json(dictionary))
    write_whole(folder / f"{DICTIONARY}.md", write_dictionary(dictionary, file_format).encode())
    write_whole(folder / MANIFEST, _as_json(_describe_export(store, subject, file_format, exported)))
    return exported


def _refuse_other_export(folder: Path, written: set[str]) -> None:
    """Refuse a folder with files that an earlier manifest describes and the new one would not."""
    path = folder / MANIFEST
    try:
        described = {each["file"] for each in json.loads(path.read_bytes())["frames"]}
    except FileNotFoundError:
        return
    except (ValueError, KeyError, TypeError) as error:
        raise ExportError(f"{path} is not of an export; expected a folder without it") from error
    left = sorted(name for name in described - written - {None} if (folder / name).exists())
    if left:
        shown = ", ".join(left[:3]) + (f" and {len(left) - 3} more" if len(left) > 3 else "")
        raise ExportError(
            f"{folder} holds {shown} of an earlier export, which the new manifest would not describe; "
            "expected another folder, or all of those frames at once in the same format"
        )


def _export_frame(
    store: Store, frame: Frame, subject: Subject, folder: Path, file_format: Format
) -> tuple[ExportedFrame, pl.Schema | None]:
    start = time.monotonic()
    path = folder / f"{frame.name}.{file_format}"
    reason, loaded = None, None
    try:
        loaded = frame.load_of(store, subject)
        write_whole(path, _encode(loaded, file_format))
        reason = None if loaded.height else "there is nothing of this kind in the database"
    except LoopscopeError as error:  # told in the manifest: one frame that cannot be does not stop the others
        reason = str(error)
        path.unlink(missing_ok=True)  # of an earlier call, of which this manifest would not be true
    return ExportedFrame(
        name=frame.name,
        grain=frame.grain,
        file=None if loaded is None else path.name,
        rows=0 if loaded is None else loaded.height,
        seconds=round(time.monotonic() - start, 3),
        reason=reason,
        not_estimated={} if loaded is None else count_reasons(loaded),
    ), None if loaded is None else loaded.schema


def count_reasons(frame: pl.DataFrame) -> dict[str, int]:
    """Count by reason the rows that have no estimate; none where a frame has no estimates.

    Examples
    --------
    >>> count_reasons(pl.DataFrame({"estimate": [1.0, None, None], "reason": [None, "one run", "one run"]}))
    {'one run': 2}
    """
    if not {"estimate", "reason"} <= set(frame.columns):
        return {}
    counted = (
        frame.filter(pl.col("reason").is_not_null())
        .group_by("reason")
        .len()
        .sort("len", "reason", descending=[True, False])
    )
    return dict(counted.iter_rows())


def _encode(frame: pl.DataFrame, file_format: Format) -> bytes:
    if file_format == "csv":
        return write_csv(frame)
    buffer = BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def describe_frames(frames: Sequence[Frame], schemas: dict[str, pl.Schema | None]) -> list[dict[str, Any]]:
    """Say what each frame and each of its columns is, as JSON would.

    Parameters
    ----------
    schemas
        By name what was loaded, whose structs may have more fields than are declared; None where nothing was.
    """
    return [
        {
            "frame": frame.name,
            "grain": frame.grain,
            "columns": [_describe_column(column, schemas.get(frame.name)) for column in frame.columns],
        }
        for frame in frames
    ]


def _describe_column(column: Column, schema: pl.Schema | None) -> dict[str, str]:
    dtype = schema[column.name] if schema and column.name in schema else column.dtype
    return {"name": column.name, "type": str(dtype), "meaning": column.meaning}


def write_dictionary(dictionary: Sequence[dict[str, Any]], file_format: Format) -> str:
    """Write what ``describe_frames`` says as Markdown."""
    lines = ["# Data dictionary", "", f"{len(dictionary)} frames, one file each; what is not known is null.", ""]
    if file_format == "csv":
        lines += ["These are CSV files:", "", *(f"- {sentence}" for sentence in FLATTENING), ""]
    for frame in dictionary:
        lines += [f"## {frame['frame']}", "", f"{frame['grain'][:1].upper()}{frame['grain'][1:]}.", ""]
        lines += ["| Column | Type | Meaning |", "|---|---|---|"]
        lines += [
            f"| `{column['name']}` | {column['type']} | {column['meaning'].replace('|', chr(92) + '|')} |"
            for column in frame["columns"]
        ]
        lines.append("")
    return "\n".join(lines)


def _describe_export(
    store: Store, subject: Subject, file_format: Format, exported: Sequence[ExportedFrame]
) -> dict[str, Any]:
    with store.session() as session:
        experiment = session.scalar(select(Experiment.uuid).where(Experiment.id == subject.experiment_id))
        result = session.scalar(
            select(ClusteringResult.uuid).where(ClusteringResult.id == subject.clustering_result_id)
        )
    return {
        "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "database": store.location,
        "experiment": experiment and str(experiment),
        "clustering": result and str(result),
        "subject": asdict(subject),
        "format": file_format,
        "versions": {name: version(name) for name in ("loopscope", *LIBRARIES)},
        "frames": [asdict(each) for each in exported],
    }


def _as_json(data: Any) -> bytes:
    return (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode()
