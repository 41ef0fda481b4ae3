"""What the commands that export pictures share: whose colours are shown, and where a file goes."""

from typing import TYPE_CHECKING, Annotated

import typer

from loopscope.cli.ids import resolve
from loopscope.cli.subject import choose_result, find_newest_result

if TYPE_CHECKING:
    from loopscope.store.connection import Store

NO_COLOURS = "none"

ColoursOption = Annotated[
    str | None,
    typer.Option(
        "--clustering",
        metavar="ID|none",
        help="The clustering result whose colours are shown; by default the newest, if there is one.",
    ),
]


def output_option(formats: str, default: str) -> typer.models.OptionInfo:
    """Make the option that says where a file goes."""
    option: typer.models.OptionInfo = typer.Option(
        "-o", "--output", metavar="FILE", help=f"To {formats}; by default {default}."
    )
    return option


def choose_colours(store: "Store", prefix: str | None, experiment_id: int | None) -> int | None:
    """Find the clustering result that gives the colours: the one that was named, else the newest, else none."""
    from loopscope.schemas import ClusteringResult

    if prefix is not None:
        return None if prefix.lower() == NO_COLOURS else resolve(store, ClusteringResult, prefix)
    if find_newest_result(store, experiment_id) is None:
        return None
    return choose_result(store, None, experiment_id=experiment_id, doing="coloured by")
