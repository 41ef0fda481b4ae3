"""``loopscope export video``: all runs of an experiment at once, as a film."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from loopscope.cli.ending import interruptible
from loopscope.cli.export.app import app
from loopscope.cli.export.choosing import ColoursOption, choose_colours, output_option
from loopscope.cli.export.sheet import Grouping
from loopscope.cli.options import DEFAULT_DATABASE, Database, ExperimentOption
from loopscope.cli.output import say
from loopscope.cli.subject import choose_experiment


class Size(StrEnum):
    """How large a frame is."""

    P1080 = "1080p"
    K4 = "4k"


@app.command("video")
def video(
    db: Database = DEFAULT_DATABASE,
    experiment: ExperimentOption = None,
    clustering: ColoursOption = None,
    by: Annotated[Grouping, typer.Option(help="What has a title card and a part of its own.")] = Grouping.NETWORK,
    size: Annotated[Size, typer.Option(help="1920 × 1080 or 3840 × 2160 pixels.")] = Size.P1080,
    columns: Annotated[int, typer.Option(metavar="N", min=1, max=20, help="At most so many runs in a row.")] = 5,
    rows: Annotated[int, typer.Option(metavar="N", min=1, max=20, help="At most so many rows.")] = 4,
    seconds: Annotated[
        float, typer.Option("--seconds", metavar="S", min=0.01, max=60, help="How long a step is shown.")
    ] = 0.5,
    frames_per_second: Annotated[int, typer.Option("--fps", metavar="N", min=1, max=120, help="Of the file.")] = 24,
    output: Annotated[Path | None, output_option(".mp4 (H.264, plays in browsers) or .webm (VP9)", "video.mp4")] = None,
) -> None:
    """Show all runs of an experiment at once as a video, a step at a time, with title cards between its parts.

    A run that ends before the others keeps its last picture, dimmed. It needs PyAV, which the extra named video brings.
    """
    from loopscope.cli.progress import shown_progress
    from loopscope.export.encoding import check_video
    from loopscope.export.video import SIZES, VideoSettings, count_steps, export_video
    from loopscope.store.connection import open_store

    path = output or Path("video.mp4")
    check_video(path)
    settings = VideoSettings(
        size=SIZES[size.value],
        columns=columns,
        rows=rows,
        by=by.value,
        frames_per_second=frames_per_second,
        seconds_per_step=seconds,
    )
    with open_store(db) as store:
        experiment_id = choose_experiment(store, experiment)
        colours = choose_colours(store, clustering, experiment_id)
        with interruptible(f"{path} was not written"), store.session() as session, shown_progress() as progress:
            progress.begin("steps", count_steps(session, experiment_id, settings))
            export_video(
                session,
                path,
                experiment_id=experiment_id,
                clustering_result_id=colours,
                settings=settings,
                advance=progress.advance,
            )
    say(f"wrote {path}")
