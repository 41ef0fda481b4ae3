"""A contact sheet of many runs as a file."""

from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from sqlalchemy.orm import Session

from loopscope.export.picture_file import check_suffix, save_picture
from loopscope.export.shown_runs import ShownRun, load_shown_runs
from loopscope.export.stills import StillReader
from loopscope.export.subject import describe_clustering, require_outputs
from loopscope.imaging.canvas import shrink_picture
from loopscope.imaging.contact_sheet import CELL, SCALE, SheetRow, draw_contact_sheet
from loopscope.imaging.still import Still, choose_evenly

MOST_RUNS: Final = 60
"""Of more runs as many are chosen evenly."""

Grouping = Literal["network", "prompt"]
_GROUPS: Final[dict[Grouping, Callable[[ShownRun], str]]] = {
    "network": lambda run: run.network.replace("→", " → "),
    "prompt": lambda run: f"“{run.prompt}”",
}


def export_sheet(
    session: Session,
    path: Path,
    *,
    experiment_id: int | None = None,
    clustering_result_id: int | None = None,
    by: Grouping = "network",
    steps: int = 10,
    most: int = MOST_RUNS,
    advance: Callable[[int], None] = lambda done: None,
) -> Path:
    """Draw runs as rows and steps as columns, and write them to a file.

    Parameters
    ----------
    path
        To ``.png``, ``.jpg`` or ``.webp``.
    experiment_id
        The experiment whose runs are shown; by default all.
    clustering_result_id
        Whose colours stand under the pictures; None for none.
    by
        What the rows stand together by.
    steps
        How many columns there are at most, chosen evenly over the longest run.
    most
        How many runs there are at most, chosen evenly.
    advance
        Called after each run with 1.

    Raises
    ------
    NotFoundError
        When there is no such experiment, or it has no output yet.
    ExportError
        When the suffix is another.
    """
    check_suffix(path)
    found = require_outputs(load_shown_runs(session, experiment_id=experiment_id), "an experiment")
    found.sort(key=lambda run: _GROUPS[by](run))
    runs = [found[place] for place in choose_evenly(len(found), most)]
    longest = max(runs, key=lambda run: run.length).spans
    numbers = [longest[place][0] for place in choose_evenly(len(longest), steps)]
    reader = StillReader(session, clustering_result_id, lambda picture: shrink_picture(picture, CELL * SCALE))
    rows = []
    for run in runs:
        rows.append(_make_row(reader, run, numbers, by))
        advance(1)
    networks, prompts = ({getattr(run, name) for run in found} for name in ("network", "prompt"))
    title = f"{_count(len(found), 'run')} of {_count(len(networks), 'network')}, step by step"
    facts = [_count(len(prompts), "prompt")]
    facts += [f"{len(runs)} of the runs shown, chosen evenly"] if len(runs) < len(found) else []
    facts += describe_clustering(session, clustering_result_id)
    return save_picture(draw_contact_sheet(rows, numbers, title, " · ".join(facts)), path)


def count_runs(session: Session, experiment_id: int | None, most: int = MOST_RUNS) -> int:
    """Count the runs that a sheet shows: how often `export_sheet` calls ``advance``."""
    return min(most, len(load_shown_runs(session, experiment_id=experiment_id)))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _make_row(reader: StillReader, run: ShownRun, numbers: list[int], by: Grouping) -> SheetRow:
    spans = run.spans
    starts = [span[0] for span in spans]
    shown = {number: spans[bisect_right(starts, number) - 1] for number in numbers if number < run.length}
    stills = reader.read_run(run, dict.fromkeys(shown.values()))
    by_span: dict[tuple[int, int], Still] = {(still.first, still.last): still for still in stills}
    return SheetRow(
        group=_GROUPS[by](run),
        heading=run.prompt if by == "network" else run.network.replace("→", " → "),
        facts=f"{run.seed_in_words} · {run.uuid[:8]}",
        stills=[by_span[shown[number]] if number in shown else None for number in numbers],
        ending=f"ended at step {run.length - 1}: {run.ending}",
    )
