"""``loopscope export filmstrip``: one run, picture by picture."""

from pathlib import Path
from typing import Annotated

import typer

from loopscope.cli.ending import interruptible
from loopscope.cli.export.app import app
from loopscope.cli.export.choosing import ColoursOption, choose_colours, output_option
from loopscope.cli.ids import resolve
from loopscope.cli.options import DEFAULT_DATABASE, Database
from loopscope.cli.output import say


@app.command("filmstrip")
def filmstrip(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run: the beginning of its id.")],
    db: Database = DEFAULT_DATABASE,
    clustering: ColoursOption = None,
    stills: Annotated[
        int, typer.Option(metavar="N", min=1, help="At most so many; of a longer run they are chosen evenly.")
    ] = 64,
    columns: Annotated[int, typer.Option(metavar="N", min=1, max=40, help="How many stand in a row.")] = 8,
    first: Annotated[int, typer.Option("--from", metavar="STEP", min=0, help="The first step that is shown.")] = 0,
    last: Annotated[
        int | None, typer.Option("--to", metavar="STEP", min=0, help="The last step that is shown; by default all.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", metavar="MODEL", help="The embedding model whose change points are marked; by default none are."
        ),
    ] = None,
    output: Annotated[Path | None, output_option(".png, .jpg or .webp", "filmstrip_RUN.png")] = None,
) -> None:
    """Draw a run as a filmstrip: its pictures and captions in order, the colour of the cluster under each.

    A text that describes a picture stands under it; where a network has no pictures, the texts stand in their place.
    """
    from loopscope.export.filmstrip import export_filmstrip
    from loopscope.export.picture_file import check_suffix
    from loopscope.schemas import Run
    from loopscope.store.connection import open_store

    check_suffix(output or Path("filmstrip.png"))
    with open_store(db) as store:
        run_id = resolve(store, Run, run)
        with store.session() as session:
            found = session.get_one(Run, run_id)
            experiment_id, uuid = found.experiment_id, found.uuid
        colours = choose_colours(store, clustering, experiment_id)
        path = output or Path(f"filmstrip_{uuid.hex[:8]}.png")
        with interruptible(f"{path} was not written"), store.session() as session:
            export_filmstrip(
                session,
                run_id,
                path,
                clustering_result_id=colours,
                embedding_model=model,
                most=stills,
                columns=columns,
                first=first,
                last=last,
            )
    say(f"wrote {path}")
