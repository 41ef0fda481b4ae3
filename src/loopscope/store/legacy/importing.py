"""Importing a file: read and judged first, then written in one transaction, and reported beside the database."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import numpy as np

from loopscope.store.connection import Store, open_store
from loopscope.store.legacy.assignments import read_assignments
from loopscope.store.legacy.clusterings import PlannedClustering, plan_clusterings
from loopscope.store.legacy.content import Content
from loopscope.store.legacy.embeddings import read_embeddings
from loopscope.store.legacy.experiments import read_experiments
from loopscope.store.legacy.invocations import read_invocations
from loopscope.store.legacy.judgement import Judgement
from loopscope.store.legacy.layout import DIAGRAMS, Form, Layout, recognise_layout
from loopscope.store.legacy.report import Report, written_report
from loopscope.store.legacy.results import read_results
from loopscope.store.legacy.source import Source
from loopscope.store.legacy.writing import refuse_known, write_clusterings, write_content
from loopscope.store.location import parse_location
from loopscope.types import UNIT_TOLERANCE


class Listener(Protocol):
    """Told of each stage as it begins, and of items as they finish."""

    def begin(self, stage: str, total: int, done: int = 0) -> None:
        """Begin a stage of ``total`` items."""

    def advance(self, items: int) -> None:
        """Finish items of the stage."""


@dataclass(frozen=True)
class Imported:
    """What an import did.

    Attributes
    ----------
    report
        What was found and done.
    page, rows
        The report's files: to read, and row by row; None where no row is to be listed.
    seconds
        How long each phase took.
    """

    report: Report
    page: Path
    rows: Path | None
    seconds: dict[str, float]

    @property
    def complete(self) -> bool:
        """Whether every row was brought over."""
        return self.report.left_out == 0


@dataclass
class _Progress:
    """Tells the listener, and measures the phases."""

    listener: Listener | None
    seconds: dict[str, float] = field(default_factory=dict)
    left: int = 0

    @contextmanager
    def phase(self, name: str, total: int) -> Iterator[None]:
        self.left = total
        if self.listener is not None and total:
            self.listener.begin(name, total)
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start
        self.advance(self.left)

    def advance(self, items: int) -> None:
        self.left -= items
        if self.listener is not None and items:
            self.listener.advance(items)


def import_legacy(
    path: str | Path,
    location: str | Path = "loopscope.db",
    *,
    strict: bool = False,
    listener: Listener | None = None,
) -> Imported:
    """Bring over the SQLite file of an earlier tool: all that can be, in one transaction, or nothing.

    Parameters
    ----------
    path
        The file; it is opened for reading only.
    location
        The database that it goes into; made where there is none, and taken away again where the import fails.
    strict
        Whether a clustering or a run that is not whole is left out, instead of what is wrong with it alone.
    listener
        Told how far it is.

    Returns
    -------
    Imported
        With the report, and where it is written.

    Raises
    ------
    StoreError
        When the file is of no known layout or cannot be read, something of it is in the database already, or the
        database cannot be written. The database is as it was before then.
    """
    with Source(Path(path)) as source:
        layout = recognise_layout(source)
        with _opened(location) as store:
            return _import(source, layout, store, strict, _Progress(listener))


@contextmanager
def _opened(location: str | Path) -> Iterator[Store]:
    """Open the database, and take it away again on an error if it was made here."""
    place = parse_location(location).path
    made = place is not None and not place.exists()
    try:
        with open_store(location, create=True) as store:
            yield store
    except BaseException:
        if made and place is not None:
            for suffix in ("", "-wal", "-shm"):
                place.with_name(place.name + suffix).unlink(missing_ok=True)
        raise


def _import(source: Source, layout: Layout, store: Store, strict: bool, progress: _Progress) -> Imported:
    store.require_writable()
    content, planned = _read(source, layout, store, strict, progress)
    imported_at = datetime.now(UTC)
    report = Report(
        source=str(source.path),
        target=store.location,
        layout=layout.form.value,
        strict=strict,
        imported_at=imported_at,
        tables=tuple(each.accounting() for each in content.judgements),
        findings=tuple(finding for each in content.judgements for finding in each.findings()),
        notes=tuple(_notes(source, content)),
    )
    for plan in planned:
        plan.origin["imported_at"] = imported_at.isoformat(timespec="seconds")
    with written_report(report, source, store.folder) as (page, rows), store.transaction() as session:
        results = () if content.results is None else content.results.results
        refuse_known(session, content.experiments, results, source, store.location)
        with progress.phase("writing outputs and vectors", _outputs(content)):
            keys = write_content(session, source, content, progress.advance)
        with progress.phase("writing assignments", sum(len(each.embeddings) for each in planned)):
            write_clusterings(session, content, planned, keys, progress.advance)
        source.check_unchanged()
    return Imported(report, page, rows, progress.seconds)


def _read(
    source: Source, layout: Layout, store: Store, strict: bool, progress: _Progress
) -> tuple[Content, list[PlannedClustering]]:
    """Read and judge everything, before any lock is held."""
    experiments = read_experiments(source, layout)
    with store.session() as session:
        refuse_known(session, experiments, (), source, store.location)
    with progress.phase("checking outputs", source.count("invocation")):
        invocations = read_invocations(source, layout, experiments, strict=strict, advance=progress.advance)
    with progress.phase("checking vectors", source.count("embedding")):
        embeddings = read_embeddings(source, layout, invocations, advance=progress.advance)
    unread = tuple(_left_behind(source, table) for table in (DIAGRAMS, *layout.unread_tables))
    unread = tuple(each for each in unread if len(each.rowids))
    content = Content(layout, experiments, invocations, embeddings, None, None, unread)
    if layout.form is Form.NO_CLUSTERINGS:
        return content, []
    with progress.phase("checking assignments", source.count("embeddingcluster")):
        results = read_results(source, layout, embeddings)
        assignments = read_assignments(source, layout, results, embeddings)
        content = Content(layout, experiments, invocations, embeddings, results, assignments, unread)
        planned = plan_clusterings(source, content, strict=strict, advance=progress.advance)
    return content, planned


def _left_behind(source: Source, table: str) -> Judgement:
    """List the rows of a table that nothing here can hold."""
    if table not in source.tables():
        return Judgement(table, np.empty(0, dtype=np.int64))
    ids = "id" in source.tables()[table]
    rowids = (
        [row[0] for row in source.all(f'SELECT rowid FROM "{table}" ORDER BY rowid')]  # noqa: S608 - of the file
        if source.has_rowid(table)
        else list(range(1, source.count(table) + 1))
    )
    names = None if ids and source.has_rowid(table) else [str(rowid) for rowid in rowids]
    judged = Judgement(table, np.array(rowids, dtype=np.int64), names)
    if table == DIAGRAMS:
        fault = (
            "persistence diagrams of other tools are not read: compute them from the vectors: "
            "loopscope persistence perform MODEL"
        )
    else:
        fault = "its table is not known here"
    judged.leave_out(np.arange(len(rowids)), fault)
    return judged


def _notes(source: Source, content: Content) -> Iterator[str]:
    """Tell what is true of the file as a whole."""
    if source.reads_wal:
        yield f"Its latest changes were read from `{source.path.name}-wal`, which stayed as it was."
    if content.layout.unread_columns:
        yield f"Columns that are not kept: {', '.join(f'`{name}`' for name in content.layout.unread_columns)}."
    yield "Instants without a time zone were read as UTC. Library versions were not recorded, and stand as unknown."
    yield (
        "An imported experiment cannot be resumed: the generators in its settings begin with `imported:`, those of its "
        "runs and invocations stand as they were."
    )
    for model in content.embeddings.models:
        if model.name != model.stored_name:
            yield f"`{model.stored_name}` embedded texts and pictures; here those of {model.takes}s are `{model.name}`."
        if abs(model.shortest - 1) > UNIT_TOLERANCE or abs(model.longest - 1) > UNIT_TOLERANCE:
            yield (
                f"The vectors of `{model.name}` are not of unit length ({model.shortest:.6g} to {model.longest:.6g}): "
                "they were brought over as they are, and can only be clustered with the metric euclidean."
            )


def _outputs(content: Content) -> int:
    return len(content.invocations.judged.rowids) + len(content.embeddings.judged.rowids)
