"""``loopscope report``: one file that answers what people ask of an experiment."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loopscope.cli.ending import interruptible
from loopscope.cli.ids import resolve
from loopscope.cli.options import DEFAULT_DATABASE, CacheOption, Database
from loopscope.cli.output import counted, say
from loopscope.cli.subject import find_newest_result

if TYPE_CHECKING:
    from loopscope.export.report import Written


def write_experiment_report(
    experiment: Annotated[str, typer.Argument(metavar="EXPERIMENT", help="The experiment: the beginning of its id.")],
    db: Database = DEFAULT_DATABASE,
    clustering: Annotated[
        str | None,
        typer.Option(
            "--clustering", metavar="ID", help="The clustering result; by default the newest of this experiment."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="An .html file; by default report_ID.html."),
    ] = None,
    cache: CacheOption = None,
) -> None:
    """Write a report: where an experiment goes, whether it gets stuck, how soon, whether the prompt matters, and more.

    It is one HTML file that works offline and reads well on paper: each question is answered in words with numbers,
    intervals and what chance alone would give, followed by its picture and the numbers behind it. What could not be
    computed is said, with the reason.
    """
    from loopscope.cli.progress import shown_progress
    from loopscope.export.report import write_report
    from loopscope.schemas import ClusteringResult, Experiment
    from loopscope.store.connection import open_store

    if output is not None and output.suffix.lower() not in (".html", ".htm"):
        raise typer.BadParameter(f"found -o {output}; expected a file that ends in .html")
    with open_store(db) as store:
        experiment_id = resolve(store, Experiment, experiment)
        result_id = resolve(store, ClusteringResult, clustering) if clustering else None
        result_id = result_id or find_newest_result(store, experiment_id)
        path = output or Path(f"report_{experiment}.html")
        with interruptible(f"{path} was not written"), shown_progress() as progress:
            written = write_report(
                store, experiment_id, path, clustering_result_id=result_id, cache=cache, progress=progress
            )
    tell_report(written)


def tell_report(written: "Written") -> None:
    """Say where a report is, and which of its questions have no answer."""
    size = f"{written.size / 1_000_000:.1f} MB"
    say(f"wrote {written.path} ({size}): {counted(len(written.answered), 'question')} answered")
    if written.unanswered:
        say(f"not answered, for reasons said there: {' '.join(written.unanswered)}")
