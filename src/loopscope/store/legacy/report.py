"""The report of an import, beside the new database: counts and faults to read, and every row that has one."""

import csv
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from loopscope.store.legacy.judgement import LEFT_OUT, Accounting, Finding, shown
from loopscope.store.legacy.source import Source

_AT_A_TIME = 500
_COLUMNS = ("table", "id", "rowid", "fault", "found", "happened", "because_of")


@dataclass(frozen=True)
class Report:
    """What an import found and did.

    Attributes
    ----------
    tables
        What became of the rows, table by table.
    findings
        Every fault, and the rows that have it.
    notes
        What is true of the file as a whole.
    """

    source: str
    target: str
    layout: str
    strict: bool
    imported_at: datetime
    tables: tuple[Accounting, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]

    @property
    def left_out(self) -> int:
        """How many rows were not brought over."""
        return sum(table.left_out for table in self.tables)

    @property
    def merged(self) -> int:
        """How many rows were merged with equal ones."""
        return sum(table.merged for table in self.tables)

    @property
    def listed(self) -> int:
        """How many rows are listed."""
        return sum(map(len, self.findings))


@contextmanager
def written_report(report: Report, source: Source, folder: Path) -> Iterator[tuple[Path, Path | None]]:
    """Write the report, and give it its names only when the block succeeds.

    Yields
    ------
    page, rows
        Where it will be: to read, and row by row; None where no row is to be listed.
    """
    stem = f"import-{source.path.stem}-{report.imported_at:%Y%m%dT%H%M%SZ}"
    page, rows = _free(folder, stem, ".md"), _free(folder, stem, ".csv") if report.listed else None
    parts = {path: path.with_name(path.name + ".part") for path in (page, rows) if path is not None}
    try:
        parts[page].write_text(_page(report, rows), encoding="utf-8")
        if rows is not None:
            _write_rows(report, source, parts[rows])
        yield page, rows
        for path, part in parts.items():
            os.replace(part, path)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def _free(folder: Path, stem: str, suffix: str) -> Path:
    names = (folder / f"{stem}{f'-{number}' if number else ''}{suffix}" for number in range(1_000))
    return next(path for path in names if not path.exists())


def _page(report: Report, rows: Path | None) -> str:
    strict = " with --strict" if report.strict else ""
    lines = [
        f"# Import of {Path(report.source).name}",
        "",
        f"`{report.source}` (layout {report.layout}) into `{report.target}`{strict}, "
        f"{report.imported_at:%Y-%m-%d %H:%M:%S} UTC.",
        "",
        _verdict(report),
        "",
        "## Rows",
        "",
        "Found = brought over + merged + left out.",
        "",
        "| Table of the file | Found | Brought over | Merged with equal ones | Left out |",
        "|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {each.table} | {each.found:,} | {each.brought_over:,} | {each.merged:,} | {each.left_out:,} |"
        for each in report.tables
    ]
    for heading, chosen in _sections(report):
        if chosen:
            lines += ["", f"## {heading}", "", "| Table | What is wrong | Rows | What happened |", "|---|---|---:|---|"]
            lines += [f"| {each.table} | {each.fault} | {len(each):,} | {each.happened} |" for each in chosen]
    if report.notes:
        lines += ["", "## Notes", "", *(f"- {note}" for note in report.notes)]
    if rows is not None:
        lines += ["", f"Each of these rows is in `{rows.name}`: {report.listed:,} lines."]
    return "\n".join([*lines, ""])


def _sections(report: Report) -> list[tuple[str, list[Finding]]]:
    left_out = [each for each in report.findings if each.happened == LEFT_OUT]
    return [
        ("Left out: the fault is in the row itself", [each for each in left_out if not each.consequence]),
        ("Left out with what they belong to", [each for each in left_out if each.consequence]),
        ("Brought over, with something to know", [each for each in report.findings if each.happened != LEFT_OUT]),
    ]


def _verdict(report: Report) -> str:
    merged = f" {report.merged:,} rows said what others say and were merged with them." if report.merged else ""
    if not report.left_out:
        return f"Everything was brought over.{merged}"
    own = sum(len(each) for each in report.findings if each.happened == LEFT_OUT and not each.consequence)
    return (
        f"**{report.left_out:,} rows were not brought over**: {own:,} for a fault of their own, "
        f"{report.left_out - own:,} with what they belong to.{merged}"
    )


def _write_rows(report: Report, source: Source, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for finding in report.findings:
            because = "what it belongs to" if finding.consequence else "itself"
            found = finding.found or [""] * len(finding)
            for (name, rowid), value in zip(_names(finding, source), found, strict=True):
                writer.writerow((finding.table, name, rowid, finding.fault, value, finding.happened, because))


def _names(finding: Finding, source: Source) -> Iterator[tuple[str, object]]:
    """Name the rows of a finding as the file does."""
    if finding.names is not None:
        yield from zip(finding.names, [""] * len(finding), strict=True)
        return
    for start in range(0, len(finding), _AT_A_TIME):
        rowids: Sequence[int] = finding.rows[start : start + _AT_A_TIME].tolist()
        query = f'SELECT rowid, id FROM "{finding.table}" WHERE rowid IN (SELECT value FROM json_each(?))'  # noqa: S608
        ids = dict(source.all(query, (json.dumps(rowids),)))
        yield from ((shown(ids[rowid]), rowid) for rowid in rowids)
