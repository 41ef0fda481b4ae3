"""``loopscope cluster compare``: how far two clusterings agree, as a whole and cluster by cluster."""

import shutil
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loopscope.cli.cluster.app import app
from loopscope.cli.ending import interruptible
from loopscope.cli.ids import resolve
from loopscope.cli.options import DEFAULT_DATABASE, AsJson, Database
from loopscope.cli.output import PIPE_WIDTH, counted, figure, print_facts, print_json, print_table, print_text, say

if TYPE_CHECKING:
    import polars as pl


def _check_suffix(path: Path | None) -> Path | None:
    """Refuse a file that could not be written before anything is computed."""
    suffixes = (".html", ".png", ".svg", ".pdf")
    if path is not None and path.suffix.lower() not in suffixes:
        raise typer.BadParameter(f"found {path.name}; expected a file that ends in {', '.join(suffixes)}")
    return path


ChartFile = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        callback=_check_suffix,
        help="Draw it as well: .html (works offline), .png, .svg or .pdf.",
    ),
]
Seed = Annotated[int, typer.Option(min=0, metavar="S", help="Chooses the draws; the same gives the same numbers.")]
TRUST = ("95 % interval", "by chance", "p")
MOST_FLOWS = 20
NOTE_WIDTH = 100
ROOM_FOR_BOTH = 130
"""From so many columns on, a table of matches has both medoids in full."""


@app.command("compare")
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="A clustering result: the beginning of its id.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another, of the same outputs or of captions and pictures.")],
    db: Database = DEFAULT_DATABASE,
    output: ChartFile = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Compare two clusterings: ARI and AMI, each cluster with its best match, and what goes where.

    Embeddings of one output are compared; of a text and an image model, each caption with the picture it describes.
    What only one of the two clustered is counted, not compared.
    """
    from loopscope.data_prep.cluster_comparison import compare_pairs, count_flows
    from loopscope.data_prep.pairing import load_pairing
    from loopscope.schemas import ClusteringResult
    from loopscope.store.connection import open_store

    with open_store(db) as store:
        chosen = [resolve(store, ClusteringResult, prefix) for prefix in (a, b)]
        with interruptible("nothing was written"):
            with store.session() as session:
                pairing = load_pairing(session, *chosen)
            comparison, flows = compare_pairs(pairing, seed=seed), count_flows(pairing)
    a_name, b_name = _name(pairing.a), _name(pairing.b)
    if output:
        from loopscope.datavis.alluvial import plot_alluvial

        write_chart(plot_alluvial(flows, comparison, names=(f"A: {a_name}", f"B: {b_name}")), output)
    facts = {"A": a_name, "B": b_name} | _count_pairs(flows, pairing.how)
    if as_json:
        print_json(facts | {"comparison": comparison.to_dicts(), "flows": flows.to_dicts()})
        return
    print_facts(facts)
    print_text("")
    _print_scores(comparison)
    for side, other in (("a", "b"), ("b", "a")):
        print_text("")
        _print_matches(comparison, side, other)
    print_text("")
    _print_flows(flows)


def write_chart(chart: Any, path: Path) -> None:
    """Write a chart and say where."""
    from loopscope.datavis.saving import save_chart

    say(f"wrote {save_chart(chart, path)}")


def print_note(text: str) -> None:
    """Print a note below a table, in lines that fit a narrow terminal."""
    for line in textwrap.wrap(text, NOTE_WIDTH, break_long_words=False, break_on_hyphens=False):
        print_text(line)


def terminal_width() -> int:
    """Give the columns that there are to print in; a pipe has as many as are asked for."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPE_WIDTH


def shorten(text: str | None, width: int) -> str:
    """Keep as much of a text as fits one line, an ellipsis standing for the rest.

    >>> shorten("a house beside a dog", 10), shorten(None, 9)
    ('a house b…', '')
    """
    line = " ".join((text or "").split())
    return line if len(line) <= width else line[: width - 1].rstrip() + "…"


