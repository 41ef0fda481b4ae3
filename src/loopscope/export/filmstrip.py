"""The filmstrip of a run as a file."""

from pathlib import Path

import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep import load_change_points_df
from loopscope.datavis.wording import count_of
from loopscope.errors import ExportError
from loopscope.export.picture_file import check_suffix, save_picture
from loopscope.export.shown_runs import ShownRun, load_shown_runs
from loopscope.export.stills import StillReader
from loopscope.export.subject import describe_clustering, require_outputs
from loopscope.imaging.canvas import shrink_picture
from loopscope.imaging.filmstrip import FRAME_WIDTH, SCALE, FilmstripTitle, draw_filmstrip
from loopscope.imaging.still import choose_evenly
from loopscope.schemas import Run

MOST = 64
"""Stills of a longer run are chosen evenly."""


def export_filmstrip(
    session: Session,
    run_id: int,
    path: Path,
    *,
    clustering_result_id: int | None = None,
    embedding_model: str | None = None,
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
    embedding_model
        In whose space the run's change points are marked; None marks none.
    most
        How many stills there are at most; of a longer run they are chosen evenly.
    columns
        How many stand beside one another.
    first, last
        The sequence numbers between which the run is shown; by default all of it.

    Raises
    ------
    NotFoundError
        When there is no such run, clustering result or embedding model, or the run has no output yet.
    ExportError
        When the suffix is another, the steps asked for are not there, or change points cannot be computed.
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
    change_points = _find_change_points(session, embedding_model, run) if embedding_model else []
    facts = [run.seed_in_words, f"run {run.uuid[:8]}", f"{count_of(run.length, 'step')}, {run.ending}"]
    if len(chosen) < len(spans):
        facts.append(f"{len(chosen)} of {len(spans)} stills, chosen evenly")
    facts += [f"change points: {embedding_model}"] if embedding_model else []
    facts += describe_clustering(session, clustering_result_id)
    title = FilmstripTitle(run.network.replace("→", " → "), run.prompt, " · ".join(facts))
    return save_picture(draw_filmstrip(stills, title, columns=columns, change_points=change_points), path)


def _find_change_points(session: Session, embedding_model: str, run: ShownRun) -> list[int]:
    """Find the sequence numbers with which a run changes, in the space of an embedding model."""
    experiment_id = session.get_one(Run, run.run_id).experiment_id
    frame = load_change_points_df(session, embedding_model, experiment_id).filter(pl.col("run_id") == run.run_id)
    if frame["n_change_points"].is_null().all():
        reason = frame["reason"][0] if len(frame) else f"it has no embedding by {embedding_model}"
        raise ExportError(f"found no change points of this run: {reason}; leave out --model {embedding_model}")
    found: list[int] = frame["sequence_number"].drop_nulls().unique().sort().to_list()
    return found
