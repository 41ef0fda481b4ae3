"""``loopscope export images``: pictures as files that say where they came from."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from loopscope.cli.ending import interruptible
from loopscope.cli.export.app import app
from loopscope.cli.ids import resolve
from loopscope.cli.options import DEFAULT_DATABASE, Database, ExperimentOption
from loopscope.cli.output import counted, say


class Format(StrEnum):
    """Of the files."""

    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"


@app.command("images")
def images(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files go.")],
    db: Database = DEFAULT_DATABASE,
    experiment: ExperimentOption = None,
    run: Annotated[
        str | None, typer.Option("--run", metavar="ID", help="Only those of this run: the beginning of its id.")
    ] = None,
    clustering: Annotated[
        str | None,
        typer.Option("--clustering", metavar="ID", help="Only the medoids of this clustering result."),
    ] = None,
    image_format: Annotated[
        Format, typer.Option("--format", help="PNG and WebP keep every pixel; JPEG is smaller.")
    ] = Format.PNG,
) -> None:
    """Write pictures as files with the prompt, model, seed and lineage in each, as XMP and EXIF.

    Say it again to go on after an interruption: what is there is left as it is.
    """
    from loopscope.cli.progress import shown_progress
    from loopscope.export.images import export_images, list_medoid_pictures, list_pictures
    from loopscope.schemas import ClusteringResult, Experiment, Run
    from loopscope.store.connection import open_store

    given = {"--experiment": experiment, "--run": run, "--clustering": clustering}
    options = [name for name, value in given.items() if value is not None]
    if len(options) > 1:
        raise typer.BadParameter(f"found {' and '.join(options)}; expected one of them at most")
    with open_store(db) as store:
        experiment_id = resolve(store, Experiment, experiment) if experiment else None
        run_id = resolve(store, Run, run) if run else None
        result_id = resolve(store, ClusteringResult, clustering) if clustering else None
        with (
            interruptible(f"what was finished is in {folder}; say it again to go on"),
            store.session() as session,
            shown_progress() as progress,
        ):
            if result_id is not None:
                pictures = list_medoid_pictures(session, result_id)
            else:
                pictures = list_pictures(session, experiment_id=experiment_id, run_id=run_id)
            progress.begin("pictures", len(pictures.invocation_ids))
            done = export_images(session, pictures, folder, image_format=image_format.value, advance=progress.advance)
    there = f"; {counted(done.already_there, 'picture')} were there already" if done.already_there else ""
    say(f"wrote {counted(done.written, 'picture')} into {folder}{there}")
