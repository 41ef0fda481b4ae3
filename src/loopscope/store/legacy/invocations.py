"""Invocations of the file: read once to judge them; their texts and pictures are read again when they are written."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from loopscope.store.legacy.chains import judge_chains
from loopscope.store.legacy.experiments import ExperimentsAndRuns, OldRun
from loopscope.store.legacy.identifiers import Booleans, IdColumnReader, IdIndex, Integers
from loopscope.store.legacy.judgement import Judgement
from loopscope.store.legacy.layout import Layout
from loopscope.store.legacy.pictures import PictureFacts, inspect_picture
from loopscope.store.legacy.references import judge_ids, judge_owners, judge_references
from loopscope.store.legacy.source import Source
from loopscope.store.legacy.values import is_integer, is_name, read_period
from loopscope.types import fault_of_text

WITH_OUTPUTS_AT_A_TIME = 256
_NO_SEED = -(2**63)
_ROWS = (
    "SELECT rowid, id, run_id, input_invocation_id, sequence_number, type, model, seed, started_at, completed_at, "
    "output_text, output_image_data FROM invocation ORDER BY rowid"
)


@dataclass(frozen=True)
class OldInvocations:
    """The invocations of a file, by position.

    Attributes
    ----------
    judged
        What becomes of each.
    index
        Finds them by their ids.
    run
        Shape (n,), int64: the position of the run; −1 where there is none.
    sequence_number
        Shape (n,), int64.
    input
        Shape (n,), int64: the position of the invocation whose output was the input; −1 for the first of a run.
    is_image
        Shape (n,), bool: whether the output is a picture.
    hashes
        Shape (n,), 16 bytes: of the text or of the picture's pixels.
    pictures
        By position, media type, width and height.
    """

    judged: Judgement
    index: IdIndex
    run: Integers
    sequence_number: Integers
    input: Integers
    is_image: Booleans
    hashes: npt.NDArray[np.void]
    pictures: dict[int, tuple[str, int, int]]


@dataclass
class _Read:
    """What is read of each row, and the faults that its values have by themselves."""

    ids: IdColumnReader = field(default_factory=IdColumnReader)
    runs: IdColumnReader = field(default_factory=IdColumnReader)
    inputs: IdColumnReader = field(default_factory=IdColumnReader)
    rowids: list[int] = field(default_factory=list)
    sequence_numbers: list[int] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)
    models: list[int] = field(default_factory=list)
    is_image: list[bool] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)
    pictures: dict[int, tuple[str, int, int]] = field(default_factory=dict)
    model_codes: dict[str, int] = field(default_factory=dict)
    faults: dict[str, dict[int, Any]] = field(default_factory=dict)
    unsound_times: list[int] = field(default_factory=list)
    both: list[int] = field(default_factory=list)


def read_invocations(
    source: Source,
    layout: Layout,
    experiments: ExperimentsAndRuns,
    *,
    strict: bool,
    advance: Callable[[int], None],
) -> OldInvocations:
    """Read and judge the invocations of a file.

    Parameters
    ----------
    strict
        Whether a run of which an invocation is left out is left out itself.
    advance
        Told of the rows as they are read.
    """
    read = _read(source, advance)
    judged = Judgement("invocation", np.array(read.rowids, dtype=np.int64))
    ids = judge_ids(source, layout, judged, read.ids.column(), public=False)
    index = IdIndex(ids)
    run = judge_references(judged, "run_id", "run", read.runs.column(), experiments.run_index)
    for fault, found in read.faults.items():
        judged.leave_out(np.array(sorted(found), dtype=np.int64), fault, found)
    inputs = judge_references(
        judged, "input_invocation_id", "input invocation", read.inputs.column(), index, nullable=True
    )
    sequence_number = np.array(read.sequence_numbers, dtype=np.int64)
    judge_owners(judged, "run", run, experiments.runs_judged.kept)
    judge_chains(judged, run, sequence_number, inputs)
    if strict:
        _leave_out_broken_runs(judged, run, experiments)
    _remark(judged, read, run, sequence_number, experiments)
    return OldInvocations(
        judged=judged,
        index=index,
        run=run,
        sequence_number=sequence_number,
        input=inputs,
        is_image=np.array(read.is_image, dtype=bool),
        hashes=np.frombuffer(b"".join(read.hashes), dtype="V16"),
        pictures=read.pictures,
    )


def _read(source: Source, advance: Callable[[int], None]) -> _Read:
    read = _Read()
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for rows in source.rows(_ROWS, at_a_time=WITH_OUTPUTS_AT_A_TIME):
            for column, reader in ((1, read.ids), (2, read.runs), (3, read.inputs)):
                reader.add([row[column] for row in rows])
            data = [row[11] if row[5] == "IMAGE" and isinstance(row[11], bytes) else None for row in rows]
            pictures = threads.map(lambda each: None if each is None else inspect_picture(each), data)
            for row, picture in zip(rows, pictures, strict=True):
                _read_row(read, row, picture)
            advance(len(rows))
    return read


def _read_row(read: _Read, row: Sequence[Any], picture: PictureFacts | str | None) -> None:
    rowid, _, _, _, sequence_number, kind, model, seed, started_at, completed_at, text, data = row
    position = len(read.rowids)
    faults = read.faults
    read.rowids.append(rowid)
    if is_integer(sequence_number) and sequence_number >= 0:
        read.sequence_numbers.append(sequence_number)
    else:
        read.sequence_numbers.append(-1)
        faults.setdefault("its sequence_number is no integer from 0", {})[position] = sequence_number
    if not is_name(model):
        faults.setdefault("its model is no name", {})[position] = model
    read.models.append(read.model_codes.setdefault(str(model), len(read.model_codes)))
    read.seeds.append(seed if is_integer(seed) else _NO_SEED)
    read.is_image.append(kind == "IMAGE")
    if not read_period(started_at, completed_at)[2]:
        read.unsound_times.append(position)
    if isinstance(text, str) and data is not None:
        read.both.append(position)
    fault, digest = _judge_output(kind, text, data, picture)
    if fault is not None:
        faults.setdefault(fault[0], {})[position] = fault[1]
    if isinstance(picture, PictureFacts):
        read.pictures[position] = (picture.media_type, picture.width, picture.height)
    read.hashes.append(digest)


def _judge_output(
    kind: object, text: object, data: object, picture: PictureFacts | str | None
) -> tuple[tuple[str, Any] | None, bytes]:
    """Tell what is wrong with an output, and the hash of a sound one."""
    nothing = bytes(16)
    if kind not in ("TEXT", "IMAGE"):
        return ("its type is neither TEXT nor IMAGE", kind), nothing
    if (text if kind == "TEXT" else data) is None:
        return ("it has no output", None), nothing
    if kind == "TEXT":
        if not isinstance(text, str):
            return ("its output_text is no text", text), nothing
        if fault := fault_of_text(text):
            return ("its output_text is no text that every database can hold", fault), nothing
        return None, blake2b(text.encode(), digest_size=16).digest()
    if isinstance(picture, PictureFacts):
        return None, picture.hash
    return ("its picture cannot be decoded", picture or data), nothing


def _leave_out_broken_runs(judged: Judgement, run: Integers, experiments: ExperimentsAndRuns) -> None:
    """Leave out the runs that lost an invocation, and all that they have."""
    broken = np.unique(run[judged.left_out & (run >= 0)])
    runs = experiments.runs_judged
    runs.leave_out(broken, "not all of its invocations can be brought over (--strict)", consequence=True)
    judge_owners(judged, "run", run, runs.kept)
    for position in broken.tolist():
        experiments.runs[position] = None


def _remark(
    judged: Judgement, read: _Read, run: Integers, sequence_number: Integers, experiments: ExperimentsAndRuns
) -> None:
    judged.remark(
        np.array(read.unsound_times, dtype=np.int64),
        "its times are missing or run backwards",
        "brought over with the time that is known, and 0 s",
    )
    judged.remark(
        np.array(read.both, dtype=np.int64), "it has a text and a picture", "brought over with the output of its type"
    )
    kept = judged.kept
    models, seeds = np.array(read.models, dtype=np.int64), np.array(read.seeds, dtype=np.int64)
    by_network: dict[tuple[str, ...], list[int]] = {}
    for position, each in enumerate(experiments.runs):
        if each is not None:
            by_network.setdefault(each.network, []).append(position)
    for network, positions in by_network.items():
        rows = np.flatnonzero(kept & np.isin(run, positions))
        expected = np.array([read.model_codes.get(name, -1) for name in network])[sequence_number[rows] % len(network)]
        judged.remark(
            rows[models[rows] != expected],
            "its model is not the one that its run's network has there",
            "brought over with both as they stand",
        )
    _remark_seeds(experiments.runs, experiments.runs_judged, run[kept], seeds[kept])


def _remark_seeds(runs: Sequence[OldRun | None], judged: Judgement, run: Integers, seeds: Integers) -> None:
    """Tell of runs that have one seed while their invocations have others."""
    of_run = np.array([_NO_SEED if each is None or each.seed is None else each.seed for each in runs], dtype=np.int64)
    if len(of_run):
        other = (seeds != of_run[run]) & (seeds != _NO_SEED) & (of_run[run] != _NO_SEED)
        judged.remark(
            np.unique(run[other]),
            "its invocations have seeds other than its own",
            "brought over with its own seed; those of invocations are not kept",
        )
