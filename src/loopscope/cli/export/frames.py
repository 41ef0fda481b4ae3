"""``loopscope export frames``: every frame as a file, with a data dictionary and a manifest."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loopscope.cli.ending import interruptible
from loopscope.cli.export.app import app
from loopscope.cli.options import DEFAULT_DATABASE, AsJson, CacheOption, Database, ExperimentOption
from loopscope.cli.output import print_json, print_table, say
from loopscope.cli.subject import choose_experiment, find_newest_result

if TYPE_CHECKING:
    from loopscope.data_prep.registry import Subject
    from loopscope.export.frames import ExportedFrame
    from loopscope.store.connection import Store


class Format(StrEnum):
    """Of the files."""

    PARQUET = "parquet"
    CSV = "csv"


@app.command("frames")
def export_all_frames(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files go.")],
    db: Database = DEFAULT_DATABASE,
    file_format: Annotated[
        Format, typer.Option("--format", help="Parquet keeps types; CSV flattens.")
    ] = Format.PARQUET,
    experiment: ExperimentOption = None,
    clustering: Annotated[
        str | None,
        typer.Option("--clustering", metavar="ID", help="The clustering result; by default the newest."),
    ] = None,
    compare: Annotated[
        str | None, typer.Option("--compare", metavar="ID", help="The clustering result to compare that one with.")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="MODEL", help="Only this embedding model; may be given more than once."),
    ] = None,
    run: Annotated[
        str | None, typer.Option("--run", metavar="ID", help="The run, for frames of one: the beginning of its id.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="FRAME", help="Only this frame; may be given more than once."),
    ] = None,
    cache: CacheOption = None,
    as_json: AsJson = False,
) -> None:
    """Write all frames into a folder, each a file, with a data dictionary and a manifest.

    What each column means is in data_dictionary.md and .json; what was written, of what, and what could not be
    computed and why, in manifest.json.
    """
    from loopscope.cli.progress import shown_progress
    from loopscope.export.frames import export_frames
    from loopscope.store.connection import open_store

    _refuse_unknown(only or [])
    with open_store(db) as store, interruptible(f"what was finished is in {folder}, without a manifest"):
        subject = _choose(store, experiment, clustering, compare, model or [], run)
        with shown_progress() as progress:
            exported = export_frames(
                store,
                folder,
                subject,
                file_format=file_format.value,
                only=only or (),
                cache=cache,
                progress=progress,
            )
    _tell(exported, folder, as_json)


def _refuse_unknown(names: list[str]) -> None:
    from loopscope.config import nearest
    from loopscope.data_prep.registry import FRAMES

    known = [frame.name for frame in FRAMES]
    for name in names:
        if name not in known:
            raise typer.BadParameter(f'found no frame "{name}"{nearest(name, known)}')


def _choose(
    store: "Store",
    experiment: str | None,
    clustering: str | None,
    compare: str | None,
    models: list[str],
    run: str | None,
) -> "Subject":
    from loopscope.cli.ids import resolve
    from loopscope.data_prep.keys import load_embedding_models
    from loopscope.data_prep.registry import Subject
    from loopscope.schemas import ClusteringResult, Run

    experiment_id = choose_experiment(store, experiment)
    with store.session() as session:
        for model in models:
            load_embedding_models(session, model)
        there = load_embedding_models(session)["embedding_model"].to_list()
    result_id = resolve(store, ClusteringResult, clustering) if clustering else find_newest_result(store, experiment_id)
    return Subject(
        experiment_id=experiment_id,
        clustering_result_id=result_id,
        embedding_models=tuple(models or there),
        run_id=resolve(store, Run, run) if run else None,
        compared_with=resolve(store, ClusteringResult, compare) if compare else None,
    )


def _tell(exported: "list[ExportedFrame]", folder: Path, as_json: bool) -> None:
    from dataclasses import asdict

    if as_json:
        print_json([asdict(each) for each in exported])
    else:
        rows = [[each.name, each.rows, _say_what_lacks(each)] for each in exported]
        print_table(["frame", "rows", "not computed"], rows, wide=["not computed"])
    written = sum(each.file is not None for each in exported)
    say(f"wrote {written} of {len(exported)} frames into {folder}; what they mean: {folder / 'data_dictionary.md'}")


def _say_what_lacks(exported: "ExportedFrame") -> str | None:
    if exported.reason is not None:
        return exported.reason
    lacking = [f"{rows:,} × {reason}" for reason, rows in exported.not_estimated.items()]
    return "; ".join([*lacking[:2], *([f"and {len(lacking) - 2} more"] if len(lacking) > 2 else [])]) or None
