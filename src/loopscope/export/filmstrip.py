"""The filmstrip of a run as a file."""

from collections.abc import Collection
from pathlib import Path

from sqlalchemy.orm import Session

from loopscope.errors import ExportError
from loopscope.export.picture_file import check_suffix, save_picture
from loopscope.export.shown_runs import load_shown_runs
from loopscope.export.stills import StillReader
from loopscope.export.subject import describe_clustering, require_outputs
from loopscope.imaging.canvas import shrink_picture
from loopscope.imaging.filmstrip import FRAME_WIDTH, SCALE, FilmstripTitle, draw_filmstrip
from loopscope.imaging.still import choose_evenly

MOST = 64
"""Stills of a longer run are chosen evenly."""


def export_filmstrip(
    session: Session,
    run_id: int,
    path: Path,
    *,
    clustering_result_id: int | None = None,
    change_points: Collection[int] = (),
    most: int = MOST,
    columns: int = 8,
    first: int = 0,
    last: int | None = None,
) -> Path:
    """Draw a run's pictures and captions in order, and write them to a file.

    Parameters
    ----------
    path
        To ``.png``, ``.jpg`` or ``.webp``.
    clustering_result_id
        Whose colours stand under the pictures; None for none.
    change_points
        Sequence numbers with which something new begins.
    most
        How many stills there are at most; of a longer run they are chosen evenly.
    columns
        How many stand beside one another.
    first, last
        The sequence numbers between which the run is shown; by default all of it.

    Raises
    ------
    NotFoundError
        When there is no such run, or it has no output yet.
    ExportError
        When the suffix is another, or the steps asked for are not there.
    """
    check_suffix(path)
    run = require_outputs(load_shown_runs(session, run_id=run_id), "this run")[0]
    end = run.length - 1 if last is None else last
    spans = [span for span in run.spans if span[1] >= first and span[0] <= end]
    if not spans:
        raise ExportError(
            f"found no step from {first} to {end}; expected some of the run's steps, 0 to {run.length - 1}: "
            "--from STEP --to STEP"
        )
    chosen = [spans[place] for place in choose_evenly(len(spans), most)]
    stills = StillReader(
        session, clustering_result_id, lambda picture: shrink_picture(picture, FRAME_WIDTH * SCALE)
    ).read_run(run, chosen)
    facts = [run.seed_in_words, f"run {run.uuid[:8]}", f"{run.length:,} steps, {run.ending}"]
    if len(chosen) < len(spans):
        facts.append(f"{len(chosen)} of {len(spans)} stills, chosen evenly")
    facts += describe_clustering(session, clustering_result_id)
    title = FilmstripTitle(run.network.replace("→", " → "), run.prompt, " · ".join(facts))
    return save_picture(draw_filmstrip(stills, title, columns=columns, change_points=change_points), path)