def trust(row: Mapping[str, Any]) -> tuple[str | None, float | None, float | None]:
    """Give the cells under ``TRUST``: the interval, what chance gives on average, and how often it gives as much."""
    known = None if row["lower"] is None else f"{figure(row['lower'])} to {figure(row['upper'])}"
    return known, row["null_mean"], row["null_p"]


def _name(result: "pl.DataFrame") -> str:
    row = result.row(0, named=True)
    downsample = f", downsample {row['downsample']}" if row["downsample"] > 1 else ""
    clusters = counted(row["n_clusters"], "cluster")
    return f"{row['uuid'][:8]}, {row['embedding_model']}, {row['algorithm']}{downsample}, {clusters}"


def _count_pairs(flows: "pl.DataFrame", how: str) -> dict[str, Any]:
    import polars as pl

    a, b = pl.col("a_cluster_id").is_not_null(), pl.col("b_cluster_id").is_not_null()
    facts: dict[str, Any] = {"paired by": how, "compared": int(flows.filter(a & b)["count"].sum())}
    for name, alone, other in (("only in A", a & ~b, "b_status"), ("only in B", b & ~a, "a_status")):
        counts = flows.filter(alone).group_by(other).agg(pl.sum("count")).sort(other)
        facts[name] = ", ".join(f"{count} ({why})" for why, count in counts.iter_rows()) or 0
    return facts


def _print_scores(comparison: "pl.DataFrame") -> None:
    names = {"ari": "ARI", "ami": "AMI"}
    scores = [row for row in comparison.to_dicts() if row["measure"] in names]
    print_table(
        ["score", "outliers", "compared", "estimate", *TRUST],
        [[names[row["measure"]], row["outliers"], row["n"], row["estimate"], *trust(row)] for row in scores],
    )
    print_note("ARI: adjusted Rand index; AMI: adjusted mutual information")
    print_note(scores[0]["method"])


def _print_matches(comparison: "pl.DataFrame", side: str, other: str) -> None:
    import polars as pl

    matches = comparison.filter(pl.col("side") == side)
    if matches.is_empty():
        print_text(f"no cluster of {side.upper()} was compared")
        return
    width = terminal_width()
    labels = {f"medoid in {side.upper()}": "cluster_label"}
    if width >= ROOM_FOR_BOTH:
        labels[f"medoid in {other.upper()}"] = "best_cluster_label"
    headings = [side.upper(), "compared", other.upper(), "shared", "Jaccard", *TRUST]
    cells = [
        [*(row[name] for name in ("cluster_id", "n", "best_cluster_id", "shared", "estimate")), *trust(row)]
        for row in matches.iter_rows(named=True)
    ]
    taken = sum(
        2 + max(len(text) for text in (heading, *(_written(row[at]) for row in cells)))
        for at, heading in enumerate(headings)
    )
    each = max((width - taken) // len(labels) - 2, 12)
    texts = [[shorten(label, each) for label in row] for row in matches.select(list(labels.values())).iter_rows()]
    print_table(
        [*headings, *labels], [[*row, *text] for row, text in zip(cells, texts, strict=True)], wide=list(labels)
    )


def _written(value: object) -> str:
    return figure(value) if isinstance(value, float) else str(value)


def _print_flows(flows: "pl.DataFrame") -> None:
    from loopscope.types import OUTLIER

    def name(number: int | None, status: str) -> str:
        if number is None:
            return status
        return "outliers" if number == OUTLIER else str(number)

    largest = flows.sort("count", descending=True, maintain_order=True).head(MOST_FLOWS)
    print_table(
        ["from A", "to B", "embeddings", "share", "runs"],
        [
            [
                name(row["a_cluster_id"], row["a_status"]),
                name(row["b_cluster_id"], row["b_status"]),
                *(row[column] for column in ("count", "share", "n_runs")),
            ]
            for row in largest.iter_rows(named=True)
        ],
    )
    if len(flows) > MOST_FLOWS:
        rest = counted(len(flows) - MOST_FLOWS, "smaller flow")
        left = int(flows["count"].sum()) - int(largest["count"].sum())
        print_text(f"and {rest} of {counted(left, 'embedding')}; all of them: --json")
