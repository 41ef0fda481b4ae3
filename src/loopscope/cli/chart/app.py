"""The command ``loopscope chart``: draw a frame to a file."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from loopscope.cli.chart.choice import Choice
from loopscope.cli.chart.table import CHARTS, Chart
from loopscope.cli.ending import interruptible
from loopscope.cli.options import DEFAULT_DATABASE, CacheOption, Database, ExperimentOption
from loopscope.cli.output import print_table, say


class Grouping(StrEnum):
    """By what runs are told apart."""

    NETWORK = "network"
    PROMPT = "prompt"


class Sort(StrEnum):
    """In which order runs stand."""

    SEED = "seed"
    ABSORPTION = "absorption"


class Since(StrEnum):
    """Where drift is measured from."""

    PROMPT = "prompt"
    START = "start"


def draw_chart(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="The chart. Bare, all of them are listed.")] = None,
    db: Database = DEFAULT_DATABASE,
    clustering: Annotated[
        str | None,
        typer.Option("--clustering", metavar="ID", help="The clustering result; by default the newest."),
    ] = None,
    experiment: ExperimentOption = None,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="MODEL", help="The embedding model, or that of the clustering."),
    ] = None,
    by: Annotated[Grouping | None, typer.Option(help="By what runs are grouped.")] = None,
    run: Annotated[
        str | None, typer.Option("--run", metavar="ID", help="The run, for a chart of one: the beginning of its id.")
    ] = None,
    since: Annotated[Since | None, typer.Option(help="Where drift is measured from; by default the prompt.")] = None,
    sort: Annotated[Sort | None, typer.Option(help="How the rows of a raster are sorted; by default by seed.")] = None,
    cache: CacheOption = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="To .html (works offline), .png, .svg or .pdf; by default NAME.html, a picture NAME.png.",
        ),
    ] = None,
) -> None:
    """Draw a chart to a file: HTML that works offline, PNG, SVG or PDF. Bare, it lists the charts."""
    if name is None:
        _list_charts()
        return
    chart = _chart_named(name)
    from loopscope.data_prep.cache import cached_in
    from loopscope.datavis.saving import save_chart
    from loopscope.store.connection import open_store

    path = output or Path(f"{chart.name}.{chart.suffix}")
    with open_store(db) as store, interruptible(f"{path} was not written"):
        choice = Choice(store, experiment, clustering, model, by, run, since, sort)
        _refuse_what_says_nothing(chart, choice)
        if "experiment" in chart.takes:
            choice.say_experiments()
        with cached_in(cache):
            drawn = chart.draw(choice)
        say(f"wrote {save_chart(drawn, path)}")


def _list_charts() -> None:
    rows = [[chart.name, chart.shows, " ".join(f"--{option}" for option in chart.takes)] for chart in CHARTS]
    print_table(["chart", "shows", "options"], rows, wide=["shows", "options"])


def _chart_named(name: str) -> Chart:
    found = {chart.name: chart for chart in CHARTS}
    if name in found:
        return found[name]
    from loopscope.config import nearest

    raise typer.BadParameter(f'found no chart "{name}"{nearest(name, found)}')


def _refuse_what_says_nothing(chart: Chart, choice: Choice) -> None:
    given = choice.given
    for option, value in given.items():
        if option not in chart.takes:
            raise typer.BadParameter(f"--{option} {value} says nothing to the chart {chart.name}; leave it out")
    if "clustering" in given and "model" in given and "clustering" in chart.takes:
        raise typer.BadParameter(
            f"--model {choice.model} says nothing beside --clustering {choice.clustering}, which has one; leave it out"
        )
