"""``loopscope export sheet``: many runs at once, step by step."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from loopscope.cli.ending import interruptible
from loopscope.cli.export.app import app
from loopscope.cli.export.choosing import ColoursOption, choose_colours, output_option
from loopscope.cli.options import DEFAULT_DATABASE, Database, ExperimentOption
from loopscope.cli.output import say
from loopscope.cli.subject import choose_experiment


class Grouping(StrEnum):
    """What runs stand together by."""

    NETWORK = "network"
    PROMPT = "prompt"


@app.command("sheet")
def sheet(
    db: Database = DEFAULT_DATABASE,
    experiment: ExperimentOption = None,
    clustering: ColoursOption = None,
    by: Annotated[Grouping, typer.Option(help="What runs stand together by.")] = Grouping.NETWORK,
    steps: Annotated[
        int, typer.Option(metavar="N", min=1, max=100, help="How many steps are shown, chosen evenly.")
    ] = 10,
    runs: Annotated[
        int, typer.Option(metavar="N", min=1, help="At most so many; of more runs they are chosen evenly.")
    ] = 60,
    output: Annotated[Path | None, output_option(".png, .jpg or .webp", "sheet.png")] = None,
) -> None:
    """Draw a contact sheet: runs from top to bottom, steps from left to right, the colour of the cluster under each."""
    from loopscope.cli.progress import shown_progress
    from loopscope.export.picture_file import check_suffix
    from loopscope.export.sheet import count_runs, export_sheet
    from loopscope.store.connection import open_store

    path = output or Path("sheet.png")
    check_suffix(path)
    with open_store(db) as store:
        experiment_id = choose_experiment(store, experiment)
        colours = choose_colours(store, clustering, experiment_id)
        with interruptible(f"{path} was not written"), store.session() as session, shown_progress() as progress:
            progress.begin("runs", count_runs(session, experiment_id, runs))
            export_sheet(
                session,
                path,
                experiment_id=experiment_id,
                clustering_result_id=colours,
                by=by.value,
                steps=steps,
                most=runs,
                advance=progress.advance,
            )
    say(f"wrote {path}")
